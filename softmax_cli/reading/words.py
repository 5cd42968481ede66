"""Names of outputs where indices are expected: inline, in a list of JSON, in a column of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import quoted
from .cells import is_name, is_number, number
from .columns import Cells
from .names import index_of, listing


def inline_indices(text: str, names: Sequence[str], option: str) -> Array | None:
    """`setosa,2,virginica` as (1, N) indices; None if there is no name in it."""
    parts = [part.strip() for part in re.split("[,;\n]", text.strip())]
    if not any(part in names for part in parts):
        return None
    return np.array([[_index(part, names, option, option) for part in parts]])


def column_indices(cells: Cells, names: Sequence[str] | None, source: str, column: str) -> Array:
    """The cells of a column as (N, 1) numbers, where the name of an output stands for its index. InputError for any
    other word."""
    if names is None or all(is_number(cell) for _, cell in cells):
        return np.array([[_number(cell, f"{source} row {line}, {column}", names)] for line, cell in cells])
    return np.array([[_index(cell, names, f"{source} row {line}", f"{source} row {line}")] for line, cell in cells])


def _number(cell: str, place: str, names: Sequence[str] | None) -> float:
    try:
        return number(cell)
    except ValueError:
        found = quoted(cell) if cell else "empty"
        advice = "outputs have names by the header of W, or outputs_names in INPUT" if is_name(cell) else ""
        raise InputError(f"{place} is {found}, where a number is expected", advice) from None


def _index(word: str, names: Sequence[str], place: str, option: str) -> float:
    index = index_of(word, names, option)
    if index is None and re.fullmatch(r"[-+]?[0-9]{1,15}(?:\.0*)?", word):
        return float(word)
    if index is None:
        found = quoted(word) if word else "empty"
        raise InputError(f"{place} is {found}, which is no output", f"the outputs are {listing(names)}")
    return float(index)


def label_column(rows: list[tuple[int, list[str]]], names: Sequence[str]) -> tuple[Cells, str] | None:
    """The cells of a table of one column that holds names of outputs, and its header, if the first cell is none of
    them; None for any other table."""
    if not rows or any(len(cells) != 1 for _, cells in rows):
        return None
    cells = [(line, row[0].strip()) for line, row in rows]
    if not any(cell in names for _, cell in cells):
        return None
    first = cells[0][1]
    if first not in names and is_name(first) and len(cells) > 1:
        return cells[1:], first
    return cells, ""
