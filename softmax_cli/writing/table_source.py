"""A matrix as it is to be shown in a table, asked for by the entries that are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array

Indices = Sequence[int]


class Sheet(NamedTuple):
    """One matrix to show, asked for by the entries that are shown. `value` is a number that goes with it,
    and its name."""

    title: str
    shape: tuple[int, int]
    row_label: Callable[[int], str]
    column_label: Callable[[int], str]
    entries: Callable[[Indices, Indices], Array]
    value: tuple[str, float] | None = None


class Sheets(NamedTuple):
    """`number` sheets, each made when it is shown."""

    number: int
    make: Callable[[int], Sheet]


def matrix_sheet(
    title: str,
    matrix: Array,
    row_label: Callable[[int], str],
    column_label: Callable[[int], str],
    value: tuple[str, float] | None = None,
) -> Sheet:
    """A matrix that is there as a whole."""
    rows, columns = matrix.shape
    return Sheet(title, (rows, columns), row_label, column_label, lambda r, c: matrix[np.ix_(r, c)], value)


def vectors_sheet(title: str, label: Callable[[int], str], columns: dict[str, Array]) -> Sheet:
    """Vectors of one length side by side."""
    return matrix_sheet(title, np.stack(list(columns.values()), axis=1), label, list(columns).__getitem__)
