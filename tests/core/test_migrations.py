"""A new database and a migrated one are the same; newer and foreign ones are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.domain import PaperId
from bot.errors import StorageError, TooNew
from storage import schema
from storage.engine import connect
from storage.migrations import upgrade
from storage.tables import metadata
from storage.vectors import VectorIndex

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'paperboy.db'}"
    return str(request.getfixturevalue("bare_postgres_url"))


def _engine(url: str) -> AsyncEngine:
    plain = url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:")
    return create_async_engine(plain, poolclass=sa.pool.NullPool)


async def _run(url: str, action: Any) -> Any:
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(action)
    finally:
        await engine.dispose()


def _described(connection: sa.Connection) -> dict[str, Any]:
    """Everything that makes up the schema, in a form that can be compared."""
    inspector = sa.inspect(connection)
    tables = {}
    for name in inspector.get_table_names():
        tables[name] = {
            "columns": {c["name"]: _column(c) for c in inspector.get_columns(name)},
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(str(u["column_names"]) for u in inspector.get_unique_constraints(name)),
            "indexes": sorted(f"{i['name']} {i['column_names']}" for i in inspector.get_indexes(name)),
            "foreign": sorted(str(f["constrained_columns"]) for f in inspector.get_foreign_keys(name)),
        }
    return tables | {"more": _more(connection)}


def _column(column: Any) -> tuple[str, bool, str]:
    return str(column["type"]), column["nullable"], str(column.get("default"))


def _more(connection: sa.Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE '%fts5%' ORDER BY name"
    return [row[0] for row in connection.exec_driver_sql(query)]


async def test_a_new_database_and_a_migrated_one_are_the_same(bare_url: str, tmp_path: Path) -> None:
    await (await connect(bare_url)).close()
    made = await _run(bare_url, _described)

    def rebuild(connection: sa.Connection) -> Any:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        upgrade(connection)
        return _described(connection)

    other = bare_url if bare_url.startswith("postgres") else f"sqlite:///{tmp_path / 'other.db'}"
    migrated = await _run(other, rebuild)
    assert migrated == made


OUTSIDE = ("words", "ix_paper_words", "ix_paper_narrowing")


def _ours(thing: object, name: str | None, kind: str, reflected: bool, _against: object) -> bool:
    """Leave out what stands in ``fulltext`` and ``narrowing``: FTS5's own tables, the column and index of
    words, the index for filters."""
    table = getattr(getattr(thing, "table", None), "name", name) or ""
    return not (reflected and (table.startswith("paper_fts") or name in OUTSIDE))


async def test_the_migrations_lead_to_the_tables(bare_url: str) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        upgrade(connection)
        options = {"include_object": _ours, "compare_type": True}
        found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        return found

    assert await _run(bare_url, differences) == []


@pytest.mark.parametrize("revision", schema.REVISIONS)
async def test_every_earlier_schema_is_brought_up_to_date(bare_url: str, revision: str) -> None:
    await _run(bare_url, lambda connection: upgrade(connection, revision))
    database = await connect(bare_url)
    async with database.reading() as connection:
        assert await schema.stored(connection) == schema.REVISIONS[-1]
    await database.close()


def test_every_revision_is_listed() -> None:
    folder = Path(schema.__file__).parent / "migrations" / "versions"
    assert tuple(sorted(file.name[:4] for file in folder.glob("[0-9]*.py"))) == schema.REVISIONS


async def test_a_newer_schema_is_refused_and_left_alone(bare_url: str) -> None:
    await (await connect(bare_url)).close()
    newer = sa.text("UPDATE alembic_version SET version_num = '9999'")
    await _run(bare_url, lambda connection: connection.execute(newer))
    before = await _run(bare_url, _described)
    with pytest.raises(TooNew, match="newer Paperboy"):
        await connect(bare_url)
    assert await _run(bare_url, _described) == before


async def test_another_program_s_database_is_refused(bare_url: str) -> None:
    await _run(bare_url, lambda connection: connection.execute(sa.text("CREATE TABLE paper (x int)")))
    with pytest.raises(StorageError, match="belongs to another program"):
        await connect(bare_url)


async def test_a_schema_that_fails_half_way_leaves_nothing(
    bare_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: sa.Connection) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("storage.fulltext.create", fail)
    with pytest.raises(RuntimeError):
        await connect(bare_url)
    assert await _run(bare_url, lambda connection: sa.inspect(connection).get_table_names()) == []


def test_opening_a_current_database_does_not_load_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from storage.engine import connect\n"
        "async def main():\n"
        f"    await (await connect('sqlite:///{tmp_path / 'paperboy.db'}')).close()\n"
        "asyncio.run(main())\n"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


async def test_vectors_outlive_the_new_name_of_their_table(bare_url: str) -> None:
    def before(connection: sa.Connection) -> None:
        upgrade(connection, "0002")
        row = "INSERT INTO vector (encoder, paper_id, data) VALUES ('light', :id, :data)"
        connection.execute(sa.text(row), [{"id": f"arxiv:2604.{n:05}", "data": b"\x00<"} for n in range(3)])

    await _run(bare_url, before)
    database = await connect(bare_url)
    index = VectorIndex(database)
    await index.put("light", [PaperId("arxiv:2604.00009")], np.ones((1, 1), np.float32))
    found = await index.nearest("light", np.ones(1, np.float32), limit=9)
    assert sorted(found) == [(f"arxiv:2604.{n:05}", 1.0) for n in (0, 1, 2, 9)]
    await database.close()
