"""Products of slices have no rounding error, and their bound is one: held against integers and rationals."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli import forward
from softmax_cli.core import logits as core
from softmax_cli.core.logits import Weights, careful_logits, logits_of_one, quick_logits
from softmax_cli.core.sliced_products import (
    MORE,
    SLICES,
    bits_for,
    cut_columns,
    cut_rows,
    left_out,
    level_sums,
)

SHAPES = [(1, 1, 1), (3, 1, 70), (2, 70, 1), (5, 64, 10), (2, 784, 5), (3, 100, 7)]  # n, J, K


def halves(rng, x, W):
    """The second half of every row cancels the first, but for the last bits."""
    half = x.shape[1] // 2
    x[:, half : 2 * half] = -x[:, :half]
    W[half : 2 * half] = W[:half] * (1.0 + 2.0**-45 * rng.integers(-9, 9, W[:half].shape))
    return x, W


def one_huge(rng, x, W):
    x[:, 0] *= 2.0**60
    W[-1] *= 2.0**70
    return x, W


def sparse(rng, x, W):
    return x * (rng.random(x.shape) < 0.2), W * (rng.random(W.shape) < 0.2)


KINDS = {
    "ordinary": lambda rng, x, W: (x, W),
    "whole numbers": lambda rng, x, W: (np.rint(9 * x), np.rint(2 * W)),
    "rows and columns of all sizes": lambda rng, x, W: (
        x * 2.0 ** rng.integers(-90, 90, (len(x), 1)),
        W * 2.0 ** rng.integers(-90, 90, W.shape[1]),
    ),
    "entries of all sizes": lambda rng, x, W: (
        x * 2.0 ** rng.integers(-40, 40, x.shape),
        W * 2.0 ** rng.integers(-40, 40, W.shape),
    ),
    "cancelling": halves,
    "one huge entry": one_huge,
    "on powers of two": lambda rng, x, W: (2.0 ** np.rint(5 * x), -(2.0 ** np.rint(5 * W))),
    "just below powers of two": lambda rng, x, W: (
        np.nextafter(2.0 ** np.rint(x), 0),
        np.nextafter(2.0 ** np.rint(W), 0),
    ),
    "halves of the last bit of a slice": lambda rng, x, W: (1.0 + 2.0 ** -np.rint(30 * np.abs(x)), W),
    "mostly zeros": sparse,
    "zeros": lambda rng, x, W: (0.0 * x, W),
    "subnormal": lambda rng, x, W: (x * 1e-310, W),
    "products that are subnormal": lambda rng, x, W: (x * 1e-200, W * 1e-120),
    "huge and tiny": lambda rng, x, W: (x * 1e300, W * 1e-300),
}
CASES = [(kind, shape) for kind in KINDS for shape in SHAPES]


def problem(kind, shape, seed=0):
    n, J, K = shape
    rng = np.random.default_rng(seed)
    return KINDS[kind](rng, rng.standard_normal((n, J)), rng.standard_normal((J, K)))


def exact_product(x, W):
    columns = [[Fraction(w) for w in column] for column in W.T.tolist()]
    rows = [[Fraction(v) for v in row] for row in x.tolist()]
    return [[sum((a * w for a, w in zip(row, column, strict=True)), Fraction(0)) for column in columns] for row in rows]


def sliced(x, bits, slices=SLICES):
    return cut_rows(x, bits, np.empty((slices + 1, *x.shape)))


def levels_of(x, W, slices=SLICES):
    bits = bits_for(len(W), slices)
    rows, columns = sliced(x, bits, slices), cut_columns(W, bits, slices)
    levels = np.empty((slices, W.shape[1], len(x)))
    level_sums(rows.parts, columns, levels)
    return levels.swapaxes(1, 2), rows, columns


def quick(levels, rows, columns, b, J):
    return quick_logits(levels, rows.size[:, None] * columns.size, b, bits_for(J), J)


def assert_sure_sums_are_right(found, truth):
    for hi, lo, sure, row in zip(*(part.tolist() for part in found), truth, strict=True):
        for h, low, certain, value in zip(hi, lo, sure, row, strict=True):
            if certain:
                assert h == value.numerator / value.denominator
                assert abs(Fraction(h) + Fraction(low) - value) <= max(Fraction(2) ** -55, abs(value) / 2**100)


@pytest.mark.parametrize(("kind", "shape"), CASES)
@pytest.mark.parametrize("slices", [SLICES, MORE])
def test_products_of_slices_are_those_of_whole_numbers(kind, shape, slices):
    levels, rows, columns = levels_of(*problem(kind, shape), slices)
    bits = bits_for(shape[1], slices)
    for level in range(slices):
        truth = np.zeros(levels.shape[1:], dtype=object)
        for p, left in enumerate(rows.parts):
            for q, right in enumerate(columns.parts):
                if p + q == level:
                    a, c = left * 2.0 ** (bits * (p + 1) - 1), right * 2.0 ** (bits * (q + 1) - 1)
                    assert (a == np.rint(a)).all()
                    assert np.abs(a).max() <= 2 ** (bits - 1)
                    truth += np.vectorize(int, [object])(a) @ np.vectorize(int, [object])(c.T)
        whole = levels[level] * 2.0 ** (bits * (level + 2) - 2)
        assert (np.vectorize(int, [object])(whole) == truth).all()


@pytest.mark.parametrize(("kind", "shape"), CASES)
@pytest.mark.parametrize("slices", [SLICES, MORE])
def test_what_is_left_out_is_within_its_bound(kind, shape, slices):
    x, W = problem(kind, shape)
    levels, rows, columns = levels_of(x, W, slices)
    scaled = exact_product(np.ldexp(x, -rows.power[:, None]), np.ldexp(W, -columns.power))
    bound = left_out(rows, columns, slices)
    for n, row in enumerate(scaled):
        for i, value in enumerate(row):
            left = abs(value - sum(Fraction(v) for v in levels[:, n, i].tolist()))
            assert left <= Fraction(float(bound[n, i])) + Fraction(2) ** -1060


@pytest.mark.parametrize(("kind", "shape"), CASES)
@pytest.mark.parametrize("bias", [False, True])
def test_what_is_sure_is_the_exact_sum_rounded_and_the_rest_is_made_so(kind, shape, bias):
    x, W = problem(kind, shape)
    truth = exact_product(x, W)
    b = None
    if bias:  # the first input's logits, less their last bits
        b = -np.array([v.numerator / v.denominator for v in truth[0]]) if abs(truth[0][0]) < 2**1000 else -W[0]
        truth = [[v + Fraction(c) for v, c in zip(row, b.tolist(), strict=True)] for row in truth]
    with np.errstate(all="ignore"):
        levels, rows, columns = levels_of(x, W)
        assert_sure_sums_are_right(quick(levels, rows, columns, b, len(W)), truth)
        assert_sure_sums_are_right(careful_logits(x, W, b), truth)
        hi, lo = Weights(W, b).sliced(x, rows)
    assert_sure_sums_are_right((hi, lo, np.isfinite(hi)), truth)
    assert hi.tolist() == [[rounded(v) for v in row] for row in truth]


def rounded(value):
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return np.copysign(np.inf, value)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(1, 200), st.integers(0, 60))
def test_any_sizes_give_the_rational_rounded_once(seed, J, width):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, J)) * 2.0 ** rng.integers(-width, width + 1, (2, J))
    W = rng.standard_normal((J, 3)) * 2.0 ** rng.integers(-width, width + 1, (J, 3))
    truth = [[rounded(v) for v in row] for row in exact_product(x, W)]
    with np.errstate(all="ignore"):
        assert Weights(W, None).sliced(x, sliced(x, bits_for(J)))[0].tolist() == truth


@pytest.mark.parametrize(("offset", "sure"), [(2.0, True), (0.5, False)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_sum_is_taken_for_sure_on_one_side_of_its_bound_alone(offset, sure, sign):
    """hi + lo at a distance of a multiple of the bound from the middle between two doubles."""
    J, bits = 64, bits_for(64)
    bound = core.left_out_at_most(J, bits)
    levels = np.zeros((SLICES, 1, 1))
    levels[0], levels[1], levels[2] = 1.0, sign * 2.0**-53 if sign > 0 else -(2.0**-54), -sign * offset * bound
    found = quick_logits(levels, np.ones((1, 1)), None, bits, J)
    assert found.sure.tolist() == [[sure]]


def test_more_slices_settle_what_four_leave_open():
    x, W = problem("cancelling", (4, 100, 7))
    levels, rows, columns = levels_of(x, W)
    assert not quick(levels, rows, columns, None, 100).sure.any()
    assert careful_logits(x, W, None).sure.all()


@pytest.mark.parametrize(("last", "nearest"), [(0.0, 1.0), (2.0**-52, 1.0 + 2.0**-51), (2.0**-60, 1.0 + 2.0**-52)])
def test_a_sum_in_the_middle_between_two_doubles_is_known_to_be(last, nearest):
    found = careful_logits(np.ones((1, 3)), np.array([[1.0], [2.0**-53], [last]]), None)
    assert found.hi.tolist() == [[nearest]]
    assert found.sure.all()


@pytest.mark.parametrize("first", [0.0, 1.0])
@pytest.mark.parametrize("tiny", [5e-324, -1e-310])
def test_a_number_that_scaling_loses_counts_where_nothing_else_does(first, tiny):
    x, W = np.array([[2.0**200, 2.0**147, tiny]]), np.array([[first], [first], [1.0]])
    for left, right in ((x, W), (W.T, x.T)):
        with np.errstate(all="ignore"):
            hi, _ = Weights(right, None).sliced(left, sliced(left, bits_for(3)))
        assert hi.tolist() == [[rounded(exact_product(x, W)[0][0])]]


def test_sums_that_are_zero_are_known_to_be():
    x, W = np.tile([[1.0, -1.0]], (3, 50)), np.repeat(np.arange(50.0), 2)[:, None] + [0.0, 0.5]
    found = careful_logits(x, W, None)
    assert found.hi.tolist() == [[0.0, 0.0]] * 3
    assert found.sure.all()


@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_an_input_gets_the_same_bits_alone_and_in_any_batch(kind, shape, monkeypatch):
    x, W = problem(kind, shape)
    b = W[0] / 3.0
    with np.errstate(all="ignore"):
        together = Weights(W, b).sliced(x, sliced(x, bits_for(len(W))))
        for room in (None, Weights(W, b).room(2)):  # one slice at a time, of all rows or of two
            assert [a.tobytes() for a in Weights(W, b).sliced(x, room=room)] == [a.tobytes() for a in together]
        monkeypatch.setattr(core, "KEPT", len(W))  # one column of W at a time
        monkeypatch.setattr(core, "CHUNK", 1)
        monkeypatch.setattr(core, "SHARED", 1)
        monkeypatch.setattr("softmax_cli.core.sliced_products.CACHED", 8)
        monkeypatch.setattr("softmax_cli.core.sliced_products.TOGETHER", 1)
        assert [a.tobytes() for a in Weights(W, b).sliced(x, sliced(x, bits_for(len(W))))] == [
            a.tobytes() for a in together
        ]
        for n in range(len(x)):
            alone = logits_of_one(x[n : n + 1], W, b)
            assert [a.tobytes() for a in alone] == [a[n : n + 1].tobytes() for a in together]


@pytest.mark.parametrize("shape", [(70_000, 16, 35), (530_000, 2, 16)])
def test_an_input_of_a_layer_of_over_a_million_weights_gets_the_same_bits_in_a_batch(shape):
    J, K, N = shape
    rng = np.random.default_rng(7)
    x, W = rng.standard_normal((N, J)), rng.standard_normal((J, K))
    together = forward(x, W).z
    for n in (0, N // 2, N - 1):
        assert together[n].tobytes() == forward(x[n], W).z.tobytes()
