"""Numbers whose significand and power of two are kept apart, where a double would lose digits or overflow."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

Powers = NDArray[np.int32]

NONE = np.int32(-(1 << 20))  # the exponent of 0
ORDINARY = 900  # a number from 2^−900 to 2^900 is a double as it is


class Apart(NamedTuple):
    """significand·2^power, elementwise; power is None where it is 0 for all of them."""

    significand: Array
    power: Powers | None = None

    def rows(self, some: slice) -> Apart:
        """Some of the rows."""
        return Apart(self.significand[some], None if self.power is None else self.power[some])


def exponent(a: Array, power: Powers | None = None) -> Powers:
    """e with 2^(e−1) ≤ |a|·2^power < 2^e, and NONE for 0."""
    e = np.frexp(a)[1]
    return np.where(a == 0.0, NONE, e if power is None else e + power)


def normalized(significand: Array, power: Powers) -> Apart:
    """The same numbers, those of ordinary size as doubles with power 0."""
    e = exponent(significand, power)
    plain = (significand == 0.0) | (np.abs(e) <= ORDINARY)
    if plain.all():
        return Apart(np.ldexp(significand, power))
    s, _ = np.frexp(significand)
    return Apart(np.ldexp(s, np.where(plain, e, 0)), np.where(plain, 0, e))


def product(a: Apart, b: Apart) -> Apart:
    """a·b, elementwise: significands whose product is out of range are not expected."""
    power = (np.int32(0) if a.power is None else a.power) + (np.int32(0) if b.power is None else b.power)
    significand = a.significand * b.significand
    return normalized(significand, np.broadcast_to(power, significand.shape))


def difference(a: Apart, b: Apart) -> Apart:
    """a − b, elementwise."""
    p, q = (np.zeros(n.significand.shape, np.int32) if n.power is None else n.power for n in (a, b))
    power = np.maximum(exponent(a.significand, p), exponent(b.significand, q))
    return normalized(np.ldexp(a.significand, p - power) - np.ldexp(b.significand, q - power), power)


def scaled(a: Apart, factor: Apart) -> Apart:
    """a·factor, elementwise: factor (N,) for the rows of a (N, K)."""
    s, e = np.frexp(factor.significand)
    if factor.power is None and (np.abs(e) <= 60).all():
        return Apart(a.significand * factor.significand[:, None] + 0.0, a.power)  # and no −0 for a factor of 0
    return product(a, Apart(s[:, None], (e if factor.power is None else e + factor.power)[:, None]))


def quotient(a: Apart, T: float) -> Apart:
    """a/T, elementwise."""
    s, e = math.frexp(T)
    if abs(e) <= 60:
        return a if T == 1.0 else Apart(a.significand / T, a.power)
    power = np.zeros(a.significand.shape, np.int32) if a.power is None else a.power
    return normalized(a.significand / s, power - e)


def doubles(a: Apart) -> Array:
    """a rounded to doubles, infinite where it is out of range."""
    return a.significand if a.power is None else np.ldexp(a.significand, a.power)


def expanded(a: Apart, axis: int) -> Apart:
    """a with one more axis of length 1."""
    at = (slice(None),) * axis + (None,)
    return Apart(a.significand[at], None if a.power is None else a.power[at])


def times(a: Apart, b: Array) -> Array:
    """a·b as doubles, rounded once wherever that is a normal double: (N, …, …) and what goes with it."""
    out: Array = a.significand * b
    if a.power is not None:
        rows = np.flatnonzero(a.power.any(axis=(1, 2)))
        s, e = np.frexp(b[rows])
        out[rows] = np.ldexp(a.significand[rows] * s, a.power[rows] + e)
    return out
