"""The rows of a table as cells, and whether the first of them names the columns."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence

from ..errors import InputError
from ..wording import quoted
from .cell_values import is_name, is_number
from .encoding import decode

HEADER = "if the first row names the columns, add --header"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def delimiter_of(data: bytes, stop: int) -> str:
    """What parts the cells of a table whose name does not say: a comma, or else a tab, or else the spaces in its last
    row (in the first there may be names)."""
    if b"," in data:
        return ","
    last = (data[max(0, stop - 4096) : stop].splitlines() or [b""])[-1].strip()
    return "\t" if b"\t" in data else " " if b" " in last and b";" not in last else ","


def end_of_rows(data: bytes, source: str) -> int:
    """Where the last row ends: blank lines at the end are no rows. InputError for what is no text."""
    text = decode(data, source)
    if "\0" in text:
        raise InputError(f"{source} holds a NUL byte on line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    end = text[-4096:]  # a copy of the whole costs as much as its decoding
    tail = end[len(end.rstrip()) :] if not end.isspace() else text[len(text.rstrip()) :]
    last = re.split("[\r\n]", tail, maxsplit=1)[0]
    return len(data) - len(tail.encode()) + len(last.encode())


class Lines:
    """The lines of a text between two of its bytes. `count` of them have been read, up to byte `at`."""

    def __init__(self, data: bytes, start: int, stop: int) -> None:
        self.count, self.at = 0, start
        self._found = _LINE.finditer(data, start, stop)

    def __iter__(self) -> Iterator[str]:
        for found in self._found:
            self.count += 1
            self.at = found.end()
            yield found[0].decode()


def csv_rows(lines: Lines, first: int, source: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
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


def start_of_rows(data: bytes) -> int:
    return 3 if data.startswith(BOM_UTF8) else 0


def first_row(data: bytes, stop: int, source: str, delimiter: str) -> list[str]:
    return next(csv_rows(Lines(data, start_of_rows(data), stop), 1, source, delimiter))[1]


def is_header(cells: list[str], source: str) -> bool:
    """Whether the first row holds names and nothing else. InputError if it holds names and, beside them, no number
    but what could be meant as one."""
    cells = unmarked(cells)
    filled = [cell for cell in cells if cell.strip()]
    if len(cells) > 1 and cells == ["", *map(str, range(len(cells) - 1))]:  # pandas: an index, columns without names
        return True
    if any(map(is_number, filled)) or not any(map(is_name, filled)):
        return False
    for column, cell in enumerate(cells, 1):
        if cell.strip() and not is_name(cell):
            found = f"{source} row 1, column {column} is {quoted(cell.strip())}"
            raise InputError(f"{found}, where a name is expected", HEADER)
    return True


def counts_columns(cells: Sequence[str], source: str) -> tuple[str, ...]:
    """A note, if the first row is 0, 1, 2, …: the names that pandas gives to columns without any."""
    C = len(cells)
    if [cell.strip() for cell in cells] != list(map(str, range(C))):
        return ()
    row = ", ".join(map(str, range(C))) if C <= 3 else f"0, 1, …, {C - 1}"
    return (f"the first row of {source} is {row}, and is read as numbers: if it names the columns, add --header",)


def unmarked(cells: list[str]) -> list[str]:
    """A header row without the # that numpy.savetxt sets before it; any other row as it is."""
    if cells[:1] == ["#"]:
        return cells[1:] if all(map(is_name, cells[1:])) else cells
    bare = [cell.lstrip().removeprefix("#") for cell in cells[:1]] + cells[1:]
    return bare if all(map(is_name, [*cells[:1], *bare])) else cells  # #DIV/0! is no name
