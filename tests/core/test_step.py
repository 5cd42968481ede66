from fractions import Fraction

import numpy as np
import pytest

from softmax_cli.core.gradient_step import moved


def rounded(value):
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def exactly_moved(W, rate, gradient):
    return [
        rounded(Fraction(w) - Fraction(rate) * Fraction(g)) for w, g in zip(W.tolist(), gradient.tolist(), strict=True)
    ]


@pytest.mark.parametrize("rate", [0.1, 1.0, -0.3, 1e-300, 1e300, 5e-324, 0.0, 1 / 3])
@pytest.mark.parametrize("width", [0, 40, 500])
def test_moved_weights_are_the_rational_rounded_once(rate, width):
    rng = np.random.default_rng(width)
    W, g = (rng.standard_normal(2000) * 2.0 ** rng.integers(-width, width + 1, 2000) for _ in "Wg")
    with np.errstate(over="ignore"):
        W[:500] = np.nan_to_num(rate * g[:500])  # cancels but for the product's rounding error
    W[500:600] = g[600:700] = 0.0
    assert moved(W, rate, g).tolist() == exactly_moved(W, rate, g)


def test_a_step_on_the_midpoint_of_two_doubles_is_rounded_by_what_is_below_it():
    W, g = np.array([1.0, 1.0, 1.0]), np.array([2.0**-53, np.nextafter(2.0**-53, 1.0), np.nextafter(2.0**-53, 0.0)])
    assert moved(W, -1.0, g).tolist() == [1.0, 1.0 + 2.0**-52, 1.0]


def test_a_step_in_range_whose_product_is_not_and_one_that_overflows():
    got = moved(np.array([1.5e308, 1.5e308]), 2.0, np.array([1.5e308, -1.5e308]))
    assert got.tolist() == [-1.5e308, np.inf]


def test_each_of_many_gradients_moves_the_same_weights():
    W, g = np.array([[1.0, 2.0]]), np.arange(6.0).reshape(3, 1, 2)
    assert moved(W, 0.5, g).tolist() == [[[1.0, 1.5]], [[0.0, 0.5]], [[-1.0, -0.5]]]
