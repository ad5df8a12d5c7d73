"""Sparse rows and logistic regression, against dense numpy and the conditions of an optimum."""

import numpy as np
import pytest

from bot.ranking import Sparse, fit_logistic, sigmoid


def sparse(dense: np.ndarray) -> Sparse:
    rows, columns = np.nonzero(dense)
    return Sparse(rows, columns, dense[rows, columns], (dense.shape[0], dense.shape[1]))


@pytest.fixture
def dense() -> np.ndarray:
    random = np.random.default_rng(7)
    return np.where(random.random((40, 12)) < 0.3, random.normal(size=(40, 12)), 0.0)


def test_products_are_those_of_the_dense_matrix(dense: np.ndarray) -> None:
    matrix, right, left = sparse(dense), np.arange(12.0), np.arange(40.0)
    assert np.allclose(matrix.dot(right), dense @ right)
    assert np.allclose(matrix.dot_transposed(left), dense.T @ left)


def test_rows_and_columns_can_be_left_out(dense: np.ndarray) -> None:
    rows, columns = np.arange(40) % 3 == 0, np.arange(12) < 5
    assert np.allclose(sparse(dense).take_rows(rows).dot(np.ones(12)), dense[rows].sum(axis=1))
    assert np.allclose(sparse(dense).without_columns(columns).dot(np.ones(12)), dense[:, 5:].sum(axis=1))


def test_the_fit_is_a_minimum(dense: np.ndarray) -> None:
    positive = dense[:, 0] - dense[:, 3] > 0.1
    weights, bias = fit_logistic(sparse(dense), positive, penalty=0.5)
    share = np.where(positive, 20 / positive.sum(), 20 / (~positive).sum())
    error = share * (sigmoid(dense @ weights + bias) - positive)
    assert np.abs(dense.T @ error + 0.5 * weights).max() < 0.02
    assert abs(error.sum()) < 0.02


def test_both_classes_weigh_the_same() -> None:
    matrix = sparse(np.ones((10, 1)))
    positive = np.arange(10) < 2
    weights, bias = fit_logistic(matrix, positive, penalty=1.0)
    assert sigmoid(np.array([weights[0] + bias]))[0] == pytest.approx(0.5, abs=1e-3)


def test_a_row_of_nothing_gets_the_bias() -> None:
    matrix = Sparse(np.array([0]), np.array([0]), np.array([1.0]), (2, 1))
    assert matrix.dot(np.array([3.0])).tolist() == [3.0, 0.0]


def test_extreme_scores_stay_probabilities() -> None:
    assert sigmoid(np.array([-1e9, 0.0, 1e9])).tolist() == pytest.approx([0.0, 0.5, 1.0])
