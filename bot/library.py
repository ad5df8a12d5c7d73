"""The library's doors: fetch what is announced, import files, find the paper somebody names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot import identity
from bot.domain import Counts, Harvest, Paper, PaperId, Sighting, Topic, Unusable
from bot.errors import NotFound, PaperboyError, SourceError, Throttled, Unreachable, Unreadable
from bot.jsonl import Imported, batches
from bot.ports import Clock, Feeds, Lookup, Papers, Source

BATCH = 500
_WHOLE_TITLE = 4
"""Words from which on something typed may be a title, and is asked for elsewhere."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one source brought and what became of it."""

    harvest: Harvest
    counts: Counts


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        seen=one.seen + other.seen,
        new=one.new + other.new,
        replaced=one.replaced + other.replaced,
        known=one.known + other.known,
        rejected=one.rejected + other.rejected,
    )


class Links(Protocol):
    """Turns an id, a DOI or a link into a paper."""

    async def paper(self, written: str) -> Paper:
        """The paper. Raises NotFound, SourceError."""
        ...

    async def titled(self, title: str) -> Paper | None:
        """The paper with that title, or None. Raises SourceError."""
        ...


async def _none() -> Sequence[Source]:
    return ()


class Library:
    """Papers in, papers found. ``added`` are the sources besides ``sources`` at the time of a fetch."""

    def __init__(
        self,
        *,
        papers: Papers,
        feeds: Feeds,
        sources: Sequence[Source],
        clock: Clock,
        links: Links | None = None,
        searches: Sequence[Lookup] = (),
        added: Callable[[], Awaitable[Sequence[Source]]] = _none,
    ) -> None:
        self._papers = papers
        self._feeds = feeds
        self._sources = sources
        self._links = links
        self._searches = searches
        self._added = added
        self._clock = clock
        self._fetching = asyncio.Lock()
        self._fetched_at: datetime | None = None

    async def fetch(self) -> list[Fetched]:
        """Fetch every source once; a source that fails does not stop the others."""
        async with self._fetching:
            results = [await self._fetch(source) for source in await self.every()]
            self._fetched_at = self._clock.now()
            return results

    async def fetch_unless_fresh(self, age: timedelta) -> list[Fetched]:
        """Fetch, unless every source was fetched less than ``age`` ago, by this process or another."""
        if self._fetched_at and self._clock.now() - self._fetched_at < age:
            return []
        checked = {item.source: item.checked_at for item in await self._feeds.health()}
        now = self._clock.now()
        names = [source.name for source in await self.every()]
        if names and all(name in checked and timedelta(0) <= now - checked[name] < age for name in names):
            return []
        return await self.fetch()

    async def every(self) -> list[Source]:
        """The sources that are fetched now, those added from chat last."""
        return [*self._sources, *await self._added()]

    async def _fetch(self, source: Source) -> Fetched:
        memory = await self._feeds.memory(source.name)
        try:
            harvest = await source.fetch(memory)
        except PaperboyError as error:
            harvest = Harvest(source.name, state="failed", detail=str(error), memory=memory)
        now = self._clock.now()
        counts = await self._papers.add(harvest.sightings, now=now) if harvest.sightings else Counts()
        counts = _sum(counts, Counts(seen=len(harvest.unusable), rejected=len(harvest.unusable)))
        await self._feeds.remember(harvest, counts, now=now)
        return Fetched(harvest, counts)

    def named(self, words: str) -> PaperId | None:
        """The paper that an id or link within ``words`` names, without asking anybody."""
        found = self.all_named(words)
        return found[0] if found else None

    def all_named(self, words: str) -> Sequence[PaperId]:
        """Every paper that an id or link within ``words`` names, in order."""
        return identity.mentioned(words)

    async def resolve(self, reference: str) -> Paper:
        """The paper that an id, a DOI, a link or a whole title names; asked for where it is not kept.

        Raises NotFound, SourceError.
        """
        words = reference.strip().strip("<>").strip()
        paper_id = identity.parse(words)
        if paper_id is not None:
            return await self._papers.get(paper_id) or await self._look_up(words)
        if words.startswith(("http://", "https://")):
            return await self._look_up(words)
        return await self._by_title(words)

    async def _look_up(self, words: str) -> Paper:
        if self._links is None:
            raise NotFound(f"{_shown(words)} is not in the library, and nothing is set up to look it up.")
        try:
            found = await self._links.paper(words)
        except (Unreachable, Throttled, Unreadable) as error:
            raise SourceError(
                f"{_shown(words)} is not in the library, and the look-up failed: {error}"
            ) from error
        return await self._kept(found)

    async def _kept(self, found: Paper) -> Paper:
        await self._papers.add([Sighting(found, "known")], now=self._clock.now())
        return await self._papers.get(found.id) or found

    async def _by_title(self, words: str) -> Paper:
        if len(words.split()) >= 2:
            wanted = _letters(words)
            for item in await self._papers.search(words, limit=5):
                if _letters(item.paper.title) == wanted:
                    return item.paper
        if self._links and len(words.split()) >= _WHOLE_TITLE and (found := await self._links.titled(words)):
            return await self._kept(found)
        raise NotFound(
            f"“{_shown(words)}” is no arXiv id, DOI, link or whole title that I know. "
            "Ids look like 2308.04079; search finds papers by words."
        )

    async def reach(self, topic: Topic, *, since: date | None) -> list[Paper]:
        """Papers for a topic that the library has not: those from ``since`` on, or of any day; may be empty.

        All that was found is kept as known.
        """
        found: dict[PaperId, Paper] = {}
        for lookup in self._searches:
            for phrase in topic.phrases[:3]:
                try:
                    papers = await lookup.search(phrase, limit=50, since=None)
                except SourceError:
                    continue
                found.update((paper.id, paper) for paper in papers)
            if found:
                break
        if found:
            sightings = [Sighting(paper, "known") for paper in found.values()]
            await self._papers.add(sightings, now=self._clock.now())
        papers = await self._papers.many(list(found))
        return papers if since is None else [paper for paper in papers if _day(paper) >= since]

    async def import_file(
        self, path: Path, *, progress: Callable[[int], None] = lambda _: None
    ) -> tuple[Counts, list[Unusable]]:
        """Load a file of papers, one JSON object a line (``.gz`` and ``.zst`` too); ``progress`` is told the
        bytes read so far. Raises UsageError where it cannot be read."""
        total = Counts()
        unusable: list[Unusable] = []
        for batch in batches(path, BATCH):
            total = await self._keep(batch, total)
            unusable += batch.unusable
            progress(batch.position)
        return total, unusable

    async def _keep(self, batch: Imported, total: Counts) -> Counts:
        sightings = [Sighting(paper, "known") for paper in batch.papers]
        counts = await self._papers.add(sightings, now=self._clock.now())
        bad = len(batch.unusable)
        return _sum(_sum(total, counts), Counts(seen=bad, rejected=bad))


def _day(paper: Paper) -> date:
    return paper.announced or paper.published or date.min


def _letters(words: str) -> str:
    return re.sub(r"[^\w]+", " ", words.casefold()).strip()


def _shown(words: str) -> str:
    return words if len(words) <= 80 else words[:79] + "…"
