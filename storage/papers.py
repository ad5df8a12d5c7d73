"""The library."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Counts, Edition, Filters, Found, Paper, PaperId, Sighting
from storage import aliases, drops, fulltext, ingest, narrowing
from storage.engine import Database
from storage.statements import chunks
from storage.tables import paper, paper_version

_BATCH = 250
"""Sightings a transaction, about 80 ms: fewer cost more for each, more make those wait who want to write."""

_PAGE = 5_000

# Any fixed number will do; on PostgreSQL it makes two processes fold one after the other.
_LOCK = 0x466F6C64

_ID_BEGUN = re.compile(r"\d|[a-z-]+(\.[a-z]+)?/")
"""New arXiv ids and DOIs begin with a digit, old arXiv ids with their archive."""

_FIELDS = (
    paper.c.id,
    paper.c.title,
    paper.c.abstract,
    paper.c.authors,
    paper.c.categories,
    paper.c.published,
    paper.c.updated,
    paper.c.announced,
    paper.c.source,
    paper.c.url,
    paper.c.version,
    paper.c.comment,
    paper.c.journal,
    paper.c.doi,
    paper.c.withdrawn,
    paper.c.retracted,
    paper.c.code,
    paper.c.featured,
    paper.c.upvotes,
    paper.c.comments,
)


class Papers:
    """Implements ``bot.ports.Papers``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._frequencies = fulltext.Frequencies()

    async def add(self, sightings: Sequence[Sighting], *, now: datetime) -> Counts:
        """Keep papers, folding each into the one already there, in transactions of 250."""
        total = Counts()
        for some in chunks(sightings, _BATCH):
            async with self._database.writing() as connection:
                if self._database.dialect == "postgresql":
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                total = _sum(total, await ingest.keep(connection, self._database.dialect, some, now))
        return total

    async def get(self, paper_id: PaperId) -> Paper | None:
        """One paper, also by an id that was folded into another, or by ``doi:…`` of its journal version."""
        found = await self.many([paper_id])
        return found[0] if found else None

    async def many(self, ids: Sequence[PaperId]) -> list[Paper]:
        """The papers among ``ids`` that are there, in that order; two names of one paper bring it once."""
        found: dict[str, Paper] = {}
        async with self._database.reading() as connection:
            names = await aliases.canonical(connection, ids)
            for some in chunks(names):
                query = sa.select(*_FIELDS).where(paper.c.id.in_(some))
                found.update((row.id, _paper(row)) for row in await connection.execute(query))
            found |= await drops.known(connection, names)
        return [found[name] for name in dict.fromkeys(names) if name in found]

    async def news(self, since: datetime, until: datetime) -> list[Paper]:
        """Papers that became news after ``since`` and not after ``until``, in the order they came.

        A paper is also news of the day it was announced (from its beginning, UTC): imported papers have
        nothing else, and a past day's digest must find what was fetched later.
        """
        imported = sa.and_(
            paper.c.announced.is_not(None),
            paper.c.day >= _first_midnight(since),
            paper.c.day <= until.astimezone(UTC).date(),
        )
        announced = sa.and_(paper.c.news_at > since, paper.c.news_at <= until)
        query = sa.select(*_FIELDS).where(sa.or_(announced, imported)).order_by(paper.c.number)
        return await self._read(query)

    async def news_begin(self) -> date | None:
        """See ``bot.ports.Papers``."""
        day = sa.select(sa.func.min(paper.c.day)).where(paper.c.announced.is_not(None))
        async with self._database.reading() as connection:
            imported: date | None = (await connection.execute(day)).scalar()
            came: datetime | None = (
                await connection.execute(sa.select(sa.func.min(paper.c.news_at)))
            ).scalar()
        return min(
            [*([imported] if imported else []), *([came.astimezone(UTC).date()] if came else [])],
            default=None,
        )

    async def dated(self, since: date, until: date | None = None) -> list[Paper]:
        """Papers announced (else published) on those days, newest first."""
        query = sa.select(*_FIELDS).where(paper.c.day >= since).order_by(paper.c.day.desc(), paper.c.number)
        return await self._read(query if until is None else query.where(paper.c.day <= until))

    async def search(self, query: str, *, limit: int) -> list[Found]:
        """Papers for plain words by full text, best first; any characters are allowed."""
        async with self._database.reading() as connection:
            hits = await fulltext.search(
                connection, query, limit=limit, frequencies=self._frequencies, snippets=True
            )
            papers = await _numbered(connection, [hit.number for hit in hits])
        return [Found(papers[hit.number], hit.score, hit.snippet) for hit in hits if hit.number in papers]

    async def begun(self, typed: str, *, limit: int) -> list[Paper]:
        """See ``bot.ports.Papers``."""
        async with self._database.reading() as connection:
            named = await _named_so(connection, typed, limit)
            numbers = await fulltext.begun(connection, typed, limit=4 * limit)
            found = await _numbered(connection, [number for number in numbers if number not in named])
        titled = [found[number] for number in numbers if number in found]
        fitting = [one for one in titled if fulltext.begins(typed, " ".join((one.title, *one.authors)))]
        return [*named.values(), *fitting][:limit]

    async def scored(
        self, query: str, *, limit: int, filters: Filters | None = None
    ) -> list[tuple[PaperId, float]]:
        """See ``bot.ports.Papers``."""
        narrowed = narrowing.of(filters or Filters(), self._database.dialect)
        if filters and narrowed is None:
            return []
        async with self._database.reading() as connection:
            if not fulltext.terms(query):
                return [(name, 0.0) for name in await narrowing.latest(connection, narrowed, limit)]
            hits = await fulltext.search(
                connection, query, limit=limit, frequencies=self._frequencies, narrowed=narrowed
            )
            names = await _names(connection, [hit.number for hit in hits])
        return [(names[hit.number], hit.score) for hit in hits if hit.number in names]

    async def occurrences(self, words: Collection[str], *, most: int) -> dict[str, int]:
        """See ``bot.ports.Papers``."""
        async with self._database.reading() as connection:
            return {word: await fulltext.occurrences(connection, word, most) for word in words}

    async def titles(self) -> AsyncIterator[Sequence[str]]:
        """The titles of all papers, 5,000 at a time."""
        after = 0
        while True:
            query = sa.select(paper.c.number, paper.c.title).where(paper.c.number > after)
            async with self._database.reading() as connection:
                rows = (await connection.execute(query.order_by(paper.c.number).limit(_PAGE))).all()
            if not rows:
                return
            yield [row.title for row in rows]
            after = rows[-1].number

    async def matching(self, phrase: str, *, limit: int, before: date | None = None) -> list[Paper]:
        """Papers with the stemmed words of ``phrase`` side by side in title or abstract, newest first."""
        async with self._database.reading() as connection:
            numbers = await fulltext.phrase(connection, phrase, limit=limit, before=before)
            papers = await _numbered(connection, numbers)
        return [papers[number] for number in numbers if number in papers]

    async def versions(self, paper_id: PaperId) -> list[Edition]:
        """What is known of a paper's versions, oldest first, the present one last."""
        async with self._database.reading() as connection:
            (name,) = await aliases.canonical(connection, [paper_id])
            columns = ("version", "title", "abstract", "updated")
            earlier = sa.select(*(paper_version.c[c] for c in columns)).where(
                paper_version.c.paper_id == name
            )
            rows = (await connection.execute(earlier.order_by(paper_version.c.version))).all()
            present = sa.select(*(paper.c[c] for c in columns)).where(paper.c.id == name)
            rows = [*rows, *(await connection.execute(present)).all()]
        return [Edition(name, *row) for row in rows]

    async def featured(self, since: date, *, limit: int) -> list[Paper]:
        """Papers that Hugging Face featured on or after a day, most upvotes first."""
        query = sa.select(*_FIELDS).where(paper.c.featured >= since)
        order = (sa.func.coalesce(paper.c.upvotes, 0).desc(), paper.c.featured.desc(), paper.c.number)
        return await self._read(query.order_by(*order).limit(limit))

    async def sample(self, count: int, *, seed: int = 0) -> list[Paper]:
        """A random sample of the library, the same for the same library and seed."""
        async with self._database.reading() as connection:
            last = await connection.scalar(sa.select(sa.func.max(paper.c.number))) or 0
            # Numbers have few gaps: a few more than asked for are nearly always enough.
            for size in (count + count // 8 + 50, last):
                drawn = random.Random(seed).sample(range(1, last + 1), min(size, last))
                papers = await _numbered(connection, drawn)
                if len(papers) >= count:
                    break
        return [papers[number] for number in drawn if number in papers][:count]

    async def count(self) -> int:
        """How many papers there are."""
        async with self._database.reading() as connection:
            return int(await connection.scalar(sa.select(sa.func.count()).select_from(paper)) or 0)

    async def _read(self, query: sa.Select[Any]) -> list[Paper]:
        async with self._database.reading() as connection:
            return [_paper(row) for row in await connection.execute(query)]


async def _named_so(connection: AsyncConnection, typed: str, limit: int) -> dict[int, Paper]:
    """Papers whose id begins with what is typed, the latest first, by number. Each kind of id is asked for by
    itself: both in one query are sorted as a whole, though the index has them in order."""
    start = typed.strip().lower().removeprefix("arxiv:").removeprefix("doi:")
    if not _ID_BEGUN.match(start):
        return {}
    id = paper.c.id if connection.dialect.name == "sqlite" else paper.c.id.collate("C")
    found: dict[int, Paper] = {}
    for prefix in ("doi:", "arxiv:"):
        begun = sa.and_(id >= prefix + start, id < prefix + start + "\uffff")
        query = sa.select(*_FIELDS, paper.c.number).where(begun).order_by(id.desc()).limit(limit)
        found.update((row.number, _paper(row[:-1])) for row in await connection.execute(query))
    return dict(list(found.items())[:limit])


async def _numbered(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, Paper]:
    papers: dict[int, Paper] = {}
    for some in chunks(numbers):
        query = sa.select(*_FIELDS, paper.c.number).where(paper.c.number.in_(some))
        papers.update((row.number, _paper(row[:-1])) for row in await connection.execute(query))
    return papers


async def _names(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, PaperId]:
    names: dict[int, PaperId] = {}
    for some in chunks(numbers):
        query = sa.select(paper.c.number, paper.c.id).where(paper.c.number.in_(some))
        names.update((row.number, PaperId(row.id)) for row in await connection.execute(query))
    return names


def _paper(row: Sequence[Any]) -> Paper:
    name, title, abstract, authors, categories, *rest = row
    return Paper(PaperId(name), title, abstract, tuple(authors), tuple(categories), *rest)


def _first_midnight(since: datetime) -> date:
    """The day that begins next after ``since``, in UTC."""
    return since.astimezone(UTC).date() + timedelta(days=1)


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        one.seen + other.seen,
        one.new + other.new,
        one.replaced + other.replaced,
        one.known + other.known,
        one.rejected + other.rejected,
    )
