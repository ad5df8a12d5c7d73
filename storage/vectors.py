"""Vectors of papers: kept as float16, searched by a scan over all of them in a byte a dimension, or by
pgvector's index where PostgreSQL has one (``storage.neighbours``); what is not in the index yet is scanned.

173,547 vectors of 256 dimensions take 45 MB so and 9 ms a scan, against 15 ms and 178 MB in float32; the best
few are then compared in float16, so that the order is that of an exact scan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from bot.domain import Filters, Finding, PaperId
from storage import narrowing
from storage.engine import Database
from storage.neighbours import WORTH, Neighbours, count
from storage.statements import chunks
from storage.tables import paper, vector

if TYPE_CHECKING:
    from bot.ports import Vector, Vectors
    from storage.scan import Scan

_Key = TypeVar("_Key", int, PaperId)

_PAGE = 2048
_WIDE = 1_000
"""The nearest papers among which those are sought that pass the filters."""
_MORE = 150
"""So many more at most are compared in float16 than are wanted."""
# Any fixed number will do; on PostgreSQL it makes rows visible in the order of their numbers.
_LOCK = 0x56656374


class VectorIndex:
    """Implements ``bot.ports.VectorIndex``."""

    def __init__(self, database: Database, *, worth: int = WORTH) -> None:
        self._database = database
        self._neighbours = Neighbours(database, worth=worth)
        self._scans: dict[str, Scan] = {}
        self._loading = asyncio.Lock()

    async def put(self, encoder: str, ids: Sequence[PaperId], vectors: Vectors) -> None:
        """Keep one row of ``vectors`` (n, size) a paper, in place of an earlier one."""
        import numpy as np

        packed = np.ascontiguousarray(vectors, dtype="<f2")
        latest = {name: row.tobytes() for name, row in zip(ids, packed, strict=True)}
        rows = [{"encoder": encoder, "paper_id": name, "data": data} for name, data in latest.items()]
        for some in chunks(rows):
            async with self._database.writing() as connection:
                if self._database.dialect == "postgresql":
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                names = [row["paper_id"] for row in some]
                mine = sa.and_(vector.c.encoder == encoder, vector.c.paper_id.in_(names))
                await connection.execute(vector.delete().where(mine))
                await connection.execute(vector.insert(), some)

    async def get(self, encoder: str, ids: Sequence[PaperId]) -> dict[PaperId, Vector]:
        """The vectors of those of ``ids`` that have one, float32."""
        mine = vector.c.encoder == encoder
        return await self._read(lambda some: sa.and_(mine, vector.c.paper_id.in_(some)), ids)

    async def nearest(
        self,
        encoder: str,
        asked: Vector,
        *,
        limit: int,
        among: Collection[PaperId] | None = None,
        filters: Filters | None = None,
    ) -> list[tuple[PaperId, float]]:
        """The papers with the largest scalar product with ``asked``, best first; see ``bot.ports``."""
        import numpy as np

        asked = np.asarray(asked, np.float32)
        if among is not None:
            found = await self.get(encoder, list(among))
        elif filters:
            found = await self._passing(await self._candidates(encoder, asked, _WIDE), filters)
        else:
            found = await self._read(vector.c.number.in_, await self._candidates(encoder, asked, limit))
        if not found:
            return []
        names = sorted(found)
        scores = np.stack([found[name] for name in names]) @ asked
        order = np.argsort(-scores, kind="stable")[:limit]
        return [(names[place], float(scores[place])) for place in order]

    async def missing(self, encoder: str, *, limit: int) -> list[PaperId]:
        """Papers that lack a vector of this encoder, the latest to come first."""
        there = sa.exists().where(vector.c.encoder == encoder, vector.c.paper_id == paper.c.id)
        query = sa.select(paper.c.id).where(~there).order_by(paper.c.number.desc()).limit(limit)
        async with self._database.reading() as connection:
            papers = await connection.scalar(sa.select(sa.func.count()).select_from(paper))
            if papers == await count(connection, encoder):
                return []
            return [PaperId(name) for name in await connection.scalars(query)]

    async def count(self, encoder: str) -> int:
        """How many papers have a vector of this encoder."""
        async with self._database.reading() as connection:
            return await count(connection, encoder)

    async def drop_others(self, encoder: str) -> int:
        """Delete the vectors of all other encoders; how many went."""
        for other in [name for name in self._scans if name != encoder]:
            del self._scans[other]
        await self._neighbours.drop(but=encoder)
        async with self._database.writing() as connection:
            gone = await connection.execute(vector.delete().where(vector.c.encoder != encoder))
            return int(gone.rowcount)

    async def settle(self, encoder: str) -> None:
        """Make ready for fast search what was put; on PostgreSQL with pgvector it may take minutes."""
        await self._neighbours.settle(encoder)

    async def report(self) -> Finding:
        """How many vectors there are, and how they are searched."""
        query = sa.select(vector.c.encoder, sa.func.count().label("papers")).group_by(vector.c.encoder)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(vector.c.encoder))).all()
        return Finding(
            "vectors", True, await self._neighbours.report({row.encoder: row.papers for row in rows})
        )

    async def _candidates(self, encoder: str, asked: Vector, limit: int) -> list[int]:
        """The numbers of the nearest in the index, and of what is scanned some more than wanted, since a byte
        a dimension orders only nearly."""
        reach = await self._neighbours.reach(encoder)
        indexed = await self._neighbours.candidates(encoder, asked, limit) if reach else []
        scan = await self._current(encoder, reach)
        return indexed + scan.best(asked, limit + min(limit + 50, _MORE))

    async def _passing(self, numbers: Sequence[int], filters: Filters) -> dict[PaperId, Vector]:
        """The vectors with these numbers whose papers pass."""
        from storage.scan import floats

        narrowed = narrowing.of(filters, self._database.dialect)
        if narrowed is None:
            return {}
        async with self._database.reading() as connection:
            found = await narrowing.vectors(connection, narrowed, numbers)
        return {name: floats(data) for name, data in found}

    async def _current(self, encoder: str, reach: int) -> Scan:
        """The scan of what came after ``reach``, with what was written since the last look, by this process
        or another."""
        from storage.scan import Scan, floats

        async with self._loading:
            scan = self._scans.get(encoder)
            if scan is None or scan.first != reach:
                scan = self._scans[encoder] = Scan(first=reach, last=reach)
            while rows := await self._page(encoder, scan.last):
                data = floats(b"".join(row.data for row in rows))
                scan.append([row.number for row in rows], data.reshape(len(rows), -1))
        return scan

    async def _page(self, encoder: str, after: int) -> Sequence[Any]:
        query = sa.select(vector.c.number, vector.c.data)
        query = query.where(vector.c.encoder == encoder, vector.c.number > after)
        async with self._database.reading() as connection:
            return (await connection.execute(query.order_by(vector.c.number).limit(_PAGE))).all()

    async def _read(
        self, condition: Callable[[Sequence[_Key]], sa.ColumnElement[bool]], keys: Sequence[_Key]
    ) -> dict[PaperId, Vector]:
        from storage.scan import floats

        found: dict[PaperId, Vector] = {}
        async with self._database.reading() as connection:
            for some in chunks(list(dict.fromkeys(keys))):
                query = sa.select(vector.c.paper_id, vector.c.data).where(condition(some))
                for name, data in await connection.execute(query):
                    found[PaperId(name)] = floats(data)
        return found
