"""Sums over a data set are the exact sum rounded once, in any blocks and any order: held against rationals."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli.core.exact_sums import ExactSum, ProductSum, known_zeros, sum_of
from softmax_cli.core.integer_sums import UNIT, quotient, whole_sums
from softmax_cli.core.sliced_products import SLICES, bits_for, cut_rows
from softmax_cli.core.split_exponent import Apart

KINDS = {
    "ordinary": lambda rng, x, d: (x, d),
    "whole numbers": lambda rng, x, d: (np.rint(9 * x), np.rint(9 * d)),
    "rows of all sizes": lambda rng, x, d: (x * 2.0 ** rng.integers(-60, 60, (len(x), 1)), d),
    "columns of all sizes": lambda rng, x, d: (
        x * 2.0 ** rng.integers(-60, 60, x.shape[1]),
        d * 2.0 ** rng.integers(-60, 60, d.shape[1]),
    ),
    "entries of all sizes": lambda rng, x, d: (x, d * 2.0 ** rng.integers(-200, 1, d.shape)),
    "cancelling": lambda rng, x, d: (x, np.concatenate((d[::2], -d[::2]))[rng.permutation(len(d))]),
    "cancelling but for the last bits": lambda rng, x, d: (
        np.repeat(x[::2], 2, axis=0),
        np.repeat(d[::2], 2, axis=0) * np.array([1.0, -1.0 - 2.0**-52] * (len(d) // 2))[:, None],
    ),
    "one huge row": lambda rng, x, d: (x * np.where(np.arange(len(x)) == 3, 2.0**80, 1.0)[:, None], d),
    "on powers of two": lambda rng, x, d: (2.0 ** np.rint(3 * x), -(2.0 ** np.rint(3 * d))),
    "zeros": lambda rng, x, d: (0.0 * x, d),
    "a column of zeros": lambda rng, x, d: (x * (np.arange(x.shape[1]) > 0), d * (np.arange(d.shape[1]) > 0)),
    "subnormal": lambda rng, x, d: (x * 1e-310, d),
    "products that are subnormal": lambda rng, x, d: (x * 1e-200, d * 1e-115),
    "huge and tiny": lambda rng, x, d: (x * 1e300, d * 1e-300),
    "sums that overflow": lambda rng, x, d: (x * 1e200, d * 1e110),
}
SHAPES = [(40, 1, 1), (64, 6, 3), (90, 2, 5)]  # N, J, K
CASES = [(kind, shape) for kind in KINDS for shape in SHAPES]


def problem(kind, shape):
    N, J, K = shape
    rng = np.random.default_rng(N)
    return KINDS[kind](rng, rng.standard_normal((N, J)), rng.standard_normal((N, K)))


def exact_sums(x, d):
    """(K, J) rationals."""
    return [
        [sum((Fraction(a) * Fraction(v) for a, v in zip(c, u, strict=True)), Fraction(0)) for c in x.T.tolist()]
        for u in d.T.tolist()
    ]


def in_blocks(x, d, block):
    bits = bits_for(x.shape[1])
    total = ProductSum((d.shape[1], x.shape[1]), bits)
    with np.errstate(all="ignore"):
        for a in range(0, len(x), block):
            part = x[a : a + block]
            total.add(cut_rows(part, bits, np.empty((SLICES + 1, *part.shape))), Apart(d[a : a + block]))
        return known_zeros(total.sum(), x)


def rounded(value):
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def assert_right_where_sure(total, truth):
    with np.errstate(all="ignore"):
        value, sure = total.rounded()
    for values, certain, row in zip(value.tolist(), sure.tolist(), truth, strict=True):
        for v, is_sure, exact in zip(values, certain, row, strict=True):
            assert not is_sure or v == rounded(exact)
    return sure


@pytest.mark.parametrize(("kind", "shape"), CASES)
@pytest.mark.parametrize("block", [1, 7, 64])
def test_what_is_sure_is_the_exact_sum_rounded(kind, shape, block):
    x, d = problem(kind, shape)
    assert_right_where_sure(in_blocks(x, d, block), exact_sums(x, d))


@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_what_is_left_of_a_sum_is_within_its_bound(kind, shape):
    x, d = problem(kind, shape)
    total = in_blocks(x, d, 16)
    for i, row in enumerate(exact_sums(x, d)):
        for j, exact in enumerate(row):
            parts, left = total.parts[:, i, j], total.left[i, j]
            if np.isfinite(parts).all() and np.isfinite(left):
                assert abs(exact - sum(Fraction(v) for v in parts.tolist())) <= Fraction(float(left))


@pytest.mark.parametrize(
    "kind",
    [
        "ordinary",
        "whole numbers",
        "rows of all sizes",
        "on powers of two",
        "zeros",
        "a column of zeros",
        "one huge row",
    ],
)
def test_ordinary_sums_are_sure_at_once(kind):
    assert in_blocks(*problem(kind, (64, 6, 3)), 16).rounded()[1].all()


def test_whole_numbers_that_cancel_are_known_to():
    x, d = np.ones((100, 2)) * [3.0, -5.0], np.repeat([[0.5, -0.5], [-0.5, 0.5]], 50, axis=0)
    value, sure = in_blocks(x, d, 16).rounded()
    assert value.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert sure.all()


def test_a_number_that_scaling_loses_is_not_taken_for_none():
    x = np.array([[2.0**300, 5e-324], [-(2.0**300), 5e-324]])
    value, sure = in_blocks(x, np.array([[2.0], [2.0]]), 2).rounded()
    assert value[0, 0] == 0.0
    assert not sure[0, 1]
    value, sure = in_blocks(x[:, :1], np.array([[2.0], [2.0]]), 2).rounded()
    assert sure.all()


@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_whole_sums_are_the_rationals(kind, shape):
    x, d = problem(kind, shape)
    i, j = (part.ravel() for part in np.indices((d.shape[1], x.shape[1])))
    found = whole_sums(x, Apart(d), j, i)
    assert [Fraction(total) * Fraction(2) ** UNIT for total in found] == [v for row in exact_sums(x, d) for v in row]


def test_whole_sums_take_numbers_apart():
    x, d = np.array([[3.0], [1.0]]), Apart(np.array([[0.75], [0.5]]), np.array([[-3000], [-4000]], np.int32))
    (total,) = whole_sums(x, d, np.array([0]), np.array([0]))
    assert Fraction(total) * Fraction(2) ** UNIT == Fraction(9, 4) / 2**3000 + Fraction(1, 2) / 2**4000


@pytest.mark.parametrize("power", [-1080, -1074, -1050, -1022, -500, 0, 1000, 1023, 1030])
@pytest.mark.parametrize("norm", [1.0, 3.0, 0.375])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_sum_over_the_norm_is_rounded_before_the_division(power, norm, sign):
    value = Fraction(sign * (2**60 + 12345)) / 2**60 * Fraction(2) ** power
    nearest = rounded(value / Fraction(2) ** power)
    truth = rounded(Fraction(nearest / norm) * Fraction(2) ** power)
    got = quotient(int(value * Fraction(2) ** -UNIT), norm)
    assert got == pytest.approx(truth, rel=2.0**-52 if abs(truth) >= 2.0**-1022 else 1.0, abs=5e-324)
    if -1020 < power < 1020:
        assert got == truth


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(2, 60), st.integers(0, 40), st.integers(1, 9))
def test_parts_add_up_to_the_same_bits_in_any_order(seed, N, width, pieces):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, 3)) * 2.0 ** rng.integers(-width, width + 1, (N, 3))
    d = rng.standard_normal((N, 2)) * 2.0 ** rng.integers(-width, width + 1, (N, 2))
    truth = exact_sums(x, d)
    order = rng.permutation(N)
    edges = np.sort(rng.integers(0, N + 1, pieces))
    parts = [in_blocks(x[rows], d[rows], 5) for rows in np.split(order, edges) if len(rows)]
    one_way, other_way = parts[0], parts[-1]
    for part in parts[1:]:
        one_way = one_way + part
    for part in parts[-2::-1]:
        other_way = other_way + part
    sure = assert_right_where_sure(one_way, truth)
    assert (assert_right_where_sure(other_way, truth) == sure).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_sum_of_rows_is_within_its_bound(kind):
    _, d = problem(kind, (90, 2, 5))
    with np.errstate(all="ignore"):
        total = sum_of(d)
    assert_right_where_sure(ExactSum(total.parts[..., None], total.left[..., None]), exact_sums(np.ones((90, 1)), d))
    for i, row in enumerate(exact_sums(np.ones((90, 1)), d)):
        if np.isfinite(total.left[i]):
            assert abs(row[0] - sum(Fraction(v) for v in total.parts[:, i].tolist())) <= Fraction(float(total.left[i]))


def test_rows_that_lack_digits_are_not_sure():
    assert sum_of(np.ones((3, 1))).rounded()[1].all()
    assert not sum_of(np.ones((3, 1)), 1e-16).rounded()[1].any()
