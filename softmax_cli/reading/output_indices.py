"""Names of outputs where indices are expected: inline, in a list of JSON, in a column of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import quoted
from .cell_rows import values_of
from .cell_values import is_name, number
from .columns import Column
from .names import NO_NAMES, index_of, listing


def inline_indices(text: str, names: Sequence[str], option: str) -> Array | None:
    """`setosa,2,virginica` as (1, N) indices; None if there is no name in it."""
    parts = [part.strip() for part in re.split("[,;\n]", text.strip())]
    if not any(part in names for part in parts):
        return None
    return np.array([[_index(part, names, option, option) for part in parts]])


def column_indices(column: Column, names: Sequence[str] | None, source: str, title: str) -> Array:
    """The cells of a column as (N, 1) numbers, where the name of an output stands for its index. InputError for any
    other word. A column of numbers alone is taken as it is."""
    try:
        return np.array(values_of(column.cells))[:, None]
    except ValueError:
        pass
    if names is not None and len(set(names)) == len(names):
        known = {name: float(index) for index, name in enumerate(names)}
        try:
            return np.array([known[cell] for cell in column.cells])[:, None]
        except KeyError:
            pass
    found = []
    for cell, line in zip(column.cells, column.lines, strict=True):
        place = f"{source} row {line}"
        found.append(_number(cell, f"{place}, {title}") if names is None else _index(cell, names, place, place))
    return np.array(found)[:, None]


def _number(cell: str, place: str) -> float:
    try:
        return number(cell)
    except ValueError:
        found = quoted(cell) if cell else "empty"
        advice = NO_NAMES if is_name(cell) else ""
        raise InputError(f"{place} is {found}, where a number is expected", advice) from None


def _index(word: str, names: Sequence[str], place: str, option: str) -> float:
    index = index_of(word, names, option)
    if index is None and re.fullmatch(r"[-+]?[0-9]{1,15}(?:\.0*)?", word):
        return float(word)
    if index is None:
        found = quoted(word) if word else "empty"
        raise InputError(f"{place} is {found}, which is no output", f"the outputs are {listing(names)}")
    return float(index)


def label_column(column: Column | None, names: Sequence[str]) -> tuple[Column, str] | None:
    """A column that holds names of outputs, and its header, if the first cell is none of them; None for any other."""
    if column is None or set(names).isdisjoint(column.cells):
        return None
    first = column.cells[0]
    if first not in names and is_name(first) and len(column.cells) > 1:
        return Column(column.cells[1:], column.lines[1:]), first
    return column, ""
