"""The exact scan of vectors in memory, a byte a dimension; by itself, so that numpy is loaded with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.ports import Vector, Vectors

PAGE = 8192
"""Rows of a full block."""
# A block that fits the processor's cache: with 4,096 rows the same scan takes thirty times as long.
_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class _Block:
    """Some vectors in a byte a dimension, and the factor of each."""

    numbers: NDArray[np.int64]
    rows: NDArray[np.int8]
    factors: NDArray[np.float32]

    @classmethod
    def pack(cls, numbers: Sequence[int], vectors: Vectors) -> _Block:
        factors = np.abs(vectors).max(axis=1, keepdims=True, initial=1e-12) / np.float32(127)
        rows = np.rint(vectors / factors).astype(np.int8)
        return cls(np.array(numbers, np.int64), rows, factors[:, 0].astype(np.float32))

    def and_(self, other: _Block) -> _Block:
        return _Block(
            np.concatenate([self.numbers, other.numbers]),
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.factors, other.factors]),
        )

    def scores(self, asked: Vector) -> Vector:
        result = np.empty(len(self.rows), np.float32)
        block = np.empty((_BLOCK, self.rows.shape[1]), np.float32)
        for start in range(0, len(self.rows), _BLOCK):
            some = block[: min(_BLOCK, len(self.rows) - start)]
            np.copyto(some, self.rows[start : start + _BLOCK])
            np.dot(some, asked, out=result[start : start + _BLOCK])
        result *= self.factors
        return result


@dataclass(eq=False)
class Scan:
    """All vectors of an encoder after the first ones, as far as they are known here.

    Rows are known by their number alone and blocks are never joined: at 173,547 vectors names and copies
    would take as much memory again.
    """

    first: int = 0
    """Vectors up to this number are left to pgvector's index."""
    last: int = 0
    blocks: list[_Block] = field(default_factory=list)

    def append(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Take in more rows."""
        fresh = _Block.pack(numbers, vectors)
        if self.blocks and len(self.blocks[-1].rows) + len(fresh.rows) <= PAGE:
            fresh = self.blocks.pop().and_(fresh)
        self.blocks.append(fresh)
        self.last = numbers[-1]

    def best(self, asked: Vector, wanted: int) -> list[int]:
        """The numbers of the rows with about the largest scalar product with ``asked``, in no order."""
        if not self.blocks:
            return []
        scores = np.concatenate([block.scores(asked) for block in self.blocks])
        numbers = np.concatenate([block.numbers for block in self.blocks])
        if len(scores) > wanted:
            numbers = numbers[np.argpartition(-scores, wanted - 1)[:wanted]]
        return [int(number) for number in numbers]


def floats(halves: bytes) -> Vector:
    """A kept vector, or several one after the other, as float32."""
    wide: Vector = np.frombuffer(halves, "<f2").astype(np.float32)
    return wide
