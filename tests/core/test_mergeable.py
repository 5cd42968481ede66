"""The sums of parts of a data set add up, in any order, to the gradient of the whole, bit by bit."""

import math
from fractions import Fraction
from functools import reduce
from operator import add

import numpy as np
import pytest

from softmax_cli import InputError, loss_gradient, sums
from softmax_cli.core.objective import exactly

N, J, K = 240, 5, 4


def cancelling(rng):
    """Inputs whose second half takes back the first: the sums are far smaller than their terms."""
    x = rng.standard_normal((N, J)) * 2.0 ** rng.integers(-20, 20, J)
    x[N // 2 :] = -x[: N // 2] * (1 + 2.0**-40)
    return x


KINDS = {"ordinary": lambda rng: rng.standard_normal((N, J)), "cancelling": cancelling}


def problem(kind):
    rng = np.random.default_rng(5)
    x = KINDS[kind](rng)
    return x, rng.standard_normal((J, K)) / np.abs(x).max(axis=0)[:, None], rng.standard_normal(K), rng


def cut(count, rng):
    """The rows in so many parts of unequal size, shuffled, and the parts in no order."""
    rows = rng.permutation(N)
    edges = sorted(rng.choice(np.arange(1, N), count - 1, replace=False).tolist())
    parts = np.split(rows, edges)
    return [parts[i] for i in rng.permutation(count)]


def bits(found):
    return [np.asarray(part).tobytes() for part in (found.loss, found.dE_dW, found.dE_db)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 7, 24])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_parts_add_up_to_the_whole_in_any_order(kind, count, reduction):
    x, W, b, rng = problem(kind)
    t, w, c = rng.integers(-1, K, N), rng.random(N), rng.random(K)
    options = {"ignore": -1, "label_smoothing": 0.1, "class_weights": c, "temperature": 0.7, "mask": [2]}
    t[t == 2] = 0
    whole = loss_gradient(x, W, b, target=t, sample_weights=w, l2=0.3, reduction=reduction, **options)
    parts = [sums(x[p], W, b, target=t[p], sample_weights=w[p], **options) for p in cut(count, rng)]
    total = reduce(add, parts)
    assert total.doubt() == {}
    assert bits(total.gradient(W, l2=0.3, reduction=reduction)) == bits(whole)
    assert total.loss(W, l2=0.3, reduction=reduction) == whole.loss


def test_soft_targets_and_upstream_gradients_add_up_too():
    x, W, b, rng = problem("ordinary")
    y = rng.dirichlet(np.ones(K), N)
    for name in ("target", "upstream"):
        total = reduce(add, [sums(x[p], W, b, **{name: y[p]}) for p in cut(7, rng)])
        assert bits(total.gradient()) == bits(loss_gradient(x, W, b, **{name: y}))


def test_the_sums_are_the_exact_ones_rounded_once():
    x, W, b, rng = problem("cancelling")
    t = rng.integers(0, K, N)
    d = loss_gradient(x, W, b, target=t, reduction="sum", wrt=("z",)).dE_dz
    total = reduce(add, [sums(x[p], W, b, target=t[p]) for p in cut(7, rng)]).gradient(reduction="sum")
    for i in range(K):
        assert total.dE_db[i] == float(sum(Fraction(v) for v in d[:, i].tolist()))
        for j in range(J):
            terms = zip(x[:, j].tolist(), d[:, i].tolist(), strict=True)
            assert total.dE_dW[j, i] == float(sum(Fraction(a) * Fraction(v) for a, v in terms))


def test_a_part_in_which_no_input_counts_adds_nothing():
    x, W, b, rng = problem("ordinary")
    t = rng.integers(0, K, N)
    nothing = sums(x[:9], W, b, target=np.full(9, -100), ignore=-100)
    total = sums(x, W, b, target=t, ignore=-100) + nothing
    assert total.rows == N + 9
    assert bits(total.gradient()) == bits(loss_gradient(x, W, b, target=t))
    with pytest.raises(InputError) as caught:
        nothing.gradient()
    assert str(caught.value) == "no input counts: all are ignored or have weight 0, and their mean is none"
    assert nothing.loss(reduction="sum") == 0.0


