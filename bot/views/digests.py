"""The daily digest as people see it: one parent line a paper, then a card a paper in its thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.doc import Block, Button, Buttons, Doc, bold, heading, italic, paragraph, plain
from bot.domain import Decision, Digest, Paper, PaperId, Pick, Summary
from bot.views.lists import below_line, lines, remark, short
from bot.views.papers import buttons, card

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def long_day(when: date) -> str:
    """A day with its weekday, such as "Wednesday, 20 May 2026"."""
    return f"{_WEEKDAYS[when.weekday()]}, {when.day} {when:%B %Y}"


ROOM = 3_000
"""Characters of the papers' lines with their gists. A digest is one post at top level, and Discord takes
4,000 in one; where the gists would fill more than this, they stand in the thread alone."""


def parent(digest: Digest, papers: Mapping[PaperId, Paper], summaries: Mapping[PaperId, Summary]) -> Doc:
    """The post at top level: the day, how many of how many, a line a paper with its reason and gist."""
    picks = [pick for pick in digest.picks if pick.paper_id in papers]
    rows = [(papers[pick.paper_id], _reason(pick)) for pick in picks]
    gists = {paper.id: summaries[paper.id].gist for paper, _ in rows if paper.id in summaries}
    told = lines(rows, gists=gists)
    blocks: list[Block] = [
        heading(f"Papers for {long_day(digest.day)}"),
        paragraph(bold(f"{len(picks)} of {digest.considered:,} new papers"), "; details in the thread."),
        told if sum(len(plain(line)) for line in told.items) <= ROOM else lines(rows),
        *remark(pick.why for pick in picks),
        *(paragraph(italic(note), small=True) for note in digest.notes),
    ]
    return tuple(blocks)


def _reason(pick: Pick) -> str:
    return f"{pick.topic}: {short(pick.why)}" if pick.topic else short(pick.why)


def paper_post(paper: Paper, summary: Summary, pick: Pick) -> Doc:
    """A paper's card in the digest's thread."""
    *body, _ = card(paper, summary, why=_reason(pick))
    return (*body, buttons(paper, "summary", "evidence", "ask", "similar", "save", "more", "less", "why"))


def quiet_day(digest: Digest, papers: Mapping[PaperId, Paper]) -> Doc:
    """One line for a day on which nothing fits, with the best below the line."""
    if digest.considered:
        first = f"{long_day(digest.day)}: none of {digest.considered:,} new papers fits the topics."
    else:
        came = "no new papers came in" if digest.notes else "no new papers were announced"
        first = f"{long_day(digest.day)}: {came}."
    nearest = [(papers[d.paper_id], d) for d in digest.nearest if d.paper_id in papers]
    return (
        paragraph(first),
        *_nearest(nearest),
        *(paragraph(italic(note), small=True) for note in digest.notes),
    )


def _nearest(rows: Sequence[tuple[Paper, Decision]]) -> tuple[Block, ...]:
    if not rows:
        return ()
    return (
        paragraph("Closest below the line:", small=True),
        lines(((paper, f"{d.topic}: {below_line(d)}") for paper, d in rows), numbered=False),
    )


def preview(posts: Sequence[Doc]) -> Doc:
    """What would be posted, for the asker alone."""
    blocks: list[Block] = [paragraph(bold("Preview. Nothing was posted."))]
    for post in posts:
        blocks.extend(block for block in post if not isinstance(block, Buttons))
    blocks.append(Buttons((Button("Post it now", "digest now", "primary"),)))
    return tuple(blocks)
