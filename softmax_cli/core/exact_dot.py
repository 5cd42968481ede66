"""Dot products without any rounding error, on arrays: for the few sums of which `dot_pairs` cannot be sure.

A product of two doubles is a whole number times a power of two. It is cut at the multiples of 2²⁴, each part is
added to the bin of its place, which is exact in any order, and the bins are carried and rounded once. The work is
in proportion to the number of products, whatever their sizes. Source of the idea:

    [DN] J. Demmel, Y. Hida, Accurate and efficient floating point summation,
         SIAM J. Sci. Comput. 25(4), 2003: accumulators by exponent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .twofold import TILE, two_product

BITS = 24  # of a bin
BIN = 2.0**BITS
PAD = 6  # bins below the lowest product: a product reaches five bins down
LEAST = -1074  # every double is a multiple of 2^LEAST

Powers = NDArray[np.int32]
Places = NDArray[np.intp]


def exact_dots(x: Array, w: Array) -> tuple[Array, Array]:
    """Σⱼ x[·, j]·w[·, j] along the last axis as hi + lo, hi correctly rounded: infinite where it is out of range.

    x, w (M, J) → (M,) each. lo has at least 48 bits of what hi leaves, but where that underflows.
    """
    hi, lo = np.empty(len(x)), np.empty(len(x))
    for some in _tiles(*x.shape):
        hi[some], lo[some] = _rounded(*_digits(x[some], w[some], None))
    return hi, lo


def exact_dots_apart(x: Array, w: Array, power: Powers) -> tuple[Array, Array, Powers]:
    """Σⱼ x[·, j]·w[·, j]·2^power[·, j] as (hi + lo)·2^p, which cannot overflow: (M, J) → (M,) each."""
    hi, lo, p = np.empty(len(x)), np.empty(len(x)), np.empty(len(x), dtype=np.int32)
    for some in _tiles(*x.shape):
        sign, digits, base = _digits(x[some], w[some], power[some])
        hi[some], lo[some], p[some] = _leading(sign, digits, base)
    return hi, lo, p


def exact_totals(x: Array, w: Array, power: Powers) -> tuple[list[int], int]:
    """Σⱼ x[·, j]·w[·, j]·2^power[·, j] as whole numbers times a power of two: (M, J) → M of them, and that power."""
    sign, digits, base = _digits(x, w, power)
    totals = [0] * len(x)
    for digit in digits[::-1].tolist():
        totals = [(total << BITS) + int(d) for total, d in zip(totals, digit, strict=True)]
    return [int(s) * total for s, total in zip(sign.tolist(), totals, strict=True)], base


def exact_entries(x: Array, W: Array, b: Array | None, rows: Places, columns: Places) -> tuple[Array, Array]:
    """The entries (row, column) of xW + b as `exact_dots` gives them: x (N, J), W (J, K), b (K,) → (M,) each."""
    hi, lo = np.empty(len(rows)), np.empty(len(rows))
    for some in _tiles(len(rows), x.shape[1]):
        left, right = x[rows[some]], W.T[columns[some]]
        if b is not None:
            left = np.concatenate((left, np.ones((len(left), 1))), axis=1)
            right = np.concatenate((right, b[columns[some], None]), axis=1)
        hi[some], lo[some] = exact_dots(left, right)
    return hi, lo


def _tiles(M: int, J: int) -> list[slice]:
    step = max(1, TILE // J)
    return [slice(a, a + step) for a in range(0, M, step)]


def _digits(x: Array, w: Array, power: Powers | None) -> tuple[Array, Array, int]:
    """The sign of each sum, and its size as digits (B, M) in [0, 2²⁴), the lowest first; digit 0 counts 2^base."""
    (m, e), (n, f) = np.frexp(x), np.frexp(w)
    p, r = two_product(m, n)  # p + r is the product of the significands, a multiple of 2⁻¹⁰⁶
    e = e + f if power is None else e + f + power
    used = p != 0.0
    if not used.any():
        return np.ones(len(x)), np.zeros((PAD + 3, len(x))), LEAST
    low, high = int(e[used].min()), int(e[used].max())
    base = LEAST + BITS * ((low - LEAST) // BITS - PAD)  # of digit 0; 2^LEAST is the unit of a bin
    count = (high - base) // BITS + 4
    place, shift = np.divmod(np.where(used, e, low) - base, BITS)
    index = (place * len(x) + np.arange(len(x))[:, None]).ravel()
    digits = np.zeros((count, len(x)))
    left, below = np.ldexp(p, shift), np.ldexp(r, shift + 2 * BITS)
    for at in range(PAD):
        part = np.rint(left)
        left = (left - part) * BIN
        if at >= 2:  # r is less than 2⁻⁵³, and has no part in the first two bins
            more = np.rint(below)
            below = (below - more) * BIN
            part = part + more
        digits += np.bincount(index - at * len(x), part.ravel(), digits.size).reshape(digits.shape)
    _carry(digits)
    sign = np.where(digits[-1] < 0.0, -1.0, 1.0)
    digits *= sign
    _carry(digits)
    return sign, digits, base


def _carry(digits: Array) -> None:
    """Bring every digit but the highest into [0, 2²⁴)."""
    for at in range(len(digits) - 1):
        over = np.floor(digits[at] / BIN)
        digits[at] -= over * BIN
        digits[at + 1] += over


def _leading(sign: Array, digits: Array, base: int) -> tuple[Array, Array, Powers]:
    """The sum as (hi + lo)·2^p, hi correctly rounded."""
    nonzero = digits != 0.0
    top = len(digits) - 1 - nonzero[::-1].argmax(axis=0)
    padded = np.concatenate((np.zeros((PAD, digits.shape[1])), digits))
    d = [padded[top + PAD - at, np.arange(len(top))] for at in range(PAD)]
    first = (d[0] * BIN + d[1]) * BIN**2  # at least 2⁷², so that hi has no place below 2¹⁹
    second, third = d[2] * BIN + d[3], d[4] * BIN + d[5]
    lowest = nonzero.argmax(axis=0)
    left = np.where((lowest < top - 3) & (d[0] != 0.0), 0.25, 0.0)  # something is left below: then hi is on no midpoint
    hi = first + (second + left)
    lo = ((first - hi) + second) + third / BIN**2
    return sign * hi, sign * lo, ((top - 3) * BITS + base).astype(np.int32)


def _rounded(sign: Array, digits: Array, base: int) -> tuple[Array, Array]:
    """hi + lo as doubles, hi correctly rounded also where it is subnormal."""
    hi, lo, power = _leading(sign, digits, base)
    hi, lo = np.ldexp(hi, power), np.ldexp(lo, power)
    unit = (LEAST - base) // BITS  # the digit that counts the smallest double
    small = np.abs(hi) <= 2.0**-1022
    if unit > 0 and small.any():
        d = np.concatenate((digits, np.zeros((max(3, unit + 3 - len(digits)), len(hi)))))
        whole = d[unit] + d[unit + 1] * BIN + d[unit + 2] * BIN**2
        tie = (d[unit - 1] == BIN / 2) & (d[: unit - 1] == 0.0).all(axis=0)
        up = (d[unit - 1] >= BIN / 2) & ~(tie & (whole % 2.0 == 0.0))
        hi = np.where(small, sign * (whole + up) * 2.0**LEAST, hi)
        lo = np.where(small, 0.0, lo)
    return hi, lo
