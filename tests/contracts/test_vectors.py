"""Vectors of papers: on SQLite, on PostgreSQL, and on PostgreSQL with pgvector's index."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.domain import Filters, Paper, PaperId, Sighting
from storage.engine import Database
from storage.papers import Papers
from storage.vectors import VectorIndex

if TYPE_CHECKING:
    from bot.ports import Vectors

NOW = datetime(2026, 4, 15, tzinfo=UTC)


ENGINES = ["sqlite", *(pytest.param(name, marks=pytest.mark.postgres) for name in ("postgresql", "pgvector"))]


class Indexed(VectorIndex):
    """Settles whatever is put, so that pgvector's index answers."""

    async def put(self, encoder: str, ids: Sequence[PaperId], vectors: Vectors) -> None:
        await super().put(encoder, ids, vectors)
        await self.settle(encoder)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    fixture = {"postgresql": "postgres_url", "pgvector": "pgvector_url"}.get(request.param)
    return str(request.getfixturevalue(fixture)) if fixture else "sqlite:///:memory:"


@pytest.fixture
def index(database: Database, request: pytest.FixtureRequest) -> VectorIndex:
    if "pgvector" in request.node.name:
        return Indexed(database, worth=1)
    return VectorIndex(database)


def _ids(count: int) -> list[PaperId]:
    return [PaperId(f"arxiv:2604.{n:05}") for n in range(count)]


def _unit(count: int, size: int = 16) -> Vectors:
    rows = np.random.default_rng(7).standard_normal((count, size)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


async def test_the_nearest_are_those_of_an_exact_scan(index: VectorIndex) -> None:
    rows = _unit(3000)
    await index.put("light", _ids(3000), rows)
    exact = rows.astype(np.float16).astype(np.float32) @ rows[5]
    best = np.argsort(-exact)[:20]
    found = await index.nearest("light", rows[5], limit=20)
    assert [name for name, _ in found] == [_ids(3000)[place] for place in best]
    assert [score for _, score in found] == pytest.approx(exact[best].tolist(), abs=1e-5)
    assert found[0][1] == pytest.approx(1, abs=0.01)


async def test_only_among_those_asked_for(index: VectorIndex) -> None:
    await index.put("light", _ids(50), _unit(50))
    found = await index.nearest("light", _unit(50)[5], limit=3, among=_ids(60)[20:])
    assert len(found) == 3
    assert {name for name, _ in found} <= set(_ids(50)[20:])
    assert await index.nearest("light", _unit(50)[5], limit=3, among=[]) == []


async def test_only_those_that_pass_the_filters(index: VectorIndex, database: Database) -> None:
    days = [date(2026, 4, 1 + n) for n in range(20)]
    lists = [(("cs.CV", "stat.ML"), ("cs.C",), ("csx", "q-bio.GN"), ("cs.GR",))[n % 4] for n in range(20)]
    people = [(("Li Chen", "Ada Lovelace"), ("Chen Zoë",))[n % 2] for n in range(20)]
    papers = [
        Paper(name, f"Paper {n}", "Words.", authors=people[n], categories=lists[n], announced=days[n])
        for n, name in enumerate(_ids(20))
    ]
    await Papers(database).add([Sighting(paper, "new") for paper in papers], now=NOW)
    await index.put("light", _ids(20), _unit(20))

    async def passing(filters: Filters) -> set[int]:
        found = await index.nearest("light", _unit(20)[5], limit=99, filters=filters)
        assert found == sorted(found, key=lambda item: -item[1])
        return {_ids(20).index(name) for name, _ in found}

    assert await passing(Filters(since=days[15])) == {15, 16, 17, 18, 19}
    assert await passing(Filters(category="CS.cv")) == {0, 4, 8, 12, 16}
    assert await passing(Filters(category="cs")) == {n for n in range(20) if n % 4 != 2}
    assert await passing(Filters(category="stat", since=days[9])) == {12, 16}
    assert await passing(Filters(author="C. Li", category="cs.gr")) == set()
    assert await passing(Filters(author="L. Chen", category="csx")) == {2, 6, 10, 14, 18}
    assert await passing(Filters(author="zoe chen", since=days[18])) == {19}
    for odd in ("%", "_s", "cs_", "c%", ",", '"', "\\", "]", "cs.", "'", "cs" * 9_000, "计算机", "\0"):
        assert await passing(Filters(category=odd)) == set(), odd
        assert await passing(Filters(source=odd)) == set(), odd


async def test_nothing_is_near_where_nothing_is(index: VectorIndex) -> None:
    assert await index.nearest("light", _unit(1)[0], limit=3) == []
    await index.put("light", [], _unit(1)[:0])
    assert await index.count("light") == 0


async def test_what_is_written_later_is_found(database: Database, index: VectorIndex) -> None:
    rows = _unit(10)
    await index.put("light", _ids(5), rows[:5])
    assert len(await index.nearest("light", rows[0], limit=10)) == 5
    await VectorIndex(database).put("light", _ids(10)[5:], rows[5:])
    await index.put("light", _ids(1), rows[9:])
    found = dict(await index.nearest("light", rows[9], limit=10))
    assert len(found) == 10
    assert found[_ids(1)[0]] == pytest.approx(1, abs=0.01)


async def test_a_zero_vector_is_near_nothing(index: VectorIndex) -> None:
    await index.put("light", _ids(2), np.array([[0, 0], [1, 0]], np.float32))
    assert dict(await index.nearest("light", np.array([1, 0], np.float32), limit=2)) == {
        _ids(2)[0]: 0.0,
        _ids(2)[1]: 1.0,
    }


async def test_get_gives_those_that_are_there(index: VectorIndex) -> None:
    rows = _unit(2)
    await index.put("light", _ids(2), rows)
    found = await index.get("light", _ids(3))
    assert sorted(found) == _ids(2)
    assert found[_ids(2)[1]].dtype == np.float32
    assert np.allclose(found[_ids(2)[1]], rows[1], atol=1e-3)


async def test_missing_tells_the_latest_papers_without_a_vector(
    database: Database, index: VectorIndex
) -> None:
    papers = [Sighting(Paper(name, f"Paper {name}")) for name in _ids(4)]
    await Papers(database).add(papers, now=NOW)
    await index.put("light", _ids(1), _unit(1))
    assert await index.missing("light", limit=2) == [_ids(4)[3], _ids(4)[2]]
    await index.put("light", _ids(4), _unit(4))
    assert await index.missing("light", limit=2) == []
    assert len(await index.missing("heavy", limit=9)) == 4


async def test_encoders_are_kept_apart_and_can_go(index: VectorIndex) -> None:
    await index.put("light", _ids(3), _unit(3))
    await index.put("heavy", _ids(2), _unit(2, size=8))
    assert (await index.count("light"), await index.count("heavy")) == (3, 2)
    assert len(await index.nearest("light", _unit(3)[0], limit=9)) == 3
    assert await index.drop_others("heavy") == 3
    assert await index.nearest("light", _unit(3)[0], limit=9) == []
    assert len(await index.nearest("heavy", _unit(2, size=8)[0], limit=9)) == 2


async def test_many_ask_at_once(index: VectorIndex) -> None:
    rows = _unit(100)
    await index.put("light", _ids(100), rows)
    found = await asyncio.gather(*(index.nearest("light", row, limit=1) for row in rows[:10]))
    assert [hits[0][0] for hits in found] == _ids(10)
