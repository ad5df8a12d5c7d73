"""How everything grows with the library: `python -m benchmarks.growth LIBRARY.db [--sizes 10000 50000]`.

LIBRARY.db is a SQLite database of real papers with their vectors, as `benchmarks.corpus import FILE
--database sqlite:///LIBRARY.db` and `benchmarks.search speed LIBRARY.db` leave it. Smaller libraries are its
first papers. Larger ones get variations: the title of one with two words of another's, the sentences of both
abstracts by chance, the mean of both vectors; these and the real rows are written past the program, but the
last 2,000 papers of each size go the ordinary way and give the rates. Then 200 questions of one to six words
of random titles (CPU and wall ms), and a day of 1,000 papers by 100 topics (frequent pairs in titles),
in a process of its own, whose memory is told. One row of a table a size; `--keep FOLDER` keeps the databases.
"""

import argparse
import asyncio
import random
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search import Bench, resident
from bot.domain import Paper, PaperId, Sighting, Topic
from bot.llm.embed import StaticEmbedder
from bot.match import LibraryMatcher
from bot.text import STOP_WORDS, words
from storage.engine import connect

SIZES = (10_000, 50_000, 173_547, 1_000_000)
ORDINARY = 2_000
"""The last papers of each size, which are imported and embedded by the program itself."""
PARENTS = 20_000
"""Variations are made of the latest so many."""
COLUMNS = (
    "papers", "import /CPU s", "vectors /CPU s", "search CPU p50/p95", "wall p50/p95", "1,000 x 100, CPU s",
    "memory after search, at most", "on disk",
)  # fmt: skip
_SENTENCE = re.compile(r"(?<=[.!?]) +")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        asyncio.run(measure(given.library))
        return
    print("| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|", sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in given.sizes:
            file = (given.keep or Path(folder)) / f"growth-{size}.db"
            if not file.exists():
                asyncio.run(_made(file))
                fill(given.library, file, size - ORDINARY)
            command = [sys.executable, "-m", "benchmarks.growth", str(file), "--measure"]
            subprocess.run(command, check=True)


async def _made(file: Path) -> None:
    await (await connect(f"sqlite:///{file}")).close()


def fill(source: Path, file: Path, size: int) -> None:
    """Write papers and vectors into an empty database: real ones, then variations."""
    with closing(sqlite3.connect(file)) as target:
        target.execute("ATTACH ? AS source", (str(source),))
        for pragma in ("synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
            target.execute(f"PRAGMA {pragma}")  # a database that is made for measuring may be lost
        columns = [row[1] for row in target.execute("PRAGMA table_info(paper)") if row[1] != "number"]
        names = ", ".join(columns)
        first = f"SELECT {names} FROM source.paper ORDER BY number LIMIT {size}"
        target.execute(f"INSERT INTO paper ({names}) {first}")
        target.execute(
            "INSERT INTO paper_vector (encoder, paper_id, data) SELECT encoder, paper_id, data "
            "FROM source.paper_vector WHERE paper_id IN (SELECT id FROM paper)"
        )
        (there,) = target.execute("SELECT count(*) FROM paper").fetchone()
        rows = islice(_varied(target, columns), size - there)
        marks = ", ".join("?" * len(columns))
        while some := list(islice(rows, 1_000)):
            target.executemany(f"INSERT INTO paper ({names}) VALUES ({marks})", [row for row, _ in some])
            vectors = [(StaticEmbedder.name, row[columns.index("id")], vector) for row, vector in some]
            target.executemany("INSERT INTO paper_vector (encoder, paper_id, data) VALUES (?, ?, ?)", vectors)
        target.commit()


def _varied(target: sqlite3.Connection, columns: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], bytes]]:
    """Rows that were never written, each with its vector; the same each time."""
    query = (
        f"SELECT {', '.join(columns)}, data FROM source.paper JOIN source.paper_vector ON paper_id = id "
        f"AND encoder = ? ORDER BY paper.number DESC LIMIT {PARENTS}"
    )
    parents = [dict(zip((*columns, "data"), row, strict=True)) for row in target.execute(query, _ENCODER)]
    chance = random.Random(0)
    for number in count():
        one, other = chance.choice(parents), chance.choice(parents)
        title, abstract = _mixed(one["title"], one["abstract"], other["title"], other["abstract"], chance)
        row = one | {"id": _name(number), "title": title, "abstract": abstract, "doi": ""}
        yield tuple(row[column] for column in columns), _between(one["data"], other["data"])


_ENCODER = (StaticEmbedder.name,)


def _name(number: int) -> PaperId:
    return PaperId(f"arxiv:{3001 + number // 80_000:04}.{number % 80_000 + 10_000:05}")


def _mixed(title: str, abstract: str, other: str, more: str, chance: random.Random) -> tuple[str, str]:
    spoken, words_ = title.split(), other.split()
    for word in chance.sample(words_, min(2, len(words_))):
        spoken.insert(chance.randrange(len(spoken) + 1), word)
    pairs = zip(_SENTENCE.split(abstract), _SENTENCE.split(more), strict=False)
    return " ".join(spoken), " ".join(chance.choice(pair) for pair in pairs)


def _between(one: bytes, other: bytes) -> bytes:
    mean = np.frombuffer(one, "<f2").astype("f4") + np.frombuffer(other, "<f2").astype("f4")
    unit: np.ndarray = mean / max(float(np.linalg.norm(mean)), 1e-6)
    return unit.astype("<f2").tobytes()


async def measure(file: Path) -> None:
    """One row of the table."""
    database = await connect(f"sqlite:///{file}")
    library = Bench(database, StaticEmbedder(), 8)
    imported = await _import(library)
    begun = time.process_time()
    vectors = _rate(await library.embed(), time.process_time() - begun)
    cpu, wall = await _ask(library)
    memory = resident()
    day = await _day(library)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    disk = sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*")) / 2**20
    cells = (
        f"{await library.papers.count():,}", imported, vectors, cpu, wall, f"{day:.1f}",
        f"{memory:.0f}, {most:.0f} MB", f"{disk:,.0f} MB",
    )  # fmt: skip
    print("| " + " | ".join(cells) + " |", flush=True)
    await database.close()


def _news(sample: Sequence[Paper], first: int) -> Iterator[Paper]:
    chance = random.Random(first)
    for number in count(first):
        one, other = chance.choice(sample), chance.choice(sample)
        title, abstract = _mixed(one.title, one.abstract, other.title, other.abstract, chance)
        yield replace(one, id=_name(number), title=title, abstract=abstract, doi="", version=1)


async def _import(library: Bench) -> str:
    sample = await library.papers.sample(1_000, seed=3)
    papers = list(islice(_news(sample, 5_000_000), ORDINARY))
    begun, now = time.process_time(), datetime.now(UTC)
    counts = await library.papers.add([Sighting(paper, "known") for paper in papers], now=now)
    return _rate(counts.new, time.process_time() - begun)


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


async def _day(library: Bench) -> float:
    """CPU seconds for deciding a day's papers for a hundred topics, everything taught anew."""
    sample = await library.papers.sample(5_000, seed=2)
    news = list(islice(_news(sample, 6_000_000), 1_000))
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
