"""The fitted numbers of the embedded reader: a small file, made by ``benchmarks.extract_fit``.

``gist_*`` score a sentence as the gist of an abstract, ``evidence_*`` as the answer to a question, ``rarity``
says how rare a stem is in abstracts. Features that are words are hashed into fixed tables.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
WORDS = 1 << 16
"""Places for hashed words; a power of two."""
FILE = Path(__file__).with_name("extract_weights.npz")


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model over standardized features, with a table for words where there are any."""

    mean: Floats
    spread: Floats
    weights: Floats
    words: Floats
    bias: float = 0.0

    def __call__(self, rows: Floats, words: Iterable[npt.NDArray[np.int64]] = ()) -> Floats:
        """A score a row; ``words`` gives each row's places in the table."""
        scores: Floats = np.clip((rows - self.mean) / self.spread, -6, 6) @ self.weights + self.bias
        extra = [self.words[places].sum() for places in words]
        return scores + np.array(extra) if extra else scores


@lru_cache(maxsize=4)
def linear(name: str) -> Linear:
    """The model of that name, ``gist`` or ``evidence``; read from disk at its first use."""
    with np.load(FILE) as file:
        parts = [file[f"{name}_{part}"].astype(np.float64) for part in ("mean", "spread", "weights", "words")]
        mean, spread, weights, words = parts
        return Linear(mean, spread, weights, words, float(file[f"{name}_bias"]))


@lru_cache(maxsize=1)
def _rarity() -> Floats:
    with np.load(FILE) as file:
        table: Floats = file["rarity"].astype(np.float64)
    return table


def rarity(stem: str) -> float:
    """The inverse document frequency of a stem, ln(N / df), in the abstracts of arXiv; about 2 to 11."""
    return float(_rarity()[place(stem)])


def place(word: str) -> int:
    """Where a word stands in a table: the same on every machine."""
    return zlib.crc32(word.encode()) % WORDS
