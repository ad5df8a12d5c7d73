"""How likely each word of an abstract is to stand in its gist, and how well a text should then match it.

A logistic regression over how often and where a word stands, whether the title has it, how often authors
take it into their gists, and how well the sentences score that have it; fitted on the training part of
SciTLDR. From these chances follows the ROUGE-1 that a text can expect against a gist nobody has written yet:
a choice by least expected loss (Goel & Byrne 2000, minimum Bayes risk) with words in place of whole guesses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np
import numpy.typing as npt

from bot.llm.extract_gist import EMPTY, Candidate
from bot.llm.extract_weights import FILE, WORDS, Floats, place, rarity
from bot.text import stems

TYPICAL = 18
"""Words of a gist, by cross-validation; authors write 19 (median) or 20.1 (mean) in the training part."""
AGAIN = 0.3
"""What a word's second occurrence counts of its first."""
_SHARP, _SOFT = 0.02, 0.06
"""How sharply the scores of candidates part what their words are worth."""
_PRIOR = 6.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How often authors take a stem into the gist: tables by `place`, and the share over all stems."""

    seen: Floats
    taken: Floats
    share: float

    def __call__(self, stem: str) -> tuple[float, float]:
        """The log odds, drawn to the common share for a rare stem, and the log of how often it was seen."""
        seen, taken = float(self.seen[place(stem)]), float(self.taken[place(stem)])
        odds = (taken + _PRIOR * self.share) / (seen - taken + _PRIOR * (1 - self.share))
        return log(odds), log(1 + seen)


def habits(pairs: Iterable[tuple[set[str], set[str]]]) -> Habits:
    """Counted from pairs of an abstract's stems and its gists' stems."""
    seen, taken = np.zeros(WORDS), np.zeros(WORDS)
    for there, told in pairs:
        for stem in there:
            seen[place(stem)] += 1
            taken[place(stem)] += stem in told
    return Habits(seen, taken, float(taken.sum() / max(1.0, seen.sum())))


@dataclass(frozen=True, slots=True)
class Salience:
    """The fitted regression; ``edges`` holds for each column where its line may bend, nan for no bend."""

    habits: Habits
    edges: Floats
    mean: Floats
    spread: Floats
    weights: Floats
    bias: float

    def __call__(self, rows: Floats) -> Floats:
        """A chance for each row of `columns`."""
        inputs = np.clip((bent(rows, self.edges) - self.mean) / self.spread, -6, 6)
        chances: Floats = 1 / (1 + np.exp(-(inputs @ self.weights + self.bias)))
        return chances


@lru_cache(maxsize=1)
def salience() -> Salience:
    """The shipped model; read from disk at its first use."""
    with np.load(FILE) as file:
        names = ("seen", "taken", "edges", "mean", "spread", "weights")
        seen, taken, edges, mean, spread, weights = (
            file[f"salience_{name}"].astype(np.float64) for name in names
        )
        told = Habits(seen, taken, float(taken.sum() / seen.sum()))
        return Salience(told, edges, mean, spread, weights, float(file["salience_bias"]))


def chances(
    title: str,
    abstract: Sequence[str],
    scored: Sequence[tuple[float, Candidate]],
    model: Salience | None = None,
) -> dict[str, float]:
    """For every stem of the abstract the chance that its gist has it."""
    using = model or salience()
    words, rows = columns(title, abstract, scored, using.habits)
    return dict(zip(words, using(rows).tolist(), strict=True)) if words else {}


def expected(words: Sequence[str], chance: Mapping[str, float]) -> float:
    """The ROUGE-1 F1, 0 to 1, that stems can expect against a gist of typical length."""
    counts = Counter(words)
    shared = sum(chance.get(stem, 0.0) * (1 + AGAIN * (count - 1)) for stem, count in counts.items())
    return 2 * shared / (len(words) + TYPICAL)


# --- columns --------------------------------------------------------------------------------------

_HABIT, _SHARPLY, _SOFTLY, _SPREAD, _BEST, _TITLE, _EMPTINESS, _RARE = 12, 5, 6, 1, 7, 4, 20, 14
_TOGETHER = (
    (_HABIT, _SHARPLY), (_HABIT, _SOFTLY), (_HABIT, _TITLE), (_TITLE, _SOFTLY), (_TITLE, _SHARPLY),
    (_EMPTINESS, _SHARPLY), (_EMPTINESS, _SOFTLY), (_EMPTINESS, _HABIT), (_SPREAD, _HABIT),
    (_SPREAD, _TITLE), (_RARE, _SOFTLY), (_RARE, _TITLE), (_BEST, _HABIT), (_RARE, _SPREAD),
)  # fmt: skip
"""Columns that say more together."""


def columns(
    title: str, abstract: Sequence[str], scored: Sequence[tuple[float, Candidate]], told: Habits
) -> tuple[list[str], Floats]:
    """The abstract's stems, and a row of features for each: shape (stems, 21)."""
    sentences = [stems(sentence) for sentence in abstract]
    counts = Counter(stem for sentence in sentences for stem in sentence)
    if not counts or not scored:
        return [], np.zeros((0, _EMPTINESS + 1))
    spread = Counter(stem for sentence in sentences for stem in set(sentence))
    titled = stems(title)
    worth = _Worth(sentences, scored)
    last = max(1, len(sentences) - 1)
    rows = [
        [
            counts[stem], spread[stem] / len(sentences), worth.first[stem], worth.first[stem] / last,
            titled.count(stem), *worth(stem), *told(stem), rarity(stem), len(stem), stem in sentences[-1],
            stem in sentences[0], len(sentences), len(counts), stem in EMPTY,
        ]
        for stem in counts
    ]  # fmt: skip
    return list(counts), np.array(rows, dtype=np.float64)


