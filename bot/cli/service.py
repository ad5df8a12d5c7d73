"""``run`` and ``chat``."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from typing import Any

from bot import logs
from bot.app import App, assembled
from bot.cli.output import warn
from bot.config import Config, load
from bot.errors import PlatformError, StorageError, UsageError
from bot.platforms import listening
from bot.ports import Listener

GRACE = 8.0
"""Seconds that listeners get to finish what is under way when the program ends."""


async def chat(arguments: argparse.Namespace) -> int:
    """Talk to the bot in this terminal until the input ends."""
    async with assembled(load(arguments.config), person=arguments.person, connect=False) as app:
        listener = app.platforms["terminal"].listener
        await listener.run(app.conversation)
    return 0


async def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is under way and end with 0."""
    config = load(arguments.config)
    logs.structured()
    asyncio.get_running_loop().set_exception_handler(logs.astray)
    serving = asyncio.create_task(_assembled_and_served(config, arguments.only))
    _on_signals(serving.cancel)  # as long as there is nothing yet to be ended in order
    try:
        return await serving
    except asyncio.CancelledError:
        return 0


def _on_signals(do: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, do)


async def _assembled_and_served(config: Config, only: str | None) -> int:
    async with assembled(config, service=True) as app:
        listeners = [
            platform.listener
            for name, platform in app.platforms.items()
            if name != "terminal" and only in (None, name)
        ]
        if not listeners and not await app.stores.channels.all():
            raise UsageError("nothing to serve: configure [slack] or [discord], or give a channel topics.")
        async with AsyncExitStack() as stack:
            if config.server.enabled:
                await stack.enter_async_context(_web_server(app, listeners))
            return await _served(app, listeners, work=only in (None, "work"))


def _web_server(app: App, listeners: Sequence[Listener]) -> AbstractAsyncContextManager[tuple[str, int]]:
    from bot.server import Gauges, serving  # a tenth of a start, for those who have it on

    stores = app.stores
    gauges = Gauges(
        stores.papers,
        stores.feeds,
        stores.ledger,
        stores.runs,
        stores.outbox,
        app.clock.now,
        lambda: {item.platform: item.connected.is_set() for item in listeners},
    )
    mounts = [platform.mount for platform in app.platforms.values() if platform.mount]
    return serving(listening(app.config), gauges, mounts=mounts)


async def _served(app: App, listeners: list[Listener], *, work: bool) -> int:
    stopping = asyncio.Event()
    _on_signals(stopping.set)
    tidying = asyncio.create_task(_tidy(app))
    warming = asyncio.create_task(app.model.warm()) if app.model else None
    listening = [asyncio.create_task(item.run(app.conversation)) for item in listeners]
    working = [asyncio.create_task(part.run()) for part in (app.worker, app.rounds)] if work else []
    embedding = asyncio.create_task(app.embedding.run()) if work else None
    stop = asyncio.create_task(stopping.wait())
    ready = asyncio.create_task(_ready(app, listeners))
    try:
        done = await _first_end(listening, [*working, stop], ready)
    finally:
        app.worker.stop()
        app.rounds.stop()
    failures = [error for task in done if (error := task.exception())]
    await _ended(listening, working)
    # Awaited, so that none of them still holds a connection when the database is closed.
    helpers = [helper for helper in (stop, ready, warming, tidying, embedding) if helper]
    for helper in helpers:
        helper.cancel()
    await asyncio.gather(*helpers, return_exceptions=True)
    for failure in failures:
        if isinstance(failure, PlatformError):
            warn(f"paperboy: {failure}")
        elif failure:
            raise failure
    return 1 if failures else 0


async def _ready(app: App, listeners: list[Listener]) -> None:
    """Say that the service is ready once every platform has taken its token and is connected."""
    await asyncio.gather(*(item.connected.wait() for item in listeners))
    logs.ready(app.config, [item.platform for item in listeners])


async def _first_end(
    listening: Sequence[asyncio.Task[Any]], others: Sequence[asyncio.Task[Any]], ready: asyncio.Task[None]
) -> set[asyncio.Task[Any]]:
    """Wait for what ends the service: a signal, a fault, or the last platform. One of several platforms that
    is lost after a good start is told and left out: the rest goes on."""
    serving = set(listening)
    while True:
        done, _ = await asyncio.wait({*serving, *others}, return_when=asyncio.FIRST_COMPLETED)
        lost = {task for task in done & serving if isinstance(task.exception(), PlatformError)}
        if done - lost or serving == lost or not ready.done():
            return done
        for task in lost:
            warn(f"paperboy: {task.exception()}")
        serving -= lost


async def _tidy(app: App) -> None:
    """Once a day, over all processes, delete what has outlived its use."""
    storage = app.config.storage
    while True:
        try:
            turn = await app.stores.runs.turn("prune", every=timedelta(days=1), lease=timedelta(minutes=10))
            if turn == "mine":
                gone = await app.stores.prune(
                    now=app.clock.now(), text_days=storage.text_days, ledger_days=storage.ledger_days
                )
                await app.stores.runs.did("prune")
                logs.told("pruned", **gone)
        except StorageError as error:
            logs.told("not pruned", error=error)
        await app.clock.sleep(3600)


async def _ended(listening: list[asyncio.Task[None]], working: list[asyncio.Task[None]]) -> None:
    for task in listening:
        task.cancel()
    tasks = [*listening, *working]
    _, late = await asyncio.wait(tasks, timeout=GRACE)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
