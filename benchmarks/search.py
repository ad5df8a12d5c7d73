"""Search over any corpus through the real storage and search code, as a TREC run file.

    python -m benchmarks.search CORPUS QUERIES RUN [--encoder static|minilm|none] [--depth 100]
        [--database FILE|URL] [--peers] [--qrels QRELS]
    python -m benchmarks.search speed DATABASE [--queries 300]

CORPUS is JSON lines (`id`, `title`, `abstract`; .gz and .zst too), QUERIES are JSON lines (`id`, `text`). RUN
gets `query Q0 document rank score name` a line; with --peers also RUN.fts5 (full text alone), RUN.encoder
(cosine alone) and RUN.bm25s (that library as it comes, with English stems). Judge them with
`python -m benchmarks.evaluate search RUN QRELS`; --qrels does that at once. `speed` times questions made of
words of the library's own titles, after giving every paper a vector, without and with filters.
"""

import argparse
import asyncio
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.data import read_lines
from benchmarks.evaluate import read_run, report, search_figures
from bot.clock import SystemClock
from bot.domain import Filters, Paper, PaperId, Sighting
from bot.embedding import Embedding, text_of
from bot.jsonl import batches
from bot.llm.embed import MiniLmEmbedder, StaticEmbedder
from bot.match import LibraryMatcher
from bot.ports import Embedder
from bot.search import Finder
from storage.engine import Database, connect
from storage.papers import Papers
from storage.runs import Runs
from storage.vectors import VectorIndex

Scored = Sequence[tuple[str, float]]
Ask = Callable[[str], Awaitable[Scored]]
FILTERS = (
    Filters(since=date(2026, 7, 1)),
    Filters(since=date(2025, 7, 1)),
    Filters(category="cs.GR"),
    Filters(category="cs"),
    Filters(author="Wang"),
    Filters(since=date(2026, 6, 1), category="cs.CV", author="Wei Li"),
)
ENCODERS: dict[str, Callable[[], Embedder]] = {"static": StaticEmbedder, "minilm": MiniLmEmbedder}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    if sys.argv[1:2] == ["speed"]:
        parser.add_argument("speed")
        parser.add_argument("database", type=address)
        parser.add_argument("--queries", type=int, default=300)
        asyncio.run(speed(parser.parse_args()))
        return
    for name in ("corpus", "queries", "run"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--encoder", choices=(*ENCODERS, "none"), default="static")
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--database", type=address)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--qrels", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(given, given.database or f"sqlite:///{folder}/library.db"))


def address(named: str) -> str:
    """A database as its URL; a file's name is SQLite's."""
    return named if "://" in named else f"sqlite:///{named}"


async def run(given: argparse.Namespace, url: str) -> None:
    database = await connect(url)
    try:
        library = Bench(database, ENCODERS[given.encoder]() if given.encoder != "none" else None, given.depth)
        if not await library.papers.count():
            await library.take_in(given.corpus)
        await library.embed()
        queries = [(str(row["id"]), str(row["text"])) for row in read_lines(given.queries)]
        runs: dict[str, Ask] = {"": library.ask}
        if given.peers:
            runs |= {".fts5": library.words, ".bm25s": bm25s_peer(given.corpus, given.depth)}
            runs |= {".encoder": library.meaning} if library.embedder else {}
        for suffix, ask in runs.items():
            out = given.run.with_name(given.run.name + suffix)
            await write(out, queries, ask)
            if given.qrels:
                print(out.name)
                report(read_run(out, given.qrels), search_figures)
    finally:
        await database.close()


class Bench:
    """The library under test, its ids as the corpus wrote them."""

    def __init__(self, database: Database, embedder: Embedder | None, depth: int) -> None:
        self.papers = Papers(database)
        self.vectors = VectorIndex(database)
        self.embedder = embedder
        self.runs = Runs(database)
        self.finder = Finder(
            self.papers, LibraryMatcher(self.papers), vectors=self.vectors, embedder=embedder
        )
        self.depth = depth

    async def take_in(self, corpus: Path) -> None:
        begun, now = time.process_time(), datetime.now(UTC)
        for some in _chunks(read_corpus(corpus), 250):
            await self.papers.add([Sighting(paper, "known") for paper in some], now=now)
        took = time.process_time() - begun
        print(f"library: {await self.papers.count()} papers, {took:.1f} CPU s", file=sys.stderr)

    async def embed(self) -> int:
        if self.embedder is None:
            return 0
        begun = time.process_time()
        embedding = Embedding(
            papers=self.papers,
            vectors=self.vectors,
            embedder=self.embedder,
            runs=self.runs,
            clock=SystemClock(),
        )
        count = await embedding.once()
        await self.vectors.settle(self.embedder.name)
        print(f"vectors: {count} papers, {time.process_time() - begun:.1f} CPU s", file=sys.stderr)
        return count

    async def ask(self, query: str) -> Scored:
        searched = await self.finder.search(query, limit=self.depth)
        return [(item.paper.id, item.score) for item in searched.found]

    async def words(self, query: str) -> Scored:
        return await self.papers.scored(query, limit=self.depth)

    async def meaning(self, query: str) -> Scored:
        assert self.embedder
        (vector,) = await self.embedder.embed([query])
        return await self.vectors.nearest(self.embedder.name, vector, limit=self.depth)


