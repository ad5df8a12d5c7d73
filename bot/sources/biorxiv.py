"""bioRxiv and medRxiv, by the day, from their API (https://api.biorxiv.org).

Pages hold 30 records or 100, as the server likes; counts come as numbers or as text; an answer may be empty
with status 200; DOIs begin with 10.1101 or, since 2025, 10.64898.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot import identity
from bot.domain import FeedState, Harvest, Paper, PaperId, Sighting, Unusable
from bot.errors import NotFound, SourceError, Unreadable
from bot.ports import Clock
from bot.sources import dates, door, people
from bot.sources.markup import plain
from bot.web import Web

_NAMES = {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}
_NOTHING = ("no posts found", "no articles found")
_LOOK_BACK = timedelta(days=1)
_FARTHEST = timedelta(days=14)
_PAGES = 200


class _Message(door.Foreign):
    status: door.Words = ""
    total: door.Whole = None


class _Preprint(door.Foreign):
    doi: str
    title: str
    authors: door.Words = ""
    date: door.Words = ""
    version: door.Whole = None
    type: door.Words = ""
    category: door.Words = ""
    abstract: door.Words = ""
    published: door.Words = ""
    server: door.Words = ""


class _Published(door.Foreign):
    preprint_doi: str
    preprint_title: str
    published_doi: door.Words = ""
    published_journal: door.Words = ""
    preprint_authors: door.Words = ""
    preprint_category: door.Words = ""
    preprint_date: door.Words = ""
    preprint_abstract: door.Words = ""
    preprint_platform: door.Words = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of records; ``count`` with the broken ones, ``total`` on all pages."""

    sightings: tuple[Sighting, ...]
    unusable: tuple[Unusable, ...]
    count: int
    total: int


class Biorxiv:
    """The preprints of ``servers``, of ``categories`` alone where some are named."""

    name = "biorxiv"

    def __init__(
        self, web: Web, clock: Clock, *, api_url: str, servers: Sequence[str], categories: Sequence[str] = ()
    ) -> None:
        self._web = web
        self._clock = clock
        self._api = api_url.rstrip("/")
        self._servers = tuple(servers)
        self._categories = frozenset(category.strip().lower() for category in categories)

    async def fetch(self, memory: Mapping[str, str]) -> Harvest:
        """What appeared since the day of the last fetch, that day included; at most two weeks."""
        today = self._clock.now().date()
        sightings: dict[PaperId, Sighting] = {}
        unusable: list[Unusable] = []
        parts: dict[str, FeedState] = {}
        faults: list[str] = []
        kept = dict(memory)
        for server in self._servers:
            since = _since(memory.get(f"until/{server}", ""), today)
            try:
                async for page in self._pages(f"details/{server}/{since}/{today}"):
                    sightings |= {one.paper.id: one for one in page.sightings if self._wanted(one.paper)}
                    unusable += page.unusable
                    parts[server] = "ok" if page.count else parts.get(server, "quiet")
                kept[f"until/{server}"] = str(today)
            except (SourceError, NotFound) as error:
                parts[server] = "failed"
                faults.append(f"{_NAMES.get(server, server)}: {error}")
        state: FeedState = "failed" if faults else "ok" if "ok" in parts.values() else "quiet"
        detail = " ".join(faults) or ("Nothing new was posted." if state == "quiet" else "")
        return Harvest(self.name, tuple(sightings.values()), tuple(unusable), state, detail, parts, kept)

    async def published(self, since: date, until: date) -> AsyncIterator[Slice]:
        """The preprints that appeared in journals on those days, each with its journal and DOI, page by
        page. Raises SourceError."""
        for server in self._servers:
            async for page in self._pages(f"pubs/{server}/{since}/{until}"):
                yield page

    async def find(self, ids: Sequence[PaperId]) -> Sequence[Paper]:
        """The preprints among ``ids``, each in its latest version. Raises SourceError."""
        found = []
        for paper_id in ids:
            bare = paper_id.removeprefix("doi:")
            if not bare.startswith(("10.1101/", "10.64898/")):
                continue
            for server in self._servers:
                page = await self._page(f"details/{server}/{bare}/na/json", 0)
                if page.sightings:
                    found.append(max((one.paper for one in page.sightings), key=lambda paper: paper.version))
                    break
        return found

    async def search(self, words: str, *, limit: int, since: date | None = None) -> Sequence[Paper]:
        """Nothing: the API has no search."""
        return ()

    async def _pages(self, path: str) -> AsyncIterator[Slice]:
        """Page after page, until one brings nothing that was not on those before it."""
        cursor = 0
        seen: set[tuple[PaperId, int]] = set()
        for _ in range(_PAGES):
            page = await self._page(f"{path}/{cursor}", cursor)
            fresh = {(one.paper.id, one.paper.version) for one in page.sightings} - seen
            if cursor and not fresh:
                return
            yield page
            seen |= fresh
            cursor += page.count
            if page.count == 0 or cursor >= page.total:
                return

    async def _page(self, path: str, cursor: int) -> Slice:
        """One page; an empty body, which the server sends at times, is asked for once more."""
        page = await self._web.get(f"{self._api}/{path}", accept="application/json")
        if not page.body.strip():
            page = await self._web.get(f"{self._api}/{path}", accept="application/json")
        return parse(page.body, cursor=cursor)

    def _wanted(self, paper: Paper) -> bool:
        return not self._categories or bool(self._categories.intersection(paper.categories))


