"""Fit the matcher's coefficients to graded days and judge them on topics they have not seen.

    python -m benchmarks.calibrate --database DB [--database DB ...] --day LABELS PAPERS TOPICS [--day ...]

DB are libraries kept by `benchmarks.match --database`; the matcher itself looks only at what was announced
before a day. A topic is always judged with coefficients fitted to the other topics (leave one topic out).
"""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.evaluate import TopicDay, decision_figures, plain, read_grades, read_lines
from benchmarks.match import read
from bot.domain import Topic
from bot.match import THRESHOLD, LibraryMatcher
from bot.match.deciding import features, phrase_scores
from bot.match.standing import phrases, standings
from bot.ranking import Floats, Ints, sigmoid
from storage.engine import connect
from storage.papers import Papers

NAMES = ("seeing", "blind", "ceiling", "weak", "examples", "title")
_MOST_POSITIVES = 8
"""A topic with more weighs no more: else one broad topic would decide everything."""
_PENALTY = 1.0
_STEPS = 50


@dataclass(frozen=True)
class Case:
    """One topic on one day with one library: features (None where nothing could be taught) and grades."""

    library: str
    day: str
    topic: str
    papers: tuple[str, ...]
    grades: Ints
    features: Floats | None
    by_phrase: Floats


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    parser.add_argument("--database", type=Path, action="append", required=True)
    parser.add_argument("--day", type=Path, nargs=3, action="append", required=True)
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    given = parser.parse_args()
    cases = [case for db in given.database for case in asyncio.run(gather(db, given.day))]
    for topic_set in sorted({case.day for case in cases}):
        print(topic_set, sum(case.day == topic_set for case in cases), "cases")
    scores = leave_one_out(cases)
    for library in sorted({case.library for case in cases}):
        chosen = [n for n, case in enumerate(cases) if case.library == library]
        print(f"\n{library}, threshold {given.threshold}, each topic with the others' coefficients")
        for group, members in _sets(cases, chosen).items():
            print(f"  {group}: {_judged(cases, scores, members, given.threshold)}")
    weights, bias = fit(cases)
    print(
        "\nall topics:",
        ", ".join(f"{n} {w:.3f}" for n, w in zip(NAMES, weights, strict=True)),
        f"bias {bias:.3f}",
    )


async def gather(database: Path, days: Sequence[Sequence[Path]]) -> list[Case]:
    """Every topic of every day, through the matcher."""
    opened = await connect(f"sqlite:///{database}")
    try:
        matcher = LibraryMatcher(Papers(opened))
        return [case for day in days for case in await _day(matcher, database.stem, *day)]
    finally:
        await opened.close()


async def _day(matcher: LibraryMatcher, library: str, labels: Path, papers: Path, topics: Path) -> list[Case]:
    there, grades, cases = read(papers), read_grades(labels), []
    ids = tuple(plain(paper.id) for paper in there)
    for words in read_lines(topics):
        taught, sheet = await matcher.study(Topic.parse(words), there)
        wanted = list(taught.wanted) if taught else phrases(Topic.parse(words), sheet.lexicon)
        graded = np.array([grades[words].get(paper, 0) for paper in ids])
        found = features(wanted, taught, sheet) if taught else None
        by_phrase = phrase_scores(standings(sheet.page, wanted))
        cases.append(Case(library, labels.stem, words, ids, graded, found, by_phrase))
    return cases


def leave_one_out(cases: Sequence[Case]) -> list[Floats]:
    """The scores of each case by the coefficients of the other topics."""
    fits = {topic: fit([c for c in cases if c.topic != topic]) for topic in {case.topic for case in cases}}
    return [
        case.by_phrase
        if case.features is None
        else sigmoid(case.features @ fits[case.topic][0] + fits[case.topic][1])
        for case in cases
    ]


def fit(cases: Sequence[Case]) -> tuple[Floats, float]:
    """Coefficients and bias: logistic regression on standardized features, every topic of equal weight."""
    taught = [case for case in cases if case.features is not None]
    rows = np.concatenate([case.features for case in taught if case.features is not None])
    grades = np.concatenate([case.grades for case in taught])
    topics = np.concatenate([[case.topic] * len(case.grades) for case in taught])
    share = np.full(len(grades), 1.0 / len({case.library for case in cases}))
    for topic in set(topics):
        positive = (topics == topic) & (grades == 2)
        share[positive] *= min(1.0, _MOST_POSITIVES / max(share[positive].sum(), 1e-9))
    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    certain = grades != 1
    weights = _newton((rows[certain] - middle) / spread, grades[certain] == 2, share[certain])
    slopes = weights[:-1] / spread
    return slopes, float(weights[-1] - slopes @ middle)


def _newton(rows: Floats, positive: np.ndarray, share: Floats) -> Floats:
    """Weights and bias of a ridge logistic regression."""
    matrix = np.column_stack([rows, np.ones(len(rows))])
    ridge = _PENALTY * np.diag([1.0] * rows.shape[1] + [1e-6])
    point = np.zeros(matrix.shape[1])
    for _ in range(_STEPS):
        score = sigmoid(matrix @ point)
        gradient = matrix.T @ (share * (score - positive)) + ridge @ point
        curve = (matrix * (share * score * (1 - score))[:, None]).T @ matrix + ridge
        step = np.linalg.solve(curve, gradient)
        point -= step * min(1.0, 4.0 / max(np.abs(step).max(), 1e-9))
        if np.abs(step).max() < 1e-6:
            break
    return point


def _sets(cases: Sequence[Case], chosen: Sequence[int]) -> dict[str, list[int]]:
    """The cases by the list of topics they belong to, days of one list together."""
    by_topics: dict[frozenset[str], list[int]] = defaultdict(list)
    for day in {cases[n].day for n in chosen}:
        members = [n for n in chosen if cases[n].day == day]
        by_topics[frozenset(cases[n].topic for n in members)] += members
    return {
        f"{len(topics)} topics with “{min(topics)}”": sorted(members) for topics, members in by_topics.items()
    }


def _judged(cases: Sequence[Case], scores: Sequence[Floats], members: Sequence[int], threshold: float) -> str:
    days: dict[str, list[TopicDay]] = defaultdict(list)
    for n in members:
        case, score = cases[n], scores[n]
        order = [
            i for i in np.argsort(-score, kind="stable") if score[i] >= threshold and case.grades[i] != 1
        ]
        good = frozenset(p for p, grade in zip(case.papers, case.grades, strict=True) if grade == 2)
        days[case.topic].append(TopicDay(good, tuple(case.papers[i] for i in order)))
    figures = decision_figures(list(days.values()))
    return " ".join(f"{name} {value:.3f}" for name, value in figures.items())


if __name__ == "__main__":
    main()
