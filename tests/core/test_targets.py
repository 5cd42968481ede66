"""ỹ, s and s·h − ỹ in rational arithmetic, whatever the probabilities are."""

from fractions import Fraction

import numpy as np
import pytest

from softmax_cli.core.layer import evaluate_logits
from softmax_cli.core.split_exponent import Apart
from softmax_cli.core.targets import Classes, Pair, Probabilities, smoothed_classes, smoothed_rows, sum_of_others

UNIT = Fraction(1, 2**53)


def exact_rows(y, smoothing, c, shown):
    K = y.shape[1]
    c = [1.0] * K if c is None else c
    rows = []
    for n, row in enumerate(y):
        seen = [True] * K if shown is None else np.broadcast_to(shown, y.shape)[n].tolist()
        eps = Fraction(smoothing)
        rows.append(
            [
                Fraction(c[k]) * ((1 - eps) * Fraction(row[k]) + eps / sum(seen)) if seen[k] else Fraction(0)
                for k in range(K)
            ]
        )
    return rows


def worst(got, y, h, complement):
    """The largest error of s·h − ỹ in units of roundoff, relative to (s − ỹᵢ)hᵢ + ỹᵢ(1 − hᵢ)."""
    worst = Fraction(0)
    for row, yn, hn, rest in zip(got, y, h, complement, strict=True):
        for i, value in enumerate(row):
            first = (sum(yn) - yn[i]) * Fraction(hn[i])
            second = yn[i] * Fraction(rest[i])
            error = abs(Fraction(float(value)) - (first - second))
            if first + second:
                worst = max(worst, error / (first + second))
            else:
                assert error == 0
    return worst / UNIT


def outputs(rng, N, K):
    h = rng.dirichlet(np.full(K, 0.3), size=N)
    complement = 1.0 - h
    top = h.argmax(axis=1)
    for n, t in enumerate(top):
        complement[n, t] = np.delete(h[n], t).sum()
    return h, complement


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1 / 3, 1.0, 1e-20, 1 - 2**-53])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("K", [1, 2, 3, 17])
def test_a_class_index_gives_the_residual_of_its_smoothed_row(smoothing, weighted, K):
    rng = np.random.default_rng([K, weighted])
    N = 6
    h, complement = outputs(rng, N, K)
    t = rng.integers(0, K, N)
    c = rng.exponential(size=K) * 10.0 ** rng.integers(-30, 30, K) if weighted else None
    target = smoothed_classes(t, K, smoothing, c, None)
    y = exact_rows(np.eye(K)[t], smoothing, c, None)
    assert worst(target.residual(Apart(h), Apart(complement)).significand, y, h, complement) <= 5
    assert all(
        abs(Fraction(float(s)) / sum(row) - 1) <= 4 * UNIT for s, row in zip(target.total(), y, strict=True) if sum(row)
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1 / 3, 1.0, 1e-20])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("concentration", [1.0, 0.02])
def test_rows_of_probabilities_give_the_residual_of_their_smoothed_rows(smoothing, weighted, concentration):
    rng = np.random.default_rng(3)
    N, K = 8, 6
    h, complement = outputs(rng, N, K)
    y = rng.dirichlet(np.full(K, concentration), size=N)
    c = rng.exponential(size=K) if weighted else None
    target = Probabilities(smoothed_rows(y, smoothing, c, None))
    truth = exact_rows(y, smoothing, c, None)
    for got, row in zip(target.y, truth, strict=True):
        assert all(
            abs(Fraction(float(v)) - e) <= UNIT * e + Fraction(1, 2**1074) for v, e in zip(got, row, strict=True)
        )
    assert worst(target.residual(Apart(h), Apart(complement)).significand, truth, h, complement) <= 6


def test_smoothing_is_spread_over_the_outputs_that_are_not_masked():
    shown = np.array([True, False, True, True])
    target = smoothed_classes(np.array([2, 0]), 4, 0.3, None, shown)
    rows = smoothed_rows(np.eye(4)[[2, 0]], 0.3, None, shown)
    truth = exact_rows(np.eye(4)[[2, 0]], 0.3, None, shown)
    np.testing.assert_array_equal(rows, [[float(v) for v in row] for row in truth])
    h = np.array([[0.25, 0.0, 0.5, 0.25], [0.125, 0.0, 0.5, 0.375]])
    assert worst(target.residual(Apart(h), Apart(1.0 - h)).significand, truth, h, 1.0 - h) <= 5


def test_the_sum_of_the_others_keeps_a_tiny_rest():
    a = np.array([[1.0, 1e-300, 3e-300], [1e-5, 1.0, 1.0]])
    others = sum_of_others(Pair(a, np.zeros_like(a)))
    for row, got in zip(a.tolist(), others.tolist(), strict=True):
        for i, value in enumerate(got):
            assert value == pytest.approx(float(sum(Fraction(v) for k, v in enumerate(row) if k != i)), rel=3e-16)


def test_a_probability_of_zero_costs_nothing_where_the_output_is_masked():
    layer, _ = evaluate_logits([-np.inf, 0.0, 0.0])
    assert Probabilities(np.array([[0.0, 0.25, 0.75]])).cost(layer)[0] == pytest.approx(np.log(2), rel=1e-15)
    assert Classes(np.array([1])).cost(layer)[0] == pytest.approx(np.log(2), rel=1e-15)
