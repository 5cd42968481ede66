"""Σₙ xₙⱼ·dₙᵢ over the inputs of a data set, in twice the working precision and without a limit of range."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import Array
from .exact_dot import exact_dots_apart
from .split_exponent import Apart, Powers, doubles, exponent
from .twofold import TILE, dot_pairs, two_sum

LEAST, MOST = 2.0**-800, 2.0**960  # sizes of sums whose terms neither underflow nor overflow where it matters


class Sum(NamedTuple):
    """(hi + lo)·2^power, elementwise; power is None where it is 0 for all of them."""

    hi: Array
    lo: Array
    power: Powers | None = None


def sum_of_products(x: Array, d: Apart) -> Sum:
    """Σₙ xₙⱼ·dₙᵢ, within u of the sum of the terms' sizes: x (N, J), d (N, K) → (J, K)."""
    plain = doubles(d)
    hi, lo, size = _plain_sum(x, plain)
    # what the doubles may have lost where a power was kept apart
    lost = np.zeros(hi.shape)
    if d.power is not None:
        rows = d.power.any(axis=1)
        lost += np.abs(x[rows]).max(axis=0, initial=0.0)[:, None] * len(x) * 2.0**-1000
    unsure = ~(((size >= np.maximum(LEAST, lost)) | ((size == 0.0) & (lost == 0.0))) & (size <= MOST))
    if not unsure.any():
        return Sum(hi, lo)
    power = np.zeros(hi.shape, dtype=np.int32)
    places = np.zeros(plain.shape, dtype=np.int32) if d.power is None else d.power
    j, i = np.nonzero(unsure)
    step = max(1, TILE // len(x))
    for a in range(0, len(j), step):
        at = j[a : a + step], i[a : a + step]
        columns = x.T[at[0]], d.significand.T[at[1]], places.T[at[1]]
        hi[at], lo[at], power[at] = exact_dots_apart(*columns)
    return Sum(hi, lo, power)


def _plain_sum(x: Array, d: Array) -> tuple[Array, Array, Array]:
    """Σₙ xₙⱼ·dₙᵢ as hi + lo, and no less than Σₙ |xₙⱼ·dₙᵢ|."""
    hi = lo = size = np.zeros((d.shape[1], x.shape[1]))
    step = max(1, TILE // hi.size)
    for a in range(0, len(x), step):
        s, e, more = dot_pairs(x[a : a + step].T, d[a : a + step])
        hi, r = two_sum(hi, s)
        lo = lo + (r + e)
        size = size + more
    return hi.T.copy(), lo.T.copy(), size.T


def added(a: Sum, b: Sum) -> Sum:
    """a + b, in twice the working precision."""
    if a.power is None and b.power is None:
        hi, r = two_sum(a.hi, b.hi)
        return Sum(hi, a.lo + (b.lo + r))
    p, q = (np.zeros(s.hi.shape, dtype=np.int32) if s.power is None else s.power for s in (a, b))
    power = np.maximum(exponent(a.hi, p), exponent(b.hi, q))
    hi, r = two_sum(np.ldexp(a.hi, p - power), np.ldexp(b.hi, q - power))
    return Sum(hi, np.ldexp(a.lo, p - power) + (np.ldexp(b.lo, q - power) + r), power)


def over_count(total: Sum, count: float) -> Array:
    """The sum over `count`, as doubles; infinite where it is out of range."""
    quotient = (total.hi + total.lo) / count
    return quotient if total.power is None else np.ldexp(quotient, total.power)