PREFIX = "url:corpus/"


def read_corpus(path: Path) -> Iterator[Paper]:
    """The papers, under ids that no other paper's can be folded into, whatever the corpus calls them."""
    rows = read_lines(path) if path.suffix != ".zst" else _compressed(path)
    for row in rows:
        yield Paper(
            PaperId(f"{PREFIX}{row['id']}"), row.get("title") or "Untitled", row.get("abstract") or ""
        )


def _compressed(path: Path) -> Iterator[dict[str, str]]:
    for batch in batches(path, 500):
        for paper in batch.papers:
            yield {
                "id": paper.id.removeprefix("arxiv:"),
                "title": paper.title,
                "abstract": paper.abstract,
            }


def _chunks(papers: Iterator[Paper], size: int) -> Iterator[list[Paper]]:
    some: list[Paper] = []
    for paper in papers:
        some.append(paper)
        if len(some) == size:
            yield some
            some = []
    yield some


async def write(out: Path, queries: Sequence[tuple[str, str]], ask: Ask) -> None:
    taken = []
    with out.open("w", encoding="utf-8") as lines:
        for query, text in queries:
            begun = time.process_time()
            found = await ask(text)
            taken.append((time.process_time() - begun) * 1000)
            for rank, (document, _) in enumerate(found, 1):
                # Scores that fall with the rank: the first may be first for its title or its id.
                score = 1 / rank
                lines.write(f"{query} Q0 {document.removeprefix(PREFIX)} {rank} {score:.6f} {out.name}\n")
    print(f"{out.name}: {timing(taken)}", file=sys.stderr)


def timing(taken: Sequence[float]) -> str:
    ordered = sorted(taken)
    p50, p95 = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    return f"{len(ordered)} queries, CPU ms p50 {p50:.1f}, p95 {p95:.1f}, most {ordered[-1]:.1f}"


def bm25s_peer(corpus: Path, depth: int) -> Ask:
    """bm25s with its own tokenizer and English stems, title and abstract as one text."""
    import bm25s
    import Stemmer

    papers = list(read_corpus(corpus))
    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25()
    index.index(
        bm25s.tokenize(
            [text_of(paper) for paper in papers], stopwords="en", stemmer=stemmer, show_progress=False
        ),
        show_progress=False,
    )

    async def ask(query: str) -> Scored:
        tokens = bm25s.tokenize(query, stopwords="en", stemmer=stemmer, show_progress=False)
        places, scores = index.retrieve(tokens, k=min(depth, len(papers)), show_progress=False)
        return [(papers[p].id, float(s)) for p, s in zip(places[0], scores[0], strict=True) if s > 0]

    return ask


async def speed(given: argparse.Namespace) -> None:
    """Time search, similar and full text alone, and the memory of it all."""
    database = await connect(given.database)
    library = Bench(database, StaticEmbedder(), 8)
    await library.embed()
    chance = random.Random(0)
    sample = await library.papers.sample(given.queries, seed=1)
    titles = [re.findall(r"\w+", paper.title.lower()) for paper in sample]
    queries = [" ".join(chance.sample(words, min(len(words), chance.randint(1, 6)))) for words in titles]
    await library.ask(queries[0])
    print(f"{await library.papers.count()} papers, RSS {resident():.0f} MB with everything loaded")
    for name, ask in (("search", library.ask), ("words alone", library.words), ("meaning", library.meaning)):
        taken = []
        for query in queries:
            begun = time.process_time()
            await ask(query)
            taken.append((time.process_time() - begun) * 1000)
        print(f"{name}: {timing(taken)}")
    for filters in FILTERS:
        taken = []
        for query in queries:
            begun = time.process_time()
            await library.finder.search(query, limit=8, filters=filters)
            taken.append((time.process_time() - begun) * 1000)
        print(f"search {_spoken(filters)}: {timing(taken)}")
    taken = []
    for paper in sample:
        begun = time.process_time()
        await library.finder.similar(paper, limit=8)
        taken.append((time.process_time() - begun) * 1000)
    print(f"similar: {timing(taken)}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"RSS {resident():.0f} MB, at most {most:.0f} MB")
    await database.close()


def _spoken(filters: Filters) -> str:
    named = {"since": filters.since, "cat": filters.category, "author": filters.author}
    return " ".join(f"{name}:{value}" for name, value in named.items() if value)


def resident() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
