"""What the logs of every platform must hold to: they tell what failed and where, never what somebody wrote.

A sentence of marked words goes in on every way that people have; everything behind it fails in many ways.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pydantic
import pytest
import structlog

from bot import logs
from bot.doc import Choice, Form, Input, paragraph
from bot.domain import Reply, Request
from bot.errors import (
    ModelLied,
    NotFound,
    PaperboyError,
    Rejected,
    SourceError,
    veiled,
)
from bot.ports import Responder
from storage.engine import connect
from tests.contracts.platforms import Core, Stage, stages
from tests.contracts.slack import listening as slack_listening
from tests.contracts.test_listener import listening
from tests.core.test_discord_files import listening as discord_listening
from tests.fakes.discord import Discord as Server
from tests.fakes.slack import FakeSlack, File

STAGES = stages()


class Hearing(Core):
    """A core that notices what it heard also where its answer fails."""

    async def handle(self, request: Request, responder: Responder) -> None:
        try:
            await super().handle(request, responder)
        finally:
            self._notify()


MARKS = ("zyzzyva", "quokka")
WORDS = "zyzzyva <quokka>"
FORM = Form("Settings", "settings save", (Input("at", "Time of day"),))


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with STAGES[request.param]() as running:
        yield running


@pytest.fixture(autouse=True)
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """The service's own logging, on at every level, and what came of it so far."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.structured()
    root.setLevel(logging.DEBUG)
    so_far: list[str] = []

    def read() -> str:
        so_far.append(capsys.readouterr().err)
        return "".join(so_far)

    yield read
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


class Unreadable(pydantic.BaseModel):
    number: int


async def broken(kind: str) -> None:
    """Fail as the core, the storage, a model or a library of either does, with the words in every message."""
    if kind == "ValueError":
        raise ValueError(f"invalid literal: {WORDS!r}")
    if kind == "KeyError":
        raise KeyError(WORDS)
    if kind == "ValidationError":
        Unreadable.model_validate({"number": WORDS})
    if kind == "ExceptionGroup":
        raise ExceptionGroup(WORDS, [ValueError(WORDS), OSError(28, WORDS)])
    if kind == "StorageError":
        database = await connect("sqlite:///:memory:")
        try:
            async with database.writing() as connection:
                await connection.exec_driver_sql(f"SELECT '{WORDS}' FROM zyzzyva WHERE paper MATCH 'quokka'")
        finally:
            await database.close()
    raise OURS[kind]()


OURS: dict[str, Callable[[], PaperboyError]] = {
    "NotFound": lambda: NotFound(f"There is no paper “{WORDS}”."),
    "SourceError": lambda: SourceError(f"arXiv reports an error: {WORDS}."),
    "ModelLied": lambda: ModelLied(f"The model said: {WORDS}"),
    "Rejected": lambda: veiled(Rejected(f"Refused: {WORDS}"), "Refused."),
}
FAULTS = ("ValueError", "KeyError", "ValidationError", "ExceptionGroup", "StorageError", *OURS)


def silent(log: str, *secrets: str) -> None:
    for word in (*MARKS, *secrets):
        assert word not in log


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_handler_that_fails_is_told_by_type_and_place(
    stage: Stage, fault: str, written: Callable[[], str]
) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        if WORDS.split()[0] in request.text:
            await broken(fault)
        roots.append(await responder.send(Reply((paragraph("Here."),))))

    roots: list[str | None] = []
    core = Hearing(answer)
    async with listening(stage, core):
        await stage.types("topic x")
        await core.until(lambda: roots)
        await stage.types(f"ask 2308.04079 {WORDS}")
        await core.until(lambda: len(core.heard) == 2)
        await stage.says(f"what of {WORDS}?", thread=roots[0])
        await core.until(lambda: len(core.heard) == 3)
        await stage.says(WORDS, mention=True)
        await core.until(lambda: len(core.heard) == 4)
    log = written()
    assert log.count(fault) >= 3
    assert "tests/contracts/test_silence.py" in log
    assert "in broken" in log
    silent(log)


