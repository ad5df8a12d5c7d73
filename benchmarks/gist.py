"""How good is the one-sentence gist? ``python -m benchmarks.gist DATA OUT``

DATA is a file as SciTLDR has them (``source`` = sentences of the abstract, ``target`` = references,
``title``, ``paper_id``; .gz allowed); OUT gets one line a paper, in order. Prints ROUGE F1 x 100 with the
best reference, the first sentence and the best possible sentence beside it, and a bootstrap interval.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rouge_score.rouge_scorer import RougeScorer

from benchmarks.data import gist_cases
from bot.llm.extract_choice import gist

METRICS = ("rouge1", "rouge2", "rougeL")
_SCORER = RougeScorer(list(METRICS), use_stemmer=True)


def rouge(references: Sequence[str], text: str) -> tuple[float, ...]:
    """ROUGE-1, -2 and -L F1 in per cent, each with its best reference."""
    scores = [_SCORER.score(reference, text) for reference in references]
    return tuple(100 * max(score[name].fmeasure for score in scores) for name in METRICS)


def main() -> None:
    """Write the gists, print the figures."""
    cases = list(gist_cases(Path(sys.argv[1])))
    began = time.process_time()
    gists = [gist(case.title, " ".join(case.sentences)) for case in cases]
    spent = time.process_time() - began
    Path(sys.argv[2]).write_text("\n".join(" ".join(text.split()) for text in gists) + "\n", encoding="utf-8")
    print(f"{len(cases)} papers, {1000 * spent / len(cases):.1f} ms CPU each, longest {max(map(len, gists))}")
    if not all(case.references for case in cases):
        return
    report("gist", [rouge(case.references, text) for case, text in zip(cases, gists, strict=True)])
    report("first sentence", [rouge(case.references, case.sentences[0]) for case in cases])
    report("best sentence", [max(rouge(case.references, s) for s in case.sentences) for case in cases])


def report(name: str, scores: Sequence[tuple[float, ...]]) -> None:
    """One line: the means, and the 95 % bootstrap interval of ROUGE-1."""
    table = np.array(scores)
    samples = np.random.default_rng(0).integers(0, len(table), (1000, len(table)))
    low, high = np.percentile(table[:, 0][samples].mean(1), [2.5, 97.5])
    means = " / ".join(f"{value:.2f}" for value in table.mean(0))
    print(f"{name:15} R-1 / R-2 / R-L  {means}   (R-1 95 %: {low:.1f}-{high:.1f})")


if __name__ == "__main__":
    main()
