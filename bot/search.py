"""Finding papers: by words and meaning, by topic, by likeness."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import structlog

from bot import identity
from bot.domain import Decision, Filters, Found, Paper, PaperId, Searched, Topic, TopicFound
from bot.embedding import text_of
from bot.errors import ModelError
from bot.ports import Embedder, Matcher, Papers, VectorIndex
from bot.spelling import Spelling
from bot.text import STOP_WORDS, sentences, stem_words, stems, words

if TYPE_CHECKING:
    from bot.ports import Vector

__all__ = ["Filters", "Finder", "fused"]

CANDIDATES = 300
POOL = 50
"""Papers that words and meaning each put forward, where no more are asked for."""
NEAR = 0.3
"""The cosine that a paper with none of the words must reach: 9 of 10 unrelated pairs stay below."""
MEANING = 0.5
"""The share of meaning in a score, the rest is words: docs/relevance.md has the trials."""
_SHARES = {"wordllama-l2-256": 0.35}
"""Where the encoder is light, words know better."""
LIKENESS = 0.6
"""The same for papers like one paper, whose own vector tells more than a query's."""
PHRASE = 0.1
"""What the whole query side by side adds."""
NAMED = 1.0
"""What an author with exactly the name asked for adds: more than any words."""
LONGEST = 2_000
SNIPPET = 200
_log = structlog.get_logger(__name__)


