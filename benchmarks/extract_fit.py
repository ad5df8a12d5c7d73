"""Make ``bot/llm/extract_weights.npz`` from the data: ``python -m benchmarks.extract_fit [DATA]``.

Rarity from 60,000 abstracts of the corpus, the gist from SciTLDR's training part, the evidence ranking from
SciFact's training claims. SciTLDR's dev part is not looked at here; penalties were chosen by four-fold
cross-validation on the training part. numpy only, about five minutes.
"""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Sequence
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zstandard
from rouge_score.rouge_scorer import RougeScorer

from benchmarks.data import Case, GistCase, data_root, evidence_cases, gist_cases, json_lines
from bot.llm import extract_evidence, extract_gist, extract_salience
from bot.llm.extract_salience import Salience
from bot.llm.extract_weights import FILE, WORDS, Floats, Linear, linear, place
from bot.text import stems

Table = npt.NDArray[np.float16 | np.float32 | np.uint16]
ABSTRACTS = 60_000
GIST_PENALTY = 600.0
EVIDENCE_PENALTY = 100.0
DENSE = 0.5
"""What the standardized features are multiplied with beside words, which are 0 or 1."""


def main() -> None:
    """Make the three tables one after the other, since each needs those before it."""
    data = data_root(sys.argv[1:])
    parts: dict[str, Table] = {}
    if FILE.exists():
        with np.load(FILE) as file:
            parts = {name: file[name] for name in file.files}
    parts["rarity"] = rarity_table(data)
    save(parts)
    parts |= named("evidence", fit_evidence(data))
    parts |= named("gist", fit_gist(data / "bench/scitldr/train.jsonl.gz"))
    save(parts)
    parts |= tables(fit_salience(list(gist_cases(data / "bench/scitldr/train.jsonl.gz"))))
    save(parts)
    print(FILE.stat().st_size, "bytes")


def save(parts: dict[str, Table]) -> None:
    np.savez_compressed(FILE, allow_pickle=False, **parts)
    linear.cache_clear()


def named(name: str, model: Linear) -> dict[str, Table]:
    return {
        f"{name}_mean": model.mean.astype(np.float32),
        f"{name}_spread": model.spread.astype(np.float32),
        f"{name}_weights": model.weights.astype(np.float32),
        f"{name}_words": model.words.astype(np.float16),
        f"{name}_bias": np.array(model.bias, dtype=np.float32),
    }


# --- rarity ---------------------------------------------------------------------------------------


def rarity_table(data: Path) -> npt.NDArray[np.float16]:
    """ln(N / df) by hashed stem, over titles and abstracts."""
    seen: Counter[int] = Counter()
    count = 0
    packed = (data / "corpus/arxiv.jsonl.zst").open("rb")
    with packed, zstandard.ZstdDecompressor().stream_reader(packed) as raw:
        for count, paper in enumerate(json_lines(io.TextIOWrapper(raw, "utf-8")), 1):
            seen.update({place(word) for word in stems(f"{paper['title']} {paper.get('abstract') or ''}")})
            if count == ABSTRACTS:
                break
    table = np.full(WORDS, log(count / 0.5))
    for at, number in seen.items():
        table[at] = log(count / number)
    return table.astype(np.float16)


# --- evidence -------------------------------------------------------------------------------------


def fit_evidence(data: Path) -> Linear:
    rows, labels = evidence_rows(data)
    return fit_logistic(np.vstack(rows), np.concatenate(labels))


def evidence_rows(data: Path) -> tuple[list[Floats], list[Floats]]:
    """For each claim and abstract: the features of its sentences, and which of them are evidence."""
    rows, labels = [], []
    for case in evidence_cases(data / "bench/scifact"):
        rows.append(extract_evidence.features(case.claim, case.sentences))
        labels.append(truth(case))
    return rows, labels


def truth(case: Case) -> Floats:
    """1 for the sentences that are evidence, 0 for the others."""
    return np.array([number in case.evidence for number in range(len(case.sentences))], dtype=np.float64)


