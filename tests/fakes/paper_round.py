"""A process that brings digests, to be killed: real storage, real worker, real adapters.

``Round`` starts such processes (forked from a server that has everything imported, so that one costs little)
and tells what became of them. Each start is an hour of its own on a rehearsed clock, so that nobody waits
for leases to lapse.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import structlog

from bot import crash
from bot.clock import SystemClock
from bot.digest import Desk
from bot.domain import WEEKDAYS, ChannelId, FullText, Paper, Summary
from bot.errors import StorageError
from bot.limits import Limits, elapsed
from bot.match import LibraryMatcher
from bot.pacing import Pace
from bot.ports import Poster
from bot.reading import Reader
from bot.views import digests
from bot.worker import Parts, Worker
from storage.alone import alone
from storage.channels import Channels
from storage.decisions import Decisions
from storage.engine import Database, connect
from storage.feeds import Feeds
from storage.outbox import Outbox
from storage.papers import Papers
from storage.readings import Readings
from storage.runs import Runs
from tests.fakes.newsroom import MORNING, Newsroom, Words, channel, paper
from tests.fakes.post_office import PostOfficeClient

PAPERS = 3
HASTE = Pace(channel=0, workspace=0)
FAST = Limits(
    lease=timedelta(seconds=60),
    beat=timedelta(seconds=1),
    poll=timedelta(milliseconds=100),
    drain=timedelta(seconds=5),
)


@dataclass(frozen=True, slots=True)
class Order:
    """What a process is to do."""

    database: str
    office: str
    channels: tuple[str, ...]
    start: datetime
    crash_at: str = ""
    owner: str = ""
    real_time: bool = False
    limits: Limits = FAST
    settle: float = 60.0
    timeout: float = 5.0
    pace: Pace = HASTE
    forever: bool = False
    """Serve until told to end."""
    once: bool = False
    """Do one round only, and what comes of it."""
    slack: str = ""
    """Address of a Slack's API."""
    token: str = ""
    discord: str = ""
    """Address of a Discord's API."""
    library: bool = False
    """Match as the program does, not by words in the title."""
    step: float = 0.0
    """By how many seconds somebody sets the machine's clock, a moment after the start."""


class Model:
    """A summarizer whose calls somebody counts."""

    name = "counted"
    prompt_version = "1"

    def __init__(self, office: PostOfficeClient) -> None:
        self._office = office

    async def summarize(self, paper: Paper, text: FullText, *, language: str = "en") -> Summary:
        await self._office.think(paper.id)
        gist = f"The gist of {paper.title}."
        return Summary(paper.id, gist, (), self.name, "abstract", language, prompt_version="1")


class Abstracts:
    """Texts that are abstracts only."""

    async def full_text(self, paper: Paper) -> FullText:
        return FullText(paper.id, paper.version, (), "abstract")


def main(order: Order) -> None:
    """What the process does: serve until every channel's digest is over."""
    os.environ["PAPERBOY_CRASH_AT"] = order.crash_at
    importlib.reload(crash)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(_serve(order))


async def _serve(order: Order) -> None:
    async with AsyncExitStack() as stack:
        database = await connect(order.database)
        stack.push_async_callback(database.close)
        office = PostOfficeClient(order.office)
        stack.push_async_callback(office.close)
        worker, runs = _worker(order, database, office, _posters(order, office))
        await stack.enter_async_context(alone(database, runs))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        if order.once:
            await worker.step()
            await worker.idle()
            return
        serving = asyncio.create_task(worker.run())
        if order.forever:
            await serving
        while not await _over(runs, order) and not serving.done():
            await asyncio.wait([serving], timeout=0.5 if order.real_time else 0.05)
        worker.stop()
        await serving


async def _over(runs: Runs, order: Order) -> bool:
    day = order.start.date() if not order.real_time else datetime.now(UTC).date()
    try:
        found = [await runs.get(ChannelId(name), day) for name in order.channels]
    except StorageError:
        return False
    return all(run is not None and run.over for run in found)


