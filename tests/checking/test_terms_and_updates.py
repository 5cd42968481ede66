"""An L1 term in dE/dW, and dE/dx of weights that a step has changed already."""

import numpy as np
import pytest
from mistaken import Step

from softmax_cli import compare

SHAPES = [(9, 6, 4), (5, 3, 3), (1, 4, 3), (40, 8, 2)]


def gradients(s):
    """The gradients of the mean cross-entropy, as they are written."""
    return s.of(s.h - s.y)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_an_l1_term_is_named_and_measured(shape, precision):
    s = Step(*shape)
    theirs = gradients(s)["dE_dW"] + 0.125 * np.sign(s.W)
    report = compare(theirs.astype(precision), s.x, s.W, s.b, of="dE_dW", target=s.t)
    assert (report.diagnosis, report.advice) == (
        "l1-term",
        "λ·sign(W) with λ = 0.125 is in it, the derivative of an L1 term λ·Σ|W|, where no L1 term is expected",
    )


def test_an_l1_term_in_the_place_of_the_l2_term_or_beside_it():
    s = Step()
    dW, sign = gradients(s)["dE_dW"], np.sign(s.W)
    for theirs, instead in [
        (dW + 0.3 * sign, "the L2 term λW with λ = 0.3 is expected"),
        (dW + 0.3 * s.W + 0.3 * sign, "no L1 term is expected"),
    ]:
        report = compare(theirs, s.x, s.W, s.b, of="dE_dW", target=s.t, l2=0.3)
        assert (report.diagnosis, report.advice) == (
            "l1-term",
            f"λ·sign(W) with λ = 0.3 is in it, the derivative of an L1 term λ·Σ|W|, where {instead}",
        )


def test_with_a_flipped_sign_both_are_named():
    s = Step()
    theirs = -gradients(s)["dE_dW"] + 0.125 * np.sign(s.W)
    assert compare(theirs, s.x, s.W, s.b, of="dE_dW", target=s.t).diagnosis == "sign-flipped + l1-term"


def test_a_number_that_is_added_where_all_weights_have_one_sign_is_no_l1_term():
    s = Step()
    W = np.abs(s.W)
    e = np.exp(s.x @ W)
    dW = s.x.T @ (e / e.sum(axis=1, keepdims=True) - s.y) / s.N
    report = compare(dW + 0.125, s.x, W, of="dE_dW", target=s.t)
    assert report.diagnosis is None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rate", [0.01, 0.5])
def test_weights_that_were_updated_before_the_way_back_are_named(shape, rate):
    s = Step(*shape)
    made = gradients(s)
    theirs = made["dE_dz"] @ (s.W - rate * made["dE_dW"]).T
    report = compare(theirs, s.x, s.W, s.b, of="dE_dx", target=s.t)
    assert (report.diagnosis, report.advice) == (
        "updated-weights",
        f"it is made of W − η·dE/dW with η = {rate:g}, what a step makes of W: take W as it was before the step",
    )


def test_the_step_has_the_l2_term_of_the_error_in_it():
    s = Step()
    made = gradients(s)
    theirs = made["dE_dz"] @ (s.W - 0.1 * (made["dE_dW"] + 0.3 * s.W)).T
    report = compare(theirs, s.x, s.W, s.b, of="dE_dx", target=s.t, l2=0.3)
    assert report.diagnosis == "updated-weights"
    assert "η = 0.1," in report.advice


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("of", ["dE_dW", "dE_dx"])
def test_noise_and_numbers_at_random_have_no_name(seed, of):
    s = Step(4, 3, 3, seed=seed)
    right, rng = gradients(s)[of], np.random.default_rng(seed)
    noise = rng.normal(size=right.shape)
    for theirs in (
        noise,
        right + 1e-4 * noise,
        right * (1.0 + 1e-3 * noise),
        (right + 1e-5 * noise).astype(np.float32),
    ):
        assert compare(theirs, s.x, s.W, s.b, of=of, target=s.t).diagnosis is None
