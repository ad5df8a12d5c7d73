"""The list of sources, and what adding and removing a feed comes to."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.doc import Block, Bullets, Doc, Span, bold, code, link, paragraph, text
from bot.domain import FeedHealth
from bot.feedlist import Added
from bot.sources.feeds import Issue
from bot.views.lists import lines
from bot.views.papers import day
from bot.views.status import feed_line

PREVIEWED = 3


def listed(configured: Collection[str], added: Sequence[Added], health: Sequence[FeedHealth]) -> Doc:
    """Every source and how it is doing; those added from chat with their address."""
    states = {feed.source: feed_line(feed) for feed in health}
    rows = [text(bold(name), f": {states.get(name, 'not fetched yet')}") for name in configured]
    rows += [text(_named(one), f", added here: {states.get(one.name, 'not fetched yet')}") for one in added]
    return (paragraph("Papers come from:"), Bullets(tuple(rows)))


def _named(one: Added) -> Span:
    return link(one.name, one.url)


def added(one: Added, issue: Issue, command: str) -> Doc:
    """What a feed brings, by its first three items."""
    count = len(issue.papers)
    shown = issue.papers[:PREVIEWED]
    words = f": it holds {count} {'paper' if count == 1 else 'papers'} now and is read at the next fetch."
    blocks: list[Block] = [paragraph("Added ", _named(one), words)]
    if shown:
        when = ((paper, day(paper.published) if paper.published else "no date") for paper in shown)
        blocks.append(lines(when))
    if issue.unusable:
        first = issue.unusable[0]
        left = f"{len(issue.unusable)} entries were left out; “{first.where}”: {first.reason}"
        blocks.append(paragraph(left, small=True))
    undo = code(f"{command} source remove {one.name}")
    blocks.append(paragraph("To take it back: ", undo, small=True))
    return tuple(blocks)


def removed(one: Added) -> Doc:
    """That a feed is gone."""
    return (paragraph(f"“{one.name}” is not read any more; the papers it brought stay."),)