class Hasty(SystemClock):
    """A clock by which waiting takes a hundredth of its time, for manners that are tested elsewhere."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


class Stepped(SystemClock):
    """A clock that somebody sets while the program runs."""

    def __init__(self, step: float) -> None:
        super().__init__()
        self._step = timedelta(seconds=step)
        self._began = elapsed()

    def now(self) -> datetime:
        """The time that the machine tells."""
        return super().now() + (self._step if elapsed() - self._began > 0.7 else timedelta(0))


def _posters(order: Order, office: PostOfficeClient) -> dict[str, Poster]:
    posters: dict[str, Poster] = {"fake": office}
    clock = SystemClock(timedelta(0)) if order.real_time else Hasty(order.start - datetime.now(UTC))
    if order.slack:
        from tests.contracts.slack import slack

        bot, app = order.token.split()
        posters["slack"] = slack(clock, api_url=order.slack, bot_token=bot, app_token=app)[0]
    if order.discord:
        from adapters.discord import Discord

        posters["discord"] = Discord(order.token, clock=clock, api_url=order.discord, publish=True)
    return posters


def _worker(
    order: Order, database: Database, office: PostOfficeClient, posters: Mapping[str, Poster]
) -> tuple[Worker, Runs]:
    ahead = timedelta(0) if order.real_time else order.start - datetime.now(UTC)
    clock = Stepped(order.step) if order.step else SystemClock(ahead)
    now = None if order.real_time else clock.now
    runs = Runs(database, now=now)
    papers = Papers(database)
    matcher = LibraryMatcher(papers) if order.library else Words()
    desk = Desk(papers, Channels(database), Decisions(database), Feeds(database), matcher)
    model = Model(office)
    reader = Reader(texts=Abstracts(), readings=Readings(database), embedded=model, model=None, clock=clock)
    parts = Parts(
        desk=desk,
        runs=runs,
        outbox=Outbox(database, now=now),
        posters=posters,
        read=lambda paper, language: reader.read(paper, language=language),
        fetch=_nothing,
        views=digests,
        clock=clock,
        paces={name: replace(order.pace, timeout=order.timeout, settle=order.settle) for name in posters},
        limits=order.limits,
    )
    return Worker(parts, owner=order.owner), runs


async def _nothing() -> None:
    """There is nothing to fetch."""


async def stock(url: str, channels: tuple[str, ...], *, start: datetime = MORNING) -> None:
    """Channels that follow the same topic, and papers that fit it."""
    database = await connect(url)
    newsroom = Newsroom(database)
    for name in channels:
        at = start.time().replace(microsecond=0)
        await newsroom.channels.save(channel(id=ChannelId(name), at=at, days=WEEKDAYS))
    await newsroom.announce(*(paper(n) for n in range(1, PAPERS + 1)), at=start - timedelta(hours=8))
    await database.close()


_context: Any = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__, "adapters.slack", "adapters.discord"])


def begin(order: Order) -> BaseProcess:
    """Start a process."""
    process: BaseProcess = _context.Process(target=main, args=(order,), daemon=True)
    process.start()
    return process


def signalled(process: BaseProcess, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid or 0, number)


async def stopped(process: BaseProcess, *, seconds: float = 60.0) -> None:
    """Wait until it stands still."""
    state = Path(f"/proc/{process.pid}/stat")
    async with asyncio.timeout(seconds):
        while state.read_text().rpartition(")")[2].split()[0] != "T":  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.02)


async def ended(process: BaseProcess, *, seconds: float = 30.0) -> int:
    """Its exit code; a process that does not end in time is killed and the test fails."""
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(process.sentinel, over.set)  # joining in a thread loses the exit code now and then
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        process.kill()
        raise AssertionError("the process did not end") from None
    finally:
        loop.remove_reader(process.sentinel)
        process.join()
    assert process.exitcode is not None
    return process.exitcode


async def run(order: Order, *, seconds: float = 30.0) -> int:
    """Start a process and wait for its end; its exit code."""
    return await ended(begin(order), seconds=seconds)
