"""Giving papers their vectors in the background, so that they can be found by meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from bot.domain import Finding, Paper, PaperId
from bot.errors import ModelError, StorageError
from bot.ports import Clock, Embedder, Papers, Runs, VectorIndex

BATCH = 100
PAGE = 5_000
"""How many missing papers are asked for at once: finding them costs a look at every row."""
EVERY = timedelta(seconds=60)
LEASE = timedelta(minutes=10)
_log = structlog.get_logger(__name__)
Progress = Callable[[int], None]


def text_of(paper: Paper) -> str:
    """What of a paper is turned into its vector."""
    return f"{paper.title}. {paper.abstract}"


class Embedding:
    """Embeds what the index lacks, the latest papers first; when the encoder changes, everything anew."""

    def __init__(
        self, *, papers: Papers, vectors: VectorIndex, embedder: Embedder, runs: Runs, clock: Clock
    ) -> None:
        self._papers = papers
        self._vectors = vectors
        self._embedder = embedder
        self._runs = runs
        self._clock = clock
        self._fault = ""

    async def run(self) -> None:
        """Do it whenever something is missing, one process at a time, until cancelled."""
        while True:
            try:
                await self._turn()
            except StorageError as error:
                _log.error("papers were not embedded; trying again", error=error)
            await self._clock.sleep(EVERY.total_seconds())

    async def _turn(self) -> None:
        if await self._runs.turn("embed", every=EVERY, lease=LEASE) == "mine":
            await self.once(within=LEASE / 2)
            await self._vectors.settle(self._embedder.name)
            await self._runs.did("embed")

    async def close(self) -> None:
        """Close the encoder's connections."""
        await self._embedder.close()

    async def once(self, *, within: timedelta | None = None, progress: Progress = lambda _: None) -> int:
        """Embed what is missing now, or as much of it as can be begun ``within`` that time; how many papers
        were. A model that fails is told in the log and by :meth:`report`."""
        tried: set[PaperId] = set()
        done = 0
        until = self._clock.now() + within if within else None
        try:
            while missing := await self._untried(tried):
                for start in range(0, len(missing), BATCH):
                    if until and self._clock.now() >= until:
                        return done
                    done += await self._embed(missing[start : start + BATCH])
                    progress(done)
            if done:
                await self._vectors.drop_others(self._embedder.name)
        except ModelError as error:
            self._fault = str(error)
            _log.warning("papers cannot be found by meaning", error=error)
            return done
        self._fault = ""
        return done

    async def _untried(self, tried: set[PaperId]) -> list[PaperId]:
        """What is missing, without what this round has had: a paper that is folded meanwhile stays away."""
        missing = await self._vectors.missing(self._embedder.name, limit=PAGE)
        left = [name for name in missing if name not in tried]
        tried.update(left)
        return left

    async def _embed(self, ids: Sequence[PaperId]) -> int:
        papers = await self._papers.many(ids)
        vectors = await self._embedder.embed([text_of(paper) for paper in papers])
        await self._vectors.put(self._embedder.name, [paper.id for paper in papers], vectors)
        await asyncio.sleep(0)
        return len(papers)

    async def left(self) -> int:
        """How many papers cannot be found by meaning yet."""
        return max(0, await self._papers.count() - await self._vectors.count(self._embedder.name))

    async def report(self) -> Sequence[Finding]:
        """How far it is, for ``status``."""
        if self._fault:
            return [Finding("meaning", False, f"search goes by words alone: {self._fault}")]
        left, papers = await self.left(), await self._papers.count()
        found = f"{papers - left:,} of {papers:,} papers" if left else "all papers"
        words = f"{found} can be found by meaning ({self._embedder.name})"
        return [Finding("meaning", True, words)]
