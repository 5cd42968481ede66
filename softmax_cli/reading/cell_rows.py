"""Rows of cells → a matrix. What a table and inline text have in common."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from math import isfinite

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import counted, quoted
from .cell_values import expected, number

Rows = Iterable[tuple[int, list[str]]]  # the line that each row starts on, and its cells


def numbers(
    rows: Rows,
    source: str,
    finite: bool,
    bad_row: Callable[[int, list[str]], InputError],
    width: int | None = None,
    flat: array[float] | None = None,
) -> Array:
    """R rows of C cells → (R, C), with C = `width` where that is known, below those in `flat`. `bad_row` says what is
    wrong with a row that holds something else than numbers. InputError for that, and for a row of another length."""
    flat = array("d") if flat is None else flat
    for line, cells in rows:
        try:
            values = values_of(cells)
        except ValueError:
            raise bad_row(line, cells) from None
        if finite and not all(map(isfinite, values)):
            raise bad_row(line, cells)
        width = len(cells) if width is None else width
        if len(cells) != width or not cells:
            raise InputError(
                f"{source} row {line} has {counted(len(cells), 'cell')}, where {width or 'some'} "
                f"{'is' if width == 1 else 'are'} expected"
            )
        flat.extend(values)
    return np.frombuffer(flat, dtype=np.float64).reshape(-1, width or 1) if flat else np.empty((0, width or 1))


def values_of(cells: list[str]) -> list[float]:
    """The doubles nearest to the cells. ValueError if one is no number."""
    try:
        values = list(map(float, cells))
    except ValueError:
        return list(map(number, cells))
    if "_" in "".join(cells):
        raise ValueError
    return values


def bad_cell(source: str, line: int, column: int, cell: str, finite: bool, advice: str = "") -> InputError:
    """The error for a cell that should hold a number."""
    found = quoted(cell.strip()) if cell.strip() else "empty"
    wanted = expected(cell, finite) or "a number"
    return InputError(f"{source} row {line}, column {column} is {found}, where {wanted} is expected", advice)
