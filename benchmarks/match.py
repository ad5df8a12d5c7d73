"""The daily decision over a file of papers: `python -m benchmarks.match LIBRARY DAY TOPICS OUT`.

Imports LIBRARY (JSON lines, .gz and .zst too) into a fresh database, then decides every paper of DAY for
each line of TOPICS and writes one JSON object a decision to OUT. `--database FILE` keeps the database and
takes it up again when it is there. `--rule phrase` (the stemmed phrase in title or abstract) and
`--rule words` (any of its words) are what the matcher has to beat.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.domain import Decision, Paper, Sighting, Topic
from bot.jsonl import batches
from bot.match import LibraryMatcher
from bot.match.standing import Page, Phrase, phrases, standings
from bot.match.terms import Lexicon, encode
from bot.ports import Matcher
from storage.engine import connect
from storage.papers import Papers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.match", description=__doc__)
    for name in ("library", "day", "topics", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--rule", choices=("taught", "phrase", "words"), default="taught")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = given.database or Path(folder) / "library.db"
        asyncio.run(run(given, database, there=database.exists()))


async def run(given: argparse.Namespace, database: Path, *, there: bool) -> None:
    opened = await connect(f"sqlite:///{database}")
    try:
        papers = Papers(opened)
        if not there:
            await _import(papers, given.library)
        await _decide(papers, given)
    finally:
        await opened.close()


async def _import(papers: Papers, path: Path) -> None:
    begun, now = time.process_time(), datetime.now(UTC)
    for batch in batches(path, 500):
        await papers.add([Sighting(paper) for paper in batch.papers], now=now)
        for line in batch.unusable:
            print(f"{line.where}: {line.reason}", file=sys.stderr)
    print(f"library: {await papers.count()} papers, {time.process_time() - begun:.1f} CPU s", file=sys.stderr)


async def _decide(papers: Papers, given: argparse.Namespace) -> None:
    day = read(given.day)
    topics = [line.strip() for line in given.topics.read_text("utf-8").splitlines() if line.strip()]
    matchers: dict[str, Matcher] = {
        "taught": LibraryMatcher(papers),
        "phrase": PhraseRule(),
        "words": WordsRule(),
    }
    matcher, begun = matchers[given.rule], time.process_time()
    with given.out.open("w", encoding="utf-8") as out:
        for words in topics:
            for decision in await matcher.decide(Topic.parse(words), day):
                out.write(json.dumps(_row(words, decision), ensure_ascii=False) + "\n")
    took = time.process_time() - begun
    print(f"decided: {len(day)} papers x {len(topics)} topics, {took:.1f} CPU s", file=sys.stderr)


class PhraseRule:
    """Every paper with the stemmed phrase in title or abstract; in the title ranks before."""

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        page, wanted = _page(topic, papers)
        return [
            _ranked(topic, paper, place, 2)
            for paper, place in zip(papers, standings(page, wanted), strict=True)
        ]


class WordsRule:
    """Every paper with one of the words anywhere; more of them rank before."""

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        page, wanted = _page(topic, papers)
        words = {word for phrase in wanted for word in phrase.content}
        found = sum(page.anywhere((word,)).astype(int) for word in words)
        return [
            _ranked(topic, paper, count, 1) for paper, count in zip(papers, np.atleast_1d(found), strict=True)
        ]


def _page(topic: Topic, papers: Sequence[Paper]) -> tuple[Page, list[Phrase]]:
    lexicon = Lexicon()
    return Page.lay(encode(papers, lexicon)), phrases(topic, lexicon)


def _ranked(topic: Topic, paper: Paper, rank: int, least: int) -> Decision:
    return Decision(paper.id, str(topic), int(rank) / 10, least / 10, int(rank) >= least, "", "baseline")


def _row(words: str, decision: Decision) -> dict[str, object]:
    return {
        "topic": words,
        "id": decision.paper_id,
        "score": decision.score,
        "threshold": decision.threshold,
        "matched": decision.matched,
        "why": decision.why,
    }


def read(path: Path) -> list[Paper]:
    """All papers of a file; lines left out are told."""
    found = []
    for batch in batches(path, 500):
        found += batch.papers
        for line in batch.unusable:
            print(f"{line.where}: {line.reason}", file=sys.stderr)
    return found


if __name__ == "__main__":
    main()
