"""What digests that are made at the same time have in common, asked for once: news, decisions, summaries.

A thousand channels that are due at the same minute ask mostly the same questions. Answers are kept for a
minute, and only so many of them; a new fetch makes all of them void.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from bot.digest import Desk
from bot.domain import Decision, FeedHealth, Paper, PaperId, Summary, Topic

_SECONDS = 60.0
_DECISIONS_NOTED = 50_000

_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Answer(Generic[_Value]):
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    value: _Value | None = None
    good_until: float = float("-inf")


class Shared(Generic[_Value]):
    """At most ``most`` answers by key; who asks while an answer is being made waits for it."""

    def __init__(self, most: int, *, ticks: Callable[[], float]) -> None:
        self._most = most
        self._ticks = ticks
        self._answers: OrderedDict[Hashable, _Answer[_Value]] = OrderedDict()

    async def of(
        self,
        key: Hashable,
        make: Callable[[], Awaitable[_Value]],
        *,
        keep: Callable[[_Value], bool] = lambda _: True,
    ) -> _Value:
        """The answer, made where there is none; one that is not to be kept is made again next time.

        No task is started: where the maker fails or is cancelled, the next who waits makes it.
        """
        answer = self._answers.setdefault(key, _Answer())
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
        async with answer.turn:
            if answer.value is None or self._ticks() >= answer.good_until:
                answer.value = await make()
                answer.good_until = self._ticks() + _SECONDS if keep(answer.value) else float("-inf")
            return answer.value

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()


class Common:
    """The parts of a desk, asked through what is shared; and the reading of papers."""

    def __init__(
        self,
        desk: Desk,
        read: Callable[[Paper, str], Awaitable[Summary]],
        *,
        ticks: Callable[[], float],
    ) -> None:
        self.desk = Desk(papers=self, channels=desk.channels, decisions=self, feeds=self, matcher=self)
        self._desk = desk
        self._read = read
        self._fetch = 0.0
        self._news: Shared[list[Paper]] = Shared(8, ticks=ticks)
        self._papers: Shared[list[Paper]] = Shared(256, ticks=ticks)
        self._health: Shared[list[FeedHealth]] = Shared(1, ticks=ticks)
        self._decided: Shared[list[Decision]] = Shared(64, ticks=ticks)
        self._summaries: Shared[Summary] = Shared(512, ticks=ticks)
        self._saved: dict[tuple[PaperId, str], Decision] = {}

    def fetched(self, at: float) -> None:
        """The sources were last fetched ``at``; answers from before a fetch are void."""
        if at != self._fetch:
            self._fetch = at
            for shared in (self._news, self._papers, self._health, self._decided):
                shared.clear()

    async def news(self, since: datetime, until: datetime) -> list[Paper]:
        """See ``bot.ports.Papers``."""
        return await self._news.of((since, until), lambda: self._desk.papers.news(since, until))

    async def news_begin(self) -> date | None:
        """The first day of which there is news."""
        return await self._desk.papers.news_begin()

    async def many(self, ids: Sequence[PaperId]) -> list[Paper]:
        """See ``bot.ports.Papers``."""
        return await self._papers.of(tuple(ids), lambda: self._desk.papers.many(ids))

    async def health(self) -> list[FeedHealth]:
        """See ``bot.ports.Feeds``."""
        return await self._health.of("", self._desk.feeds.health)

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        """See ``bot.ports.Matcher``."""
        key = (topic, tuple(paper.id for paper in papers))
        return await self._decided.of(key, lambda: self._desk.matcher.decide(topic, papers))

    async def save(self, decisions: Sequence[Decision], *, now: datetime) -> None:
        """See ``bot.ports.Decisions``; what this process saved just so before is not saved again."""
        fresh = {(d.paper_id, d.topic): d for d in decisions}
        fresh = {key: made for key, made in fresh.items() if self._saved.get(key) != made}
        if fresh:
            await self._desk.decisions.save(list(fresh.values()), now=now)
        if len(self._saved) + len(fresh) > _DECISIONS_NOTED:
            self._saved.clear()
        self._saved |= fresh

    async def read(self, paper: Paper, language: str) -> Summary:
        """The paper's summary; one that had to do without the model is asked for again next time."""
        key = (paper.id, paper.version, language)
        return await self._summaries.of(
            key, lambda: self._read(paper, language), keep=lambda made: not made.note
        )
