"""How long do people wait for the database while a big ingest runs?

    python -m benchmarks.latency [--engines sqlite,postgresql] [--papers 20000]

In one process, as the service does it: papers are folded into the library as fast as it goes, while somebody
reads (a search by full text, a paper by its id) and somebody writes what every command writes before it is
acknowledged (that its message was heard). Milliseconds, while it runs and when nothing else does.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from benchmarks.crash import Engines
from bot.domain import ChannelId, Paper, PaperId, Sighting
from storage.engine import connect
from storage.papers import Papers
from storage.threads import Threads

WORDS = [
    f"{a}{b}" for a in ("splat", "graph", "proto", "quant", "neuro") for b in ("ing", "net", "fold", "ic")
]
WAYS = ("search", "paper", "ack")


def made(number: int) -> Sighting:
    dice = random.Random(number)
    words = " ".join(dice.choices(WORDS, k=150))
    return Sighting(
        Paper(PaperId(f"arxiv:2604.{number:06}"), f"{words[:60]} {number}", words, ("A. Uthor",)), "new"
    )


async def timed(ask: Callable[[int], Awaitable[object]], until: asyncio.Event, took: list[float]) -> None:
    number = 0
    while not until.is_set():
        began = time.perf_counter()
        await ask(number)
        took.append((time.perf_counter() - began) * 1000)
        number += 1
        await asyncio.sleep(0.02)


def line(took: list[float]) -> str:
    ordered = sorted(took)
    return f"{statistics.median(ordered):8.1f} {ordered[int(len(ordered) * 0.99)]:8.1f} {len(ordered):6}"


async def measure(url: str, engine: str, count: int) -> None:
    database = await connect(url)
    papers, threads = Papers(database), Threads(database)
    now = datetime.now(UTC)
    await papers.add([made(n) for n in range(2000)], now=now)
    ways: dict[str, Callable[[int], Awaitable[object]]] = {
        "search": lambda n: papers.search(WORDS[n % len(WORDS)], limit=10),
        "paper": lambda n: papers.get(PaperId(f"arxiv:2604.{n % 2000:06}")),
        "ack": lambda n: threads.first_time(ChannelId("slack:C1"), f"{time.time_ns()}", now=now),
    }
    for when in ("alone", "ingest"):
        until, found = asyncio.Event(), {way: list[float]() for way in WAYS}
        asking = [asyncio.create_task(timed(ways[way], until, found[way])) for way in WAYS]
        began = time.perf_counter()
        if when == "alone":
            await asyncio.sleep(5)
        else:
            for start in range(2000, 2000 + count, 1000):
                await papers.add([made(n) for n in range(start, start + 1000)], now=now)
        spent = time.perf_counter() - began
        until.set()
        await asyncio.gather(*asking)
        for way in WAYS:
            print(f"{engine:12} {when:8} {way:8} {line(found[way])}", flush=True)
    print(f"{engine:12} {count / spent:.0f} papers a second meanwhile")
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--papers", type=int, default=20_000)
    arguments = parser.parse_args()
    print(f"{'':30} {'p50':>8} {'p99':>8} {'count':>6}")
    with ExitStack() as stack:
        engines = Engines(stack)
        for engine in arguments.engines.split(","):
            with engines.fresh(engine) as url:
                asyncio.run(measure(url, engine, arguments.papers))


if __name__ == "__main__":
    main()
