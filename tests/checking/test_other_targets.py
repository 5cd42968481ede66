"""Targets that are not those that are given, found in dE/dW; and what cannot be told is not said."""

import numpy as np
import pytest
from mistaken import Step

from softmax_cli import compare


def said(shape, t_of, precision=np.float64, sign=1, **options):
    """What is said of dE/dW with the targets that t_of makes of the right ones; what is right is told of s.t."""
    s = Step(*shape)
    t = t_of(s.t.copy())
    d = s.h - np.eye(s.K)[t]
    theirs = s.x[:, :, None] * d[:, None, :] if options else s.of(d)["dE_dW"]
    report = compare((sign * theirs).astype(precision), s.x, s.W, s.b, of="dE_dW", target=s.t, **options)
    return report.diagnosis, report.advice, s.t, t


def shuffled(t):
    return np.random.default_rng(1).permutation(t)


def exchanged(t):
    other = np.flatnonzero(t != t[0])[2]
    t[[0, other]] = t[[other, 0]]
    return t


def one_wrong(t):
    t[3] = (t[3] + 1) % 2
    return t


ANY_ORDER = [(9, 9, 4), (6, 9, 4), (12, 12, 2), (40, 100, 10)]


@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize("shape", ANY_ORDER)
def test_any_order_where_the_inputs_are_independent(shape, precision):
    name, advice, right, wrong = said(shape, shuffled, precision)
    moved = np.flatnonzero(right != wrong)
    assert (name, advice.split(" and ")[0].split(",")[0]) == (
        "other-targets",
        f"the targets are in another order than the inputs: class {wrong[moved[0]]} for input {moved[0]}",
    )


@pytest.mark.parametrize("shape", [(9, 6, 4), (20, 5, 3), (100, 8, 3), (500, 20, 10)])
def test_two_that_are_exchanged_of_any_number(shape):
    name, advice, right, wrong = said(shape, exchanged)
    a, b = np.flatnonzero(right != wrong)
    assert (name, advice) == (
        "other-targets",
        "the targets are in another order than the inputs: "
        f"class {wrong[a]} for input {a} and class {wrong[b]} for input {b}",
    )


@pytest.mark.parametrize("shape", [(9, 6, 4), (20, 5, 3), (500, 20, 10)])
def test_one_that_is_wrong_of_any_number(shape):
    name, advice, _, wrong = said(shape, one_wrong)
    assert (name, advice) == (
        "other-targets",
        f"some targets are not those that are given: class {wrong[3]} for input 3",
    )


@pytest.mark.parametrize(("by", "told"), [(3, "n − 3"), (-7, "n + 7")])
@pytest.mark.parametrize("shape", [(20, 5, 3), (100, 8, 3), (500, 20, 10)])
def test_a_shift_by_any_number(shape, by, told):
    assert said(shape, lambda t: np.roll(t, by))[:2] == (
        "other-targets",
        f"the targets are in another order than the inputs: input n has that of input {told}",
    )


def test_a_flipped_sign_beside_it():
    name, advice, _, _ = said((6, 9, 4), lambda t: np.roll(t, 2), sign=-1)
    assert (name, advice) == (
        "sign-flipped + other-targets",
        "every entry has the opposite sign: look for a minus too many or too few; "
        "the targets are in another order than the inputs: input n has that of input n − 2",
    )


def test_of_inputs_that_have_a_gradient_each():
    assert said((9, 3, 4), lambda t: np.roll(t, 2), reduction="none")[:2] == (
        "other-targets",
        "the targets are in another order than the inputs: input n has that of input n − 2",
    )


@pytest.mark.parametrize("shape", [(20, 1, 2), (30, 1, 3), (20, 2, 2)])
def test_nothing_is_told_by_a_matrix_that_many_choices_would_make(shape):
    s, rng = Step(*shape), np.random.default_rng(0)
    for _ in range(5):
        theirs = s.of(s.h - np.eye(s.K)[rng.integers(0, s.K, s.N)])["dE_dW"]
        theirs += 1e-3 * s.of(rng.normal(size=s.h.shape) @ (np.eye(s.K) - 1 / s.K))["dE_dW"]
        assert "other-targets" not in (compare(theirs, s.x, s.W, s.b, of="dE_dW", target=s.t).diagnosis or "")


class TestAnL2Term:
    """A sign or a factor of the whole gradient, and of all but the term."""

    @pytest.mark.parametrize(
        ("data", "term", "said"),
        [
            (-1, -1, ("sign-flipped", "every entry has the opposite sign: look for a minus too many or too few")),
            (
                -1,
                1,
                ("sign-flipped", "all but the L2 term has the opposite sign: look for a minus too many or too few"),
            ),
            (2, 2, ("scaled", "every entry is 2 times what it should be: look for a constant factor too many")),
            (
                9,
                1,
                (
                    "scaled",
                    "all but the L2 term is 9 times what it should be: a sum over the 9 inputs, where their mean is "
                    "expected",
                ),
            ),
            (
                1,
                2,
                ("l2-term", "λW with λ = 0.6 is in it, where 0.3 is expected: E has λ/2·‖W‖², whose derivative is λW"),
            ),
            (1, 0, ("missing-l2", "the L2 term is left out: dE/dW has λW")),
        ],
    )
    def test_it_is_told_what_it_is(self, data, term, said):
        s = Step()
        theirs = data * s.of(s.h - s.y)["dE_dW"] + term * s.l2 * s.W
        report = compare(theirs, s.x, s.W, s.b, of="dE_dW", target=s.t, l2=s.l2)
        assert (report.diagnosis, report.advice) == said
