"""CSV and TSV files: a matrix, and the names of its columns if the first row holds them."""

from __future__ import annotations

import re
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import escaped, quoted
from .bulk import take_lines
from .cell_rows import bad_cell, numbers
from .cells import expected, is_name, is_number
from .encoding import decode

_HEADER = "if the first row names the columns, add --header"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
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
    could be meant as a number is none, lest a mistyped number drop a row. Delimiter None is a comma where
    there are any, or else a tab, or else spaces. InputError with the row, as a text editor counts, and the column.
    """
    stop = _sound(data, source)
    if delimiter is None:
        delimiter = _delimiter(data, stop)
    comma = delimiter.encode()
    start, line = 3 if data.startswith(BOM_UTF8) else 0, 1
    flat, names, width = array("d"), None, None
    if not header:
        start, width = take_lines(flat, data, start, stop, None, comma)
    if not flat:
        lines = _Lines(data, start, stop)
        _, first = next(_csv_rows(lines, line, source, delimiter))
        if _is_header(first, source) if header is None else header:
            names = _names(_unmarked(first), source)
            line += lines.count
            start, width = take_lines(flat, data, lines.at, stop, len(names), comma)

    def bad_row(line: int, cells: list[str]) -> InputError:
        return _bad_row(line, cells, source, delimiter, finite, header)

    rest = _csv_rows(_Lines(data, start, stop), line + len(flat) // (width or 1), source, delimiter)
    matrix = numbers(rest, source, finite, bad_row, width, flat)
    if not matrix.size:
        raise InputError(f"{source} holds no numbers below its header row")
    return Table(matrix, names, _doubts(matrix, source) if header is None and names is None else ())


def _delimiter(data: bytes, stop: int) -> str:
    """What parts the cells of a table whose name does not say: a comma, or else a tab, or else the spaces in its last
    row (in the first there may be names)."""
    if b"," in data:
        return ","
    last = (data[max(0, stop - 4096) : stop].splitlines() or [b""])[-1].strip()
    return "\t" if b"\t" in data else " " if b" " in last and b";" not in last else ","


def _sound(data: bytes, source: str) -> int:
    """Where the last row ends: blank lines at the end are no rows. InputError for what is no text."""
    text = decode(data, source)
    if "\0" in text:
        raise InputError(f"{source} holds a NUL byte on line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    tail = text[len(text.rstrip()) :]
    last = re.split("[\r\n]", tail, maxsplit=1)[0]
    return len(data) - len(tail.encode()) + len(last.encode())


class _Lines:
    """The lines of a text between two of its bytes. `count` of them have been read, up to byte `at`."""

    def __init__(self, data: bytes, start: int, stop: int) -> None:
        self.count, self.at = 0, start
        self._found = _LINE.finditer(data, start, stop)

    def __iter__(self) -> Iterator[str]:
        for found in self._found:
            self.count += 1
            self.at = found.end()
            yield found[0].decode()


def _csv_rows(lines: _Lines, first: int, source: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    import csv

    if delimiter == " ":
        yield from ((first + n, line.split()) for n, line in enumerate(lines))
        return
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    line = first
    try:
        for cells in reader:
            yield line, cells
            line = first + reader.line_num
    except csv.Error as error:
        raise InputError(f"{source} row {line} is not valid CSV: {error}") from None


def _is_header(cells: list[str], source: str) -> bool:
    """Whether the first row holds names and nothing else. InputError if it holds names and, beside them, no number
    but what could be meant as one."""
    cells = _unmarked(cells)
    filled = [cell for cell in cells if cell.strip()]
    if any(map(is_number, filled)) or not any(map(is_name, filled)):
        return False
    for column, cell in enumerate(cells, 1):
        if cell.strip() and not is_name(cell):
            found = f"{source} row 1, column {column} is {quoted(cell.strip())}"
            raise InputError(f"{found}, where a name is expected", _HEADER)
    return True


def _unmarked(cells: list[str]) -> list[str]:
    """A header row without the # that numpy.savetxt sets before it; any other row as it is."""
    if cells[:1] == ["#"]:
        return cells[1:] if all(map(is_name, cells[1:])) else cells
    bare = [cell.lstrip().removeprefix("#") for cell in cells[:1]] + cells[1:]
    return bare if all(map(is_name, [*cells[:1], *bare])) else cells  # #DIV/0! is no name


def _names(cells: list[str], source: str) -> tuple[str, ...]:
    for column, cell in enumerate(cells, 1):
        if not cell.strip():
            raise InputError(
                f"{source} row 1, column {column} is empty, where a name is expected",
                "save it without an index column (pandas: index=False)" if column == 1 else "",
            )
    return tuple(escaped(cell.strip()) for cell in cells)


def _doubts(matrix: Array, source: str) -> tuple[str, ...]:
    """A note, if the first of many rows is 0, 1, 2, …: the names that pandas gives to columns without any. A
    single column of whole numbers is left alone: they are classes."""
    R, C = matrix.shape
    if R == 1 or not np.array_equal(matrix[0], np.arange(C)) or (C == 1 and (matrix == np.floor(matrix)).all()):
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
