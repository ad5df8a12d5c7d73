"""What every Listener must hold to: hears what people do once, and the same story gives the same words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from bot.doc import Button, Buttons, paragraph
from bot.domain import Reply, Request
from bot.ports import Responder
from tests.contracts.platforms import Core, Stage, stages

STAGES = stages()


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with STAGES[request.param]() as running:
        yield running


@asynccontextmanager
async def listening(stage: Stage, core: Core) -> AsyncIterator[None]:
    task = asyncio.create_task(stage.listener.run(core))
    try:
        await stage.until(lambda: task.done() or stage.connected())
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def echo(request: Request, responder: Responder) -> None:
    private = request.text.startswith("help")
    buttons = Buttons((Button("Again", "topic again"),))
    await responder.send(Reply((paragraph(f"You said: {request.text}"), buttons), private=private))


async def test_a_command_is_answered_to_all_and_a_private_one_to_the_asker(stage: Stage) -> None:
    core = Core(echo)
    async with listening(stage, core):
        await stage.types("topic gaussian splatting & more")
        await stage.until(lambda: stage.top())
        await stage.types("help")
        await stage.until(lambda: stage.private())
    assert "You said: topic gaussian splatting & more" in stage.top()[0]
    assert "You said: help" in stage.private()[0]
    assert len(stage.top()) == 1
    assert [request.kind for request in core.heard] == ["command", "command"]
    assert core.heard[0].channel == stage.channel


async def test_a_button_is_a_command_that_need_not_be_typed(stage: Stage) -> None:
    core = Core(echo)
    async with listening(stage, core):
        await stage.types("topic x")
        await stage.until(lambda: stage.top())
        await stage.presses("Again")
        await core.until(lambda: len(core.heard) == 2)
    assert core.heard[1].text == "topic again"
    assert core.heard[1].kind == "command"


async def test_a_reply_in_the_bots_thread_is_answered_there(stage: Stage) -> None:
    roots: list[str | None] = []

    async def answer(request: Request, responder: Responder) -> None:
        roots.append(await responder.send(Reply((paragraph(f"Answer to {request.text}"),))))

    core = Core(answer)
    async with listening(stage, core):
        await stage.types("topic x")
        await core.until(lambda: roots)
        root = roots[0]
        assert root is not None
        await stage.says("which data <sets>?", thread=root)
        await core.until(lambda: len(roots) == 2)
        await stage.says("good morning")
        await stage.says("what is new?", mention=True)
        await core.until(lambda: len(core.heard) == 3)
    assert core.heard[1].thread == root
    assert core.heard[1].text == "which data <sets>?"
    assert core.heard[1].kind == "reply"
    assert stage.thread(root) == ["Answer to which data <sets>?"]
    assert core.heard[2].text == "what is new?"
    assert core.heard[2].mentioned


async def test_a_slow_answer_says_that_it_works_and_grows(stage: Stage) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.working("Reading the paper…")
        for end in (3, 6, 9):
            await responder.draft((paragraph("one two three"[: end + 4]),))
        await responder.send(Reply((paragraph("one two three"),)))

    core = Core(answer)
    async with listening(stage, core):
        await stage.types("ask 2308.04079 what?")
        await core.until(lambda: core.heard)
        await stage.until(lambda: stage.top())
    assert stage.top() == ["one two three"]


async def test_what_is_under_way_is_finished_when_the_program_stops(stage: Stage) -> None:
    began, go = asyncio.Event(), asyncio.Event()

    async def answer(request: Request, responder: Responder) -> None:
        began.set()
        await go.wait()
        await responder.send(Reply((paragraph("done"),)))

    core = Core(answer)
    task = asyncio.create_task(stage.listener.run(core))
    await stage.until(lambda: task.done() or stage.connected())
    await stage.types("topic x")
    await began.wait()
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with suppress(asyncio.CancelledError):
        await task
    assert stage.top() == ["done"]
