"""Every logit is the correctly rounded sum, whatever cancels, underflows or overflows: held against rationals."""

from fractions import Fraction

import numpy as np
import pytest

from softmax_cli import forward
from softmax_cli.core.careful_dots import dots
from softmax_cli.core.exact_dot import exact_dots, exact_dots_apart
from softmax_cli.core.twofold import two_product

# Of 27-bit halves, whose product of the lower halves has 54 bits.
WIDE = ([4503599761588223.0, 4503599895805954.0, 1.0], [[4503599761588223.0, 0.0], [-4503599627370496.0, 0.0]])
WIDE = (WIDE[0], [*WIDE[1], [268435456.0, 0.0]])


def rounded(value):
    """A rational as the double next to it."""
    return value.numerator / value.denominator


def exact_logits(x, W):
    columns = list(zip(*W, strict=True))
    return [
        rounded(sum(Fraction(a) * Fraction(c) for a, c in zip(x, column, strict=True)) + Fraction(0))
        for column in columns
    ]


def small_and_in_arrays(x, W):
    """z by Python's floats, where the layer is small enough, and by arrays."""
    with np.errstate(all="ignore"):
        return forward(x, W).z.tolist(), dots(np.array([x]), np.array(W), None)[0][0].tolist()


def cancelling_integers(seed, J):
    """x and two columns of W in integers of up to 53 bits; the first column leaves a few bits."""
    rng = np.random.default_rng(seed)
    bits = int(rng.integers(20, 54))
    x = [int(v) for v in rng.integers(-(2**bits), 2**bits, J)]
    w = [int(v) for v in rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), J)]
    x[-1], x[-2] = 1, 2**27 + 1
    left = sum(a * c for a, c in zip(x[:-2], w[:-2], strict=True))
    w[-2] = max(-(2**53), min(2**53, -(left // x[-2])))
    w[-1] = max(-(2**53), min(2**53, -(left + x[-2] * w[-2]) + int(rng.integers(-4, 5))))
    return x, [[a, c] for a, c in zip(w, reversed(w), strict=True)]


def any_doubles(seed, J):
    """x and three columns of W of all sizes, some of whose products leave the range or cancel."""
    rng = np.random.default_rng(seed)
    width = int(rng.choice([1, 50, 400]))
    exponents = rng.integers(-width, width + 1, (J, 4)) + int(rng.integers(-500, 100))
    values = np.ldexp(rng.integers(-(2**53), 2**53, (J, 4)).astype(float), exponents - 53)
    if J > 1 and seed % 2:
        values[-1] = values[0] * [1.0, -1.0, -1.0, -1.0]
        values[-1, 1] = np.nextafter(values[-1, 1], 0.0)
    return values[:, 0].tolist(), values[:, 1:].tolist()


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_a_product_of_27_bit_halves_is_exact(order):
    x, W = [WIDE[0][at] for at in order], [WIDE[1][at] for at in order]
    assert small_and_in_arrays(x, W) == ([1.0, 0.0], [1.0, 0.0])
    assert forward(x, W).h.tolist() == [0.7310585786300049, 0.2689414213699951]


def test_a_product_and_its_error_are_the_exact_product():
    rng = np.random.default_rng(0)
    a, b = (np.ldexp(rng.integers(-(2**53), 2**53, 20000).astype(float), rng.integers(-400, 400, 20000)) for _ in "ab")
    p, e = two_product(a, b)
    for numbers in zip(a.tolist(), b.tolist(), p.tolist(), e.tolist(), strict=True):
        x, y, hi, lo = map(Fraction, numbers)
        assert hi + lo == x * y


@pytest.mark.parametrize("J", [3, 5, 9, 40])
def test_integers_that_cancel_to_a_few_bits_give_what_python_gives(J):
    for seed in range(1000):
        x, W = cancelling_integers(seed, J)
        truth = [float(sum(a * row[k] for a, row in zip(x, W, strict=True))) for k in (0, 1)]
        assert small_and_in_arrays([float(v) for v in x], W) == (truth, truth)


def test_integers_that_cancel_in_a_batch_give_what_python_gives():
    problems = [cancelling_integers(0, 6)[0] for _ in range(1)] + [cancelling_integers(s, 6)[0] for s in range(1, 500)]
    W = np.array(cancelling_integers(0, 6)[1], dtype=float)
    z, _ = dots(np.array(problems, dtype=float), W, None)
    truth = [[float(sum(a * int(w) for a, w in zip(x, W[:, k], strict=True))) for k in (0, 1)] for x in problems]
    assert z.tolist() == truth


@pytest.mark.parametrize("J", [1, 2, 3, 7])
def test_doubles_of_any_size_give_the_rational_rounded_once(J):
    for seed in range(500):
        x, W = any_doubles(seed, J)
        truth = exact_logits(x, W)
        assert small_and_in_arrays(x, W) == (truth, truth)


def test_a_sum_on_the_midpoint_of_two_doubles_is_rounded_to_even_and_by_what_is_far_below_it():
    half, below = 2.0**-53, 2.0**-1000
    W = [[1.0] * 5, [half, half, half, 3 * half, 3 * half], [0.0, below, -below, 0.0, -below]]
    truth = [1.0, 1.0 + 2 * half, 1.0, 1.0 + 4 * half, 1.0 + 2 * half]
    assert small_and_in_arrays([1.0, 1.0, 1.0], W) == (truth, truth)


@pytest.mark.parametrize("quarters", range(1, 20))
def test_a_subnormal_logit_is_rounded_once(quarters):
    x, W = [2.0**-540, 2.0**-540], [[quarters * 2.0**-536], [2.0**-1000]]
    W[0].append(-W[0][0])
    W[1].append(0.0)
    truth = exact_logits(x, W)
    assert small_and_in_arrays(x, W) == (truth, truth)


def test_what_the_bias_is_rounded_from_counts():
    x, W, b = [2.0**-600], [[2.0**-600, -(2.0**-600), 0.0]], [1.0 + 2.0**-52, 5e-324, 0.1]
    assert forward(x, W, b).z.tolist() == b
    assert forward([2.0**-500], [[2.0**-574, -(2.0**-574)]], [5e-324, 5e-324]).z.tolist() == [1e-323, 0.0]


def test_many_tiny_products_are_added_as_they_are():
    x, W = np.full((200, 200), 3e-200), np.full((200, 200), 7e-125)
    truth = rounded(200 * Fraction(3e-200) * Fraction(7e-125))
    assert np.unique(forward(x, W).z).tolist() == [truth]
    assert not forward(x, np.full((200, 200), 7e-150)).z.any()


def test_the_low_part_is_what_the_rounding_left():
    rng = np.random.default_rng(3)
    for width in (1, 30, 300):
        x, w = (np.ldexp(rng.standard_normal((300, 6)), rng.integers(-width, width + 1, (300, 6))) for _ in "xw")
        w[:, -1], x[:, -1] = -w[:, 0], np.nextafter(x[:, 0], np.inf)
        for a, c, hi, lo in zip(x.tolist(), w.tolist(), *(v.tolist() for v in exact_dots(x, w)), strict=True):
            truth = sum(Fraction(p) * Fraction(q) for p, q in zip(a, c, strict=True))
            assert abs(truth - Fraction(hi) - Fraction(lo)) <= abs(truth) * Fraction(2) ** -100


def test_sums_beyond_the_range_of_doubles_keep_their_exponent_apart():
    hi, lo, power = exact_dots_apart(np.full((1, 2), 1e300), np.full((1, 2), 1e300), np.array([[0, 5000]], dtype="i4"))
    truth = Fraction(1e300) ** 2 * (1 + 2**5000)
    got = (Fraction(hi[0]) + Fraction(lo[0])) * 2 ** int(power[0])
    assert abs(got - truth) <= truth * Fraction(2) ** -100


@pytest.mark.parametrize("repeat", [1, 9])
@pytest.mark.parametrize("low", [*range(0, 300, 7), 307])
def test_a_gap_of_any_size_leaves_probabilities_that_are_right(low, repeat):
    """Of three logits 1e308, or of nine, which are computed in arrays."""
    for high in range(max(low, 3), 308, 13):
        W = [[10.0**high, *[10.0**low] * repeat, -(10.0**high)]]
        if high == low:
            continue
        assert forward([1.0], W).h.tolist() == [1.0, *[0.0] * (repeat + 1)]
