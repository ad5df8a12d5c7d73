"""Finding papers: by words, by topic, by likeness."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.domain import Decision, Found, Paper, Topic, TopicFound
from bot.ports import Matcher, Papers
from bot.text import words

CANDIDATES = 300
VOCABULARY = 2_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; empty parts narrow nothing."""

    since: date | None = None
    author: str = ""
    category: str = ""
    source: str = ""

    def __bool__(self) -> bool:
        return bool(self.since or self.author or self.category or self.source)

    def keep(self, paper: Paper) -> bool:
        """Whether a paper passes."""
        when = paper.announced or paper.published or paper.updated
        return (
            (self.since is None or (when is not None and when >= self.since))
            and (not self.author or any(self.author.casefold() in name.casefold() for name in paper.authors))
            and (not self.category or self.category.casefold() in [c.casefold() for c in paper.categories])
            and (not self.source or self.source.casefold() == paper.source.casefold())
        )


class Finder:
    """Searches the library."""

    def __init__(self, papers: Papers, matcher: Matcher) -> None:
        self._papers = papers
        self._matcher = matcher

    async def search(self, query: str, *, limit: int, filters: Filters | None = None) -> list[Found]:
        """Papers for words, a name, an id or a title, best first."""
        narrowed = filters or Filters()
        words = query or narrowed.author or narrowed.category
        found = await self._papers.search(words, limit=CANDIDATES if narrowed else limit)
        return [item for item in found if narrowed.keep(item.paper)][:limit]

    async def similar(self, paper: Paper, *, limit: int) -> list[Found]:
        """Papers like one paper, without the paper itself."""
        found = await self._papers.search(paper.title, limit=limit + 1)
        return [replace(item, snippet="") for item in found if item.paper.id != paper.id][:limit]

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        """A decision a paper, in their order."""
        return list(await self._matcher.decide(topic, papers))

    async def topic(
        self, topic: Topic, *, since: date | None, among: Sequence[Paper] | None = None
    ) -> TopicFound:
        """The papers since a day (or of the whole library) that belong to a topic."""
        if among is None:
            among = await self._dated(since) if since else await self._candidates(topic)
        decisions = await self.decide(topic, among)
        rows = list(zip(among, decisions, strict=True))
        matched = sorted((row for row in rows if row[1].matched), key=_latest, reverse=True)
        below = sorted((row for row in rows if not row[1].matched), key=lambda row: -row[1].score)
        nearest = tuple(row for row in below if row[1].score > 0)[:5]
        return TopicFound(tuple(matched), nearest, len(among))

    async def nearest_words(self, topic: Topic) -> str:
        """The topic with each word that the library does not know replaced by the one most like it; empty
        where nothing better is known."""
        corrected = [await self._corrected(phrase) for phrase in topic.phrases]
        return " | ".join(corrected) if tuple(corrected) != topic.phrases else ""

    async def _corrected(self, phrase: str) -> str:
        parts = phrase.split()
        unknown = [part for part in parts if not await self._papers.search(part, limit=1)]
        if not unknown:
            return phrase
        vocabulary = await self._vocabulary([part for part in parts if part not in unknown])
        for part in unknown:
            close = difflib.get_close_matches(part.lower(), vocabulary, 1, 0.75)
            if close:
                phrase = phrase.replace(part, close[0])
        return phrase

    async def _vocabulary(self, beside: Sequence[str]) -> list[str]:
        papers = await self._papers.sample(VOCABULARY)
        if beside:
            found = await self._papers.search(" ".join(beside), limit=CANDIDATES)
            papers = [item.paper for item in found] + papers
        counts = Counter(word for paper in papers for word in words(paper.title) if len(word) > 3)
        return [word for word, _ in counts.most_common()]

    async def _dated(self, since: date) -> list[Paper]:
        return await self._papers.dated(since)

    async def _candidates(self, topic: Topic) -> list[Paper]:
        found: dict[str, Paper] = {}
        for phrase in topic.phrases:
            for paper in await self._papers.matching(phrase, limit=CANDIDATES):
                found[paper.id] = paper
            for item in await self._papers.search(phrase, limit=CANDIDATES):
                found[item.paper.id] = item.paper
        return list(found.values())


def _latest(row: tuple[Paper, Decision]) -> tuple[date, float]:
    paper, decision = row
    return (paper.announced or paper.published or paper.updated or date.min, decision.score)
