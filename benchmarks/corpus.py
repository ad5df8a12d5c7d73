"""How fast the library takes in a real corpus and how fast it is searched.

    python -m benchmarks.corpus import FILE [--database URL]      papers a CPU second, peak memory
    python -m benchmarks.corpus search DATABASE [--queries N]     p50 and p95 of plain words, in CPU ms

FILE is JSON lines (``.zst``, ``.gz`` or plain), such as ``corpus/arxiv.jsonl.zst`` of the real data. The
queries are made of the library itself: one to six words of random titles, common and rare ones.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import resource
import tempfile
import time
from pathlib import Path

from bot.clock import SystemClock
from bot.library import Library
from storage.engine import connect
from storage.feeds import Feeds
from storage.papers import Papers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    taking = verbs.add_parser("import")
    taking.add_argument("file", type=Path)
    taking.add_argument("--database", default="")
    taking.set_defaults(run=lambda given: import_corpus(given.file, given.database))
    searching = verbs.add_parser("search")
    searching.add_argument("database")
    searching.add_argument("--queries", type=int, default=300)
    searching.set_defaults(run=lambda given: search(given.database, given.queries))
    given = parser.parse_args()
    asyncio.run(given.run(given))


async def import_corpus(file: Path, url: str) -> None:
    """Import ``file`` into a new database and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        database = await connect(url or f"sqlite:///{folder}/corpus.db")
        library = Library(papers=Papers(database), feeds=Feeds(database), sources=[], clock=SystemClock())
        cpu, wall = time.process_time(), time.perf_counter()
        counts, unusable = await library.import_file(file)
        await database.close()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        stored = _size(folder)
    print(f"{counts}; {len(unusable)} bad lines")
    print(f"{counts.seen / cpu:.0f} papers a CPU second ({cpu:.1f} s CPU, {wall:.1f} s in all)")
    print(f"peak memory {megabytes:.0f} MB" + (f", database {stored:.0f} MB" if stored else ""))


def _size(folder: str) -> float:
    return sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20


async def search(url: str, count: int) -> None:
    """Search the library for words of its own titles and print how long it took."""
    database = await connect(url)
    papers = Papers(database)
    chance = random.Random(0)
    titles = [re.findall(r"\w+", paper.title.lower()) for paper in await papers.sample(count, seed=1)]
    queries = [" ".join(chance.sample(words, min(len(words), chance.randint(1, 6)))) for words in titles]
    for name, ask in (("search", papers.search), ("matching", papers.matching)):
        taken = []
        for query in queries:
            cpu = time.process_time()
            await ask(query, limit=20)
            taken.append((time.process_time() - cpu) * 1000)
        taken.sort()
        p50, p95 = taken[len(taken) // 2], taken[len(taken) * 95 // 100]
        print(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, most {taken[-1]:.1f} ms CPU ({count} queries)")
    await database.close()


if __name__ == "__main__":
    main()
