"""Fixtures for every test: databases of both engines, and the real data where it is there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from storage.engine import Database, connect
from tests.fakes import postgres
from tests.fakes.clock import SetClock
from tests.fakes.web import Site

# Wall time says nothing on a busy machine; the same examples every time, new ones when a test changes.
settings.register_profile(
    "paperboy", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("paperboy")


@pytest.fixture
def site() -> Iterator[Site]:
    """A website on loopback that answers as a test says."""
    with Site() as site:
        yield site


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands still until a test moves it."""
    return SetClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a throw-away PostgreSQL server."""
    reason = postgres.missing()
    if reason:
        pytest.skip(reason)
    with postgres.cluster() as address:
        yield address


@pytest.fixture(scope="session")
def _postgres_database(postgres_server: str) -> Iterator[str]:
    with postgres.database(postgres_server) as address:
        asyncio.run(_prepare(address))
        yield address


@pytest.fixture
def postgres_url(_postgres_database: str) -> str:
    """The address of a PostgreSQL database with our schema and nothing in it."""
    asyncio.run(postgres.wipe(_postgres_database))
    return _postgres_database


@pytest.fixture(scope="session")
def pgvector_server() -> Iterator[str]:
    """The address of a throw-away PostgreSQL server that has pgvector."""
    reason = postgres.missing(pgvector=True)
    if reason:
        pytest.skip(reason)
    with postgres.cluster(pgvector=True) as address:
        yield address


@pytest.fixture
def pgvector_url(pgvector_server: str) -> Iterator[str]:
    """The address of an empty database on a server that has pgvector, which is not enabled in it yet."""
    with postgres.database(pgvector_server) as address:
        yield address


@pytest.fixture
def bare_postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database without anything."""
    with postgres.database(postgres_server) as address:
        yield address


async def _prepare(address: str) -> None:
    await (await connect(address)).close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each engine."""
    if request.param == "sqlite":
        return "sqlite:///:memory:"
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, empty database of each engine."""
    opened = await connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real recorded data, which is no part of the project."""
    folder = Path(os.environ.get("PAPERBOY_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the real data is not beside the project and PAPERBOY_DATA names no folder")
    return folder