def test_they_print_as_what_they_are_of():
    one, two = (sums(np.ones((rows, 1)), np.zeros((1, 3)), target=[0] * rows) for rows in (1, 2))
    assert (repr(one), repr(two)) == ("<Sums over 1 row, of W 1 × 3>", "<Sums over 2 rows, of W 1 × 3>")


def test_an_entry_whose_last_bit_the_sums_do_not_prove_is_counted():
    """Half way between two doubles, but for a term 2^-300 below: no bound is so small. d is ±1/2 exactly."""
    x = np.array([[1.0], [2.0**-53], [2.0**-300]])
    total = reduce(add, [sums(row[None], np.zeros((1, 2)), target=[1]) for row in x])
    doubt = total.doubt()
    assert doubt.keys() == {"dE_dW"}
    assert doubt["dE_dW"].entries == 2
    assert 0.0 < doubt["dE_dW"].off < 2.0**-100
    assert abs(total.gradient(reduction="sum").dE_dW[0, 0] - 0.5) <= 2.0**-53


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"W": np.ones((J, K))}, "W"),
        ({"b": np.ones(K)}, "b"),
        ({"label_smoothing": 0.1}, "the options of the error, the temperature or the mask"),
        ({"temperature": 2.0}, "the options of the error, the temperature or the mask"),
        ({"mask": [3]}, "the options of the error, the temperature or the mask"),
    ],
)
def test_sums_of_something_else_are_refused(change, what):
    x, W, b, _ = problem("ordinary")
    given = {"W": W, "b": b, "target": np.zeros(N, int)}
    with pytest.raises(InputError) as caught:
        sums(x, **given) + sums(x, **{**given, **change})
    assert str(caught.value) == f"these sums do not belong together: they differ in {what}"


def test_no_bias_and_a_bias_of_zero_belong_together():
    x, W, _, _ = problem("ordinary")
    assert (sums(x, W, target=[0] * N) + sums(x, W, np.zeros(K), target=[0] * N)).rows == 2 * N


def test_l2_needs_the_weights_that_the_sums_are_of():
    x, W, b, _ = problem("ordinary")
    found = sums(x, W, b, target=[0] * N)
    for given, message in ((None, "l2 needs W"), (2 * W, "this W is not the one that the sums are of")):
        with pytest.raises(InputError) as caught:
            found.gradient(given, l2=0.1)
        assert str(caught.value) == message


def test_messages_count_the_inputs_from_first():
    x, W, b, _ = problem("ordinary")
    bad = x.copy()
    bad[3, 1] = np.nan
    t = np.zeros(N, int)
    t[5] = 9
    for given, message in (
        ({"x": bad, "target": np.zeros(N, int)}, "x[103,1] is nan, where a finite number is expected"),
        ({"x": x, "target": t}, "target 9 of input 105 does not exist: there are 4 outputs, 0 to 3"),
    ):
        with pytest.raises(InputError) as caught:
            sums(W=W, b=b, first=100, **given)
        assert str(caught.value) == message


def test_the_norm_is_exact():
    terms = [1e308, 1.0, 2.0**-1074, -0.0, 1e-30, 3e200] * 50
    terms[0] = 1e300
    terms = [term for term in terms if term < 1e308]
    parts = exactly(terms)
    assert sum(map(Fraction, parts)) == sum(map(Fraction, terms))
    assert parts[0] == math.fsum(terms)


def test_a_single_input_is_no_data_set():
    with pytest.raises(InputError) as caught:
        sums([1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]], target=0)
    assert str(caught.value) == "x has shape (2,), where one input a row, (N, J), is expected"
