"""Metrics with bootstrap intervals.

The daily decision, one or several graded days (the decisions of `benchmarks.match`, all days together):
    python -m benchmarks.evaluate match OUT LABELS PAPERS TOPICS [LABELS PAPERS TOPICS ...]
Search (a TREC run file and judgements `query <tab> document <tab> grade` with a line of headings):
    python -m benchmarks.evaluate search RUN QRELS

Intervals are 95 % of 1,000 resamples of the topics (queries) with replacement: how far a figure would move
with other topics of the same kind.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

RESAMPLES = 1000
Figures = Mapping[str, float]
T = TypeVar("T")


@dataclass(frozen=True)
class TopicDay:
    """What one topic should have got on one day, and what it got, best first, borderline papers left out."""

    good: frozenset[str]
    got: tuple[str, ...]

    def hits(self, depth: int | None = None) -> int:
        return len(self.good & set(self.got[:depth]))

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.hits(), len(self.got), len(self.good)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluate", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    match = kinds.add_parser("match")
    match.add_argument("out", type=Path)
    match.add_argument("days", type=Path, nargs="+", help="LABELS PAPERS TOPICS, once a day")
    search = kinds.add_parser("search")
    search.add_argument("run", type=Path)
    search.add_argument("qrels", type=Path)
    given = parser.parse_args()
    if given.kind == "match":
        topics = read_topics(given.out, given.days)
        report(topics, decision_figures)
        print(f"topics {len(topics)}, topic-days {sum(len(days) for days in topics)}")
    else:
        queries = read_run(given.run, given.qrels)
        report(queries, search_figures)
        print(f"queries {len(queries)}")


# --- the daily decision -----------------------------------------------------------------------------


def read_topics(out: Path, files: Sequence[Path]) -> list[list[TopicDay]]:
    """Every topic's days."""
    if len(files) % 3:
        raise SystemExit("Give LABELS PAPERS TOPICS for every day.")
    chosen = _matched(out)
    days: dict[str, list[TopicDay]] = defaultdict(list)
    for labels, papers, topics in zip(files[::3], files[1::3], files[2::3], strict=True):
        there = {plain(json.loads(line)["id"]) for line in read_lines(papers)}
        grades = read_grades(labels)
        for topic in read_lines(topics):
            grade = grades[topic]
            got = [p for _, p in sorted(chosen[topic]) if p in there and grade.get(p) != 1]
            good = frozenset(p for p, g in grade.items() if g == 2)
            days[topic].append(TopicDay(good, tuple(got)))
    return list(days.values())


def decision_figures(topics: Sequence[Sequence[TopicDay]]) -> Figures:
    """digest@5 and micro are pooled over topic-days; macro-F1 is the mean over topics of each one's pool."""
    days = [day for topic in topics for day in topic]
    top = _pooled([(d.hits(5), len(d.got[:5]), min(5, len(d.good))) for d in days])
    everything = _pooled([day.counts for day in days])
    quiet = [not d.got for d in days if not d.good]
    return {
        "digest@5 P": top[0], "digest@5 R": top[1], "digest@5 F1": top[2],
        "macro-F1": float(np.mean([_pooled([day.counts for day in topic])[2] for topic in topics])),
        "micro P": everything[0], "micro R": everything[1], "micro F1": everything[2],
        "none today": float(np.mean(quiet)) if quiet else 1.0,
    }  # fmt: skip


def _pooled(counts: Iterable[tuple[int, int, int]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of summed (right, shown, wanted); F1 is 1 where nothing was due or shown."""
    right, shown, wanted = (sum(column) for column in zip(*counts, strict=True))
    f1 = 2 * right / (shown + wanted) if shown + wanted else 1.0
    return right / max(1, shown), right / max(1, wanted), f1


def _matched(out: Path) -> dict[str, list[tuple[float, str]]]:
    chosen: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line in read_lines(out):
        row = json.loads(line)
        if row["matched"]:
            chosen[row["topic"]].append((-row["score"], plain(row["id"])))
    return chosen


def read_grades(labels: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in read_lines(labels)[1:]:
        topic, paper, grade = line.split("\t")
        grades[topic][plain(paper)] = int(grade)
    return grades


# --- search -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Query:
    """The documents found for a query, best first, and the grades of the relevant ones."""

    name: str
    found: tuple[str, ...]
    grades: Mapping[str, int]


def read_run(run: Path, qrels: Path) -> list[Query]:
    """Every query that has a relevant document; one that the run lacks found nothing."""
    ranked: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for number, line in enumerate(read_lines(run)):
        query, _, document, _, score, *_ = line.split()
        ranked[query].append((-float(score), number, plain(document)))
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in read_lines(qrels)[1:]:
        query, document, grade = line.split("\t")[:3]
        if int(grade) > 0:
            grades[query][plain(document)] = int(grade)
    return [Query(q, tuple(d for *_, d in sorted(ranked[q])), grades[q]) for q in sorted(grades)]


def search_figures(queries: Sequence[Query]) -> Figures:
    """Means over queries."""
    return {
        "nDCG@10": float(np.mean([ndcg(query, 10) for query in queries])),
        "recall@100": float(np.mean([_hits(q, 100) / len(q.grades) for q in queries])),
        "P@3": float(np.mean([_hits(query, 3) / 3 for query in queries])),
    }


def ndcg(query: Query, depth: int) -> float:
    """Discounted gain of the first documents over that of the best possible order."""
    best = sorted(query.grades.values(), reverse=True)
    gains = [query.grades.get(document, 0) for document in query.found]
    return _discounted(gains[:depth]) / _discounted(best[:depth])


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def _hits(query: Query, depth: int) -> int:
    return sum(document in query.grades for document in query.found[:depth])


# --- both -------------------------------------------------------------------------------------------


def report(groups: Sequence[T], figures: Callable[[Sequence[T]], Figures]) -> None:
    """Print each figure of the groups with its interval."""
    chance = np.random.default_rng(0)
    draws = [chance.integers(0, len(groups), len(groups)) for _ in range(RESAMPLES)]
    resampled = [figures([groups[place] for place in draw]) for draw in draws]
    for name, value in figures(groups).items():
        low, high = np.quantile([each[name] for each in resampled], [0.025, 0.975])
        print(f"{name:12} {value:.3f}   [{low:.3f}, {high:.3f}]")


def read_lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def plain(paper: str) -> str:
    """An id without its prefix."""
    return paper.removeprefix("arxiv:")


if __name__ == "__main__":
    main()
