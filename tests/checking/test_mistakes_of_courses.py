"""What courses and blogs have beside the mistakes in derivatives: another convention, a guard against ln 0, a step."""

import numpy as np
import pytest
from mistaken import Step, softmax

from softmax_cli import compare

SHAPES = [(9, 6, 4), (7, 4, 4), (12, 3, 6)]
PRECISIONS = [np.float64, np.float32]


def said(theirs, step, of, **given):
    report = compare(theirs, step.x, step.W, step.b, of=of, **given)
    return report.diagnosis, report.advice


def target(step):
    return step.h[np.arange(step.N), step.t]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("key", ["dE_dW", "dE_db"])
def test_the_weights_after_a_step(key, shape, precision):
    s = Step(*shape)
    name = key[-1]
    start = {"W": s.W, "b": s.b}[name]
    theirs = (start - 0.125 * s.of(s.h - s.y)[key]).astype(precision)
    assert said(theirs, s, key, target=s.t) == (
        "step-taken",
        f"this is {name} − η·dE/d{name} with η = 0.125, what a step makes of {name}: return dE/d{name} itself",
    )


def test_a_step_with_an_l2_term_and_of_weights_stored_out_in():
    s = Step()
    theirs = s.W - 0.5 * (s.of(s.h - s.y)["dE_dW"] + s.l2 * s.W)
    advice = "this is W − η·dE/dW with η = 0.5, what a step makes of W: return dE/dW itself"
    assert said(theirs, s, "dE_dW", target=s.t, l2=s.l2) == ("step-taken", advice)
    assert said(theirs.T, s, "dE_dW", target=s.t, l2=s.l2, layout="out-in") == ("step-taken", advice)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_softmax_of_minus_z(shape, precision):
    s = Step(*shape)
    h = softmax(-s.z)
    told = "logits-negated", "the softmax is that of −z: take exp(z), without the minus"
    assert said(h.astype(precision), s, "h") == told
    for d in (h - s.y, s.y - h):  # the derivative of the softmax of z, or that of −z
        assert said(s.of(d)["dE_dW"].astype(precision), s, "dE_dW", target=s.t) == told


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("key", ["dE_dW", "dE_db", "dE_dx", "dE_dz"])
def test_another_error_than_the_cross_entropy(key, shape, precision):
    s = Step(*shape)
    for d, told in [
        (s.through(-s.y), NO_LOGARITHM),
        (s.through((s.h - s.y) / (s.h * (1 - s.h))), BINARY),
        (s.through((s.h - s.y) / (s.h * (1 - s.h))) / s.K, BINARY),
        (s.z - s.y, ("missing-softmax", "the logits stand in the place of h: apply the softmax to them")),
    ]:
        assert said(s.of(d)[key].astype(precision), s, key, target=s.t) == told


NO_LOGARITHM = (
    "missing-logarithm",
    "the error is made of h itself, E = −Σ y·h: give it ln h, as nll_loss and its like expect",
)
BINARY = (
    "binary-cross-entropy",
    "the error has (1 − y)·ln(1 − h) of every output as well: that is of independent sigmoids, not of a softmax",
)


