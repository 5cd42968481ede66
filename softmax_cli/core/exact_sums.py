"""Sums over any number of inputs that have one result: the exact sum, rounded once.

Whatever the blocks, their order, the threads and the processor, Σₙ xₙ ⊗ dₙ over numbers d has the same bits. A part of
it is made of products of slices, which are exact (`sliced_products`), and kept as a sum of three doubles with a bound
on what they lack. Parts add up to such a part, and at the end the bound tells which entries are sure to be correctly
rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .sliced_products import TOGETHER, Cut
from .split_exponent import Apart, Powers, doubles
from .twofold import UNIT, UNIT_SQUARED, two_sum

FEW = 3  # slices whose products are exact; those of what they leave are rounded
SAFE = 500  # a power of two of a column of d up to which no product of slices leaves the range
NOTHING = -9999  # the power of a column of zeros
CHUNK = 1 << 14  # numbers that are added at once: what that needs stays in the cache


@dataclass(frozen=True)
class ExactSum:
    """A sum parts[0] + parts[1] + parts[2], (3, ·), within `left` of the exact one."""

    parts: Array
    left: Array

    @classmethod
    def zeros(cls, shape: tuple[int, ...]) -> ExactSum:
        return cls(np.zeros((3, *shape)), np.zeros(shape))

    @classmethod
    def of(cls, terms: Sequence[Array] | Array) -> ExactSum:
        """The sum of three terms or more."""
        first, second, third, *others = terms
        total = cls(np.array((first, second, third)), np.zeros(first.shape))
        for term in others:
            total.parts[2], lost = two_sum(total.parts[2], term)
            total.left[...] += np.abs(lost)
        return total

    def __add__(self, other: ExactSum) -> ExactSum:
        """The sum of both: rounded, it is the same in any order."""
        total = ExactSum(self.parts.copy(), self.left + other.left)
        for part in other.parts:
            total.add(part)
        return total

    def add(self, term: Array) -> None:
        """Add a number to each, in place."""
        parts, left, flat = self.parts.reshape(3, -1), self.left.reshape(-1), term.reshape(-1)
        for a in range(0, flat.size, CHUNK):
            some = slice(a, a + CHUNK)
            rest = flat[some]
            for part in parts:
                part[some], rest = two_sum(part[some], rest)
            left[some] += np.abs(rest)

    def rounded(self) -> tuple[Array, NDArray[np.bool_]]:
        """The sum, and where it is sure to be the exact one correctly rounded."""
        first, second, third = self.parts
        middle, low = two_sum(second, third)
        hi, rest = two_sum(first, middle)
        rest, lost = two_sum(rest, low)
        hi, lo = two_sum(hi, rest)
        slack = (self.left + np.abs(lost)) * (1.0 + 2.0**-40) + np.abs(hi) * (4 * UNIT_SQUARED)  # lo ± slack is rounded
        return hi, (hi + (lo + slack) == hi) & (hi + (lo - slack) == hi)


def cut_by(rest: Array, bits: int, out: Array) -> list[Array]:
    """FEW slices of numbers of at most 1 and what they leave, to out (FEW + 1, ·); what none, one, two … leave."""
    rests = [rest]
    for q, part in enumerate(out[:FEW]):
        sigma = 1.5 * 2.0 ** (53 - bits * (q + 1))
        np.add(rest, sigma, part)
        np.subtract(part, sigma, part)
        rests.append(rest := np.subtract(rest, part, out[FEW] if q + 1 == FEW else None))
    return rests


def powers_of(largest: Array) -> tuple[Powers, Array]:
    """The least powers of two above numbers, NOTHING above 0, and 2^power: infinite where that is extreme."""
    power = np.where(largest == 0.0, NOTHING, np.frexp(largest)[1])
    return power, _sizes(power)


def _sizes(power: Powers) -> Array:
    return np.where(power == NOTHING, 0.0, np.where(np.abs(power) > SAFE, np.inf, np.ldexp(1.0, power)))


def _down(power: Powers) -> Array:
    """2^−power, and 1 for nothing."""
    return np.ldexp(1.0, -np.where(power == NOTHING, 0, power))


def sum_of(a: Array, lost: float = 0.0) -> ExactSum:
    """Σₙ aₙ of the rows of a (n, K), each of which lacks at most `lost` of what it stands for."""
    (n, _), a = a.shape, np.ascontiguousarray(a.T)  # numpy adds up long rows faster than short ones
    power, size = powers_of(np.abs(a).max(axis=1))
    bits = min(50, 54 - n.bit_length())
    out = np.empty((FEW + 1, *a.shape))
    rest = cut_by(a * _down(power)[:, None], bits, out)[FEW]
    total = ExactSum.of(np.add.reduce(out, axis=2) * size)
    if rest.any():
        total.left[...] += n * n * UNIT * 2.0 ** (-FEW * bits) * size
    total.left[...] += n * lost + np.where(power > 0, n * 2.0**-1070 * size, 0.0)  # what was scaled down to nothing
    return total


def known_zeros(total: ExactSum, x: Array) -> ExactSum:
    """A sum (K, J) of products with all of x (N, J), which is exactly 0 in columns of zeros."""
    nothing = np.flatnonzero(~total.parts.any(axis=(0, 1)))
    total.left[:, nothing[~x[:, nothing].any(axis=0)]] = 0.0
    return total


class ProductSum:
    """Σₙ dₙ ⊗ xₙ over blocks of inputs, (K, J), as an exact sum.

    With the slices x_p and d_q, x_p · d_q is exact where p + q < FEW. The others come in as x_p · (what p' slices leave
    of d), p + p' = FEW, and (what FEW slices leave of x) · d: these are rounded, where it hardly matters. Blocks are
    added without more ado while d has about the same size and the sums of products stay below 2⁵³.
    """

    def __init__(self, shape: tuple[int, int], bits: int) -> None:
        self.bits, self.total, self.empty = bits, ExactSum.zeros(shape), True
        self.together = max(1, TOGETHER // shape[0])
        self.spare = np.empty((min(self.together, FEW + 1), *shape))
        self.levels, self.most = np.zeros((FEW + 1, *shape)), 2 ** (55 - 2 * bits) // FEW
        self.power, self.rows, self.whole, self.lost = np.full(shape[0], NOTHING), 0, True, 0.0

    def add(self, x: Cut, d: Apart) -> None:
        """Add the inputs x (n, J), cut into FEW + 1 slices, with d (n, K)."""
        plain, slices = doubles(d), len(x.parts)
        scaled = np.ascontiguousarray((plain * np.ldexp(1.0, x.power)[:, None]).T)
        power, _ = powers_of(np.abs(scaled).max(axis=1))
        if self.rows + len(plain) > self.most or (power > self.power).any():
            self._flush()
            self.power = np.maximum(self.power, power)
        self.rows += len(plain)
        parts = np.empty((FEW + 1, *scaled.shape))
        rests = cut_by(np.multiply(scaled, _down(self.power)[:, None], scaled), self.bits, parts)
        for p in range(min(FEW, slices)):
            if p:
                parts[FEW - p] = rests[FEW - p]
            self._add(parts[: FEW + 1 - p], x.parts[p])
        if slices > FEW:
            self._add(scaled[None], x.rest)
        if d.power is not None:  # numbers below 2^−900 may have lost digits in a double
            self.lost += len(plain) * 2.0**-900 * float(np.ldexp(1.0, int(x.power.max())))
        if self.whole:  # then the rest has one level of slices, and is exact as well
            self.whole = x.whole and not rests[FEW].any() and np.count_nonzero(rests[0]) == np.count_nonzero(plain)

    def _add(self, of_d: Array, x: Array) -> None:
        """Add the products of x (n, J) with numbers d (·, K, n) to as many levels, the last of them to the last."""
        first, (K, J) = FEW + 1 - len(of_d), self.spare.shape[1:]
        for a in range(0, len(of_d), self.together):
            some = of_d[a : a + self.together]
            to, spare = self.levels[first + a :][: len(some)], self.spare[: len(some)].reshape(-1, J)
            np.add(to, np.matmul(some.reshape(-1, len(x)), x, spare).reshape(-1, K, J), to)

    def _flush(self) -> None:
        if not self.rows:
            return
        size = _sizes(self.power)[:, None]
        more = ExactSum.of(self.levels * size)
        if not self.whole:
            terms = (FEW + 1) * self.rows
            left = 1.01 * (terms + 2) * UNIT * terms * 2.0 ** (-FEW * self.bits) + self.rows * 2.0**-1060
            more.left[...] += left * size
        more.left[...] += self.lost
        self.total, self.empty = more if self.empty else self.total + more, False
        self.levels[...], self.rows, self.whole, self.lost = 0.0, 0, True, 0.0

    def sum(self) -> ExactSum:
        """Everything added so far."""
        self._flush()
        return self.total
