"""Papers as people see them: lines in a list, cards, summaries, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from bot.doc import (
    Block,
    Bullets,
    Button,
    Buttons,
    Doc,
    Fields,
    Paragraph,
    Quote,
    Text,
    bold,
    heading,
    italic,
    link,
    paragraph,
    text,
)
from bot.domain import (
    Claim,
    Evidence,
    FullText,
    Paper,
    PaperId,
    Part,
    Summary,
    is_private,
)

AUTHORS_SHOWN = 3
_NOT_FOR_FILES = ("more", "less", "why")
"""Buttons on what a channel follows, to which a paper that came as a file does not belong."""

PART_NAMES: Mapping[Part, str] = {
    Part.TASK: "Task",
    Part.MOTIVATION: "Why",
    Part.GAPS: "What was missing",
    Part.CORE_IDEA: "Core idea",
    Part.PIPELINE: "How it works",
    Part.ARCHITECTURE: "Architecture and training",
    Part.RESOURCES: "Resources",
    Part.DATASETS: "Data and metrics",
    Part.BASELINES: "Compared with",
    Part.RESULTS: "Results",
    Part.ABLATIONS: "Ablations",
    Part.LIMITATIONS: "Limitations",
    Part.STRENGTHS: "Strengths",
    Part.WEAKNESSES: "Weaknesses",
    Part.FUTURE_WORK: "Future work",
}

SHORT_PARTS = (Part.TASK, Part.CORE_IDEA, Part.RESULTS, Part.LIMITATIONS)


def title(paper: Paper) -> Text:
    """The title as a link, where it has an address."""
    number = short_id(paper.id)
    address = paper.url or (f"https://arxiv.org/abs/{number}" if number != paper.id else "")
    return text(link(paper.title or paper.id, address) if address else paper.title or paper.id)


def short_id(paper_id: PaperId) -> str:
    """The id as people type it: arXiv's without its prefix."""
    return paper_id.removeprefix("arxiv:")


def day(when: date) -> str:
    """A day with its year, such as "3 Sep 2026"."""
    return f"{when.day} {when:%b %Y}"


def authors(names: Sequence[str], shown: int = AUTHORS_SHOWN) -> str:
    """The first names and how many follow."""
    if not names:
        return "no authors named"
    if len(names) <= shown + 1:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown:,} others"


def badges(paper: Paper) -> str:
    """What a reader must know before anything else; empty for most papers."""
    marks = []
    if paper.retracted:
        marks.append("RETRACTED")
    if paper.withdrawn:
        marks.append("withdrawn by its authors")
    if paper.journal:
        marks.append(f"published in {paper.journal[:120]}")
    if paper.version > 1:
        marks.append(f"version {paper.version}")
    if paper.featured:
        votes = f", {paper.upvotes} upvotes" if paper.upvotes is not None else ""
        marks.append(f"Hugging Face Daily Papers {day(paper.featured)}{votes}")
    return " · ".join(marks)


def byline(paper: Paper) -> str:
    """Authors, date, categories, id on one line."""
    when = paper.published or paper.announced or paper.updated
    by = "" if is_private(paper.id) and not paper.authors else authors(paper.authors)
    parts = [by, day(when) if when else "", ", ".join(paper.categories[:4])]
    return " · ".join([part for part in (*parts, short_id(paper.id)) if part])


def links(paper: Paper) -> Text:
    """The paper's abstract page, PDF and code."""
    number = short_id(paper.id)
    found = [link("Abstract page", paper.url)] if paper.url else []
    if paper.id.startswith("arxiv:"):
        found.append(link("PDF", f"https://arxiv.org/pdf/{number}"))
    if paper.doi:
        found.append(link("Journal version", f"https://doi.org/{paper.doi}"))
    if paper.code:
        found.append(link("Code", paper.code))
    parts: list[str | Text] = []
    for item in found:
        parts += [" · ", (item,)] if parts else [(item,)]
    return text(*parts)


def buttons(paper: Paper, *names: str) -> Buttons:
    """The paper's buttons, by name, in the order given; those whose command would be too long vanish."""
    number = short_id(paper.id)
    known = (
        {
            "summary": Button("Summary", f"show {number} full", "primary"),
            "evidence": Button("Evidence", f"show {number} evidence"),
            "abstract": Button("Authors' abstract", f"show {number} abstract"),
            "regenerate": Button("Read it again", f"show {number} regenerate"),
            "ask": Button("Ask", f"ask {number}"),
            "similar": Button("Similar", f"similar {number}"),
            "save": Button("Save", f"save {number}"),
            "more": Button("More like this", f"more {number}"),
            "less": Button("Not for us", f"less {number}"),
            "why": Button("Why here", f"why {number}"),
        }
        if len(number) <= 80
        else {}
    )
    left_out = _NOT_FOR_FILES if is_private(paper.id) else ()
    return Buttons(tuple(known[name] for name in names if name in known and name not in left_out))


