from __future__ import annotations

import ast
import asyncio
import gc
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
import structlog

from bot import cli, logs
from bot.commands.core import Core
from bot.commands.handler import Conversation
from bot.config import secret
from bot.domain import Request, RequestKind, UserId
from bot.errors import Busy, Rejected, SourceError, StorageError, UsageError, veiled
from bot.masks import masked
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
    log.info(f"asked {token}", several=[token])
    try:
        raise StorageError(f"refused {token}")
    except StorageError as error:
        log.exception("digest failed", channel="slack:C1", error=error)
        logging.getLogger("foreign").exception("it said %s", token)
    written = capsys.readouterr().err
    assert token not in written
    assert written.count("[secret]") >= 6
    first = json.loads(written.splitlines()[0])
    assert (first["event"], first["channel"], first["paper"], first["level"]) == (
        "asked",
        "slack:C1",
        "arxiv:1",
        "info",
    )


def test_what_was_read_as_a_secret_is_masked(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("0f9e8d7c6b5a49382716050403020100\n")
    assert secret("SLACK_SIGNING_SECRET", {"SLACK_SIGNING_SECRET_FILE": str(file)})
    assert secret("DISCORD_TOKEN", {"DISCORD_TOKEN": "plain-old-words"})
    assert masked("it is 0f9e8d7c6b5a49382716050403020100, plain-old-words") == "it is [secret], [secret]"


def test_the_password_of_an_address_is_masked() -> None:
    assert masked("postgresql://me:s3cr:et@db:5432/p") == "postgresql://me:[secret]@db:5432/p"
    assert masked("postgresql://me:***@db/p does not answer") == "postgresql://me:***@db/p does not answer"
    assert (
        masked("see https://arxiv.org/abs/2308.04079 @noon") == "see https://arxiv.org/abs/2308.04079 @noon"
    )


WORDS = "zyzzyva quokka"


def _fault() -> Exception:
    known: dict[str, str] = {}
    try:
        try:
            known[WORDS]
        except KeyError as error:
            raise ValueError(f"no {WORDS}") from error
    except ValueError as error:
        fault = error
    return fault


def test_an_exception_is_its_type_and_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    logs.structured()
    log = structlog.get_logger("paperboy")
    log.error("failed", exc_info=_fault())
    log.error("failed", error=_fault(), reason=WORDS)
    logging.getLogger("foreign").error("failed with %s", WORDS, exc_info=_fault())
    first, second, third = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    for told in (first["exception"], second["error"], third["exception"]):
        assert "ValueError" in told
        assert "KeyError" in told
        assert "tests/core/test_logs.py" in told
        assert "in _fault" in told
    assert second["reason"] == "…"
    assert "zyzzyva" not in str((first, second, third))


def test_our_own_sentences_are_written_unless_they_repeat_something(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.structured()
    log = structlog.get_logger("paperboy")
    for error in (
        Busy("The database is locked."),
        UsageError(f"“{WORDS}” is no command."),
        veiled(Rejected(f"Slack refuses: {WORDS}"), "Slack refuses: too_long."),
    ):
        log.error("failed", error=error)
    written = capsys.readouterr().err
    assert "Busy: The database is locked." in written
    assert "UsageError (nowhere)" in written
    assert "Rejected: Slack refuses: too_long." in written
    assert "zyzzyva" not in written


def test_of_a_library_the_sentence_in_its_code_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.structured()
    log = logging.getLogger("library")
    log.warning("%s was refused %d times in %.1f s", WORDS, 3, 1.25)
    log.warning("for %(who)s", {"who": WORDS})
    log.warning(f"the body was {WORDS}")
    log.warning(WORDS + "!")
    log.warning("%d wrong arguments", WORDS)
    log.error(ValueError(WORDS))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    events = [line["event"] for line in lines]
    assert events[:3] == ["… was refused 3 times in 1.2 s", "for %(who)s", "…"]
    assert "zyzzyva" not in str(lines)
    assert all(line["where"].startswith("tests/core/test_logs.py:") for line in lines)


async def test_what_the_event_loop_tells_repeats_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    logs.structured()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.astray)

    async def work(_: str) -> None:
        raise _fault()

    task = asyncio.create_task(work(WORDS))
    await asyncio.wait([task])
    del task
    gc.collect()
    loop.call_soon(lambda words: int(words), WORDS)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["event"] == "Task exception was never retrieved"
    assert first["work"].endswith("work")
    assert "ValueError" in first["exception"]
    assert second["event"].startswith("Exception in callback")
    assert "zyzzyva" not in str((first, second))


def test_what_python_writes_by_itself_repeats_nothing(tmp_path: Path) -> None:
    """An exception in a thread, one in a destructor, a warning, one that ends the program."""
    program = tmp_path / "program.py"
    program.write_text(
        f"""
import threading, warnings
from bot import cli, logs
logs.quiet()
logs.last_resort()
class Odd:
    def __del__(self):
        raise KeyError("{WORDS}")
def work():
    raise ValueError("{WORDS}")
thread = threading.Thread(target=work)
thread.start()
thread.join()
Odd()
warnings.warn("{WORDS}")
work()
""",
        encoding="utf-8",
    )
    run = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert run.returncode == 1
    told = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line["event"] for line in told] == [
        "an exception nobody caught in a thread",
        "an exception nobody could catch",
        "a warning of Python",
        "an exception nobody caught",
    ]
    assert "…/program.py:10 in work" in told[3]["exception"]
    assert "zyzzyva" not in run.stderr


def test_a_fault_of_a_verb_is_a_line_with_its_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def verb(_: object) -> int:
        raise _fault()

    monkeypatch.setattr(cli, "_verb", lambda _: verb)
    assert cli.run(["demo"]) == 1
    written = capsys.readouterr().err
    assert written.startswith("paperboy: something went wrong on my side; please report this: ValueError (")
    assert "in _fault" in written
    assert "zyzzyva" not in written


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


FACTS = {
    "address", "attempts", "at", "by", "channel", "chore", "code", "day", "duty", "error", "event_name",
    "exc_info", "host", "key", "kind", "now", "of", "option", "paper", "papers", "platforms", "read",
    "scopes", "seq", "source", "state", "status", "storage", "user", "wait", "work", "workspace",
}  # fmt: skip
"""What our lines may tell besides their sentence: ids, numbers, names that we gave, and exceptions."""
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def _lines() -> Iterator[tuple[str, ast.Call]]:
    root = Path(__file__).parent.parent.parent
    for file in sorted(
        path for part in ("bot", "adapters", "storage") for path in (root / part).rglob("*.py")
    ):
        if file.name != "logs.py":
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    of = getattr(node.func.value, "id", "")
                    if (of in ("log", "_log") and node.func.attr in LEVELS) or ast.unparse(
                        node.func
                    ) == "logs.told":
                        yield f"{file.relative_to(root)}:{node.lineno}", node


def test_our_own_lines_are_a_sentence_and_facts() -> None:
    """A sentence as it stands in the code, facts by known names, exceptions as they are: what they say is
    left to the one place that knows what may be written."""
    lines = list(_lines())
    assert len(lines) > 60
    for where, call in lines:
        sentence, *more = call.args
        assert isinstance(sentence, ast.Constant), where
        assert not more, where
        named = {word.arg: word.value for word in call.keywords if word.arg}
        assert named.keys() <= FACTS, where
        for name in ("error", "exc_info"):
            assert isinstance(named.get(name, ast.Name(name)), ast.Name), where
