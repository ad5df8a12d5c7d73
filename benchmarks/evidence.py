"""Does the right sentence come first? ``python -m benchmarks.evidence [SCIFACT] [--held CLAIMS EVIDENCE]``

For every claim of SciFact and every abstract that bears on it: hit@1 and mean reciprocal rank of an evidence
sentence among the abstract's, by ten-fold cross-validation over abstracts (the shipped weights have seen
these claims), beside BM25. Then how well a claim about another paper is told apart (AUROC of the best
sentence's coverage), as an off-topic question must be. With ``--held`` other claims in the same format are
ranked with the shipped weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.data import Case, data_root, evidence_cases
from benchmarks.extract_fit import fit_logistic, truth
from bot.llm import extract_evidence
from bot.llm.extract_answer import relatedness
from bot.llm.extract_weights import Floats, rarity
from bot.text import stems


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=data_root() / "bench/scifact")
    parser.add_argument("--held", nargs=2, type=Path, metavar=("CLAIMS", "EVIDENCE"))
    given = parser.parse_args()
    cases = evidence_cases(given.folder, *(given.held or ()))
    print(f"{len(cases)} pairs of claim and abstract, {len({case.document for case in cases})} abstracts")
    report("BM25", cases, [extract_evidence.features(c.claim, c.sentences)[:, 0] for c in cases])
    if given.held:
        report("shipped", cases, [extract_evidence.rank(c.claim, c.sentences) for c in cases])
    else:
        report("cross-validated", cases, crossed(cases))
    off_topic(cases)


def crossed(cases: Sequence[Case], folds: int = 10) -> list[Floats]:
    """Each case ranked by weights that never saw its abstract."""
    rows = [extract_evidence.features(case.claim, case.sentences) for case in cases]
    labels = [truth(case) for case in cases]
    documents = sorted({case.document for case in cases})
    fold = {document: number % folds for number, document in enumerate(documents)}
    scores: list[Floats] = [np.zeros(0)] * len(cases)
    for held in range(folds):
        seen = [i for i, case in enumerate(cases) if fold[case.document] != held]
        model = fit_logistic(np.vstack([rows[i] for i in seen]), np.concatenate([labels[i] for i in seen]))
        for i in range(len(cases)):
            if fold[cases[i].document] == held:
                scores[i] = model(rows[i])
    return scores


def report(name: str, cases: Sequence[Case], scores: Sequence[Floats]) -> None:
    """hit@1, hit@3 and MRR with a bootstrap interval of hit@1."""
    ranks = np.array([_rank(case, score) for case, score in zip(cases, scores, strict=True)])
    samples = np.random.default_rng(0).integers(0, len(ranks), (1000, len(ranks)))
    low, high = np.percentile(100 * (ranks[samples] == 0).mean(1), [2.5, 97.5])
    print(
        f"{name:16} hit@1 {100 * (ranks == 0).mean():.1f} (95 %: {low:.1f}-{high:.1f})  "
        f"hit@3 {100 * (ranks < 3).mean():.1f}  MRR {(1 / (1 + ranks)).mean():.3f}"
    )


def _rank(case: Case, scores: Floats) -> int:
    order = np.argsort(-scores, kind="stable")
    return next(place for place, number in enumerate(order) if int(number) in case.evidence)


def off_topic(cases: Sequence[Case]) -> None:
    """Claims set against their own abstract, against a random other one, and against the most alike."""
    texts = {case.document: " ".join(case.sentences) for case in cases}
    others = list(texts)
    generator = np.random.default_rng(0)
    vectors = {document: frozenset(stems(text)) for document, text in texts.items()}
    own, random, alike = [], [], []
    for case in cases:
        own.append(relatedness(case.claim, texts[case.document]))
        other = case.document
        while other == case.document:
            other = others[generator.integers(len(others))]
        random.append(relatedness(case.claim, texts[other]))
        near = max(
            (document for document in others if document != case.document),
            key=lambda document: alikeness(vectors[case.document], vectors[document]),
        )
        alike.append(relatedness(case.claim, texts[near]))
    print(f"off topic: AUROC {auroc(own, random):.3f} (random other), {auroc(own, alike):.3f} (most alike)")


def alikeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared stems as a share of all, by rarity: 0 to 1."""
    shared = sum(rarity(stem) for stem in one & other)
    return shared / max(1.0, sum(rarity(stem) for stem in one | other))


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """The chance that a question about the paper scores above one about another."""
    values = np.concatenate([inside, outside])
    ranks = values.argsort(kind="stable").argsort() + 1.0
    for value in np.unique(values):
        same = values == value
        ranks[same] = ranks[same].mean()
    count = len(inside)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(outside)))


if __name__ == "__main__":
    main()
