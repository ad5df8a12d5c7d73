"""A literature brief: which papers are read for each topic, and who writes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date

from bot.domain import Brief, ChannelId, Decision, Paper, PaperId, Topic
from bot.errors import ModelError, UsageError
from bot.evidence import same
from bot.ports import Briefer

TOPICS = 5
"""Topics of one brief, at most."""
PAPERS = 8
"""Papers read for a topic, at most."""

Find = Callable[[Topic, date | None], Awaitable[Sequence[tuple[Paper, Decision]]]]
"""The papers since a day that belong to a topic, with the decisions."""


class Briefs:
    """Writes briefs with the configured model, and in the papers' own words where that fails."""

    def __init__(self, *, find: Find, embedded: Briefer, model: Briefer | None = None) -> None:
        self._find = find
        self._embedded = embedded
        self._model = model

    async def write(
        self,
        topics: Sequence[Topic],
        *,
        since: date | None = None,
        language: str = "en",
        channel: ChannelId | None = None,
    ) -> tuple[Brief, dict[PaperId, Paper]]:
        """The brief and the papers that were read for it. Raises UsageError for too many topics or none;
        never for what a model does."""
        if not 0 < len(topics) <= TOPICS:
            raise UsageError(f"A brief covers 1 to {TOPICS} topics; put semicolons between them.")
        groups = [(topic, choose(await self._find(topic, since))) for topic in topics]
        read = {paper.id: paper for _, papers in groups for paper in papers}
        return await self._written(groups, language, channel), read

    async def _written(
        self, groups: Sequence[tuple[Topic, Sequence[Paper]]], language: str, channel: ChannelId | None
    ) -> Brief:
        note = ""
        if self._model is not None:
            try:
                return await self._model.brief(groups, language=language, channel=channel)
            except ModelError as error:
                note = f"{error.excuse}, so these are the papers' own words."
        brief = await self._embedded.brief(groups, language=language, channel=channel)
        return replace(brief, note=note) if note else brief


def choose(rows: Sequence[tuple[Paper, Decision]]) -> list[Paper]:
    """The papers to read for a topic: those that fit best, newer before older at the same tenth of the
    score, withdrawn and bare ones and second versions of the same title left out."""
    ranked = sorted(rows, key=lambda row: (-round(row[1].score, 1), -_day(row[0]).toordinal(), row[0].id))
    chosen: list[Paper] = []
    for paper, _ in ranked:
        fit = paper.abstract and not paper.withdrawn and not paper.retracted
        if fit and not any(same(paper.title, other.title) for other in chosen):
            chosen.append(paper)
    return chosen[:PAPERS]


def _day(paper: Paper) -> date:
    return paper.announced or paper.published or paper.updated or date.min
