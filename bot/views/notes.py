"""Notes: what became of a paper, and how a source is doing, in a line or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.doc import Block, Button, Buttons, Doc, Inline, Paragraph, bold, link, paragraph, text
from bot.domain import FeedHealth, Paper
from bot.views.papers import short_id, title
from bot.watch import Difference, Told

_LONGEST_TITLE = 300
_SHOWN = 8


def versions(rows: Sequence[Told]) -> Doc:
    """What became of the papers of a thread, one paragraph each."""
    blocks: list[Block] = [_paper(row) for row in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        blocks.append(paragraph(f"{len(rows) - _SHOWN} more papers of this thread have changed.", small=True))
    blocks.append(Buttons((Button("No such notes here", "settings watch:no"),)))
    return tuple(blocks)


def _paper(row: Told) -> Paragraph:
    paper = row.paper
    parts: list[Inline] = [bold(_headline(row)), ": ", title(paper), f" · {short_id(paper.id)}."]
    if row.retracted or row.withdrawn:
        parts.append(f" The authors say: “{_cut(paper.comment)}”" if row.withdrawn and paper.comment else "")
    if row.published:
        parts += [" It appeared", *_where(paper), "."]
    parts += [f" {sentence}" for sentence in _sentences(row.difference)]
    return Paragraph(text(*parts))


def _headline(row: Told) -> str:
    if row.retracted:
        return "Retracted"
    if row.withdrawn:
        return "Withdrawn by its authors"
    if row.difference:
        return f"Version {row.paper.version}" + (", and published" if row.published else "")
    return "Published"


def _where(paper: Paper) -> list[Inline]:
    found: list[Inline] = [f" in {_cut(paper.journal)}"] if paper.journal else [" in a journal"]
    if paper.doi:
        found += [" (", link(f"doi:{paper.doi}", f"https://doi.org/{paper.doi}"), ")"]
    return found


def _sentences(change: Difference) -> Iterable[str]:
    if change.title:
        yield f"The title was “{_cut(change.title)}”."
    for lead, was, now in change.numbers:
        yield f"“{lead} {was}” is now {now}." if lead else f"{was} is now {now}."
    if change.gone:
        yield f"No longer in the abstract: {', '.join(change.gone)}."
    if change.added:
        yield f"New in the abstract: {', '.join(change.added)}."
    if change.rewritten:
        verb = "reads" if change.rewritten == 1 else "read"
        yield f"{change.rewritten} of the abstract's {change.sentences} sentences {verb} differently."


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST_TITLE else words[: _LONGEST_TITLE - 1] + "…"


def broken(feed: FeedHealth) -> Doc:
    """A source that failed twice running, for the admins."""
    since = f" since {feed.failing_since:%Y-%m-%d %H:%M} UTC" if feed.failing_since else ""
    what = "brings nothing new" if feed.state == "stale" else "cannot be read"
    good = f" It was last good at {feed.good_at:%Y-%m-%d %H:%M} UTC." if feed.good_at else ""
    detail = f" {_cut(feed.detail)}" if feed.detail else ""
    after = "I keep trying and say when it works again; status shows how all sources are doing."
    return (
        paragraph(bold(f"The source {feed.source} {what}{since}."), good, detail),
        paragraph(after, small=True),
    )


def healed(feed: FeedHealth) -> Doc:
    """A source that works again, for the admins."""
    return (paragraph(bold(f"The source {feed.source} works again."), f" {_cut(feed.detail)}".rstrip()),)
