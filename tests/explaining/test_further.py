"""The derivation goes on to the biases, the inputs and the logarithm: as slopes at sixty digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import assert_true_to_the_digits_shown
from test_loss import last_number, slope

from softmax_cli import explain

small = st.floats(-3, 3).map(lambda v: round(v, 3))


def log_h(x, W, b, T, t):
    z = [mpmath.fsum(x[j] * W[j][k] for j in range(len(x))) + b[k] for k in range(len(b))]
    e = [mpmath.exp(v / mpmath.mpf(T)) for v in z]
    return mpmath.log(e[t] / mpmath.fsum(e))


def moved(values, place, step):
    """Numbers in lists of lists as mpmath has them, the one at a place more by a step."""
    if np.ndim(values) == 1:
        return [mpmath.mpf(v) + step * (n == place) for n, v in enumerate(values)]
    return [[mpmath.mpf(v) + step * ((j, i) == place) for i, v in enumerate(row)] for j, row in enumerate(values)]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 3), st.integers(2, 8), st.sampled_from([1.0, 0.5, 3.0]), st.data())
def test_every_derivative_is_the_slope_at_sixty_digits(J, K, T, data):
    x, b = (data.draw(st.lists(small, min_size=n, max_size=n)) for n in (J, K))
    W = [data.draw(st.lists(small, min_size=K, max_size=K)) for _ in range(J)]
    t, j, i = (data.draw(st.integers(0, n - 1)) for n in (K, J, K))
    text = str(explain(x, W, b, entry=(t, j, i), temperature=T))
    assert_true_to_the_digits_shown(text, 6)
    close = {"rel": 1e-5, "abs": 1e-12}
    with mpmath.workdps(60):
        h = mpmath.exp(log_h(x, W, b, T, t))
        by_input = float(h * slope(lambda v: log_h(moved(x, j, v), W, b, T, t)))
        by_bias = float(h * slope(lambda v: log_h(x, W, moved(b, i, v), T, t)))
        by_weight = slope(lambda v: log_h(x, moved(W, (j, i), v), b, T, t))
    assert last_number(text, f"∂h[{t}]/∂x[{j}]") == pytest.approx(by_input, **close)
    assert last_number(text, f"∂h[{t}]/∂b[{i}]") == pytest.approx(by_bias, **close)
    assert last_number(text, f"∂ln h[{t}]/∂W[{j},{i}]") == pytest.approx(by_weight, **close)


def test_weights_that_nearly_agree_leave_the_derivative_by_the_input_all_its_digits():
    W = [[1e9, 1e9 + 1e-6, 1e9]]
    text = str(explain([0.5], W, entry=(0, 0, 1)))
    assert_true_to_the_digits_shown(text, 6)
    with mpmath.workdps(60):
        truth = mpmath.exp(log_h([0.5], W, [0] * 3, 1, 0)) * slope(lambda v: log_h([0.5 + v], W, [0] * 3, 1, 0))
    assert last_number(text, "∂h[0]/∂x[0]") == pytest.approx(float(truth), rel=1e-5)
    assert "Here they nearly cancel." in text


def test_the_logarithm_of_a_masked_output_is_said_not_to_move(article):
    said = " ".join(str(explain(*article, mask=[1], entry=(1, 0, 2))).split())
    assert "The logarithm of h[1] is −∞, and no weight changes it." in said