def test_logits_in_the_place_of_outputs():
    s = Step()
    assert said(s.z, s, "h") == (
        "missing-softmax",
        "the logits stand in the place of h: apply the softmax to them",
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_the_elementwise_derivative_in_the_place_of_the_outputs(shape):
    s = Step(*shape)
    assert said(s.h * (1 - s.h), s, "h") == (
        "diagonal-only",
        "this is h·(1 − h), the diagonal of dS/dZ: the derivative of the softmax is the matrix diag(h) − h hᵀ",
    )


CURE = "make ln h of the logits, z − max z − ln Σ exp(z − max z), which needs none"


@pytest.mark.parametrize("e", [1e-5, 1e-8, 1e-12])
@pytest.mark.parametrize("change", [lambda h, e: h + e, lambda h, e: np.clip(h, e, 1 - e)])
def test_a_guard_in_the_logarithm(change, e):
    s = Step()
    s.z[:, 1] = np.log(e / 4)  # a target that has next to no probability
    s.h = softmax(s.z)
    told = "epsilon-in-logarithm", f"{e:g} is added to h before the logarithm, or h is clipped there: {CURE}"
    log_h = np.log(change(s.h, e))
    report = compare(-log_h[np.arange(s.N), s.t].mean(), z=s.z, of="loss", target=s.t)
    assert (report.diagnosis, report.advice) == told
    report = compare(log_h, z=s.z, of="log_h")
    assert (report.diagnosis, report.advice) == told


@pytest.mark.parametrize("key", ["dE_dW", "dE_dx", "dE_dz"])
@pytest.mark.parametrize("e", [1e-4, 1e-6])
def test_a_guard_in_the_logarithm_that_is_derived(key, e):
    s = Step()
    d = s.through(-s.y / (s.h + e))
    assert said(s.of(d)[key], s, key, target=s.t) == (
        "epsilon-in-logarithm",
        f"{e:g} is added to h before the logarithm: {CURE}",
    )


@pytest.mark.parametrize("e", [1e-8, 1e-9])
def test_one_too_small_to_be_seen_is_called_nothing_else(e):
    for seed in range(20):
        s = Step(3, 3, 3, seed=seed)
        d = s.through(-s.y / (s.h + e))
        assert said(s.of(d)["dE_dW"], s, "dE_dW", target=s.t)[0] in (None, "epsilon-in-logarithm")


class TestTheLossItself:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize(
        ("make", "reduction", "advice"),
        [
            (np.sum, "mean", "it is a sum over the inputs, where their mean is expected"),
            (np.mean, "sum", "it is a mean over the inputs, where their sum is expected"),
        ],
    )
    def test_a_sum_for_a_mean(self, shape, make, reduction, advice):
        s = Step(*shape)
        told = said(make(-np.log(target(s))), s, "loss", target=s.t, reduction=reduction)
        assert told == ("scaled", advice)

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_a_mean_over_all_terms(self, reduction):
        s = Step()
        assert said(-np.mean(s.y * np.log(s.h)), s, "loss", target=s.t, reduction=reduction) == (
            "scaled",
            "it is a mean over all N × K terms −y·ln h: the mean over the inputs divides their sum by N",
        )

    @pytest.mark.parametrize("logarithm", [np.log2, np.log10])
    def test_another_logarithm(self, logarithm):
        s = Step()
        assert said(-logarithm(target(s)).mean(), s, "loss", target=s.t) == (
            "scaled",
            "the logarithm is to base 2 or 10: that of the cross-entropy is the natural one",
        )

    def test_no_logarithm(self):
        s = Step()
        assert said(-target(s).mean(), s, "loss", target=s.t) == NO_LOGARITHM

    @pytest.mark.parametrize("half", [0.5, 1.0])
    def test_an_l2_term_over_the_number_of_inputs(self, half):
        s = Step()
        loss = -np.log(target(s)).mean() + half * s.l2 * (s.W**2).sum() / s.N
        assert said(loss, s, "loss", target=s.t, l2=s.l2) == (
            "l2-term",
            "the L2 term is divided by the number of inputs: E has λ/2·‖W‖²",
        )


def test_an_l2_term_over_the_number_of_inputs():
    s = Step()
    theirs = s.of(s.h - s.y)["dE_dW"] + s.l2 * s.W / s.N
    assert said(theirs, s, "dE_dW", target=s.t, l2=s.l2) == (
        "l2-term",
        "λW with λ = 0.0333333 is in it, where 0.3 is expected: it is divided by the number of inputs",
    )


def test_constants_that_have_a_name():
    s = Step()
    assert said(s.of(s.h - s.y)["dE_dW"] / s.K, s, "dE_dW", target=s.t) == (
        "scaled",
        "every entry is 0.25 times what it should be: look for a constant factor too many, such as a mean over the 4 "
        "outputs as well would make",
    )
    h = softmax(s.z / s.T)
    assert said(s.of(s.T * (h - s.y))["dE_dW"], s, "dE_dW", target=s.t, temperature=s.T) == (
        "scaled",
        "every entry is 6.25 times what it should be, T²: distillation weighs its loss so, and that of one error has "
        "no such factor",
    )


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", [(7, 4, 4), (12, 6, 6), (6, 3, 3)])
@pytest.mark.parametrize("part", [0.05, 0.5])
def test_a_gradient_that_is_clipped_and_transposed(shape, precision, part):
    s = Step(*shape)
    g = s.of(s.h - s.y)["dE_dW"]
    top = part * np.abs(g).max()
    norm = float(f"{np.linalg.norm(g) / 2:.1g}")
    for clipped in (np.clip(g, -top, top), g * (norm / np.linalg.norm(g))):
        theirs = clipped.T.astype(precision)
        assert said(theirs, s, "dE_dW", target=s.t, layout="in-out")[0] == "transposed + clipped"


def test_short_numbers_are_not_zeros_in_half_precision():
    """What takes few bits passes for rounded to few: that makes no zero of it."""
    x, W = [[0.5], [-0.25], [1.0]], [[0.5, -0.5, 0.25]]
    report = compare([[-227 / 2048, 201 / 2048, 59 / 512]], x, W, of="dE_dW", target=[0, 1, 2])
    assert report.precision == "bfloat16"
    assert report.diagnosis is None
