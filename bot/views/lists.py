"""Lists of papers: found, on a topic, noticed, alike; and how one was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from bot.doc import (
    Block,
    Bullets,
    Button,
    Buttons,
    Doc,
    Span,
    Text,
    bold,
    heading,
    italic,
    paragraph,
    text,
)
from bot.domain import (
    PHRASE_ONLY,
    Decision,
    Found,
    Paper,
    PaperId,
)
from bot.views.papers import badges, byline, day, short_id, title

NO_GISTS: Mapping[PaperId, str] = MappingProxyType({})


def lines(
    rows: Iterable[tuple[Paper, str]], *, numbered: bool = True, gists: Mapping[PaperId, str] = NO_GISTS
) -> Bullets:
    """A list of papers, each with a remark such as the reason it is there, and its gist if it has one."""
    items = []
    for paper, remark in rows:
        mark = badges(paper)
        tail = " · ".join(part for part in (short_id(paper.id), mark, remark) if part)
        gist = gists.get(paper.id)
        items.append(text(title(paper), f" — {tail}", (" · ", italic(gist)) if gist else ()))
    return Bullets(tuple(items), numbered)


def search_results(query: str, found: Sequence[Found], *, count: int, instead: str = "") -> Doc:
    """The best papers for a query, with the words that show why; ``instead``: what was looked for instead
    of the query, which has words that the library does not know."""
    if not found:
        return (
            paragraph(f"Nothing in the library ({count:,} papers) fits “{_short(query)}”."),
            paragraph(
                "Try fewer or other words, or paste an arXiv link to read a paper from there.", small=True
            ),
        )
    told = (paragraph(f"The library does not know “{_short(query)}”; this is “{_short(instead)}”."),)
    return (
        heading(f"Found for “{_short(instead or query)}”"),
        *(told if instead else ()),
        Bullets(tuple(_result(item) for item in found), numbered=True),
        _openers([item.paper for item in found]),
    )


def _result(item: Found) -> Text:
    snippet: tuple[str | Span, ...] = (" · ", italic(item.snippet)) if item.snippet else ()
    return text(title(item.paper), f" — {byline(item.paper)}", snippet)


def _openers(papers: Sequence[Paper]) -> Buttons:
    return Buttons(
        tuple(
            Button(f"Open {number}", f"show {short_id(paper.id)}")
            for number, paper in enumerate(papers[:5], 1)
            if len(paper.id) <= 80
        )
    )


def topic_results(
    topic: str,
    matched: Sequence[tuple[Paper, Decision]],
    below: Sequence[tuple[Paper, Decision]],
    *,
    window: str,
    looked_at: int,
    earlier: Sequence[tuple[Paper, Decision]] = (),
) -> Doc:
    """The papers that belong to a topic; when none does, the latest from before and the best below the
    line."""
    blocks: list[Block] = []
    if matched:
        blocks.append(heading(f"{topic}: {_count(len(matched), 'paper')} {window}"))
        blocks.append(lines((paper, short(decision.why)) for paper, decision in matched))
        blocks += remark(decision.why for _, decision in matched)
        blocks.append(_openers([paper for paper, _ in matched]))
    else:
        blocks.append(heading(f"{topic}: nothing {window}"))
        blocks.append(paragraph(_none_of(looked_at, window, near=bool(below)), small=True))
    if earlier:
        blocks.append(paragraph(bold("The latest before that")))
        blocks.append(lines((paper, short(decision.why)) for paper, decision in earlier))
        blocks.append(_openers([paper for paper, _ in earlier]))
    if below and len(matched) < 3:
        blocks.append(paragraph(bold("Closest below the line"), small=True))
        blocks.append(lines(((paper, below_line(decision)) for paper, decision in below), numbered=False))
    return tuple(blocks)


def _none_of(looked_at: int, window: str, *, near: bool) -> str:
    if not looked_at:
        of_days = "in the last" in window
        return f"The library has no paper {'of these days' if of_days else 'with these words'}."
    of = "The one paper looked at does not belong" if looked_at == 1 else _NONE.format(looked_at)
    return f"{of} to it." if near else f"{of} to it, nor comes near."


_NONE = "None of the {:,} papers looked at belongs"


def short(why: str) -> str:
    """A reason without the remark that a list makes once for all its papers."""
    return why.replace(f" ({PHRASE_ONLY})", "")


def remark(reasons: Iterable[str]) -> tuple[Block, ...]:
    """That remark, if one of the reasons carries it."""
    if not any(PHRASE_ONLY in why for why in reasons):
        return ()
    words = (
        "Where only the phrase is named as reason, the library has too few papers to learn the topic from."
    )
    return (paragraph(words, small=True),)


def below_line(decision: Decision) -> str:
    """A decision's reason with its score and the score it needed."""
    why = short(decision.why)
    return why if "needs" in why else f"{why} ({decision.score:.2f}, needs {decision.threshold:.2f})"


def trending(rows: Sequence[tuple[Paper, str]], since: date, until: date) -> Doc:
    """What many people noticed between two days."""
    window = f"{day(since)} to {day(until)}"
    if not rows:
        return (
            paragraph(f"Nothing was noticed by many, {window}."),
            paragraph("This needs Hugging Face Daily Papers as a source, or thumbs in digests.", small=True),
        )
    return (heading(f"Trending, {window}"), lines(rows), _openers([paper for paper, _ in rows]))


def similar(paper: Paper, found: Sequence[Found]) -> Doc:
    """Papers like one paper."""
    if not found:
        return (paragraph("Nothing similar to ", title(paper), " is in the library yet."),)
    return (
        heading("Similar to ", title(paper)),
        lines((item.paper, item.snippet) for item in found),
        _openers([item.paper for item in found]),
    )


def decisions(paper: Paper, rows: Sequence[tuple[Decision, bool]], shown_on: date | None) -> Doc:
    """Why a paper is, or is not, in this channel; a row's flag says whether the channel follows the topic."""
    blocks: list[Block] = [heading("Why ", title(paper))]
    if shown_on:
        blocks.append(paragraph(f"It was in the digest of {day(shown_on)}."))
    if not rows:
        blocks.append(paragraph("No followed topic could have brought it."))
    ordered = sorted(rows, key=lambda row: (not row[1], -row[0].score))
    blocks.append(
        Bullets(
            tuple(
                text(
                    bold(decision.topic),
                    f": {'belongs' if decision.matched else 'does not belong'} — {decision.why} "
                    f"(score {decision.score:.2f}, needs {decision.threshold:.2f})",
                )
                for decision, _ in ordered
            )
        )
    )
    return tuple(block for block in blocks if block != Bullets(()))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _short(words: str, limit: int = 80) -> str:
    words = " ".join(words.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
