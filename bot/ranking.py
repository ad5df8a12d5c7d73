"""Numbers behind ranking: sparse rows, logistic regression, scores as probabilities. Pure numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MEMORY = 8
_ITERATIONS = 60
_FLAT = 1e-6


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse matrix as triples: ``values[i]`` stands at (``rows[i]``, ``columns[i]``), each place once."""

    rows: Ints
    columns: Ints
    values: Floats
    shape: tuple[int, int]

    def dot(self, weights: Floats) -> Floats:
        """Matrix times vector; shape (rows,)."""
        products = self.values * weights[self.columns]
        return _sums(self.rows, products, self.shape[0])

    def dot_transposed(self, vector: Floats) -> Floats:
        """Transposed matrix times vector; shape (columns,)."""
        products = self.values * vector[self.rows]
        return _sums(self.columns, products, self.shape[1])

    def take_rows(self, chosen: NDArray[np.bool_]) -> Sparse:
        """The rows where ``chosen`` is true, in order."""
        kept = chosen[self.rows]
        number = np.cumsum(chosen) - 1
        shape = (int(chosen.sum()), self.shape[1])
        return Sparse(number[self.rows[kept]], self.columns[kept], self.values[kept], shape)

    def without_columns(self, dropped: NDArray[np.bool_]) -> Sparse:
        """The same shape with nothing in the columns where ``dropped`` is true."""
        kept = ~dropped[self.columns]
        return Sparse(self.rows[kept], self.columns[kept], self.values[kept], self.shape)


def _sums(places: Ints, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(places, weights=values, minlength=size), dtype=np.float64)


def sigmoid(score: Floats) -> Floats:
    """The probability that a log-odds score stands for."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -40.0, 40.0))), dtype=np.float64)


def fit_logistic(matrix: Sparse, positive: NDArray[np.bool_], *, penalty: float) -> tuple[Floats, float]:
    """Weights and bias of a logistic regression with both classes given the same total weight.

    Minimizes the weighted log loss plus ``penalty / 2`` times the squared weights (the bias is free), by
    L-BFGS (Liu and Nocedal, 1989). Deterministic. Both classes must be present.
    """
    count = len(positive)
    share = np.where(positive, count / 2 / positive.sum(), count / 2 / (~positive).sum())
    target = positive.astype(np.float64)

    def loss(point: Floats) -> tuple[float, Floats]:
        weights, bias = point[:-1], point[-1]
        score = matrix.dot(weights) + bias
        log_loss = np.logaddexp(0.0, np.where(positive, -score, score))
        error = share * (sigmoid(score) - target)
        gradient = np.append(matrix.dot_transposed(error) + penalty * weights, error.sum())
        return float(share @ log_loss + penalty / 2 * (weights @ weights)), gradient

    point = _minimize(loss, np.zeros(matrix.shape[1] + 1))
    return point[:-1], float(point[-1])


def _minimize(loss: Callable[[Floats], tuple[float, Floats]], point: Floats) -> Floats:
    value, gradient = loss(point)
    history: list[tuple[Floats, Floats]] = []
    for _ in range(_ITERATIONS):
        direction = -_precondition(gradient, history)
        point, step, new_value, new_gradient = _line_search(loss, point, value, gradient, direction)
        change = new_gradient - gradient
        if step @ change > 1e-12:
            history = [*history[1 - _MEMORY :], (step, change)]
        flat = abs(value - new_value) < _FLAT * abs(value)
        value, gradient = new_value, new_gradient
        if flat:
            break
    return point


def _precondition(gradient: Floats, history: list[tuple[Floats, Floats]]) -> Floats:
    """The two loops of L-BFGS: the gradient times an estimate of the inverse Hessian."""
    if not history:
        return gradient / max(1.0, float(np.abs(gradient).sum()))
    result, scales = gradient.copy(), []
    for step, change in reversed(history):
        scales.append((step @ result) / (step @ change))
        result = result - scales[-1] * change
    step, change = history[-1]
    result = result * ((step @ change) / (change @ change))
    for (step, change), scale in zip(history, reversed(scales), strict=True):
        result = result + step * (scale - (change @ result) / (step @ change))
    return result


def _line_search(
    loss: Callable[[Floats], tuple[float, Floats]],
    point: Floats,
    value: float,
    gradient: Floats,
    direction: Floats,
) -> tuple[Floats, Floats, float, Floats]:
    """Halve the step until the loss falls enough (Armijo)."""
    slope, length = float(gradient @ direction), 1.0
    while True:
        step = length * direction
        new_value, new_gradient = loss(point + step)
        if new_value <= value + 1e-4 * length * slope or length < 1e-8:
            return point + step, step, new_value, new_gradient
        length /= 2
