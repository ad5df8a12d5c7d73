"""How long do many channels take that are all due at the same minute, and what does waiting cost?

    python -m benchmarks.channels [--channels 1000] [--workers 2] [--rate 50] [--engine postgresql]

Real processes on one database, and in a process of its own a platform that allows ``rate`` messages a
second in all and one a second in a channel (Discord's limit for a whole bot is 50 requests a second; a Slack
workspace takes fewer). Four messages a channel; 300 papers are news, 20 topics go round among the channels,
and papers are matched as the program does it. The bound is messages / rate. Then the same processes, with
nothing to do, for a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.domain import WEEKDAYS, ChannelId, Topic
from bot.limits import Limits
from bot.pacing import Pace
from storage.engine import Database, connect
from tests.fakes import paper_round, postgres
from tests.fakes.newsroom import Newsroom, channel, paper
from tests.fakes.paper_round import PAPERS, Order
from tests.fakes.post_office import Letter, PostOffice

IDLE = 60.0
NEWS = 300
SUBJECTS = (
    "gaussian splatting", "protein folding", "speech recognition", "graph neural networks", "code generation",
    "optical flow", "machine translation", "federated learning", "point clouds", "reward models",
    "image denoising", "time series", "causal inference", "robot grasping", "depth estimation",
    "question answering", "quantum circuits", "weather forecasting", "medical imaging", "music generation",
)  # fmt: skip


@contextmanager
def database(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="paperboy-channels-") as folder:
            yield f"sqlite:///{folder}/paperboy.db"
        return
    with postgres.cluster() as server, postgres.database(server) as url:
        yield url


async def stock(url: str, names: tuple[str, ...], *, start: datetime) -> None:
    """Channels with a topic each, and news of which three papers belong to each topic."""
    store = await connect(url)
    room = Newsroom(store)
    at = start.time().replace(microsecond=0)
    for number, name in enumerate(names):
        topic = Topic((SUBJECTS[number % len(SUBJECTS)],))
        await room.channels.save(
            channel(id=ChannelId(name), at=at, days=WEEKDAYS, topics=(topic,), limit=PAPERS)
        )
    wanted = [paper(n, SUBJECTS[n % len(SUBJECTS)].title()) for n in range(PAPERS * len(SUBJECTS))]
    others = [paper(n, "Notes on an unrelated matter") for n in range(len(wanted), NEWS)]
    await room.announce(*wanted, *others, at=start - timedelta(hours=8))
    await store.close()


# --- the platform -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """What the platform saw."""

    keys: int
    letters: int
    times: list[float]
    cpu: float


class TimedOffice(PostOffice):
    """Knows when each letter came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self._came = asyncio.Event()

    def _record(self, asked: Mapping[str, Any]) -> Letter | None:
        self.times.append(time.monotonic())
        self._came.set()
        return super()._record(asked)

    async def full(self, count: int) -> None:
        """Wait until so many letters came."""
        while len(self.letters) < count:
            self._came.clear()
            await self._came.wait()


def office(pipe: Connection, expected: int) -> None:
    """The platform's process: tells its address, then, when all has come, what it saw."""
    asyncio.run(_office(pipe, expected))


async def _office(pipe: Connection, expected: int) -> None:
    async with TimedOffice() as place:
        pipe.send(place.address)
        await place.full(expected)
        await asyncio.sleep(2)  # for doubles, if any
        keys = {letter.key for letter in place.letters}
        pipe.send(Account(len(keys), len(place.letters), place.times, time.process_time()))
        await asyncio.to_thread(pipe.recv)


# --- what it costs ----------------------------------------------------------------------------------


def cpu(pid: int | None) -> float:
    """Seconds so far, with those of children that have ended (proc(5): fields 14 to 17, in ticks)."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int | None) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1024


async def server_cpu(store: Database) -> float:
    """CPU seconds of the processes that serve this database, those that have ended aside."""
    if store.dialect != "postgresql":
        return 0.0
    async with store.reading() as connection:
        here = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() OR datname IS NULL"
        return sum([cpu(pid) for pid in await connection.scalars(sa.text(here))])


async def count(store: Database) -> int:
    """Transactions so far, this one among them; PostgreSQL tells them within a second."""
    if store.dialect != "postgresql":
        return 0
    async with store.reading() as connection:
        asked = sa.text("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(await connection.scalar(asked) or 0)


async def measure(arguments: argparse.Namespace) -> None:
    names = tuple(f"fake:{number:04}" for number in range(arguments.channels))
    expected = arguments.channels * (PAPERS + 1)
    ours, theirs = multiprocessing.Pipe()
    platform = multiprocessing.get_context("spawn").Process(
        target=office, args=(theirs, expected), daemon=True
    )
    platform.start()
    address = await asyncio.to_thread(ours.recv)
    with database(arguments.engine) as url:
        now = datetime.now(UTC)
        await stock(url, names, start=now - timedelta(minutes=1))
        order = Order(
            url,
            address,
            names,
            now,
            real_time=True,
            forever=True,
            limits=Limits(),
            pace=Pace(channel=1.0, workspace=1 / arguments.rate, everywhere=True),
            library=True,
        )
        store = await connect(url)
        before, began = await server_cpu(store), time.monotonic()
        workers = [paper_round.begin(order) for _ in range(arguments.workers)]
        async with asyncio.timeout(arguments.patience):
            account = await asyncio.to_thread(ours.recv)
        pids = [worker.pid for worker in workers]
        report(account, pids, began, expected, arguments.rate, await server_cpu(store) - before)
        await idle(store, pids)
        for worker in workers:
            worker.terminate()
        print("exit codes:", [await paper_round.ended(worker) for worker in workers])
        await store.close()
    platform.terminate()


def report(
    account: Account, pids: list[int | None], began: float, expected: int, rate: float, server: float
) -> None:
    took = account.times[-1] - account.times[0]
    bound = (expected - 1) / rate
    seconds = Counter(int(at - account.times[0]) for at in account.times)
    spent = [cpu(pid) for pid in pids]
    each = 1000 / expected
    print(f"{account.keys} of {expected} messages, {account.letters - account.keys} doubles")
    print(f"first message after {account.times[0] - began:.1f} s, all after another {took:.1f} s")
    print(f"bound {bound:.1f} s, ratio {took / bound:.3f}; at most {max(seconds.values())} in a second")
    print(
        f"CPU a message: workers {sum(spent) * each:.1f} ms, database {server * each:.1f} ms, "
        f"platform {account.cpu * each:.1f} ms"
    )
    for number, pid in enumerate(pids):
        print(f"worker {number}: {spent[number]:.1f} CPU s, at most {peak_mb(pid):.0f} MB")


async def idle(store: Database, pids: list[int | None]) -> None:
    await asyncio.sleep(IDLE / 4)  # what is delivered is still to be stored
    before, counted = [cpu(pid) for pid in pids], await count(store)
    await asyncio.sleep(IDLE)
    spent = [(cpu(pid) - was) / IDLE * 1000 for pid, was in zip(pids, before, strict=True)]
    made = (await count(store) - counted) / IDLE
    print(f"idle: {', '.join(f'{ms:.1f}' for ms in spent)} ms CPU a second by process", end="")
    print(f"; {made:.2f} transactions a second in all" if counted else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--patience", type=float, default=600.0)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