def fit_logistic(rows: Floats, labels: Floats) -> Linear:
    """Ridge-penalized logistic regression by Newton's method."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-6
    inputs = np.hstack([np.clip((rows - mean) / spread, -6, 6), np.ones((len(rows), 1))])
    penalty = np.full(inputs.shape[1], EVIDENCE_PENALTY)
    penalty[-1] = 0.0
    weights = np.zeros(inputs.shape[1])
    for _ in range(25):
        share = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (share - labels) + penalty * weights
        curve = (inputs * (share * (1 - share))[:, None]).T @ inputs + np.diag(penalty)
        weights -= np.linalg.solve(curve, slope)
    return Linear(mean, spread, weights[:-1], np.zeros(0), float(weights[-1]))


# --- gist -----------------------------------------------------------------------------------------


def fit_gist(train: Path) -> Linear:
    return fit_ridge(*gist_rows(list(gist_cases(train))))


def gist_rows(
    cases: Sequence[GistCase],
) -> tuple[Floats, list[npt.NDArray[np.int64]], Floats, npt.NDArray[np.int64]]:
    """Every candidate of every paper: features, words, ROUGE (1 counts four times), number of the paper."""
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    rows: list[Floats] = []
    words: list[npt.NDArray[np.int64]] = []
    targets: list[float] = []
    papers: list[int] = []
    for number, case in enumerate(cases):
        found = extract_gist.candidates(case.sentences)
        if not found:
            continue
        dense, places = extract_gist.features(case.title, found)
        rows.append(dense)
        words += places
        targets += [_reward(scorer, case.references, candidate.text) for candidate in found]
        papers += [number] * len(found)
    return np.vstack(rows), words, np.array(targets), np.array(papers, dtype=np.int64)


def _reward(scorer: RougeScorer, references: Sequence[str], text: str) -> float:
    best = 0.0
    for reference in references:
        scores = scorer.score(reference, text)
        one, two, long = (scores[name].fmeasure for name in ("rouge1", "rouge2", "rougeL"))
        best = max(best, (4 * one + two + long) / 6)
    return best


def fit_ridge(
    rows: Floats,
    words: Sequence[npt.NDArray[np.int64]],
    targets: Floats,
    papers: npt.NDArray[np.int64],
    penalty: float = GIST_PENALTY,
) -> Linear:
    """Ridge regression of differences within a paper, each paper weighing the same; conjugate gradients."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-6
    dense = np.clip((rows - mean) / spread, -6, 6) * DENSE
    at = np.repeat(np.arange(len(words)), [len(places) for places in words])
    to = np.concatenate(list(words))
    _, group = np.unique(papers, return_inverse=True)
    share = 1 / np.bincount(group)
    weight = share[group] / share[group].mean()
    width = dense.shape[1]

    def within(values: Floats) -> Floats:
        return np.asarray(values - (np.bincount(group, values) * share)[group], dtype=np.float64)

    def forward(w: Floats) -> Floats:
        return within(dense @ w[:width] + np.bincount(at, w[width + to], minlength=len(rows)))

    def backward(r: Floats) -> Floats:
        inner = within(r * weight)
        return np.concatenate([dense.T @ inner, np.bincount(to, inner[at], minlength=WORDS)])

    weights = np.zeros(width + WORDS)
    rest = backward(within(targets))
    step, size = rest.copy(), float(rest @ rest)
    for _ in range(80):
        image = backward(forward(step)) + penalty * step
        rate = size / float(step @ image)
        weights += rate * step
        rest -= rate * image
        size, before = float(rest @ rest), size
        step = rest + size / before * step
    return Linear(mean, spread, weights[:width] * DENSE, weights[width:])


# --- salience -------------------------------------------------------------------------------------


def fit_salience(cases: Sequence[GistCase], folds: int = 5) -> Salience:
    """Chances of words, from scores and habits of folds that never saw the paper."""
    stemmed = [(_stems(case.sentences), _stems(case.references)) for case in cases]
    fold = np.random.default_rng(0).permutation(len(cases)) % folds
    rows, labels = [], []
    for held in range(folds):
        seen = [number for number in range(len(cases)) if fold[number] != held]
        model = fit_ridge(*gist_rows([cases[number] for number in seen]))
        told = extract_salience.habits(stemmed[number] for number in seen)
        for number in np.flatnonzero(fold == held).tolist():
            case = cases[number]
            scored = extract_gist.score(case.title, case.sentences, model)
            words, columns = extract_salience.columns(case.title, case.sentences, scored, told)
            rows.append(columns)
            labels.append(np.array([word in stemmed[number][1] for word in words], dtype=np.float64))
    inputs = np.vstack(rows)
    edges = extract_salience.edges_of(inputs)
    fitted = fit_logistic(extract_salience.bent(inputs, edges), np.concatenate(labels))
    told = extract_salience.habits(stemmed)
    return Salience(told, edges, fitted.mean, fitted.spread, fitted.weights, fitted.bias)


def _stems(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in stems(text)}


def tables(model: Salience) -> dict[str, Table]:
    return {
        "salience_seen": model.habits.seen.astype(np.uint16),
        "salience_taken": model.habits.taken.astype(np.uint16),
        "salience_edges": model.edges.astype(np.float32),
        "salience_mean": model.mean.astype(np.float32),
        "salience_spread": model.spread.astype(np.float32),
        "salience_weights": model.weights.astype(np.float32),
        "salience_bias": np.array(model.bias, dtype=np.float32),
    }


if __name__ == "__main__":
    main()
