"""The logits of a layer, by sliced products where it has more than a few weights.

A logit z and what it leaves, low, depend on its row of x, its column of W and its bias alone, whatever else is in the
batch, in whatever blocks, on any number of threads.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .careful_dots import dots
from .exact_dot import exact_entries
from .sliced_products import (
    MORE,
    SLICES,
    Cut,
    bits_for,
    careful_sum,
    cut_columns,
    cut_rows,
    left_out,
    left_out_at_most,
    level_sums,
    level_sums_of_one,
    level_sums_of_rows,
    quick_sum,
    sizes_of_one,
)
from .threads import in_order
from .twofold import UNIT, UNIT_SQUARED, two_sum

FEW = 64  # weights of a layer whose logits are `dots`, as one input's of so few are
KEPT = 1 << 20  # weights of which the slices are kept from one block of inputs to the next, or are made at once
SHARED = 1 << 18  # weights from which on one input is worth two threads
CLOSE = UNIT / 1024  # of z + low to the exact logit, so that z/T is within u/4 of it for T from 0.004 on
CHUNK = 1 << 16  # logits that are added up at once: what that needs stays in the cache


class Sums(NamedTuple):
    """Sums hi + lo, and whether hi is sure to be the exact one correctly rounded, and hi + lo within
    `CLOSE` + 2⁻¹⁰⁰ of its size."""

    hi: Array
    lo: Array
    sure: NDArray[np.bool_]


class Weights:
    """W (J, K) and b (K,), for the logits of any number of inputs."""

    def __init__(self, W: Array, b: Array | None) -> None:
        self.W, self.b, self.bits, self.kept = W, b, bits_for(len(W)), W.size <= KEPT

    def logits(self, x: Array, rows: Cut | None = None, room: Array | None = None) -> tuple[Array, Array]:
        """z = Wᵀx + b as `dots` gives it: x (n, J), which `rows` are in slices, → (n, K) twice. Without `rows` the
        slices are made in `room`."""
        if self.W.size <= FEW:
            return dots(x, self.W, self.b)
        if rows is None and len(x) == 1:
            return logits_of_one(x, self.W, self.b)
        return self.sliced(x, rows, room)

    def room(self, n: int) -> Array:
        """Memory for the slices of n inputs: one, each in the place of that before, where all columns of W are kept."""
        return np.empty(((1 if self.kept else SLICES) + 1, n, len(self.W)))

    def sliced(self, x: Array, rows: Cut | None = None, room: Array | None = None) -> tuple[Array, Array]:
        """The same by slices, whatever the sizes."""
        shape = (n, _) = len(x), self.W.shape[1]
        sums = Sums(np.empty(shape), np.empty(shape), np.empty(shape, dtype=bool))
        if rows is None:
            room = self.room(n) if room is None else room
            if not self.kept:
                rows = cut_rows(x, self.bits, room)
            else:
                columns, levels = self._all_columns, np.empty((SLICES, *shape[::-1]))
                self._add_up(sums, 0, columns, levels, level_sums_of_rows(x, columns, self.bits, room, levels))
        if rows is not None:
            for first, columns in self._columns():
                levels = np.empty((SLICES, len(columns.power), n))
                level_sums(rows.parts, columns, levels)
                self._add_up(sums, first, columns, levels, rows.size)
        settle(sums, x, self.W, self.b)
        return sums.hi, sums.lo

    def _add_up(self, sums: Sums, first: int, columns: Cut, levels: Array, row_size: Array) -> None:
        """Put the logits of some columns, from the first of them on, into the sums of all."""
        step = max(1, CHUNK // levels.shape[2])
        for a in range(0, len(columns.power), step):
            some, at = slice(a, a + step), slice(first + a, first + min(a + step, len(columns.power)))
            b = None if self.b is None else self.b[at, None]
            size = columns.size[some, None] * row_size
            for whole, part in zip(sums, quick_logits(levels[:, some], size, b, self.bits, len(self.W)), strict=True):
                whole[:, at] = part.T

    @functools.cached_property
    def _all_columns(self) -> Cut:
        return cut_columns(self.W, self.bits)

    def _columns(self) -> Iterator[tuple[int, Cut]]:
        """All columns of W in slices, some at a time, and the number of the first."""
        if self.kept:
            yield 0, self._all_columns
            return
        step = max(1, KEPT // len(self.W))
        for a in range(0, self.W.shape[1], step):
            yield a, cut_columns(self.W[:, a : a + step], self.bits)


def logits_of_one(x: Array, W: Array, b: Array | None) -> tuple[Array, Array]:
    """Wᵀx + b as `Weights.logits` gives it, to the bit, of x (1, J) alone."""
    (J, K), bits = W.shape, bits_for(len(W))
    power, size = sizes_of_one(x[0], W)

    def levels_of(some: slice) -> Array:
        out = np.zeros((SLICES, K))
        level_sums_of_one(x[0, some], W[some], power, bits, out)
        return out

    if W.size < SHARED:
        levels = levels_of(slice(None))
    else:
        step = -(-J // 8)
        levels = sum(in_order(levels_of, [slice(a, a + step) for a in range(0, J, step)]), np.zeros((SLICES, K)))
    sums = quick_logits(levels[:, None], (size[:K] * size[K])[None], b, bits, J)
    settle(sums, x, W, b)
    return sums.hi, sums.lo


def quick_logits(levels: Array, size: Array, b: Array | None, bits: int, terms: int) -> Sums:
    """Logits from the level sums of four slices, (4, ·), by the bound that the sizes of their rows times those of their
    columns give; `b` is of the same dimensions."""
    hi, lo = quick_sum(levels)
    left: Array | float = left_out_at_most(terms, bits)
    if b is not None:  # which may cancel hi
        left = left + np.abs(hi) * (2 * UNIT_SQUARED)
    return _with_bias(hi * size, lo * size, left * size, b)


def careful_logits(x: Array, W: Array, b: Array | None) -> Sums:
    """xW + b by eight slices, which leave nothing of most numbers."""
    bits = bits_for(len(W), MORE)
    rows, columns = cut_rows(x, bits, np.empty((MORE + 1, *x.shape))), cut_columns(W, bits, MORE)
    levels = np.empty((MORE, W.shape[1], len(x)))
    level_sums(rows.parts, columns, levels)
    hi, lo, lost = careful_sum(levels.swapaxes(1, 2))
    size = rows.size[:, None] * columns.size
    faded = _tiny(x, 1)[:, None] | _tiny(W, 0)  # numbers that are scaled down to less than a double holds
    lost = lost + left_out(rows, columns, MORE) + np.where(faded, len(W) * 2.0**-1070, 0.0)
    return _with_bias(hi * size, lo * size, lost * size, b)


def _tiny(a: Array, axis: int) -> NDArray[np.bool_]:
    """Whether a row (axis 1) or column (axis 0) has a number below 2^−700 that is not 0."""
    found: NDArray[np.bool_] = ((a != 0.0) & (np.abs(a) < 2.0**-700)).any(axis=axis)
    return found


def _with_bias(hi: Array, lo: Array, bound: Array, b: Array | None) -> Sums:
    """hi + lo + b, where hi + lo are within `bound` of the exact sums."""
    if b is not None:
        hi, t = two_sum(hi, b)
        lo, r = two_sum(lo, t)
        hi, lo = two_sum(hi, lo)
        bound = bound + np.abs(r)
    size = np.abs(hi)
    slack = size * (4 * UNIT_SQUARED)  # lo ± slack is rounded
    slack += bound
    sure = hi + (lo + slack) == hi
    sure &= hi + (lo - slack) == hi
    if not bound.max() <= CLOSE:
        sure &= bound <= CLOSE + 2.0**-100 * size
    if bound.min() == 0.0:  # exact, also in the middle between two doubles, as sums of whole numbers often are
        sure |= (bound == 0.0) & np.isfinite(hi)
    return Sums(hi, lo, sure)


def settle(sums: Sums, x: Array, W: Array, b: Array | None) -> None:
    """Put what is sure into the place of what is not: by more slices, and what is left then by exact sums. Which of
    them gives an entry is decided for each by itself, so that its bits do not depend on the others."""
    if sums.sure.all():
        return
    every = np.flatnonzero(~sums.sure.all(axis=0))
    step = max(1, KEPT // (8 * len(W)))
    for a in range(0, len(every), step):
        columns = every[a : a + step]
        unsure = np.flatnonzero(~sums.sure[:, columns].all(axis=1))
        for c in range(0, len(unsure), step):
            at = np.ix_(rows := unsure[c : c + step], columns)
            better = careful_logits(x[rows], W[:, columns], None if b is None else b[columns])
            for whole, part in zip(sums, better, strict=True):
                whole[at] = np.where(sums.sure[at], whole[at], part)
    left = np.nonzero(~sums.sure)
    sums.hi[left], sums.lo[left] = exact_entries(x, W, b, *left)
