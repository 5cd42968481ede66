"""Every mistake of the gradient of an error is named in each result, alone and with another; or a list says why not."""

import numpy as np
import pytest
from mistaken import MISTAKES, RESULTS, Step, softmax

from softmax_cli import compare
from softmax_cli.testing import assert_gradient

CASES = [(number, key) for number in range(len(MISTAKES)) for key in RESULTS]
CONSTANT = {26, 27, 36, 38, 41}  # in MISTAKES: these change every entry by one factor and do nothing else

# What cannot be told: what is done, the mistake and the result, and what is said of it.
UNDETERMINED = {
    "no sum sees the order of the targets": lambda name, number, key: name == "targets-out-of-order" and key == "dE_db",
    "K weights explain any K numbers": lambda name, number, key: name == "class-weights" and key == "dE_db",
}


def told(number, key, other, shape, precision):
    """All that is said of a mistake in a result, with another one; a set of names each."""
    _, make, options = MISTAKES[number]
    step = Step(*shape)
    theirs, given = step.of(make(step))[key], {"target": step.t, **options(step)}
    if other == "sign":
        theirs = -theirs
    if other == "scale":
        theirs = 3.25 * theirs
    if other == "mean":
        given["reduction"] = "sum"
    report = compare(theirs.astype(precision), step.x, step.W, step.b, of=key, **given)
    assert not report.agrees
    return [set(said.split(" + ")) for said in (report.diagnosis, *(o.diagnosis for o in report.others)) if said]


@pytest.mark.parametrize(("number", "key"), CASES)
def test_a_mistake_alone(number, key):
    name = MISTAKES[number][0]
    if any(applies(name, number, key) for applies in UNDETERMINED.values()):
        step = Step()
        report = compare(step.of(MISTAKES[number][1](step))[key], step.x, step.W, step.b, of=key, target=step.t)
        assert report.diagnosis is None
    else:
        assert {name} in told(number, key, "alone", (9, 6, 4), np.float64)


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_an_assertion_fails_on_it_and_says_what_it_is(number):
    name, make, options = MISTAKES[number]
    step = Step()
    theirs = step.of(make(step))["dE_dW"]
    with pytest.raises(AssertionError) as error:
        assert_gradient(theirs, step.x, step.W, step.b, of="dE_dW", **{"target": step.t, **options(step)})
    assert name in str(error.value).split("diagnosis: ")[1]


@pytest.mark.parametrize("other", ["sign", "scale", "mean"])
def test_of_two_constants_one_is_named(other):
    for number in CONSTANT:
        assert {"scaled"} in told(number, "dE_dW", other, (9, 6, 4), np.float64)


class TestABatchOfProbabilities:
    """What has no target: h of a batch."""

    def test_one_softmax_over_the_whole_batch(self):
        s = Step()
        report = compare(np.exp(s.z) / np.exp(s.z).sum(), s.x, s.W, s.b, of="h")
        assert (report.diagnosis, report.advice) == (
            "wrong-axis",
            "one softmax runs over the whole batch: take it over the outputs of each input, along the last axis",
        )

    @pytest.mark.parametrize("key", ["h", "dE_dz"])
    def test_a_maximum_over_the_batch_that_underflows_rows(self, key):
        s = Step()
        z = s.z.copy()
        z[3] += 2000
        e = np.exp(z - z.max())
        with np.errstate(invalid="ignore"):
            h = e / e.sum(axis=1, keepdims=True)
        theirs, target = (h, {}) if key == "h" else ((h - s.y) / s.N, {"target": s.t})
        assert np.isnan(theirs).any()
        report = compare(theirs, z=z, of=key, **target)
        assert (report.diagnosis, report.advice) == (
            "batch-maximum",
            "the largest logit of the batch is taken off every row, and rows far below underflow: "
            "take off each one's own",
        )

    @pytest.mark.parametrize("T", [0.4, 2.5])
    def test_a_temperature_that_is_not_wanted_is_measured(self, T):
        s = Step()
        report = compare(softmax(s.z / T), s.x, s.W, s.b, of="h")
        assert (report.diagnosis, report.advice) == (
            "other-temperature", f"the temperature is {T:g}, where 1 is expected")  # fmt: skip

    def test_no_temperature_is_claimed_of_two_outputs_which_any_would_fit(self):
        assert compare([0.3, 0.7], [1.0], [[0.5, 0.25]], of="h").diagnosis is None

    def test_equal_outputs_get_no_far_fetched_explanation(self):
        s = Step()
        assert compare(np.full(s.K, 1 / s.K), s.x[0], s.W, s.b, of="h").diagnosis is None


