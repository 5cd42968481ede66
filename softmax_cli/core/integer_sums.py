"""Sums over any number of inputs as whole numbers: for the few entries that the bound of `exact_sums` leaves open."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .exact_dot import exact_totals
from .split_exponent import Apart
from .twofold import TILE

UNIT = -12288  # the power of two that a whole number counts: below two doubles times two numbers apart, 2^−4040 each

Places = NDArray[np.intp]


def whole_sums(x: Array, d: Apart, j: Places, i: Places) -> list[int]:
    """Σₙ xₙⱼ·dₙᵢ for each pair of places, exactly, in units of 2^UNIT: x (N, J), d (N, K)."""
    used = np.flatnonzero(x[:, np.unique(j)].any(axis=1))  # sums in doubt are often those of few inputs
    x, significand = x[used], d.significand[used]
    power = np.zeros(significand.shape, np.int32) if d.power is None else d.power[used]
    totals, N = [0] * len(j), len(x)
    entries = max(1, min(len(j), 256))
    step = max(1, TILE // entries)
    for e in range(0, len(j), entries):
        for a in range(0, N, step):
            rows = slice(a, a + step)
            of_x, of_d = (rows, j[e : e + entries]), (rows, i[e : e + entries])
            found, base = exact_totals(x[of_x].T.copy(), significand[of_d].T.copy(), power[of_d].T)
            for at, total in enumerate(found, e):
                totals[at] += total << (base - UNIT)
    return totals


def quotient(total: int, norm: float) -> float:
    """A sum, correctly rounded, over norm; infinite where that is out of range."""
    if total == 0:
        return 0.0
    top = total.bit_length()
    if -1020 < top + UNIT < 1020:
        return total / (1 << -UNIT) / norm
    significand, power = math.frexp(norm)
    try:
        return math.ldexp(total / (1 << top) / significand, top + UNIT - power)
    except OverflowError:
        return math.inf if total > 0 else -math.inf
