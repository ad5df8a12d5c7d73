"""How much CPU and memory reading a source takes: ``python -m benchmarks.parse``.

A 2,000-entry answer of arXiv's API, a 600-item announcement as Atom and as RSS, beside feedparser alone on
the same bytes; and TeX made readable over the real corpus, where it is there. Our figures include what
feedparser leaves undone: ids, versions, dates, authors, TeX. Each measurement runs in a process of its own.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import random
import resource
import time
from collections.abc import Callable

from benchmarks.data import data_root
from bot.sources import arxiv_api, arxiv_feed
from tests.fakes.feed import Feed

WORDS = ("we", "study", "neural", "rendering", "of", "scenes", "with", "gaussian", "splatting", "in", "light")


def story(count: int) -> Feed:
    """As many papers, a fifth of them with TeX, abstracts of about 1,200 characters."""
    chance = random.Random(7)
    feed = Feed()
    for number in range(count):
        words = " ".join(chance.choices(WORDS, k=190))
        tex = r" in $\mathcal{O}(n \log n)$ at $z\sim 2.5$ with \textbf{no} loss" if number % 5 == 0 else ""
        authors = [f"Author{chance.randrange(10**5)} Name" for _ in range(chance.randrange(1, 12))]
        authors[0] += "r\\'e" if number % 10 == 0 else ""
        kind = chance.choice(["new", "new", "cross", "replace", "replace-cross"])
        feed.paper(words[:70], words + tex, authors=authors, categories=["cs.CV", "cs.LG"], kind=kind)
    return feed


def by_feedparser(body: bytes) -> int:
    import feedparser

    return len(feedparser.parse(body).entries)


def by_api(body: bytes) -> int:
    return len(arxiv_api.parse(body).papers)


def by_feed(body: bytes) -> int:
    return len(arxiv_feed.parse(body).sightings)


def measured(parse: Callable[[bytes], int], body: bytes) -> tuple[int, float, float]:
    """Entries, CPU seconds (best of three), and megabytes above the start."""
    parse(body[:20_000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = parse(body)
    times = []
    for _ in range(3):
        start = time.process_time()
        parse(body)
        times.append(time.process_time() - start)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return count, min(times), max(0, after - before) / 1000


def report(name: str, parse: Callable[[bytes], int], body: bytes) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        count, seconds, megabytes = pool.apply(measured, (parse, body))
    size = f"{len(body) / 1e6:.2f} MB"
    print(f"{name:34} {count:6} entries {size:>9} {seconds * 1000:8.1f} ms {megabytes:6.1f} MB more")


def tex() -> None:
    """Titles and abstracts of the real corpus."""
    import zstandard

    from bot.tex import readable

    path = data_root() / "corpus" / "arxiv.jsonl.zst"
    if not path.exists():
        print("TeX: the real corpus is not beside the project; set PAPERBOY_DATA to measure it.")
        return
    with path.open("rb") as packed:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8")
        papers = [json.loads(line) for line in lines]
    start = time.process_time()
    for paper in papers:
        readable(paper["title"])
        readable(paper["abstract"] or "")
    seconds = time.process_time() - start
    rate = len(papers) / seconds
    print(f"TeX made readable: {len(papers)} papers in {seconds:.1f} CPU s, {rate:,.0f} a second")


def main() -> None:
    large, day = story(2000), story(600)
    answer = large.api(list(large.known.values()))
    for name, parse, body in (
        ("API answer, ours", by_api, answer),
        ("API answer, feedparser alone", by_feedparser, answer),
        ("announcement (Atom), ours", by_feed, day.atom()),
        ("announcement (Atom), feedparser", by_feedparser, day.atom()),
        ("announcement (RSS), ours", by_feed, day.rss()),
        ("announcement (RSS), feedparser", by_feedparser, day.rss()),
    ):
        report(name, parse, body)
    tex()


if __name__ == "__main__":
    main()
