"""Is every digest delivered exactly once when the process that brings it is killed?

    python -m benchmarks.crash [--engines sqlite,postgresql] [--towns fake,slack,discord] [--seeds 60]

Real processes end by ``os._exit(137)`` at every named place, by SIGKILL at seeded random moments, and stand
still (SIGSTOP) for longer than their lease, with the real storage and the real adapters against servers on
loopback. Two channels with three papers: eight messages a case.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from bot.crash import POINTS
from bot.limits import Limits
from tests.fakes import paper_round, postgres, towns
from tests.fakes.newsroom import MORNING
from tests.fakes.towns import TOWNS, Town

AGAIN = (
    "before-intent:3",
    "after-intent:2",
    "after-intent:4",
    "after-reply:3",
    "after-sent:5",
    "after-done:2",
)
MINUTES = timedelta(minutes=11)
"""Between two starts: leases have lapsed, nothing is travelling, Discord has forgotten its nonces."""
QUICK = Limits(lease=timedelta(seconds=2), beat=timedelta(seconds=0.5), poll=timedelta(seconds=0.2))


@dataclass
class Tally:
    """What came of the cases of one row."""

    cases: int = 0
    kills: int = 0
    messages: int = 0
    doubles: int = 0
    lost: int = 0
    astray: int = 0
    repeated: int = 0
    most: int = 0
    extra: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, town: Town, name: str) -> None:
        self.cases += 1
        for room in town.rooms:
            letters = town.letters(room)
            keys = {letter.key for letter in letters}
            tops = {letter.remote for letter in letters if letter.parent is None}
            self.messages += len(keys)
            self.doubles += len(letters) - len(keys)
            self.lost += paper_round.PAPERS + 1 - len(keys)
            self.astray += sum(letter.parent not in {None, *tops} for letter in letters) + len(tops) - 1
        self.repeated += sum(calls - 1 for calls in town.office.model_calls.values())
        self.most = max([self.most, *town.office.model_calls.values()])
        self.faults += [f"{name}: {fault}" for fault in towns.faults(town)]


class Engines:
    """Fresh databases of each kind."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperboy-crash-")))
        self._server = ""
        self._made = 0

    @contextmanager
    def fresh(self, engine: str) -> Iterator[str]:
        if engine == "sqlite":
            self._made += 1
            yield f"sqlite:///{self._folder}/{self._made}.db"
            return
        self._server = self._server or self._stack.enter_context(postgres.cluster())
        with postgres.database(self._server) as url:
            yield url


@asynccontextmanager
async def stage(engines: Engines, engine: str, where: str) -> AsyncIterator[tuple[str, Town]]:
    with engines.fresh(engine) as url:
        async with TOWNS[where]() as town:
            await paper_round.stock(url, town.rooms)
            yield url, town


def later(town: Town, start: datetime) -> datetime:
    """The town's own time goes on too."""
    if isinstance(town, towns.DiscordTown):
        town.fake.passes(MINUTES.total_seconds())
    if isinstance(town, towns.Slack):
        town.fake.clock.advance(MINUTES.total_seconds())
    return start + MINUTES


async def finish(url: str, town: Town, start: datetime, tally: Tally) -> None:
    """Start until it is done, and once more."""
    assert await paper_round.run(town.order(url, start=start), seconds=60) == 0
    before = sum(len(town.letters(room)) for room in town.rooms)
    assert await paper_round.run(town.order(url, start=later(town, start)), seconds=60) == 0
    tally.extra += sum(len(town.letters(room)) for room in town.rooms) - before


async def at_point(engines: Engines, engine: str, where: str, point: str, tally: Tally) -> None:
    async with stage(engines, engine, where) as (url, town):
        ended = await paper_round.run(town.order(url, crash_at=point), seconds=60)
        tally.kills += ended == 137
        await finish(url, town, later(town, MORNING), tally)
        tally.count(town, f"{engine} {where} {point}")


async def mishap(engines: Engines, engine: str, where: str, kind: str, tally: Tally) -> None:
    async with stage(engines, engine, where) as (url, town):
        town.mishap(kind)
        assert await paper_round.run(town.order(url, once=True), seconds=60) == 0
        start = later(town, MORNING)
        if kind == "late":
            await town.land()
        await finish(url, town, start, tally)
        tally.count(town, f"{engine} {where} {kind}")


async def at_random(engines: Engines, engine: str, where: str, seed: int, tally: Tally) -> None:
    """One to five SIGKILLs, each at a moment of the run."""
    dice = random.Random(f"{engine} {where} {seed}")
    async with stage(engines, engine, where) as (url, town):
        start = MORNING
        for _ in range(dice.randint(1, 5)):
            process = paper_round.begin(town.order(url, start=start))
            await asyncio.sleep(0.1 + dice.random() ** 2 * 1.2)
            process.kill()
            tally.kills += await paper_round.ended(process) == -signal.SIGKILL
            start = later(town, start)
        await finish(url, town, start, tally)
        tally.count(town, f"{engine} {where} seed {seed}")


