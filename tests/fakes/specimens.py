"""One page of documents, hand-written, for snapshots of every rendering: all blocks, hostile words too."""

from bot import doc as d
from bot.doc import Button, Buttons, Choice, Doc, Fields, Form, Input, Picture, Quote, Select, text

URL = "https://arxiv.org/abs/2509.10432"
TITLE = "Half the Splats: Pruning <!channel> & *Rendering* _Gaussians_ on Phones"

DIGEST: Doc = (
    d.heading("Wednesday, 20 May 2026"),
    d.paragraph("2 of 388 new papers belong to this channel."),
    d.bullets(
        [
            d.text(d.link(TITLE, URL), " — 2509.10432 · gaussian splatting: in the title"),
            d.text(d.link("מודל for long video", URL), " — 2509.10433 · video: in the abstract"),
        ],
        numbered=True,
    ),
    d.paragraph("Reply in a paper's thread to ask about it.", small=True),
)
CARD: Doc = (
    d.heading(d.link(TITLE, URL), level=2),
    d.paragraph("M. Okonjo, L. Brandvold and 2 more · 19 May 2026 · cs.CV · 2509.10432", small=True),
    d.paragraph("A pruning rule removes 54 % of the splats at a loss of 0.08 dB."),
    Fields(
        (
            ("Task", text("Render rooms on phones.")),
            ("Results", text("47 instead of ", d.bold("21"), " fps.")),
        )
    ),
    d.paragraph(
        d.link("Abstract page", URL), " · ", d.link("PDF", "https://arxiv.org/pdf/2509.10432"), small=True
    ),
    Buttons((Button("Summary", "show 2509.10432 full", "primary"), Button("Save", "save 2509.10432"))),
)
ANSWER: Doc = (
    d.paragraph("They use nine captured rooms."),
    Quote(text("On nine captured rooms the rule removes 54% of the splats"), text("Section 4, page 6")),
    Picture("https://arxiv.org/figure1.png", "Frames per second by budget"),
    d.Divider(),
    Buttons((Button("Forget this", "forget", "danger"),)),
    Buttons((Button("Helpful", "rate good"), Button("Not helpful", "rate bad")), verdict=True),
)
REFUSAL: Doc = (
    d.paragraph("25:99 is no time of day; write it like ", d.code("09:00"), "."),
    d.bullets(["Usage: /paper schedule 09:00 [zone] [days]", "Example: /paper schedule 08:30 Europe/Berlin"]),
)
SETTINGS = Form(
    "What this channel gets",
    "settings",
    (
        Input("topics", "Topics, one a line", "gaussian splatting\nvideo understanding", lines=6),
        Input("at", "Time", "09:00", "Such as 09:00", required=True),
        Select(
            "days",
            "Days",
            tuple(Choice(name, name[:3].lower()) for name in ("Monday", "Tuesday", "Wednesday")),
            ("mon", "wed"),
            many=True,
        ),
        Select(
            "quiet",
            "On a day without papers",
            (Choice("Say so", "say"), Choice("Nothing", "silent")),
            ("say",),
        ),
    ),
    typed="/paper follow and /paper schedule",
)
FORM: Doc = (d.paragraph("For this channel."), SETTINGS)
SAVED: Doc = (
    d.paragraph("Your list, 1 paper."),
    d.File("saved.bib", "@misc{okonjo2026,\n  title = {Half}\n}\n"),
)

PAGE: dict[str, Doc] = {
    "digest": DIGEST,
    "card": CARD,
    "answer": ANSWER,
    "refusal": REFUSAL,
    "form": FORM,
    "saved": SAVED,
}
