"""Pictures of what people see: ``python -m benchmarks.pictures FOLDER [CHROMIUM]``.

The papers are the invented ones of the sample edition, read by the embedded model and shown by the program's
own views. The looks are ours, after Slack's: a rendering.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path

from adapters.slack_blocks import render
from adapters.slack_forms import Origin, home, modal
from adapters.slack_unfurl import preview
from benchmarks import slack_page
from bot.commands.core import Manners
from bot.commands.table import INFOS
from bot.commands.threads import without_reference
from bot.demo import sample
from bot.doc import Doc, Form
from bot.domain import (
    Channel,
    ChannelId,
    Digest,
    FullText,
    Paper,
    PaperId,
    Pick,
    Question,
    Request,
    Topic,
    UserId,
)
from bot.fulltext.html import read_html
from bot.fulltext.passages import abstract_only, with_abstract
from bot.llm.embedded import EmbeddedAnswerer, EmbeddedSummarizer
from bot.views import answers, channels, digests, papers, status

DAY = date(2026, 5, 20)
PLACE = ChannelId("slack:C0PAPERS")
PICKS = (
    (0, "gaussian splatting", "phrase in the title"),
    (1, "gaussian splatting", "“splat” in title and abstract"),
    (4, "video understanding", "phrase in the title"),
    (5, "video understanding", "“video question answering” in the title"),
)
QUESTION = "what are the limitations of the first one?"


def paper(number: int) -> Paper:
    """An invented paper of the day."""
    told = sample.edition(DAY)[number]
    return Paper(
        PaperId(f"arxiv:{told.number}"),
        told.title,
        told.abstract,
        told.authors,
        told.categories,
        announced=DAY,
        published=date(2026, 5, 19),
        url=f"https://arxiv.org/abs/{told.number}",
        source="arxiv",
    )


def text_of(one: Paper) -> FullText:
    """Its full text, or its abstract."""
    page = sample.page(DAY, one.id.removeprefix("arxiv:"))
    if page is None:
        return abstract_only(one)
    return with_abstract(one, read_html(page.encode(), paper_id=one.id, version=1))


async def documents() -> dict[str, tuple[Doc, ...]]:
    """Digest, card, answer and settings, as the program makes them."""
    shown = [(paper(number), topic, why) for number, topic, why in PICKS]
    picks = tuple(Pick(one.id, rank, 0.9, topic, why) for rank, (one, topic, why) in enumerate(shown, 1))
    by_id = {one.id: one for one, _, _ in shown}
    first = shown[0][0]
    text = text_of(first)
    summaries = {one.id: await EmbeddedSummarizer().summarize(one, text_of(one)) for one, _, _ in shown}
    summary = summaries[first.id]
    question = Question(without_reference(QUESTION), (first,), text.passages)
    answer = await EmbeddedAnswerer().answer(question)
    channel = Channel(
        PLACE,
        topics=(Topic.parse("gaussian splatting"), Topic.parse("video understanding")),
        at=time(9),
        timezone="Europe/Berlin",
    )
    return {
        "digest": (digests.parent(Digest(PLACE, DAY, picks, 388), by_id, summaries),),
        "card": (digests.paper_post(first, summary, picks[0]),),
        "answer": ((answers.about(first), *answers.answer(answer, [first])),),
        "settings": ((channels.settings_form(channel),),),
        "link": (papers.gist(first, summary),),
        "refusal": (_refusal(channel),),
        "home": (status.home(channel, [one for one, _, _ in shown[:2]], INFOS, "/paper", "Paperboy"),),
    }


def _refusal(channel: Channel) -> Doc:
    request = Request(PLACE, UserId("slack:U1"), "settings")
    refused = Manners(admins=frozenset((UserId("slack:Ada"),))).refusal(request)
    return (*status.trouble(str(refused), refused.people), *channels.settings(channel))


def bodies(docs: dict[str, tuple[Doc, ...]]) -> dict[str, str]:
    """The pages' bodies by name."""

    def post(name: str, when: str, *, thread: bool = False) -> str:
        return "".join(
            slack_page.message(message.blocks, when=when, thread=thread)
            for doc in docs[name]
            for message in render(doc)
        )

    form = docs["settings"][0][0]
    assert isinstance(form, Form)
    digest, card = post("digest", "09:00"), post("card", "09:00", thread=True)
    asked = slack_page.said("Ana", QUESTION, when="09:12")
    answer = post("answer", "09:12", thread=True)
    settings = slack_page.view(modal((form,), form, Origin("settings", "C0PAPERS")))
    return {
        "slack-digest": digest,
        "slack-card": card,
        "slack-answer": asked + answer,
        "slack-settings": settings,
        "slack-link": slack_page.said("Ana", "https://arxiv.org/abs/2605.90001", when="09:12")
        + slack_page.card(preview(render(docs["link"][0])[0].blocks)),
        "slack-refusal": slack_page.only_you(render(docs["refusal"][0])[0].blocks, when="09:12"),
        "slack-home": "".join(map(slack_page.block, home(docs["home"][0])["blocks"])),
        "slack": digest + card + asked + answer,
    }


def draw(html: Path, picture: Path, chromium: str, height: int) -> None:
    """Let Chromium draw the page."""
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options += ["--force-device-scale-factor=1.5", f"--window-size=800,{height}", f"--screenshot={picture}"]
    subprocess.run([chromium, *options, html.as_uri()], check=True, capture_output=True, timeout=120)


def main() -> None:
    """Draw every page into the folder, cut to its height by a measuring page."""
    folder = Path(sys.argv[1])
    chromium = sys.argv[2] if len(sys.argv) > 2 else shutil.which("chromium") or "chromium"
    folder.mkdir(parents=True, exist_ok=True)
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as place:
        for name, body in bodies(asyncio.run(documents())).items():
            html = Path(place) / f"{name}.html"
            html.write_text(slack_page.page(body), encoding="utf-8")
            draw(html, folder / f"{name}.png", chromium, height_of(html, chromium))
    print(f"drawn in {(datetime.now(UTC) - began).total_seconds():.0f} s")


def height_of(html: Path, chromium: str) -> int:
    """The page's height in pixels, as Chromium lays it out."""
    script = "<script>document.title=String(document.documentElement.scrollHeight)</script>"
    measured = html.with_suffix(".measured.html")
    measured.write_text(html.read_text(encoding="utf-8") + script, encoding="utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=800,200", "--dump-dom"]
    shown = subprocess.run(
        [chromium, *options, measured.as_uri()], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    return int(shown.partition("<title>")[2].partition("</title>")[0])


if __name__ == "__main__":
    main()
