"""CSV and TSV files: a matrix, and the names of its columns if the first row holds them."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import escaped
from .cell_rows import bad_cell, numbers
from .cell_values import expected, is_name, is_number
from .columns import blanked, row_names, word_columns
from .fast_decimals import take_lines
from .table_rows import (
    HEADER,
    Lines,
    counts_columns,
    csv_rows,
    delimiter_of,
    end_of_rows,
    first_row,
    is_header,
    start_of_rows,
    unmarked,
)

_SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", " ": "spaces"}


class Table(NamedTuple):
    """A matrix (R, C), the C names of a header row if there is one, what the user should hear of it, and the R names
    of an index of words if there is one."""

    array: Array
    names: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    row_names: tuple[str, ...] | None = None


def read_table(
    data: bytes,
    source: str,
    delimiter: str | None,
    finite: bool = True,
    header: bool | None = None,
    left_out: tuple[str, ...] = (),
    of_inputs: bool = False,
) -> Table:
    """R rows of C numbers → (R, C), under a header row if `header`, but for the columns that are `left_out`, by their
    names or indices, and a first column without a name that counts or names the rows, as pandas writes an index.

    Where that is None, the first row is a header if all its cells are names. A row that holds anything which
    could be meant as a number is none, lest a mistyped number drop a row. Delimiter None is a comma where
    there are any, or else a tab, or else spaces. InputError with the row, as a text editor counts, and the column. In a
    table `of_inputs` a column that holds nothing but names is left out as well.
    """
    stop = end_of_rows(data, source)
    if delimiter is None:
        delimiter = delimiter_of(data, stop)
    comma, whole, end = delimiter.encode(), data, stop
    columns: list[int] = []
    words: list[int] = []
    rows = None
    if data[start_of_rows(data) :][:3].startswith((comma, b'""' + comma)) and header is not False:
        rows = row_names(data, stop, source, delimiter, header)
    if of_inputs and header is not False:
        words = word_columns(data, stop, source, delimiter, header, left_out)
    if left_out or words or rows is not None:
        some: list[str | int] = [*left_out, *words, *([] if rows is None else [0])]
        data, columns = blanked(data, stop, source, delimiter, header, some)
        stop = len(data)
    start, line = start_of_rows(data), 1
    flat, names, width = array("d"), None, None
    if not header:
        start, width = take_lines(flat, data, start, stop, None, comma)
    if not flat:
        lines = Lines(data, start, stop)
        _, first = next(csv_rows(lines, line, source, delimiter))
        if is_header(first, source) if header is None else header:
            names = tuple(escaped(cell.strip()) for cell in unmarked(first))
            line += lines.count
            start, width = take_lines(flat, data, lines.at, stop, len(names), comma)

    def bad_row(line: int, cells: list[str]) -> InputError:
        return _bad_row(line, cells, source, delimiter, finite, header)

    rest = csv_rows(Lines(data, start, stop), line + len(flat) // (width or 1), source, delimiter)
    matrix = numbers(rest, source, finite, bad_row, width, flat)
    if not matrix.size:
        raise InputError(f"{source} holds no numbers below its header row")
    if names is None:
        notes = _doubts(matrix, first_row(whole, end, source, delimiter), source) if header is None else ()
        return Table(np.delete(matrix, columns, axis=1) if columns else matrix, None, notes)
    table = _under(names, matrix, columns, source)
    if rows is not None:
        note = f"the first column of {source}, without a name, names the rows"
        table = table._replace(row_names=rows, notes=(note, *table.notes))
    for column in words:
        note = f"{escaped(names[column], 40)} of {source} holds words, and is left out"
        table = table._replace(notes=(note, *table.notes))
    return table


def _under(names: tuple[str, ...], matrix: Array, left_out: list[int], source: str) -> Table:
    """A matrix below a header row, without the columns that are left out. InputError for a column without a name that
    is no index."""
    notes: list[str] = []
    if names[0] in ("", "Unnamed: 0") and len(names) > 1 and 0 not in left_out:
        first = int(matrix[0, 0]) if matrix[0, 0] in (0.0, 1.0) else 0
        if np.array_equal(matrix[:, 0], np.arange(first, first + len(matrix))):
            named = "without a name" if not names[0] else f"named {names[0]!r}"
            notes = [f"the first column of {source}, {named}, counts the rows and is left out"]
            left_out = [0, *left_out]
    kept = [c for c in range(len(names)) if c not in left_out]
    for c in kept:
        if not names[c]:
            raise InputError(
                f"{source} row 1, column {c + 1} is empty, where a name is expected",
                "save it without an index column (pandas: index=False)" if c == 0 else "",
            )
    found = tuple(names[c] for c in kept)
    counted = found == tuple(map(str, range(len(kept))))
    matrix = np.ascontiguousarray(matrix[:, kept]) if left_out else matrix
    return Table(matrix, None if counted and not names[0] else found, tuple(notes))


def _doubts(matrix: Array, first: list[str], source: str) -> tuple[str, ...]:
    """A note, if the first of many rows counts its columns. A single column of whole numbers is left alone: they are
    classes."""
    R, C = matrix.shape
    if R == 1 or (C == 1 and (matrix == np.floor(matrix)).all()):
        return ()
    return counts_columns(first, source)


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
        advice = HEADER
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
