"""pgvector's index: made where it is worth it and allowed, and never needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from bot.domain import PaperId
from storage.engine import Database, connect
from storage.neighbours import Neighbours
from storage.vectors import VectorIndex

if TYPE_CHECKING:
    from bot.ports import Vectors

pytestmark = pytest.mark.postgres


@pytest.fixture
async def database(pgvector_url: str) -> AsyncIterator[Database]:
    opened = await connect(pgvector_url)
    yield opened
    await opened.close()


def _ids(count: int) -> list[PaperId]:
    return [PaperId(f"arxiv:2604.{n:05}") for n in range(count)]


def _unit(count: int, size: int = 16) -> Vectors:
    rows = np.random.default_rng(7).standard_normal((count, size)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


async def _tables(database: Database) -> list[str]:
    async with database.reading() as connection:
        query = sa.text("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'ix_near_%'")
        return list(await connection.scalars(query))


async def test_the_index_is_made_and_used_from_so_many_vectors_on(database: Database) -> None:
    index = VectorIndex(database, worth=20)
    await index.put("light", _ids(19), _unit(19))
    await index.settle("light")
    assert await _tables(database) == []
    await index.put("light", _ids(20), _unit(20))
    await index.settle("light")
    assert len(await _tables(database)) == 1
    assert len(await Neighbours(database).candidates("light", _unit(1)[0], 20)) == 20
    assert await index._neighbours.reach("light") > 19


async def test_as_many_come_as_are_asked_for(database: Database) -> None:
    index = VectorIndex(database, worth=1)
    await index.put("light", _ids(300), _unit(300))
    await index.settle("light")
    assert len(await Neighbours(database).candidates("light", _unit(1)[0], 300)) == 300


async def test_what_came_after_the_index_is_scanned_until_it_settles(database: Database) -> None:
    rows, index = _unit(30), VectorIndex(database, worth=1)
    await index.put("light", _ids(20), rows[:20])
    await index.settle("light")
    await index.put("light", _ids(30)[20:], rows[20:])
    before = await index._neighbours.reach("light")
    for _ in range(2):
        found = await index.nearest("light", rows[25], limit=30)
        assert sorted(name for name, _ in found) == _ids(30)
        assert found[0][0] == _ids(30)[25]
        await VectorIndex(database, worth=1).settle("light")  # another process
    assert await index._neighbours.reach("light") == before + 10


async def test_a_replaced_vector_leaves_the_index(database: Database) -> None:
    rows, index = _unit(5), VectorIndex(database, worth=1)
    await index.put("light", _ids(4), rows[:4])
    await index.settle("light")
    await index.put("light", _ids(1), rows[4:])
    await index.settle("light")
    found = dict(await index.nearest("light", rows[4], limit=9))
    assert len(found) == 4
    assert found[_ids(1)[0]] == pytest.approx(1, abs=0.01)


async def test_the_index_of_another_encoder_goes_with_it(database: Database) -> None:
    index = VectorIndex(database, worth=1)
    await index.put("light", _ids(3), _unit(3))
    await index.settle("light")
    await index.put("heavy", _ids(3), _unit(3, size=8))
    await index.settle("heavy")
    assert len(await _tables(database)) == 2
    assert await index.drop_others("heavy") == 3
    assert len(await _tables(database)) == 1
    assert len(await index.nearest("heavy", _unit(3, size=8)[0], limit=9)) == 3


async def test_vectors_too_long_for_an_index_are_scanned(database: Database) -> None:
    index = VectorIndex(database, worth=1)
    await index.put("long", _ids(2), np.eye(2, 4001, dtype=np.float32))
    await index.settle("long")
    assert await _tables(database) == []
    assert (await index.nearest("long", np.eye(1, 4001, dtype=np.float32)[0], limit=1))[0][1] == 1


async def test_the_doctor_says_how_vectors_are_searched(database: Database) -> None:
    index = VectorIndex(database, worth=2)
    assert "none yet" in (await index.report()).detail
    await index.put("light", _ids(1), _unit(1))
    assert "from 2 on the service makes an index with pgvector" in (await index.report()).detail
    await index.put("light", _ids(2), _unit(2))
    await index.settle("light")
    said = await index.report()
    assert (said.name, said.ok) == ("vectors", True)
    assert "2 by light; pgvector 0." in said.detail
    assert said.detail.endswith("has an index for light")


@pytest.fixture
def modest_url(pgvector_server: str, pgvector_url: str) -> Iterator[str]:
    """The database's address for a role that may make tables, but may not enable extensions."""
    asyncio.run(_execute(pgvector_url, "CREATE ROLE modest LOGIN", "GRANT ALL ON SCHEMA public TO modest"))
    yield pgvector_url.replace("paperboy@", "modest@")
    asyncio.run(_execute(pgvector_url, "DROP OWNED BY modest", "DROP ROLE modest"))


async def _execute(address: str, *statements: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(address)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_a_role_that_may_not_enable_pgvector_scans(modest_url: str, pgvector_url: str) -> None:
    database = await connect(modest_url)
    index = VectorIndex(database, worth=1)
    await index.put("light", _ids(3), _unit(3))
    await index.settle("light")
    assert await _tables(database) == []
    assert len(await index.nearest("light", _unit(3)[0], limit=9)) == 3
    assert "let a superuser run CREATE EXTENSION vector" in (await index.report()).detail
    await _execute(pgvector_url, "CREATE EXTENSION vector")
    await index.settle("light")
    assert len(await _tables(database)) == 1
    assert (await index.nearest("light", _unit(3)[0], limit=1))[0][0] == _ids(1)[0]
    await database.close()