def parse(body: bytes, *, cursor: int = 0) -> Slice:
    """Read a page of ``details`` or ``pubs``. Raises Unreadable for what is none."""
    raw = door.load(body)
    if not isinstance(raw, dict) or not isinstance(raw.get("messages"), list):
        raise Unreadable("The answer has no messages, so it is not the preprint API's.")
    message = door.read(_Message, raw["messages"][0]) if raw["messages"] else _Message()
    collection = raw.get("collection", [])
    if not isinstance(collection, list):
        raise Unreadable("The answer's collection is no list.")
    if not collection and message.status.lower() not in ("ok", *_NOTHING):
        raise Unreadable(f"The preprint API reports “{message.status[:100]}”.")
    journals = any(isinstance(item, dict) and "preprint_doi" in item for item in collection)
    sightings, unusable = _published(collection) if journals else _details(collection)
    total = message.total if message.total is not None else cursor + len(collection)
    return Slice(tuple(sightings), tuple(unusable), len(collection), total)


def jats(paper: Paper) -> str:
    """Where the full text of a preprint's version lies as JATS XML; empty if its day is not known."""
    day = paper.updated or paper.published
    if day is None or paper.source not in _NAMES:
        return ""
    number = paper.id.rpartition("/")[2]
    return f"https://www.{paper.source}.org/content/early/{day:%Y/%m/%d}/{number}.source.xml"


def _details(collection: Sequence[object]) -> tuple[list[Sighting], list[Unusable]]:
    records, unusable = door.records(_Preprint, collection)
    latest: dict[PaperId, Sighting] = {}
    for record in records:
        sighting = _sighting(record)
        if isinstance(sighting, Unusable):
            unusable.append(sighting)
            continue
        before = latest.get(sighting.paper.id)
        if before is None or before.paper.version < sighting.paper.version:
            latest[sighting.paper.id] = sighting
    return list(latest.values()), unusable


def _sighting(record: _Preprint) -> Sighting | Unusable:
    paper_id, title = identity.doi(record.doi), plain(record.title)
    if paper_id is None or not title:
        return Unusable(record.doi[:80] or "a record", "It has no DOI." if title else "It has no title.")
    version = record.version or 1
    posted = dates.day(record.date)
    server = record.server.lower() if record.server.lower() in _NAMES else "biorxiv"
    paper = Paper(
        id=paper_id,
        title=title,
        abstract=plain(record.abstract),
        authors=people.family_first(record.authors),
        categories=(record.category.lower(),) if record.category else (),
        published=posted if version == 1 else None,
        updated=posted,
        announced=posted if version == 1 else None,
        source=server,
        url=f"https://www.{server}.org/content/{paper_id.removeprefix('doi:')}v{version}",
        version=version,
        doi=identity.bare_doi(record.published),
        withdrawn="withdraw" in record.type.lower() or title.lower().startswith("withdrawn:"),
    )
    return Sighting(paper, "new" if version == 1 else "replace")


def _published(collection: Sequence[object]) -> tuple[list[Sighting], list[Unusable]]:
    records, unusable = door.records(_Published, collection)
    sightings = []
    for record in records:
        paper_id = identity.doi(record.preprint_doi)
        if paper_id is None:
            unusable.append(Unusable(record.preprint_doi[:80] or "a record", "It has no DOI."))
            continue
        server = record.preprint_platform.lower()
        paper = Paper(
            id=paper_id,
            title=plain(record.preprint_title),
            abstract=plain(record.preprint_abstract),
            authors=people.family_first(record.preprint_authors),
            categories=(record.preprint_category.lower(),) if record.preprint_category else (),
            published=dates.day(record.preprint_date),
            source=server if server in _NAMES else "biorxiv",
            url=identity.address(paper_id),
            journal=plain(record.published_journal),
            doi=identity.bare_doi(record.published_doi),
        )
        sightings.append(Sighting(paper, "known"))
    return sightings, unusable


def _since(until: str, today: date) -> date:
    last = dates.day(until) or today
    return max(min(last, today) - _LOOK_BACK, today - _FARTHEST)