class TestTheTermsOfTheError:
    def test_the_l2_term_of_the_loss_without_its_half(self):
        s = Step()
        loss = -np.log(s.h[np.arange(s.N), s.t]).mean() + s.l2 * (s.W**2).sum()
        report = compare(loss, s.x, s.W, s.b, of="loss", target=s.t, l2=s.l2)
        assert (report.diagnosis, report.advice) == (
            "l2-term", "the L2 term is twice, or half, what it should be: E has λ/2·‖W‖²")  # fmt: skip

    def test_the_l2_term_of_the_bias(self):
        s = Step()
        report = compare((s.h - s.y).mean(0) + s.l2 * s.b, s.x, s.W, s.b, of="dE_db", target=s.t, l2=s.l2)
        assert (report.diagnosis, report.advice) == (
            "l2-on-bias", "λb is in it: the L2 term is of W alone, and b is not penalised")  # fmt: skip

    @pytest.mark.parametrize("key", ["dE_dz", "dE_dx"])
    def test_the_targets_in_any_other_order(self, key):
        s = Step()
        order = np.array([0, 2, 1, 3, 4, 5, 6, 7, 8])
        report = compare(s.of(s.h - s.y[order])[key], s.x, s.W, s.b, of=key, target=s.t)
        assert (report.diagnosis, report.advice) == (
            "other-targets",
            "the targets are in another order than the inputs: class 1 for input 1 and class 2 for input 2",
        )


class TestTwoOutputs:
    """Where mistakes make the same matrix."""

    def test_a_flipped_sign_and_two_exchanged_outputs_are_both_named(self):
        rng = np.random.default_rng(0)
        x, W = rng.normal(size=3), rng.normal(size=(3, 2))
        h = softmax(x @ W)
        report = compare(-np.kron(np.diag(h) - np.outer(h, h), x), x, W)
        assert (report.diagnosis, [other.diagnosis for other in report.others]) == (
            "sign-flipped", ["outputs-exchanged"])  # fmt: skip
        assert str(report).splitlines()[-4:] == [
            "diagnosis: sign-flipped",
            "every entry has the opposite sign: look for a minus too many or too few",
            "or: outputs-exchanged",
            "the outputs are in another order: reversed, or each in the place of the next; of two, they are exchanged",
        ]
        assert report.to_dict()["others"] == [{"diagnosis": "outputs-exchanged", "advice": report.others[0].advice}]

    def test_three_are_named_at_most_and_a_simpler_one_alone(self):
        rng = np.random.default_rng(0)
        for _ in range(20):
            x, W, theirs = rng.normal(size=1), rng.normal(size=(1, 2)), rng.choice([-1.0, 0.5, 2.0])
            h = softmax(x @ W)
            report = compare(theirs * np.kron(np.diag(h) - np.outer(h, h), x), x, W)
            names = [report.diagnosis, *(other.diagnosis for other in report.others)]
            assert len(names) <= 3
            assert len({name.count(" + ") for name in names}) == 1
            assert len(set(names)) == len(names)


@pytest.mark.parametrize(("name", "make"), [
    ("sign-flipped", lambda D, x: -np.kron(D, x)),
    ("scaled", lambda D, x: np.kron(D, x) / 7),
    ("missing-input", lambda D, x: np.kron(D, np.ones_like(x))),
    ("row-major-weights", lambda D, x: np.kron(D, x).reshape(3, 3, -1).transpose(0, 2, 1).reshape(3, -1)),
    (None, lambda D, x: np.random.default_rng(1).normal(size=(3, 3 * len(x)))),
])  # fmt: skip
def test_a_mistake_in_a_jacobian_of_many_inputs(name, make):
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=300), rng.normal(size=(300, 3)) / 17
    h = softmax(x @ W)
    assert compare(make(np.diag(h) - np.outer(h, h), x), x, W).diagnosis == name
