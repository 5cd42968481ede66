"""dh/dx and d ln h/dx at 60 digits, entry by entry and relative, however much the sum in an entry cancels."""

import mpmath
import numpy as np
import pytest
from definition import BAR, logits, number, probabilities

from softmax_cli import layer_jacobian

TINY = mpmath.mpf(2) ** -1022


def worst(x, W, b=None, T=1.0, mask=None, log=False):
    """The largest relative error of a normal entry, in units of 1e-15."""
    got = layer_jacobian(x, W, b, wrt="x", log=log, temperature=T, mask=mask)
    J, K = np.shape(W)
    hidden = None if mask is None else [k in mask for k in range(K)]
    with mpmath.workdps(400):
        h, _, _ = probabilities(logits(x, W, b), T, hidden)
        h = [mpmath.mpf(v) for v in h]
        worst = 0.0
        z = logits(x, W, b)
        with mpmath.workdps(400):
            shown = [k for k in range(K) if hidden is None or not hidden[k]]
            top = max(z[k] for k in shown)
            e = {k: mpmath.exp((z[k] - top) / number(T)) for k in shown}
            total = mpmath.fsum(e.values())
            for t in range(K):
                for j in range(J):
                    mean = mpmath.fsum([e[k] / total * (number(W[j][t]) - number(W[j][k])) for k in shown])
                    truth = mean / number(T)
                    if not log:
                        truth *= e[t] / total if t in e else 0
                    error = abs(mpmath.mpf(float(got[t, j])) - truth)
                    if abs(truth) >= TINY:
                        worst = max(worst, float(error / abs(truth)) / BAR)
                    else:
                        assert error <= TINY
    return worst


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("T", [1.0, 0.01, 100.0])
@pytest.mark.parametrize(("J", "K", "scale"), [(3, 4, 1.0), (20, 3, 5.0), (2, 9, 40.0), (5, 2, 400.0), (3, 1, 1.0)])
def test_every_entry_is_within_its_bound(J, K, scale, T, log):
    rng = np.random.default_rng([J, K])
    x, W, b = rng.normal(size=J), rng.normal(size=(J, K)), rng.normal(size=K)
    assert worst(x, W * scale / 3, b, T, log=log) <= 1.0


def test_sums_that_cancel_to_a_few_bits_keep_their_digits():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x, W = rng.normal(size=2), rng.normal(size=(2, 3))
        e = np.exp(x @ W)
        h = e / e.sum()
        W = np.vstack([W, [0.0, h[2] * (1 + rng.integers(0, 3) * 2.0**-45), -h[1]]])  # its mean is next to 0
        assert worst(np.append(x, 0.0), W) <= 1.0


def test_a_sum_that_cancels_wholly_is_zero():
    found = layer_jacobian([0.0], [[-1.0, 0.0, 1.0]], wrt="x")
    assert found[1, 0] == 0.0
    assert found[0, 0] == -found[2, 0] != 0.0


def test_equal_weights_move_nothing():
    assert not layer_jacobian([0.3, 1.0], [[2.0, 2.0, 2.0], [0.1, 0.1, 0.1]], wrt="x").any()


def test_masked_outputs_have_no_part_in_it():
    rng = np.random.default_rng(3)
    x, W = rng.normal(size=3), rng.normal(size=(3, 5))
    assert worst(x, W, mask=[0, 3]) <= 1.0
    assert not layer_jacobian(x, W, wrt="x", mask=[0, 3])[[0, 3]].any()


@pytest.mark.parametrize("log", [False, True])
def test_saturated_and_underflowing_outputs(log):
    assert worst([1.0], [[800.0, 0.0, -3.0]], log=log) <= 1.0
    assert worst([1e3], [[0.7, 0.0, 0.69]], log=log) <= 1.0
    assert worst([1e-250], [[1e250 * 760, 0.0]], log=log) <= 1.0


def test_a_batch_equals_its_rows():
    rng = np.random.default_rng(4)
    x, W, b = rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    together = layer_jacobian(x, W, b, wrt="x")
    for n in range(6):
        np.testing.assert_array_equal(together[n], layer_jacobian(x[n], W, b, wrt="x"))
