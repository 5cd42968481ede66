"""Arithmetic in about twice the working precision, on arrays. Numpy alone.

A result is an unevaluated sum hi + lo of two doubles; u is the unit roundoff, 2⁻⁵³. Sources:

    [ORO]  T. Ogita, S. M. Rump, S. Oishi, Accurate sum and dot product,
           SIAM J. Sci. Comput. 26(6), 2005: TwoSum, TwoProduct, Dot2.
    [RO]   S. M. Rump, T. Ogita, S. Oishi, Accurate floating-point summation I,
           SIAM J. Sci. Comput. 31(1), 2008: ExtractVector.
    [Tang] P. T. P. Tang, Table-driven implementation of the exponential function in IEEE
           floating-point arithmetic, ACM Trans. Math. Softw. 15(2), 1989.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

Number = TypeVar("Number", Array, float)

UNIT = 2.0**-53
UNIT_SQUARED = 2.0**-106
SPLIT = np.uint64(0xFFFFFFFFF8000000)  # keeps the sign, the exponent and 26 bits of a significand
HALF = np.uint64(0x4000000)  # of the last bit that is kept
TILE = 1 << 16  # products handled at once: they and their error terms stay in the cache
LONG = 64  # terms from which on numpy adds up rows as fast as columns
SCALE = 2.0**64  # what `exponentials` are multiplied by


def two_sum(a: Number, b: Number) -> tuple[Number, Number]:
    """s = fl(a + b) and r with s + r = a + b exactly. [ORO] algorithm 3.1 (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def quick_two_sum(a: Number, b: Number) -> tuple[Number, Number]:
    """two_sum where a is 0, or not below |b| in size, or a multiple of the last place of b; elsewhere r is wrong by up
    to 2u·|b|. [ORO] (Dekker)."""
    s = a + b
    return s, b - (s - a)


def split(a: Array) -> tuple[Array, Array]:
    """a = hi + lo exactly, hi of 26 bits, to nearest, and lo so of 26 bits and a sign: products of two such parts
    are exact. By bits, and so [ORO] 3.2 (Dekker), which multiplies by 2²⁷ + 1, overflows long before: here only the
    2⁻²⁷ next to the end of the range give hi = inf."""
    hi: Array = ((a.view(np.uint64) + HALF) & SPLIT).view(np.float64)
    return hi, a - hi


def two_product(a: Array, b: Array, room: tuple[Array, ...] | None = None) -> tuple[Array, Array]:
    """p = fl(a·b) and e with p + e = a·b, exactly where |p| > 2⁻⁹⁶⁸ and nothing overflows. [ORO] 3.3 (Veltkamp).
    `room` is for p, e and one more of that shape, and the parts of b."""
    if room is None:
        room = (*np.empty((3, *np.broadcast(a, b).shape)), *np.empty((2, *b.shape)))
    (p, e, t, bh, bl), (ah, al) = room, split(a)
    np.add(b.view(np.uint64), HALF, bh.view(np.uint64))
    np.bitwise_and(bh.view(np.uint64), SPLIT, bh.view(np.uint64))
    np.subtract(b, bh, bl)
    np.multiply(a, b, p)
    np.subtract(p, np.multiply(ah, bh, e), e)
    np.subtract(e, np.multiply(al, bh, t), e)
    np.subtract(e, np.multiply(ah, bl, t), e)
    np.subtract(np.multiply(al, bl, t), e, e)
    return p, e


def sum_pairs(p: Array, e: Array, spare: Array, other: Array) -> tuple[Array, Array]:
    """Σp + Σe down the first axis as hi + lo, in ⌈log₂ n⌉ levels of TwoSum. Overwrites all four.

    The order of the additions depends on the length of that axis alone, so that a batch gives
    every row the bits that the row would get on its own.
    """
    while (n := len(p)) > 1:
        half, keep = n // 2, n - n // 2
        a, b, r, t = p[:half], p[keep:], e[:half], spare[:half]
        s = np.add(a, b, other[:half])
        np.subtract(s, a, t)  # two_sum, in place
        np.subtract(b, t, b)
        np.subtract(s, t, t)
        np.subtract(a, t, a)
        np.add(a, b, a)
        np.add(a, r, a)
        np.add(a, e[keep:], r)
        if half < keep:
            other[half] = p[half]
        p, other, e = other[:keep], p, e[:keep]
    return two_sum(p[0], e[0])


def sum_rows(a: Array) -> tuple[Array, Array]:
    """Σₖ aₖ along the last axis as hi + lo, for |aₖ| < 2⁹⁹⁰. [RO] ExtractVector: the leading 26 bits of
    the terms add up without error in any order, for up to 2²⁷ terms, and what is left matters 2²⁶ times less."""
    if a.shape[-1] < LONG:
        return sum_columns((a.T if a.ndim == 2 else np.moveaxis(a, -1, 0)).copy())
    _, exponent = np.frexp(np.abs(a).max(axis=-1, keepdims=True))
    sigma = np.ldexp(1.5, exponent + 27)
    head = (a + sigma) - sigma
    hi, lo = np.add.reduce(head, axis=-1), np.add.reduce(a - head, axis=-1)
    s: Array = hi + lo
    return s, lo - (s - hi)


def sum_columns(a: Array) -> tuple[Array, Array]:
    """`sum_rows` down the first axis of fewer than LONG terms, which is faster than along short rows. Overwrites a."""
    _, exponent = np.frexp(np.abs(a).max(axis=0))
    sigma = np.ldexp(1.5, exponent + 27)
    head = a + sigma
    head -= sigma
    a -= head
    hi, lo = added_down(head), added_down(a)
    s: Array = hi + lo
    return s, lo - (s - hi)


def added_down(a: Array) -> Array:
    """Σₖ aₖ down the first axis, half of it to the other half: in an order that depends on its length alone.
    Overwrites a."""
    while (n := len(a)) > 1:
        keep = n - n // 2
        a[: n // 2] += a[keep:]
        a = a[:keep]
    first: Array = a[0]
    return first


_memory: list[Array] = []  # to compute in: what is new at each call costs as much as the arithmetic


def dot_pairs(x: Array, W: Array) -> tuple[Array, Array, Array]:
    """(xW)ᵀ as hi + lo, and J·maxⱼ|xⱼWⱼᵢ|, no less than Σⱼ|xⱼWⱼᵢ| and the same in any order. [ORO] Dot2, summed
    pairwise; x (n, J), W (J, k) → (k, n) each, since there are few columns and numpy is fast along many inputs."""
    shape = (J, k, n) = (*W.shape, len(x))
    count = J * n * k
    try:
        memory = _memory.pop()  # nobody else's, neither a thread's nor a signal handler's, until it is put back
    except IndexError:
        memory = np.empty(5 * TILE)
    room = (memory[: 5 * count] if count <= TILE else np.empty(5 * count)).reshape(5, count)
    p, e, t, spare = room[:4].reshape(4, *shape)
    parts = room[3:, : J * k].reshape(2, J, k, 1)  # no longer needed when `spare` is
    two_product(np.ascontiguousarray(x.T)[:, None, :], W[:, :, None], (p, e, t, *parts))
    size = np.maximum.reduce(np.abs(p, t), axis=0) * J
    hi, lo = sum_pairs(p, e, t, spare)
    _memory.append(memory)
    return hi, lo, size


def sure(size: Number, hi: Number, lo: Number, terms: int) -> Any:
    """Whether hi is the correctly rounded sum, and hi + lo within u/4 of it, of a Dot2 of so many terms that gave
    hi + lo, the sizes of its products adding up to no more than `size`: [ORO] corollary 4.7 for a tree of that
    depth. An underflow may cost a product its error term."""
    depth = terms.bit_length() + 3
    bound = size * (4 * depth * depth * UNIT_SQUARED) + terms * 2.0**-1070
    slack = bound + abs(hi) * (4 * UNIT_SQUARED)  # the rounding of lo ± slack included
    return (bound <= UNIT / 4) & (hi + (lo + slack) == hi) & (hi + (lo - slack) == hi)


# --- the exponential ---------------------------------------------------------------------------

STEPS = 128  # of the table in a factor of two
PER_UNIT, LN2_HI, LN2_LO = 184.6649652337873, float.fromhex("0x1.62e42fef8p-8"), float.fromhex("0x1.1cf79abc9e3b4p-43")
BIAS = 1023 + 64  # of an exponent field, and SCALE


def _powers() -> tuple[Array, Array]:
    """2^(j/128) as hi + lo for j = 0, …, 127, from integer square roots of 200 bits."""
    root, step = 2 << 200, 1
    while step < STEPS:
        root, step = math.isqrt(root << 200), 2 * step
    value, hi, lo = 1 << 200, [], []
    for _ in range(STEPS):
        hi.append(value / (1 << 200))
        n, d = hi[-1].as_integer_ratio()
        lo.append((value - n * ((1 << 200) // d)) / (1 << 200))
        value = value * root >> 200
    return np.array(hi), np.array(lo)


POWER_HI, POWER_LO = _powers()


def exponentials(a: Array, low: Array) -> tuple[Array, Array]:
    """2⁶⁴·exp(a + low) as hi + lo, for a ≤ 0 and |low| ≤ u·|a|. hi + lo is within 0.03 u of the exact value,
    relative, and so hi within 1.03 u. From −752 down, and for nan, it is exp(−752): 2⁻¹⁰²¹, and so nothing beside 2⁶⁴.

    The factor 2⁶⁴ keeps in range what is subnormal or less.
    """
    if not a.min(initial=0.0) > -752.0:
        a = np.fmax(a, -752.0)
    hi, lo, n = exponentials_apart(a, low)
    two = (n + BIAS << 52).view(np.float64)
    return hi * two, lo * two


def exponentials_apart(a: Array, low: Array) -> tuple[Array, Array, NDArray[np.int64]]:
    """exp(a + low) as (hi + lo)·2ⁿ with 1 ≤ hi < 2.03, for −2800 ≤ a ≤ 0 and |low| ≤ 1e-9, else taken for that.

    [Tang]: a + low = n·ln 2/128 + r with |r| ≤ 0.0028, and exp is 2^(n/128)·(1 + p), p = exp(r) − 1 being
    so small that its roundoff is lost beside 1.
    """
    steps = np.rint(a * PER_UNIT)
    if not np.abs(low).max(initial=0.0) <= 1e-9:  # low is nan where a was −inf
        low = np.fmin(np.fmax(low, -1e-9), 1e-9)
    r = (a - steps * LN2_HI) - steps * LN2_LO + low
    p = r + r * r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120))))
    n = steps.astype(np.int64)
    hi = POWER_HI.take(j := n & (STEPS - 1))
    tail = POWER_LO.take(j) + hi * p
    s = hi + tail
    return s, tail - (s - hi), n >> 7
