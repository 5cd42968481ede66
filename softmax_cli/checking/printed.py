"""Numbers that were printed: rounded, or cut, at some decimal, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Stored
from ..wording import counted
from .formula import Rows
from .submitted import blocks_of

SAMPLE = 4096  # entries that are looked at first
BLOCK = 1 << 20  # and then at a time
MOST = 12  # decimals that tell printed numbers from all digits
LARGEST = 100  # in units of the last decimal, what the largest entry has at least: three digits
FITTING = 8  # entries that are not zero, at least
SLACK = 1e-9  # of a unit of the last decimal, where a number lies on the edge


def decimals_of(a: NDArray[Any] | Stored) -> int | None:
    """The fewest decimals that all numbers of a matrix have, up to 12; None where they have more, are not finite, or
    too few or too small to tell."""
    start = next(blocks_of(a, SAMPLE)).astype(np.float64)
    for decimals in range(1, MOST + 1):
        if (np.round(start, decimals) == start).all() and (found := _at_most(a, decimals)) is not None:
            largest, count = found
            return decimals if count >= FITTING and largest * 10.0**decimals >= LARGEST * (1 - SLACK) else None
    return None


def _at_most(a: NDArray[Any] | Stored, decimals: int) -> tuple[float, int] | None:
    """The largest magnitude, and how many numbers are not zero, if all are finite and have no more decimals."""
    largest, count = 0.0, 0
    for block in blocks_of(a, BLOCK):
        numbers = block.astype(np.float64)
        if not (np.isfinite(numbers) & (np.round(numbers, decimals) == numbers)).all():
            return None
        largest, count = max(largest, float(np.abs(numbers).max())), count + int(np.count_nonzero(numbers))
    return largest, count


@np.errstate(all="ignore")  # what overflows was not printed
def printed(a: NDArray[Any] | Stored, theirs: Rows, ours: Rows, parts: Sequence[slice]) -> str | None:
    """How `theirs`, the rows of the matrix `a`, come from `ours`: "5 decimals, rounded" or "5 decimals, cut"; None if
    some entry does not."""
    decimals = decimals_of(a)
    if decimals is None:
        return None
    unit = 10.0**-decimals
    rounded = cut = True
    for part in parts:
        seen, right = theirs(part), ours(part)
        with np.errstate(all="ignore"):
            rounded = rounded and bool((np.abs(seen - right) <= (0.5 + SLACK) * unit).all())
            short = (np.abs(right) - np.abs(seen)) / unit
            same_sign = (seen == 0.0) | (np.signbit(seen) == np.signbit(right))
            cut = cut and bool((same_sign & (short >= -SLACK) & (short < 1.0 + SLACK)).all())
        if not (rounded or cut):
            return None
    return f"{counted(decimals, 'decimal')}, {'rounded' if rounded else 'cut'}"
