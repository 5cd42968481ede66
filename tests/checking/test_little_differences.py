"""What differs by little is called by the name of no mistake, unless that explains it to the digits of the numbers."""

import dataclasses

import numpy as np
import pytest

from softmax_cli import compare
from softmax_cli.checking.functions.problems import made

SINGLE = "all are within 1e-4 of what is right: for single precision, that is what --rtol 1e-4 allows"


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gradients(p, precision):
    """dE/dW, dE/db and dE/dx of the mean cross-entropy, of outputs that are computed in a precision."""
    h = softmax(p.x.astype(precision) @ p.W.astype(precision) + p.b.astype(precision))
    d = (h - np.eye(p.W.shape[1])[p.y]) / len(p.x)
    return {"dE_dW": p.x.T @ d, "dE_db": d.sum(axis=0), "dE_dx": d @ p.W.T}


def ties():
    p = made("ties", 4, 2, 4)
    return p.x, np.repeat(p.W[:, :2], 2, axis=1), np.repeat(p.b[:2], 2), p.y


@pytest.mark.parametrize(("sizes", "of"), [((4, 1, 3), "dE_dW"), ((16, 20, 10), "dE_dW"), ((16, 20, 10), "dE_dx")])
def test_outputs_in_single_precision_are_no_mistake_of_the_softmax(sizes, of):
    p = made("", *sizes)
    report = compare(gradients(p, np.float32)[of], p.x, p.W, p.b, of=of, target=p.y)
    assert not report
    assert (report.diagnosis, report.advice) == (None, SINGLE)


def test_nor_are_those_that_are_equal():
    x, W, b, y = ties()
    d = (softmax((x @ W + b).astype(np.float32)) - np.eye(4)[y]) / 4
    report = compare(d @ W.T, x, W, b, of="dE_dx", target=y)
    assert report.diagnosis is None


@pytest.mark.parametrize("top", [90.0, 100.0])
def test_one_maximum_for_all_in_single_precision_is_named_where_it_is_seen(top):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4, 3))
    z[0, 0] = top
    single = z.astype(np.float32)
    e = np.exp(single - single.max())
    d = ((e / e.sum(axis=1, keepdims=True)).astype(float) - np.eye(3)[[0, 1, 2, 0]]) / 4
    assert compare(d, z=z, of="dE_dz", target=[0, 1, 2, 0]).diagnosis == "batch-maximum"


TIMES = 1.00037


def test_a_factor_next_to_1_is_one_only_where_it_is_in_all_digits():
    """The numbers have single precision, in which a mistake explains what is within 1e-4."""
    p = made("", 4, 1, 2)
    right = gradients(p, np.float64)["dE_dW"]
    given = {"of": "dE_dW", "target": p.y}
    noise = np.array([[TIMES, TIMES - 7e-5]])
    noisy = compare((right * noise).astype(np.float32), p.x, p.W, p.b, **given)
    assert (bool(noisy), noisy.diagnosis, noisy.where) == (False, None, None)
    scaled = compare((right * TIMES).astype(np.float32), p.x, p.W, p.b, **given)
    assert scaled.diagnosis == "scaled"


@pytest.mark.parametrize("rtol", [1e-4, 1e-6])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("of", ["dE_dW", "dE_db", "dE_dx"])
def test_noise_of_a_thousandth_has_no_name(of, seed, rtol):
    rng = np.random.default_rng(seed)
    p = made("", 4, 1, 3)
    theirs = gradients(p, np.float64)[of]
    theirs *= 1 + 1e-3 * rng.random(theirs.shape)
    assert compare(theirs, p.x, p.W, p.b, of=of, target=p.y, rtol=rtol).diagnosis is None


@pytest.mark.parametrize("cut", [np.trunc, np.rint])
def test_a_mistake_in_a_part_is_not_shown_by_zeros(cut):
    p = made("N = 1", 1, 3, 4)
    report = compare(cut(gradients(p, np.float64)["dE_dW"]), p.x, p.W, p.b, of="dE_dW", target=p.y)
    assert (report.diagnosis, report.where) == (None, None)


def test_a_row_is_a_multiple_next_to_1_only_where_it_is_one_in_all_digits():
    p = made("", None, 3, 5)
    h = softmax(p.x @ p.W + p.b)
    M = np.kron(np.diag(h) - np.outer(h, h), p.x)
    M[4] *= TIMES
    said = "all but row 4 are right; row 4 is 1.00037 times what it should be"
    assert compare(M.astype(np.float32), p.x, p.W, p.b).where == said
    M[4] *= 1 + 5e-5 * np.random.default_rng(0).random(M.shape[1])
    assert compare(M.astype(np.float32), p.x, p.W, p.b).where == "all but row 4 are right"


def test_a_minus_beside_a_mean_is_named_with_it():
    p = made("", 4, 3, 5)
    right = gradients(p, np.float64)["dE_dW"]

    def advice(theirs, **given):
        return compare(theirs, p.x, p.W, p.b, of="dE_dW", target=p.y, **given).advice

    look = "look for a minus too many or too few, and a constant factor too many"
    assert advice(-right / 4) == (
        f"every entry is -0.25 times what it should be: {look}, such as a mean over 4 would make"
    )
    assert advice(-right * 4) == (
        "every entry is -4 times what it should be: a minus too many or too few, and a sum over the 4 inputs, "
        "where their mean is expected"
    )
    assert advice(-right, reduction="sum") == (
        "every entry is -0.25 times what it should be: a minus too many or too few, and a mean over the 4 inputs, "
        "where their sum is expected"
    )


@pytest.mark.parametrize("times", [0.25, -3.0])
def test_a_factor_is_found_where_single_precision_may_lose_a_percent_of_it(times):
    p = made("", 4, 2, 3, seed=3)
    W = p.W + 1000 * np.sign(p.x[0])[:, None]
    right = gradients(dataclasses.replace(p, W=W), np.float64)["dE_db"]
    report = compare((times * right).astype(np.float32), p.x, W, p.b, of="dE_db", target=p.y)
    assert report.diagnosis == "scaled"