class _Worth:
    """What the scores of the candidates say of a stem."""

    def __init__(self, sentences: Sequence[Sequence[str]], scored: Sequence[tuple[float, Candidate]]) -> None:
        scores = np.array([score for score, _ in scored])
        own = [set(stems(candidate.text)) for _, candidate in scored]
        self._sharp, self._soft = _shares(scores, own, _SHARP), _shares(scores, own, _SOFT)
        best = int(scores.argmax())
        self._best, self._whole = own[best], sentences[scored[best][1].sentence]
        self._we = next((number for number, words in enumerate(sentences) if "we" in words), -1)
        self._ours = set(sentences[self._we]) if self._we >= 0 else set()
        self.first: dict[str, int] = {}
        for number, words in enumerate(sentences):
            for stem in words:
                self.first.setdefault(stem, number)

    def __call__(self, stem: str) -> list[float]:
        """Seven features."""
        there = self._whole.index(stem) if stem in self._whole else -1
        return [
            self._sharp[stem], self._soft[stem], stem in self._best, there >= 0,
            there / len(self._whole) if there >= 0 else -0.1, self.first[stem] == self._we,
            stem in self._ours,
        ]  # fmt: skip


def _shares(scores: Floats, own: Sequence[set[str]], sharpness: float) -> Counter[str]:
    """For each stem the share of the candidates that have it, weighted by their scores."""
    weights = np.exp((scores - scores.max()) / sharpness)
    weights /= weights.sum()
    shares: Counter[str] = Counter()
    for weight, words in zip(weights.tolist(), own, strict=True):
        for stem in words:
            shares[stem] += weight
    return shares


def edges_of(rows: Floats) -> Floats:
    """Where the lines may bend: at quantiles within a column's range, nan where there are none."""
    edges = np.full((rows.shape[1], 6), np.nan)
    for at, column in enumerate(rows.T):
        found = np.unique(np.quantile(column, [0.1, 0.25, 0.5, 0.75, 0.9, 0.97]))
        found = found[(found > column.min()) & (found < column.max())]
        edges[at, : len(found)] = found
    return edges


def bent(rows: Floats, edges: Floats) -> Floats:
    """The columns, their bends and their products: shape (rows, columns + bends + products)."""
    parts: list[npt.NDArray[np.float64]] = [rows]
    for column, bends in zip(rows.T, edges, strict=True):
        parts += [np.maximum(0.0, column - bend)[:, None] for bend in bends[~np.isnan(bends)]]
    parts += [(rows[:, one] * rows[:, other])[:, None] for one, other in _TOGETHER]
    return np.hstack(parts)
