"""CSV and TSV files: a matrix, and the names of its columns if the first row holds them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import escaped, quoted
from .cells import expected, is_name, is_number
from .encoding import decode
from .rows import bad_cell, numbers

_HEADER = "if the first row names the columns, add --header"
_SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", " ": "spaces"}


class Table(NamedTuple):
    """A matrix (R, C), the C names of a header row if there is one, and what the user should hear of it."""

    array: Array
    names: tuple[str, ...] | None
    notes: tuple[str, ...] = ()


def read_table(
    data: bytes, source: str, delimiter: str | None, finite: bool = True, header: bool | None = None
) -> Table:
    """R rows of C numbers → (R, C), under a header row if `header`.

    Where that is None, the first row is a header if all its cells are names. A row that holds anything which
    could be meant as a number is none, lest a mistyped number drop a row. Delimiter None is a tab where there
    are tabs and no commas, and otherwise a comma. InputError with the row, as a text editor counts, and the column.
    """
    text = decode(data, source)
    if "\0" in text:
        raise InputError(f"{source} holds a NUL byte on line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    if delimiter is None:
        delimiter = "\t" if "\t" in text and "," not in text else ","
    rows = _csv_rows(text, source, delimiter)
    line, first = next(rows)

    def bad_row(line: int, cells: list[str]) -> InputError:
        return _bad_row(line, cells, source, delimiter, finite, header)

    if _is_header(line, first, source) if header is None else header:
        names = _names(line, _unmarked(first), source)
        array = numbers(rows, source, finite, bad_row, len(names))
        if not array.size:
            raise InputError(f"{source} holds no numbers below its header row")
        return Table(array, names)
    array = numbers(chain([(line, first)], rows), source, finite, bad_row)
    return Table(array, None, _doubts(array, source) if header is None else ())


def _csv_rows(text: str, source: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    import csv
    import io

    body = text.rstrip()
    tail = text[len(body) :].replace("\r", "\n").partition("\n")[0]  # blank lines at the end are no rows
    reader = csv.reader(io.StringIO(body + tail, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    line = 0
    try:
        for cells in reader:
            yield line + 1, cells
            line = reader.line_num
    except csv.Error as error:
        raise InputError(f"{source} row {line + 1} is not valid CSV: {error}") from None


def _is_header(line: int, cells: list[str], source: str) -> bool:
    """Whether a first row holds names and nothing else. InputError if it holds names and, beside them, no number
    but what could be meant as one."""
    cells = _unmarked(cells)
    filled = [cell for cell in cells if cell.strip()]
    names = [cell for cell in filled if is_name(cell)]
    if not names or any(map(is_number, filled)):
        return False
    if len(names) < len(filled):
        column, cell = next((n, c) for n, c in enumerate(cells, 1) if c.strip() and not is_name(c))
        found = f"{source} row {line}, column {column} is {quoted(cell.strip())}"
        raise InputError(f"{found}, where a name is expected", _HEADER)
    return True


def _unmarked(cells: list[str]) -> list[str]:
    """A header row without the # that numpy.savetxt sets before it; any other row as it is."""
    bare = [cell.lstrip().removeprefix("#") for cell in cells[:1]] + cells[1:]
    return bare if all(map(is_name, [*cells[:1], *bare])) else cells  # #DIV/0! is no name


def _names(line: int, cells: list[str], source: str) -> tuple[str, ...]:
    for column, cell in enumerate(cells, 1):
        if not cell.strip():
            raise InputError(
                f"{source} row {line}, column {column} is empty, where a name is expected",
                "save it without an index column (pandas: index=False)" if column == 1 else "",
            )
    return tuple(escaped(cell.strip()) for cell in cells)


def _doubts(array: Array, source: str) -> tuple[str, ...]:
    """A note, if the first of many rows is 0, 1, 2, …: the names that pandas gives to columns without any. A
    single column of whole numbers is left alone: they are classes."""
    R, C = array.shape
    if R == 1 or not np.array_equal(array[0], np.arange(C)) or (C == 1 and (array == np.floor(array)).all()):
        return ()
    row = ", ".join(map(str, range(C))) if C <= 3 else f"0, 1, …, {C - 1}"
    return (f"the first row of {source} is {row}, and is read as numbers: if it names the columns, add --header",)


def _bad_row(line: int, cells: list[str], source: str, delimiter: str, finite: bool, header: bool | None) -> InputError:
    separator = _wrong_separator(cells, source, delimiter)
    if separator:
        return separator
    column = next(n for n, cell in enumerate(cells, 1) if expected(cell, finite))
    cell = cells[column - 1]
    first = line == 1 and header is None and bool(cell.strip())
    advice = ""
    if "," in cell:
        advice = "write numbers with a decimal point"
    elif first and not any(map(is_number, cells)):
        advice = _HEADER
    elif first and is_name(cell):
        advice = "a header row may not hold numbers"
    return bad_cell(source, line, column, cell, finite, advice)


def _wrong_separator(cells: list[str], source: str, delimiter: str) -> InputError | None:
    """The error for a row that only makes sense if another character stands between its cells."""
    for found, name in _SEPARATORS.items():
        # decimal commas in a semicolon file make several cells of a row; the other marks leave it one
        if found == delimiter or (len(cells) > 1 and found not in ";\t"):
            continue
        pieces = [piece for cell in cells for piece in cell.split(found) if piece.strip()]
        if any(found in cell.strip() for cell in cells) and not any(map(is_name, pieces)):
            wanted = _SEPARATORS[delimiter]
            return InputError(
                f"{source} has {name} between its cells, where {wanted} are expected",
                f"save it with {wanted} between cells and points in numbers",
            )
    return None
