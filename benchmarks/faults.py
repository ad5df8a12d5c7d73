"""Is every digest delivered exactly once by several workers when things around them fail?

    python -m benchmarks.faults [--kinds …] [--towns fake,slack,discord] [--workers 2,4] [--seeds 5]

Real processes on one PostgreSQL, with the real storage and the real adapters against the strict servers of
the tests. Six channels with four messages each; leases of 2 seconds, so that nobody waits for minutes.
Kinds: ``stopped`` (one worker stands still for longer than its lease and goes on), ``gone`` (one is killed
and never comes back), ``cut`` (the database cannot be reached for 30 s), ``stepped`` (the clocks of the
workers are set an hour forward or back), ``storm`` (one request in two is refused with 429), ``lossy`` (5xx
that recorded, answers that are lost, messages that land later), ``all`` (everything at once).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess

from benchmarks.crash import Engines, Tally, show
from bot.limits import Limits
from bot.pacing import PACES
from tests.fakes import paper_round
from tests.fakes.line import Line, line
from tests.fakes.paper_round import HASTE
from tests.fakes.towns import TOWNS, DiscordTown, Plain, Slack, Town

KINDS = ("stopped", "gone", "cut", "stepped", "storm", "lossy", "all")
ROOMS = 6
SETTLE = 3.0
QUICK = Limits(
    lease=timedelta(seconds=2), beat=timedelta(seconds=0.5), poll=timedelta(seconds=0.2), tries=1000
)
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Case:
    """What happens to whom."""

    kind: str
    where: str
    workers: int
    seed: int
    cut: float = 30.0

    @property
    def name(self) -> str:
        return f"{self.kind} {self.where} {self.workers} workers seed {self.seed}"

    def has(self, kind: str) -> bool:
        return self.kind in (kind, "all")


async def play(url: str, case: Case, tally: Tally) -> None:
    """Let it happen, and count what stands on the platform afterwards."""
    dice = random.Random(case.name)
    async with TOWNS[case.where](ROOMS, time.time()) as town, way(url) as (cuttable, address):
        now = datetime.now(UTC)
        await paper_round.stock(url, town.rooms, start=now - timedelta(seconds=1))
        plan(town, case, dice)
        workers = [begin(town, case, address, now, number) for number in range(case.workers)]
        landing = asyncio.create_task(land(town))
        try:
            await trouble(town, workers, cuttable, case, dice)
            for number, worker in enumerate(workers):
                if worker.exitcode == 1:  # it started while there was no database
                    workers[number] = begin(town, case, address, now, number)
            for worker in workers:
                ended = await paper_round.ended(worker, seconds=240)
                assert ended in (0, -signal.SIGKILL), f"{case.name}: exit code {ended}"
        finally:
            landing.cancel()
            for worker in workers:
                worker.kill()
        tally.kills += case.has("gone") + case.has("stopped")
        before = sum(len(town.letters(room)) for room in town.rooms)
        again = town.order(url, start=now, real_time=True, limits=QUICK, settle=SETTLE, owner="again")
        assert await paper_round.run(again, seconds=60) == 0
        tally.extra += sum(len(town.letters(room)) for room in town.rooms) - before
        tally.count(town, case.name)


@asynccontextmanager
async def way(url: str) -> AsyncIterator[tuple[Line, str]]:
    """The database's address over a proxy that can be cut."""
    before, _, rest = url.rpartition(":")
    port, _, name = rest.partition("/")
    async with line(int(port)) as made:
        yield made, f"{before}:{made.port}/{name}"


def begin(town: Town, case: Case, address: str, now: datetime, number: int) -> BaseProcess:
    step = (HOUR if number % 2 else -HOUR) if case.has("stepped") else 0.0
    order = town.order(
        address,
        start=now,
        real_time=True,
        limits=QUICK,
        settle=SETTLE,
        timeout=1.0,
        pace=PACES["slack"] if isinstance(town, Slack) else HASTE,
        owner=f"worker-{number}",
        step=step,
    )
    return paper_round.begin(order)


def plan(town: Town, case: Case, dice: random.Random) -> None:
    """Which of the first requests go wrong, and how."""
    for _ in range(3 * ROOMS):
        if case.has("storm") and dice.random() < 0.5:
            mishap(town, "limited")
        elif case.has("lossy") and dice.random() < 0.4:
            mishap(town, dice.choice(("lost", "broken", "late")))
        elif isinstance(town, Plain):
            town.office.mishap("")


def mishap(town: Town, kind: str) -> None:
    """The next request goes wrong."""
    if kind != "limited":
        town.mishap(kind)
    elif isinstance(town, Plain):
        town.office.mishap("limited", seconds=0.3)
    elif isinstance(town, Slack):
        town.fake.mishap("chat.postMessage", "limited", retry_after=1)
    elif isinstance(town, DiscordTown):
        town.fake.fails("create_message", "limited", retry_after=0.3)


async def land(town: Town) -> None:
    """What travels arrives within a second, well before anybody looks for it."""
    while True:
        await asyncio.sleep(0.7)
        await town.land()


async def trouble(
    town: Town, workers: list[BaseProcess], cuttable: Line, case: Case, dice: random.Random
) -> None:
    """What happens while they work."""
    while not any(town.letters(room) for room in town.rooms):  # noqa: ASYNC110 a server that others fill
        await asyncio.sleep(0.02)
    await asyncio.sleep(dice.random() ** 2)
    if case.has("cut"):
        cuttable.cut()
        await asyncio.sleep(case.cut)
        cuttable.mend()
        await asyncio.sleep(dice.random())
    if case.has("gone"):
        workers[-1].kill()
    if case.has("stopped"):
        paper_round.signalled(workers[0], signal.SIGSTOP)
        await asyncio.sleep(2.5 + dice.random() * 3)
        paper_round.signalled(workers[0], signal.SIGCONT)


async def rows(arguments: argparse.Namespace, engines: Engines) -> AsyncIterator[Tally]:
    for kind in arguments.kinds.split(","):
        for where in arguments.towns.split(","):
            for workers in map(int, arguments.workers.split(",")):
                tally, began = Tally(), time.monotonic()
                for seed in range(arguments.seeds):
                    case = Case(kind, where, workers, seed, arguments.cut)
                    with engines.fresh("postgresql") as url:
                        await play(url, case, tally)
                show(f"{kind} {where} {workers} workers", tally, began)
                yield tally


async def measure(arguments: argparse.Namespace) -> int:
    print(f"{'':34} cases kills messages  lost doubles astray last start  repeated model calls")
    faults = 0
    with ExitStack() as stack:
        async for tally in rows(arguments, Engines(stack)):
            faults += len(tally.faults) + tally.extra
    print(f"{faults} faults")
    return 1 if faults else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--towns", default="fake,slack,discord")
    parser.add_argument("--workers", default="2,4")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cut", type=float, default=30.0, help="seconds without a database")
    raise SystemExit(asyncio.run(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
