"""How long do many channels take that are all due at the same minute, and what does waiting cost?

    python -m benchmarks.channels [--channels 1000] [--workers 2] [--rate 50] [--engine postgresql]

Real processes on one database, a platform on loopback that allows ``rate`` messages a second in all and one
a second in a channel; four messages a channel. The bound is messages / rate. Then the same processes, with
nothing to do, for a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import sqlalchemy as sa

from bot.limits import Limits
from bot.pacing import Pace
from storage.engine import Database, connect
from tests.fakes import paper_round, postgres
from tests.fakes.paper_round import PAPERS, Order
from tests.fakes.post_office import Letter, PostOffice

IDLE = 60.0


@contextmanager
def database(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="paperboy-channels-") as folder:
            yield f"sqlite:///{folder}/paperboy.db"
        return
    with postgres.cluster() as server, postgres.database(server) as url:
        yield url


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


def cpu(process: BaseProcess) -> float:
    """Seconds so far (proc(5): fields 14 and 15, in ticks)."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def peak_mb(process: BaseProcess) -> float:
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmHWM"].split()[0]) / 1024


async def measure(arguments: argparse.Namespace) -> None:
    names = tuple(f"fake:{number:04}" for number in range(arguments.channels))
    now = datetime.now(UTC)
    expected = arguments.channels * (PAPERS + 1)
    with database(arguments.engine) as url:
        async with TimedOffice() as office:
            await paper_round.stock(url, names, start=now - timedelta(minutes=1))
            order = Order(
                url,
                office.address,
                names,
                now,
                real_time=True,
                forever=True,
                limits=Limits(),
                pace=Pace(channel=1.0, workspace=1 / arguments.rate, everywhere=True),
            )
            began = time.monotonic()
            workers = [paper_round.begin(order) for _ in range(arguments.workers)]
            async with asyncio.timeout(arguments.patience):
                await office.full(expected)
            report(office, workers, began, expected, arguments.rate)
            await asyncio.sleep(3)  # what is delivered is still to be stored
            store = await connect(url)
            await asyncio.sleep(IDLE / 4)
            before, counted = [cpu(one) for one in workers], await count(store)
            await asyncio.sleep(IDLE)
            spent = [(cpu(one) - was) / IDLE * 1000 for one, was in zip(workers, before, strict=True)]
            made = (await count(store) - counted) / IDLE
            await store.close()
            print(f"idle: {', '.join(f'{ms:.1f}' for ms in spent)} ms CPU a second by process", end="")
            print(f"; {made:.2f} transactions a second in all" if counted else "")
            for worker in workers:
                worker.terminate()
            print("exit codes:", [await paper_round.ended(worker) for worker in workers])


async def count(store: Database) -> int:
    """Transactions so far, this one among them; PostgreSQL tells them within a second."""
    if store.dialect != "postgresql":
        return 0
    async with store.reading() as connection:
        asked = sa.text("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(await connection.scalar(asked) or 0)


def report(office: TimedOffice, workers: list[BaseProcess], began: float, expected: int, rate: float) -> None:
    keys = Counter(letter.key for letter in office.letters)
    took = office.times[-1] - office.times[0]
    bound = (expected - 1) / rate
    seconds = Counter(int(at - office.times[0]) for at in office.times)
    print(f"{len(keys)} of {expected} messages, {len(office.letters) - len(keys)} doubles")
    print(f"first message after {office.times[0] - began:.1f} s, all after another {took:.1f} s")
    print(f"bound {bound:.1f} s, ratio {took / bound:.3f}; at most {max(seconds.values())} in a second")
    for number, worker in enumerate(workers):
        print(f"worker {number}: {cpu(worker):.1f} CPU s, at most {peak_mb(worker):.0f} MB")


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
