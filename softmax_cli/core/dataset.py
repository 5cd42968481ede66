"""The rows of a data set, part by part, and what they give: values of each row, and sums over all of them."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import cpus
from .arrays import Array, Rows
from .exact_sums import ExactSum
from .integer_sums import Places, quotient
from .split_exponent import Apart

ROWS_BYTES = 1 << 24  # rows taken at once
MANY = 1 << 16  # entries of a sum that cost so much that there is one for each core
LEAST_BYTES = 1 << 22  # of rows that are taken at once so that no core is idle

Part = tuple[int, NDArray[Any]]  # some of the rows, and the number of the first


class Terms(NamedTuple):
    """What the sums are made of, of some rows: x, None for given logits, dE/dz times the norm, and E."""

    x: Array | None
    d: Apart
    loss: Array | None


class Found:
    """What some of the rows have given so far: `each` is a list of arrays, block by block, and `sums` a sum. `terms`
    are those of the sums, where they are kept."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.each: dict[str, list[Array]] = {}
        self.sums: dict[str, ExactSum] = {}
        self.terms: list[Terms] = []

    def keep(self, name: str, values: Array) -> None:
        """Values of the next rows."""
        self.each.setdefault(name, []).append(values)

    def sum(self, name: str, more: ExactSum) -> None:
        """A part of a sum."""
        self.sums[name] = self.sums[name] + more if name in self.sums else more

    def extend(self, other: Found) -> None:
        """What the next rows have given."""
        for name, parts in other.each.items():
            self.each.setdefault(name, []).extend(parts)
        for name, more in other.sums.items():
            self.sum(name, more)
        self.terms.extend(other.terms)


def row_parts(x: NDArray[Any] | Rows, entries: int = 1) -> Iterator[Part]:
    """The rows part by part; of each, a sum of so many entries may be made. Pages of a file that is mapped to be read
    are given back after each."""
    row, parts = 8 * x.shape[1], cpus.count() * (1 if entries > MANY else 4)
    step = max(1, min(ROWS_BYTES, max(LEAST_BYTES, -(-len(x) // parts) * row)) // row)
    source: Any = x
    while isinstance(source, np.ndarray):
        source = source.base
    read_only = isinstance(x, np.memmap) and x.mode == "r" and isinstance(source, mmap.mmap)
    for a in range(0, len(x), step):
        yield a, x[a : a + step]
        if read_only and hasattr(mmap, "MADV_DONTNEED"):
            source.madvise(mmap.MADV_DONTNEED)


def surely(total: ExactSum) -> tuple[Array, NDArray[np.bool_]]:
    """A sum, and where it is sure to be correctly rounded, over a norm as well."""
    hi, sure = total.rounded()
    return hi, sure & ((np.abs(hi) > 2.0**-900) | (hi == 0.0))


def rounded_sum(total: ExactSum, norm: float, again: Callable[[Places, Places], Iterator[list[int]]]) -> Array:
    """A sum (K, J) over norm, correctly rounded before that. `again` adds up the entries that the sum is not sure of,
    part by part, as whole numbers."""
    hi, sure = surely(total)
    result: Array = hi / norm
    if not sure.all():
        i, j = np.nonzero(~sure)
        exact = [sum(parts) for parts in zip(*again(i, j), strict=True)]
        result[i, j] = [quotient(number, norm) for number in exact]
    return result
