"""A Jacobian whose columns are told apart by output and input, [t, i, j], as frameworks give it by W (K, J)."""

import numpy as np
import pytest

from softmax_cli import compare


def by_outputs_and_inputs(x, W, b):
    """∂h[t]/∂W[j,i] at [t, i, j], entry by entry: h[t]·(1 if t = i, less h[i])·x[j]."""
    h = np.exp(x @ W + b) / np.exp(x @ W + b).sum()
    J, K = W.shape
    return np.array([[[h[t] * ((t == i) - h[i]) * x[j] for j in range(J)] for i in range(K)] for t in range(K)])


def problem(J, K):
    rng = np.random.default_rng([J, K])
    return rng.normal(size=J), rng.normal(size=(J, K)), rng.normal(size=K)


@pytest.mark.parametrize(("J", "K"), [(3, 5), (5, 3), (2, 1)])
def test_it_is_in_numerator_layout(J, K):
    x, W, b = problem(J, K)
    theirs = by_outputs_and_inputs(x, W, b)
    report = compare(theirs, x, W, b)
    assert (bool(report), report.layout) == (True, "numerator")
    assert not compare(theirs + 1.0, x, W, b)


def test_each_of_many_inputs_has_one():
    x, W, b = problem(3, 5)
    many = np.array([x, -x, 2.0 * x])
    assert compare(np.array([by_outputs_and_inputs(row, W, b) for row in many]), many, W, b)


def test_where_w_is_square_the_layout_says_which_axis_is_in_front():
    x, W, b = problem(4, 4)
    theirs = by_outputs_and_inputs(x, W, b)
    assert compare(theirs, x, W, b, layout="numerator")
    assert compare(theirs, x, W, b).diagnosis == "row-major-weights"