@pytest.mark.parametrize("trouble", ["lost", "broken", "limited", "refused", "gone"])
async def test_a_platform_that_fails_is_told_without_what_was_sent(
    stage: Stage, trouble: str, written: Callable[[], str]
) -> None:
    """What the core answers repeats what it was asked."""
    ended = asyncio.Event()

    async def answer(request: Request, responder: Responder) -> None:
        try:
            stage.trouble(trouble)
            await responder.working(f"Reading {WORDS}…")
            await responder.draft((paragraph(f"{WORDS} is"),))
            await responder.send(Reply((paragraph(f"{WORDS} is not known"),)))
        finally:
            ended.set()

    async with listening(stage, Core(answer)):
        await stage.says(WORDS, mention=True)
        await ended.wait()
    silent(written())


async def test_a_question_cut_off_by_the_end_is_not_told(stage: Stage, written: Callable[[], str]) -> None:
    began = asyncio.Event()

    async def answer(request: Request, responder: Responder) -> None:
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stage.listener.run(Core(answer)))
    await stage.until(lambda: task.done() or stage.connected())
    await stage.types(f"ask 2308.04079 {WORDS}")
    await began.wait()
    task.cancel()
    await stage.until(lambda: not stage.connected())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    silent(written())


async def failing_form(request: Request, responder: Responder) -> None:
    if request.kind == "form":
        raise ValueError(f"{request.values['at']} is no time of day")
    await responder.send(Reply((FORM,), private=True))


async def failing_file(request: Request, responder: Responder) -> None:
    (file,) = request.files
    raise ValueError(f"{file.name}: {request.text}")


async def test_what_is_entered_and_dropped_on_slack_is_not_told(written: Callable[[], str]) -> None:
    forms, files = Hearing(failing_form), Hearing(failing_file)
    async with FakeSlack() as slack:
        async with slack_listening(slack, forms):
            await slack.types("/paper settings")
            await slack.until(lambda: slack.world.views)
            await slack.submits(slack.modal(), {"Time of day": WORDS})
        async with slack_listening(slack, files, download=never):
            file = File(f"{WORDS}.pdf", b"%PDF-1.4 a paper")
            await slack.says(WORDS, channel="C0PAPERS", mention=True, files=(file,))
            await files.until(lambda: files.heard)
        log = written()
        assert log.count("ValueError") == 2
        assert "in failing_form" in log
        assert "in failing_file" in log
        silent(log, slack.tokens.bot, slack.tokens.app)


async def test_what_is_entered_typed_and_dropped_on_discord_is_not_told(written: Callable[[], str]) -> None:
    class Forgetful(Hearing):
        async def suggest(self, request: Request, option: str, typed: str) -> list[Choice]:
            raise NotFound(f"There is nothing like {typed}.")

    async def answer(request: Request, responder: Responder) -> None:
        await (failing_file if request.files else failing_form)(request, responder)

    core = Forgetful(answer)
    async with Server() as server, discord_listening(server, core):
        papers = server.channel("papers")
        asked = await server.types("/paper settings", channel=papers)
        await server.submits(asked, {"Time of day": WORDS}, wait=False)
        await core.until(lambda: len(core.heard) == 2)
        pdf = (f"{WORDS}.pdf", b"%PDF-1.4 a paper", "application/pdf")
        await server.says(WORDS, channel=papers, mention=True, files=[pdf])
        await core.until(lambda: len(core.heard) == 3)
        assert not await server.completes(f"/paper show {WORDS}", "paper", channel=papers)
    log = written()
    assert log.count("ValueError") >= 2
    assert "NotFound" in log
    assert "in failing_form" in log
    assert "in failing_file" in log
    silent(log, server.token)


async def never(*_: object, **__: object) -> bytes:
    raise AssertionError("nothing is fetched here")