def card(paper: Paper, summary: Summary, *, why: str = "", level: int = 1) -> Doc:
    """A paper in short: what it is, its gist, a claim for each of the main parts, links, buttons."""
    return tuple(_card(paper, summary, why, level))


def _card(paper: Paper, summary: Summary, why: str, level: int) -> Iterable[Block]:
    yield heading(title(paper), level=1 if level == 1 else 2)
    yield paragraph(byline(paper), small=True)
    if mark := badges(paper):
        yield paragraph(bold(mark))
    if why:
        yield paragraph(italic(f"Why here: {why}"), small=True)
    if summary.gist:
        yield paragraph(summary.gist)
    rows = [
        (PART_NAMES[part], text(claim.text))
        for part in SHORT_PARTS
        for claim in summary.claims
        if claim.part == part and claim.text not in summary.gist
    ]
    firsts = dict(reversed(rows))
    if firsts:
        yield Fields(tuple((name, firsts[name]) for name in dict.fromkeys(name for name, _ in rows)))
    yield Paragraph(links(paper), small=True)
    yield paragraph(footer(summary), small=True)
    yield buttons(paper, "summary", "evidence", "ask", "similar", "save", "why")


def footer(summary: Summary) -> str:
    """Who made the summary, from what, when."""
    if summary.model == "embedded":
        made = f"Sentences of the paper, picked from the {summary.basis}"
    else:
        made = f"Summary by {summary.model}, from the {summary.basis}"
    if summary.made_at:
        made += f", {day(summary.made_at.date())}"
    return f"{made}. {summary.note}".strip() if summary.note else f"{made}."


def full_summary(paper: Paper, summary: Summary) -> Doc:
    """Everything the summary holds, part by part; one line says what the paper does not report."""
    blocks: list[Block] = [heading(title(paper)), paragraph(byline(paper), small=True)]
    if mark := badges(paper):
        blocks.append(paragraph(bold(mark)))
    if summary.gist:
        blocks.append(paragraph(summary.gist))
    for part, name in PART_NAMES.items():
        claims = [claim for claim in summary.claims if claim.part == part]
        if claims:
            blocks.append(heading(name, level=2))
            blocks.append(Bullets(tuple(text(claim.text) for claim in claims)))
    blocks.append(paragraph(_absent(summary), small=True))
    blocks.append(paragraph(footer(summary), small=True))
    blocks.append(buttons(paper, "evidence", "abstract", "regenerate", "ask", "save"))
    return tuple(blocks)


def _absent(summary: Summary) -> str:
    there = {claim.part for claim in summary.claims}
    missing = [name.lower() for part, name in PART_NAMES.items() if part not in there]
    return f"Not found in the {summary.basis}: {', '.join(missing)}." if missing else ""


def gist(paper: Paper, summary: Summary) -> Doc:
    """The paper in one sentence, below its title."""
    said = summary.gist or "There is no abstract to take a sentence from."
    return (
        Paragraph(text(title(paper), f" — {short_id(paper.id)}")),
        paragraph(bold("In a sentence: "), said),
    )


def evidence(paper: Paper, summary: Summary) -> Doc:
    """Each claim with the words that carry it and their place."""
    blocks: list[Block] = [heading("Evidence: ", title(paper))]
    for claim in summary.claims:
        blocks.append(paragraph(bold(PART_NAMES[claim.part]), *_unless_same(claim)))
        blocks.append(Quote(text(claim.evidence.quote), text(place(claim.evidence))))
    if not summary.claims:
        blocks.append(paragraph("There are no claims to show evidence for."))
    blocks.append(buttons(paper, "summary", "abstract", "ask"))
    return tuple(blocks)


def _unless_same(claim: Claim) -> tuple[str, ...]:
    return () if claim.text == claim.evidence.quote else (f": {claim.text}",)


def place(found: Evidence) -> str:
    """Where a quote stands, such as "Section “Experiments”, page 5"."""
    parts = []
    if found.section:
        name = found.section
        parts.append(name if name.lower() in ("abstract", "title") else f"section “{name}”")
    if found.page:
        parts.append(f"page {found.page}")
    words = ", ".join(parts)
    return words[:1].upper() + words[1:]


def abstract(paper: Paper) -> Doc:
    """The authors' own abstract."""
    body = paper.abstract or "This paper came without an abstract."
    return (
        heading(title(paper)),
        paragraph(byline(paper), small=True),
        paragraph(body),
        Paragraph(links(paper), small=True),
        buttons(paper, "summary", "ask", "similar", "save"),
    )


def hidden_warning(found: FullText) -> Doc:
    """A warning where a paper carries text that its readers cannot see."""
    if not found.hidden:
        return ()
    return (
        paragraph(
            bold("This paper contains words or marks that readers of the page cannot see. "),
            f"They were left out. Where they begin: “{found.hidden[0][:120]}”",
        ),
    )
