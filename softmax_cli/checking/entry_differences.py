"""Two matrices, entry by entry: how many differ, how many were lost to cancellation, and the worst."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from . import roundoff
from .formula import Formula, Rows
from .precision import FLOAT32, FLOAT64, Precision

BLOCK = 1 << 18  # entries compared at once
WORST = 5
RTOL = 1e-6  # what an entry may be off by, relative, unless the caller or its precision says otherwise
ROUNDED = 2  # what a number rounded to half precision may be off by, in units roundoff
LOST = 8  # something cancels where the terms of an entry are so many times as large as it is

Entry = tuple[int, int, float, float, float, float]  # row, column, theirs, ours, absolute, relative


class Tally(NamedTuple):
    """What was counted, and the worst entries. `untold` says that none differs because nothing could be seen: of what
    is not zero no entry agrees, even roughly, and theirs have numbers where ordinary arithmetic loses all digits."""

    differing: int
    lost: int
    worst: list[Entry]
    untold: bool = False


class Allowance(NamedTuple):
    """What an entry may be off by, in a precision, or by the `rtol` that was asked for; and `atol` besides."""

    right: Formula
    precision: Precision
    wider: bool  # the numbers are stored wider than they are
    rtol: float | None
    atol: float

    def relative(self, part: slice, ours: Array) -> Array | float:
        """Relative to `ours`, the right entries of those rows."""
        if self.rtol is not None:
            return self.rtol
        if self.precision is FLOAT64:
            return RTOL
        if self.precision is FLOAT32:
            most = np.minimum(self.precision.unit * roundoff.relative_errors(self.right, part), self.precision.loose)
            allowed: Array | float = np.maximum(RTOL, most)
        else:
            allowed = ROUNDED * self.precision.unit
        # What the precision holds as it is would not have been rounded.
        return np.where(self.precision.holds(ours), RTOL, allowed) if self.wider else allowed


def parts_of(height: int, width: int, summed: bool) -> list[slice]:
    """Slices over all rows: a short one first, so that a formula which does not fit is soon dismissed; a very short one
    where every row is a sum over many inputs."""
    step, edges = max(1, BLOCK // width), [0, min(height, max(1, (64 if summed else 4096) // width))]
    while edges[-1] < height:
        edges.append(min(height, edges[-1] + step))
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def tally(theirs: Rows, ours: Rows, parts: Sequence[slice], allowance: Allowance, strict: bool) -> Tally:
    """Count the entries that differ; those that ordinary arithmetic loses are apart, and differ as well if `strict`."""
    differing, lost, agreeing, noise = 0, 0, False, False
    worst: list[Entry] = []
    for part in parts:
        seen, expected = theirs(part), ours(part)
        differs, cancelled, error = differences(seen, expected, part, allowance)
        lost += int(np.count_nonzero(cancelled))
        telling = (~differs & (expected != 0.0)) | (cancelled & (2.0 * error <= np.abs(expected)))
        agreeing = agreeing or bool(telling.any())
        noise = noise or (
            bool(cancelled.any()) and bool((cancelled & (seen != 0.0) & _known(expected, part, allowance)).any())
        )
        if not strict:
            differs &= ~cancelled
        if differs.any():
            differing += int(np.count_nonzero(differs))
            worst += _largest(part.start, differs, seen, expected, error)
            worst = sorted(worst, key=_badness)[:WORST]
    return Tally(differing, lost, worst, untold=not differing and noise and not agreeing)


def differences(
    seen: Array, expected: Array, part: slice, allowance: Allowance
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Array]:
    """Which entries of some rows differ; which of those ordinary arithmetic loses to cancellation; and by how much."""
    right, unit, tiny = allowance.right, allowance.precision.unit, allowance.precision.tiny
    with np.errstate(all="ignore"):
        error = np.where(seen == expected, 0.0, np.abs(seen - expected))  # ln 0 is −∞ on both sides
        size = np.where(np.isfinite(expected), np.abs(expected), 0.0)
        allowed = allowance.relative(part, expected) * size + allowance.atol
        differs = ~(error <= allowed + roundoff.underflowing(right, part, tiny))
        if not differs.any():
            return differs, differs, error
        terms, losses = roundoff.cancelling(right, part, unit)
        return differs, differs & (error <= losses) & (terms >= LOST * unit * size), error


def _known(expected: Array, part: slice, allowance: Allowance) -> NDArray[np.bool_]:
    """Which right entries are more than double precision itself may have made of a sum that is zero."""
    known: NDArray[np.bool_] = np.abs(expected) > LOST * roundoff.cancelling(allowance.right, part, FLOAT64.unit)[1]
    return known


def _badness(entry: Entry) -> tuple[float, float, int, int]:
    row, column, _, _, absolute, relative = entry
    relative = float(_coarse(relative))
    return (*(-math.inf if math.isnan(v) else -v for v in (relative, absolute)), row, column)  # type: ignore[return-value]


def _coarse(relative: Array | float) -> Array:
    """To seven digits: relative errors that only rounding parts are equal."""
    significand, exponent = np.frexp(relative)
    rounded: Array = np.ldexp(np.round(significand * 2.0**23), exponent - 23)
    return rounded


def _largest(first: int, differs: NDArray[np.bool_], theirs: Array, ours: Array, error: Array) -> Iterator[Entry]:
    """The worst entries of a block: by relative error, then absolute, then place."""
    rows, columns = np.nonzero(differs)
    absolute = error[rows, columns]
    with np.errstate(all="ignore"):
        relative = absolute / np.abs(ours[rows, columns])
    keys = np.nan_to_num(_coarse(relative), nan=np.inf, posinf=np.inf)
    sizes = np.nan_to_num(absolute, nan=np.inf, posinf=np.inf)
    for _ in range(min(WORST, len(keys))):
        at = int(np.argmax(np.where(keys == keys.max(), sizes, -1.0)))
        r, c = int(rows[at]), int(columns[at])
        yield first + r, c, float(theirs[r, c]), float(ours[r, c]), float(absolute[at]), float(relative[at])
        keys[at] = -1.0
