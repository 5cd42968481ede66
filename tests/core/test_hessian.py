"""d²E/dW² at 60 digits, entry by entry, and as the derivative of dE/dW."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from definition import BAR, DIGITS, Error, logits, number

from softmax_cli import InputError, hessian, hvp, loss_gradient

TINY = mpmath.mpf(2) ** -1022


def exact(x, W, b, l2=0.0, reduction="mean", mask=None, **options):
    """d²E/dW² and the sums of the sizes of its terms, by the definition."""
    rows = np.atleast_2d(x)
    J, K = W.shape
    target = options.pop("target")
    soft = np.ndim(target) == 2
    truth = Error(
        [logits(row, W, b) for row in rows], y=target if soft else None, t=None if soft else list(target),
        T=options.pop("temperature", 1.0), mask=mask, smoothing=options.pop("label_smoothing", 0.0),
        reduction="none" if np.ndim(x) == 1 else reduction, **options,
    )  # fmt: skip
    with mpmath.workdps(DIGITS):
        value = np.full((K * J, K * J), mpmath.mpf(0))
        size = value.copy()
        for S, row in zip(truth.hessians, rows, strict=True):
            xs = np.array([number(v) for v in row])
            term = np.kron(np.array(S), np.outer(xs, xs))
            value, size = value + term, size + abs(term)
        for at in range(K * J):
            value[at, at] += number(l2)
            size[at, at] += number(l2)
    return value, size


def excess(got, value, size):
    with mpmath.workdps(DIGITS):
        return max(
            float(max(abs(mpmath.mpf(g) - v) - TINY, 0) / (BAR * s)) if s else abs(g)
            for g, v, s in zip(got.ravel().tolist(), value.ravel(), size.ravel(), strict=True)
        )


@pytest.mark.parametrize("T", [1.0, 0.02, 30.0])
@pytest.mark.parametrize(("J", "K", "scale"), [(3, 4, 2.0), (1, 2, 40.0), (2, 3, 300.0), (4, 1, 1.0), (6, 5, 20.0)])
def test_every_entry_of_one_input_is_within_its_bound(J, K, scale, T):
    rng = np.random.default_rng([J, K])
    x, W, b = rng.normal(size=J), rng.normal(size=(J, K)) * scale, rng.normal(size=K)
    c = rng.uniform(0.1, 3.0, K)
    options = {"label_smoothing": 0.1, "class_weights": c, "temperature": T, "l2": 0.25}
    found = hessian(x, W, b, target=0, **options)
    assert excess(found, *exact(x, W, b, target=[0], **options)) <= 1.0


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_batch_is_within_the_size_of_its_terms(reduction):
    rng = np.random.default_rng(4)
    x, W, b, t = rng.normal(size=(9, 3)), rng.normal(size=(3, 4)), rng.normal(size=4), rng.integers(0, 4, 9)
    t[2] = -100
    options = {"class_weights": rng.uniform(0.1, 2, 4), "sample_weights": rng.uniform(0, 2, 9), "ignore": -100}
    found = hessian(x, W, b, target=t, l2=0.1, reduction=reduction, **options)
    assert excess(found, *exact(x, W, b, target=t, l2=0.1, reduction=reduction, **options)) <= 1.0
    assert np.array_equal(found, found.T)


def test_a_target_is_needed_only_where_it_matters():
    rng = np.random.default_rng(5)
    x, W = rng.normal(size=(4, 2)), rng.normal(size=(2, 3))
    np.testing.assert_array_equal(hessian(x, W), hessian(x, W, target=[0, 1, 2, 0]))
    np.testing.assert_array_equal(hessian(x, W, label_smoothing=0.1), hessian(x, W, target=[2, 2, 1, 0]))
    for option in ({"class_weights": [1, 1, 1]}, {"ignore": 0}):
        with pytest.raises(InputError) as error:
            hessian(x, W, **option)
        assert str(error.value) == f"the Hessian depends on the target where there is {next(iter(option))}: give target"


def test_without_a_reduction_every_input_has_its_own():
    rng = np.random.default_rng(6)
    x, W = rng.normal(size=(3, 2)), rng.normal(size=(2, 4))
    together = hessian(x, W, reduction="none")
    assert together.shape == (3, 8, 8)
    for n in range(3):
        np.testing.assert_array_equal(together[n], hessian(x[n], W))


def test_a_masked_output_has_no_curvature():
    rng = np.random.default_rng(7)
    x, W = rng.normal(size=2), rng.normal(size=(2, 4))
    found = hessian(x, W, mask=[1]).reshape(4, 2, 4, 2)
    assert not found[1].any()
    assert not found[:, :, 1].any()
    assert excess(found.reshape(8, 8), *exact(x, W, None, target=[0], mask=[[False, True, False, False]])) <= 1.0


def test_a_product_with_a_change_is_the_product_with_the_matrix():
    rng = np.random.default_rng(8)
    x, W, b, V = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(3, 4))
    for options in ({}, {"reduction": "sum", "l2": 0.3}, {"temperature": 2.0, "label_smoothing": 0.1}):
        matrix = hessian(x, W, b, **options)
        by_matrix = (matrix @ V.T.ravel()).reshape(4, 3).T
        np.testing.assert_allclose(hvp(x, W, V, b, **options), by_matrix, rtol=1e-12, atol=1e-15)


def test_it_is_the_derivative_of_the_gradient():
    rng = np.random.default_rng(9)
    x, W, V = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    t, step = [0, 1, 2, 3, 0], 1e-6
    options = {"class_weights": [1.0, 2.0, 0.5, 1.0], "l2": 0.3, "temperature": 1.5}
    ahead, back = (loss_gradient(x, W + s * step * V, target=t, **options).dE_dW for s in (1, -1))
    np.testing.assert_allclose(hvp(x, W, V, target=t, **options), (ahead - back) / (2 * step), rtol=1e-7, atol=1e-9)


def test_probabilities_that_underflow_are_restored_by_large_inputs():
    x, W = np.array([1e200]), np.array([[0.0, -760e-200]])
    assert excess(hessian(x, W), *exact(x, W, None, target=[0])) <= 1.0


def of_a_temperature(T, x):
    """With W = 0 an entry is ±x²/(4T²), a rational number."""
    return Fraction(x) ** 2 / 4 / Fraction(T) ** 2


EXTREME = [
    (T, x)
    for T in (1e300, 1e200, 3.0, 1e-150)
    for x in (1e-100, 1.0, 1e200, 1e300)
    if 2**-1022 <= of_a_temperature(T, x) < 2**1023
]


@pytest.mark.parametrize(("T", "x"), EXTREME)
def test_a_temperature_whose_square_is_no_double_loses_nothing(T, x):
    truth = np.array([[1, -1], [-1, 1]]) * float(of_a_temperature(T, x))
    np.testing.assert_allclose(hessian([x], [[0.0, 0.0]], temperature=T), truth, rtol=1e-15, atol=0)
    np.testing.assert_allclose(hvp([x], [[0.0, 0.0]], [[1.0, 0.0]], temperature=T), truth[:1], rtol=1e-15, atol=0)