class Finder:
    """Searches the library. Without an encoder, or when it fails, words alone decide."""

    def __init__(
        self,
        papers: Papers,
        matcher: Matcher,
        *,
        vectors: VectorIndex | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._papers = papers
        self._matcher = matcher
        self._vectors = vectors
        self._embedder = embedder
        self._spelling = Spelling(papers)

    async def search(self, query: str, *, limit: int, filters: Filters | None = None) -> Searched:
        """Papers for words, a question, a name, an id or a title, best first; any characters are allowed."""
        asked = " ".join(query[:LONGEST].split())
        if named := identity.parse(asked):
            paper = await self._papers.get(named)
            return Searched((Found(paper, 1.0),) if paper else ())  # an id has no meaning to be near to
        if not words(asked):
            return Searched(await self._passing(limit, filters) if filters else ())
        better = await self._spelling.corrected(asked)
        if better != asked and await self._by_name(asked, filters):
            better = asked
        scores = await self._scores(better, filters, max(POOL, limit))
        best = sorted(scores, key=lambda name: (-scores[name], name))[:limit]
        papers = {paper.id: paper for paper in await self._papers.many(best)}
        found = [
            Found(papers[n], scores[n], excerpt(better, papers[n].abstract)) for n in best if n in papers
        ]
        found.sort(key=lambda item: not _titled(item.paper, asked))
        return Searched(tuple(found), better if better != asked else "")

    async def _passing(self, limit: int, filters: Filters) -> tuple[Found, ...]:
        latest = await self._papers.scored("", limit=limit, filters=filters)
        return tuple(Found(paper, 0.0) for paper in await self._papers.many([name for name, _ in latest]))

    async def _scores(self, query: str, filters: Filters | None, pool: int) -> dict[PaperId, float]:
        by_words = dict(await self._papers.scored(query, limit=pool, filters=filters))
        by_meaning = await self._meant(query, by_words, filters, pool)
        share = _SHARES.get(self._embedder.name, MEANING) if self._embedder else 0.0
        scores = fused(by_words, by_meaning, share)
        for name in await self._phrased(query, filters):
            if name in scores:
                scores[name] += PHRASE
        for name in await self._by_name(query, filters):
            scores[name] = scores.get(name, 0.0) + NAMED
        return scores

    async def _phrased(self, query: str, filters: Filters | None) -> list[PaperId]:
        spoken = words(query)
        if not 2 <= len(spoken) <= 6:
            return []
        # Words joined by hyphens are looked for side by side.
        return [name for name, _ in await self._papers.scored("-".join(spoken), limit=POOL, filters=filters)]

    async def _by_name(self, query: str, filters: Filters | None) -> list[PaperId]:
        """Papers by the author with this name, unless the filters name one already."""
        spoken = query.split()
        if not 2 <= len(spoken) <= 4 or (filters and filters.author) or set(words(query)) & STOP_WORDS:
            return []
        narrowed = Filters(author=query)
        if filters:
            narrowed = Filters(filters.since, query, filters.category, filters.source)
        return [name for name, _ in await self._papers.scored("", limit=POOL, filters=narrowed)]

    async def _meant(
        self, query: str, there: Collection[PaperId], filters: Filters | None, pool: int
    ) -> dict[PaperId, float]:
        """Cosines of the papers nearest in meaning, and of those that words have found."""
        vector = await self._vector(query)
        if vector is None or self._vectors is None or self._embedder is None:
            return {}
        encoder = self._embedder.name
        nearest = await self._vectors.nearest(encoder, vector, limit=pool, filters=filters)
        found = {name: score for name, score in nearest if score >= NEAR or name in there}
        rest = [name for name in there if name not in found]
        return found | dict(await self._vectors.nearest(encoder, vector, limit=len(rest), among=rest))

    async def _vector(self, text: str) -> Vector | None:
        if self._embedder is None:
            return None
        try:
            vector: Vector = (await self._embedder.embed([text]))[0]
        except ModelError as error:
            _log.warning("searched by words alone", error=error)
            return None
        return vector if vector.any() else None

    async def similar(self, paper: Paper, *, limit: int) -> list[Found]:
        """Papers like one paper, without the paper itself."""
        pool = max(POOL, limit)
        by_words = dict(await self._papers.scored(paper.title, limit=pool))
        by_meaning = await self._meant(text_of(paper), by_words, None, pool)
        by_words.pop(paper.id, None)
        by_meaning.pop(paper.id, None)
        scores = fused(by_words, by_meaning, LIKENESS)
        best = sorted(scores, key=lambda name: (-scores[name], name))[: limit + 1]
        papers = await self._papers.many(best)
        return [Found(item, scores[item.id]) for item in papers if item.id != paper.id][:limit]

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
        nearest = tuple(row for row in below if row[1].near)[:5]
        return TopicFound(tuple(matched), nearest, len(among))

    async def nearest_words(self, topic: Topic) -> str:
        """The topic with each word that the library does not know replaced by the one most like it; empty
        where nothing better is known."""
        corrected = [await self._spelling.corrected(phrase) for phrase in topic.phrases]
        return " | ".join(corrected) if tuple(corrected) != topic.phrases else ""

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


def fused(
    by_words: Mapping[PaperId, float], by_meaning: Mapping[PaperId, float], share: float
) -> dict[PaperId, float]:
    """The scores of both, each divided by its best, added with ``share`` for meaning; one alone counts
    whole."""
    if not by_words or not by_meaning:
        return _scaled(by_words or by_meaning, 1.0)
    scores = _scaled(by_words, 1 - share)
    for name, score in _scaled(by_meaning, share).items():
        scores[name] = scores.get(name, 0.0) + score
    return scores


def _scaled(scores: Mapping[PaperId, float], weight: float) -> dict[PaperId, float]:
    best = max(scores.values(), default=0.0)
    return {name: weight * score / best if best > 0 else 0.0 for name, score in scores.items()}


def excerpt(query: str, abstract: str) -> str:
    """The sentence of an abstract that has most of the query's words, around the first of them; empty
    where it has none."""
    wanted = set(stem_words([word for word in words(query) if word not in STOP_WORDS]))
    if not wanted:
        return ""
    best, most = "", 0
    for sentence in sentences(abstract[:8000]):
        count = len(wanted.intersection(stems(sentence)))
        if count > most:
            best, most = sentence, count
    return _cut(best, wanted)


def _cut(sentence: str, wanted: set[str]) -> str:
    if len(sentence) <= SNIPPET:
        return sentence
    at = next((m.start() for m in re.finditer(r"\w+", sentence) if wanted.intersection(stems(m[0]))), 0)
    start = max(0, min(at - SNIPPET // 3, len(sentence) - SNIPPET))
    start = sentence.find(" ", start) + 1 if start else 0
    end = len(sentence) if start + SNIPPET >= len(sentence) else sentence.rfind(" ", start, start + SNIPPET)
    end = end if end > start else start + SNIPPET
    return ("…" if start else "") + sentence[start:end] + ("…" if end < len(sentence) else "")


def _titled(paper: Paper, asked: str) -> bool:
    return words(paper.title) == words(asked)


def _latest(row: tuple[Paper, Decision]) -> tuple[date, float]:
    paper, decision = row
    return (paper.announced or paper.published or paper.updated or date.min, decision.score)