async def frozen(engines: Engines, where: str, seed: int, tally: Tally, *, for_good: bool) -> None:
    """Two workers on PostgreSQL; one stands still past its lease (2 s), or is killed and never comes back."""
    dice = random.Random(seed)
    with engines.fresh("postgresql") as url:
        async with TOWNS[where](2, time.time()) as town:
            now = datetime.now(UTC)
            await paper_round.stock(url, town.rooms, start=now - timedelta(seconds=1))
            amid = bool(seed % 2) and where == "fake"
            if amid:
                town.mishap("silent", after=seed % 7)  # in the middle of a message, for certain
            first = paper_round.begin(quick(town, url, now, owner="first"))
            await (town.office.silent.wait() if amid else asyncio.sleep(0.1 + dice.random() * 0.5))
            (first.kill if for_good else lambda: paper_round.signalled(first, signal.SIGSTOP))()
            await taken_over(url, town, now, first, tally)
            tally.count(town, f"{where} {'gone' if for_good else 'frozen'} {seed}")


async def stopped_at(url: str, where: str, place: str, tally: Tally) -> None:
    """Two workers on PostgreSQL; one stands still past its lease right at a named place."""
    async with TOWNS[where](2, time.time()) as town:
        now = datetime.now(UTC)
        await paper_round.stock(url, town.rooms, start=now - timedelta(seconds=1))
        first = paper_round.begin(quick(town, url, now, owner="first", crash_at=f"{place}:stop"))
        await paper_round.stopped(first)
        await taken_over(url, town, now, first, tally)
        tally.count(town, f"{where} stopped at {place}")


def quick(town: Town, url: str, now: datetime, **more: str) -> paper_round.Order:
    told = {"start": now, "real_time": True, "limits": QUICK, "settle": 3.0, "timeout": 1.0, **more}
    return town.order(url, **told)


async def taken_over(url: str, town: Town, now: datetime, first: BaseProcess, tally: Tally) -> None:
    """A second worker brings everything; then the first goes on, if it can, and ends."""
    tally.kills += 1
    assert await paper_round.run(quick(town, url, now, owner="second"), seconds=150) == 0
    paper_round.signalled(first, signal.SIGCONT)
    town.office.answer()
    await paper_round.ended(first, seconds=60)


def show(name: str, tally: Tally, began: float) -> None:
    print(
        f"{name:42} {tally.cases:5} {tally.kills:5} {tally.messages:8} {tally.lost:5} {tally.doubles:7} "
        f"{tally.astray:6} {tally.extra:11} {tally.repeated:8} (most {tally.most}) "
        f"{time.monotonic() - began:6.0f} s",
        flush=True,
    )
    for fault in tally.faults:
        print("   ", fault)


async def measure(arguments: argparse.Namespace) -> int:
    print(f"{'':42} cases kills messages  lost doubles astray third start repeated model calls")
    faults = 0
    with ExitStack() as stack:
        async for tally in rows(arguments, Engines(stack)):
            faults += len(tally.faults) + tally.extra
    print(f"{faults} faults")
    return 1 if faults else 0


async def rows(arguments: argparse.Namespace, engines: Engines) -> AsyncIterator[Tally]:
    alone, _, of_two = arguments.towns.partition(":")
    if alone == "two":
        arguments.engines, arguments.towns = "postgresql", ""
    wanted = [(e, t) for e in arguments.engines.split(",") for t in filter(None, arguments.towns.split(","))]
    points = [point for point in POINTS if point != "in-migration"]
    for engine, where in wanted:
        tally, began = Tally(), time.monotonic()
        for point in (*points, *AGAIN):
            await at_point(engines, engine, where, point, tally)
        show(f"{engine} {where} named places", tally, began)
        yield tally
        tally, began = Tally(), time.monotonic()
        for kind in ("lost", "broken") if where == "discord" else ("lost", "broken", "late"):
            await mishap(engines, engine, where, kind, tally)
        show(f"{engine} {where} lost answers", tally, began)
        yield tally
        tally, began = Tally(), time.monotonic()
        for seed in range(arguments.seeds // len(arguments.towns.split(","))):
            await at_random(engines, engine, where, seed, tally)
        show(f"{engine} {where} random SIGKILL", tally, began)
        yield tally
    if "postgresql" in arguments.engines:
        several = arguments.seeds if alone == "two" else arguments.seeds // 6
        async for tally in rows_of_two(engines, of_two.split(",") if of_two else list(TOWNS), several):
            yield tally


async def rows_of_two(engines: Engines, towns_: Sequence[str], seeds: int) -> AsyncIterator[Tally]:
    """Two workers; several cases at once, since most of each is waiting for a lease."""
    room = asyncio.Semaphore(3)

    async def at_place(where: str, number: int, tally: Tally) -> None:
        async with room:
            with engines.fresh("postgresql") as url:
                await stopped_at(url, where, f"after-intent:{number}", tally)

    async def some_time(where: str, seed: int, tally: Tally, *, for_good: bool) -> None:
        async with room:
            await frozen(engines, where, seed, tally, for_good=for_good)

    for where in towns_:
        for name, case, numbers in (
            ("stopped before a write", at_place, range(1, 9)),
            ("one SIGSTOP", partial(some_time, for_good=False), range(seeds)),
            ("one gone for good", partial(some_time, for_good=True), range(seeds // 4)),
        ):
            tally, began = Tally(), time.monotonic()
            await asyncio.gather(*(case(where, number, tally) for number in numbers))
            show(f"two workers, {where}, {name}", tally, began)
            yield tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument(
        "--towns", default="fake,slack,discord", help='"two" or "two:slack,discord" for the two workers alone'
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=60,
        help="random kills per engine, shared by the towns; with two, cases a row",
    )
    raise SystemExit(asyncio.run(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
