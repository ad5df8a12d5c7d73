from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any, cast

import pytest
import sqlalchemy as sa
import structlog

from bot import logs
from bot.commands.core import Core
from bot.commands.handler import Conversation
from bot.domain import Request, RequestKind, UserId
from bot.errors import SourceError, StorageError
from storage.engine import connect
from tests.core.test_commands import Way
from tests.fakes.newsroom import ROOM

TOKENS = ("xoxb-1234-abcdefgh", "xapp-1-A0-99-ffff", "sk-aaaaaaaaaaaaaaaaaaaa")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("token", TOKENS)
def test_no_token_is_written_wherever_it_stands(token: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.structured()
    log = structlog.get_logger("paperboy")
    log.info("asked", channel="slack:C1", paper="arxiv:1", address=f"https://x.org/?token={token}")
    try:
        raise RuntimeError(f"refused {token}")
    except RuntimeError:
        log.exception("digest failed", channel="slack:C1")
        logging.getLogger("foreign").exception("it said %s", token)
    written = capsys.readouterr().err
    assert token not in written
    assert written.count("[secret]") >= 4
    first = json.loads(written.splitlines()[0])
    assert (first["event"], first["channel"], first["paper"], first["level"]) == (
        "asked",
        "slack:C1",
        "arxiv:1",
        "info",
    )


class Failing:
    """A core of which every part fails."""

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        raise self._fault


@pytest.mark.parametrize("kind", ["command", "reply"])
async def test_what_people_write_is_not_written_down(
    kind: RequestKind, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong: on my side, in the database, at a source."""
    logs.structured()
    words = "zyzzyva quokka"
    for fault in (
        ValueError(f"invalid literal: '{words}'"),
        KeyError(words),
        StorageError("The disk is full."),
        SourceError("arXiv does not answer."),
    ):
        way = Way()
        request = Request(ROOM, UserId("slack:U1"), f"search {words}", kind=kind, direct=True)
        await Conversation(cast(Core, Failing(fault))).handle(request, way)
        assert way.text  # an answer there was
    written = capsys.readouterr().err + caplog.text
    assert "a request failed" in written
    assert "in _answer" in written  # where it was can be seen
    assert "zyzzyva" not in written
    assert "quokka" not in written


async def test_an_error_of_the_database_does_not_quote_what_was_to_be_stored() -> None:
    database = await connect("sqlite:///:memory:")
    statement, words = sa.text("INSERT INTO nowhere VALUES (:words)"), "-".join(("zyz", "zyva"))
    with pytest.raises(StorageError) as caught:
        async with database.writing() as connection:
            await connection.execute(statement, {"words": words})
    await database.close()
    assert words not in "".join(traceback.format_exception(caught.value))
