"""The softmax of logits that are given in twice the working precision.

[BHH]  P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and
       softmax functions, IMA J. Numer. Anal. 41(4), 2021: the shifted softmax.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .arrays import Array
from .masks import Mask
from .split_exponent import ORDINARY, Apart
from .twofold import (
    LONG,
    SCALE,
    added_down,
    exponentials,
    exponentials_apart,
    quick_two_sum,
    sum_rows,
    two_product,
    two_sum,
)

Places = NDArray[np.intp]

CHUNK = 1 << 16  # logits at once: what they need stays in the cache


def over_temperature(z: Array, low: Array, T: float) -> tuple[Array, Array]:
    """(z + low)/T as hi + lo. InputError where it overflows."""
    if T == 1.0:
        return z, low
    q = z / T
    if not np.isfinite(q).all():
        raise InputError(f"z/T is too large for double precision (beyond ±1.8e308) at the temperature {T:g}")
    p, e = two_product(q, np.full(1, T))
    rest = ((z - p) - e + low) / T
    return two_sum(q, np.where(np.isfinite(rest), rest, 0.0))


def softmax(z: Array, low: Array | None = None, mask: Mask | None = None) -> tuple[Array, Array, Array]:
    """hᵢ = exp(zᵢ) / Σₖ exp(zₖ), 1 − h and the tail of `Layer`, for logits z + low: (N, K) → (N, K)
    twice and (N,). Outputs that `mask` (N, K) leaves out have h = 0 and are in no sum.

    With m the largest output, every gap zᵢ − zₘ is formed in twice the precision, and so is its
    exponential. 1 − hₘ is Σ_{k≠m} exp(zₖ − zₘ) over the same denominator; the others are at most ½,
    where 1 − h loses nothing. [BHH] for the shift.
    """
    low = np.zeros_like(z) if low is None else low
    if z.size > CHUNK and len(z) > 1:
        out = np.empty(z.shape), np.empty(z.shape), np.empty(len(z))
        step = max(1, CHUNK // z.shape[1])
        for a in range(0, len(z), step):
            some = slice(a, a + step)
            for whole, part in zip(out, softmax(z[some], low[some], None if mask is None else mask[some]), strict=True):
                whole[some] = part
        return out
    top, gap, t = _from_the_largest(z, low, mask)
    e, rest, total, tail = _denominators(top, gap, t, mask)
    h = e / total[:, None]
    complement = 1.0 - h
    complement.reshape(-1)[top] = rest / total
    return h, complement, tail


def softmax_apart(z: Array, low: Array, h: Array, complement: Array, mask: Mask | None = None) -> tuple[Apart, Apart]:
    """What `softmax` gave as h and 1 − h, all digits of what is below 2^−900 there included, down to exp(−2800).
    The significands of these are from ½ to 1."""
    least = 2.0**-ORDINARY
    if h.shape[1] == 1 or (mask is None and h.min() >= least and complement.min() >= least):
        return Apart(h), Apart(complement)
    tiny, lost = h < least, complement < least
    if mask is not None:
        tiny &= ~mask
    if not (tiny.any() or lost.any()):
        return Apart(h), Apart(complement)
    rows = np.flatnonzero((tiny | lost).any(axis=1))
    hidden = None if mask is None else mask[rows]
    top, gap, t = _from_the_largest(z[rows], low[rows], hidden)
    _, _, total, _ = _denominators(top, gap, t, hidden)
    hi, _, n = exponentials_apart(np.fmax(gap, -2800.0), t)
    power = n.astype(np.int32)
    if hidden is not None:
        hi[hidden], power[hidden] = 0.0, -4096
    total = total[:, None] / SCALE
    s, e = np.frexp(hi / total)
    found = np.where(tiny[rows], s, h[rows]), np.where(tiny[rows], power + e, 0)
    hi.reshape(-1)[top] = 0.0
    power.reshape(-1)[top] = -4096
    most = power.max(axis=1, keepdims=True)
    rest, _ = sum_rows(np.ldexp(hi, power - most))
    s, e = np.frexp(rest[:, None] / total)
    others = np.where(lost[rows], s, complement[rows]), np.where(lost[rows], most + e, 0)
    return _replaced(h, rows, *found), _replaced(complement, rows, *others)


def _replaced(a: Array, rows: Places, significand: Array, power: NDArray[np.int32]) -> Apart:
    result = Apart(a.copy(), np.zeros(a.shape, dtype=np.int32))
    result.significand[rows] = significand
    if result.power is not None:
        result.power[rows] = power
    return result


def _from_the_largest(z: Array, low: Array, mask: Mask | None) -> tuple[Places, Array, Array]:
    """The place of the largest logit of each row in the flat array, and all less that as hi + lo: nan where that
    overflows."""
    if mask is not None:  # what is left out must not be the largest
        z = np.where(mask, np.nextafter(np.where(mask, np.inf, z).min(axis=1, keepdims=True), -np.inf), z)
    first = np.arange(0, z.size, z.shape[1])  # where each row begins in the flat array
    top = first + z.argmax(axis=1)
    gap, t = _gaps(z, low, top)
    most = gap.max()
    if most > 0.0 or (
        most != most and np.fmax.reduce(gap, axis=None) > 0.0
    ):  # the largest are equal but for their low parts
        top = first + np.where(z == z.max(axis=1, keepdims=True), low, -np.inf).argmax(axis=1)
        gap, t = _gaps(z, low, top)
    return top, gap, t


def _gaps(z: Array, low: Array, top: Places) -> tuple[Array, Array]:
    gap, t = two_sum(z, -z.take(top)[:, None])
    rest = low - low.take(top)[:, None]
    rest += t
    return quick_two_sum(gap, rest)  # gap is a multiple of the last place of the rest


def _denominators(top: Places, gap: Array, t: Array, mask: Mask | None) -> tuple[Array, Array, Array, Array]:
    """exp(gap), its sum without and with that of the largest, all times 2⁶⁴, and the tail of `Layer`."""
    e, left = exponentials(gap, t)
    if mask is not None:
        e[mask] = left[mask] = 0.0
    e.reshape(-1)[top] = left.reshape(-1)[top] = 0.0
    rest, tail = sum_rows(e)
    rounded = np.add.reduce(left, axis=1) if left.shape[1] >= LONG else added_down(left.T.copy())
    total = SCALE + rest
    tail += (rest - (total - SCALE)) + rounded
    e.reshape(-1)[top] = SCALE
    return e, rest, total, tail / total
