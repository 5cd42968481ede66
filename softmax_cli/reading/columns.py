"""Columns of a table by their names: one that is asked for, and those that are no numbers and are passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..wording import escaped, quoted
from .cell_values import is_name
from .table_rows import (
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

_NUMERIC = b'0123456789+-.eE,;\t\r\n "'


class Column(NamedTuple):
    """The cells of a column, the line that each stands on, and what the user should hear of the table."""

    cells: list[str]
    lines: Sequence[int]
    notes: tuple[str, ...] = ()


def header_of(data: bytes, stop: int, source: str, delimiter: str, header: bool | None) -> tuple[list[str], Lines, int]:
    """The cells of the first row, the lines below it (those from the first row on if it names nothing), and the number
    of the next line."""
    lines = Lines(data, start_of_rows(data), stop)
    _, first = next(csv_rows(lines, 1, source, delimiter))
    if is_header(first, source) if header is None else header:
        return [cell.strip() for cell in unmarked(first)], lines, 1 + lines.count
    return [str(n) for n in range(len(first))], Lines(data, start_of_rows(data), stop), 1


def column_at(column: str | int, names: Sequence[str], source: str) -> int:
    """The index of a column by its name, or by the index itself. InputError if there is none, or several."""
    if isinstance(column, int):
        return column
    if names.count(column) > 1:
        raise InputError(f"{source} has {names.count(column)} columns named {quoted(column)}")
    if column in names:
        return names.index(column)
    if column.isascii() and column.isdecimal() and len(column) < 10 and int(column) < len(names):
        return int(column)
    named = ", ".join(escaped(name, 40) for name in names[:8] if name) + (", …" if len(names) > 8 else "")
    raise InputError(f"{source} has no column {quoted(column)}", f"its columns are {named}")


def column_of(data: bytes, source: str, delimiter: str | None, header: bool | None, name: str) -> Column:
    """One column, below the header row, and a note if a row that counts the columns is read as numbers. InputError for
    a row that ends before it."""
    stop = end_of_rows(data, source)
    delimiter = delimiter or delimiter_of(data, stop)
    names, lines, line = header_of(data, stop, source, delimiter, header)
    at = column_at(name, names, source)
    found = _cells(data[lines.at : stop], source, delimiter, names, at, line)
    if not found.cells:
        raise InputError(f"{source} holds nothing below its header row")
    doubtful = header is None and line == 1 and len(found.cells) > 1 and len(names) > 1
    return found._replace(notes=counts_columns(first_row(data, stop, source, delimiter), source) if doubtful else ())


def word_columns(
    data: bytes, stop: int, source: str, delimiter: str, header: bool | None, known: Sequence[str]
) -> list[int]:
    """The columns below a header row that hold nothing but words, without those that are known; none if that is all."""
    second = data.find(b"\n") + 1
    if not data[second : data.find(b"\n", second) + 1 or stop].translate(None, _NUMERIC):
        return []  # as of most tables, before anything is split
    names, lines, line = header_of(data, stop, source, delimiter, header)
    body = data[lines.at : stop]
    _, first = next(csv_rows(lines, line, source, delimiter), (0, []))
    if line == 1 or len(first) != len(names):
        return []
    found = [c for c, cell in enumerate(first) if _is_word(cell) and names[c] and names[c] not in known]
    found = [c for c in found if all(map(_is_word, _cells(body, source, delimiter, names, c, line).cells))]
    return found if len(found) + len(known) < len(names) else []


def _is_word(cell: str) -> bool:
    """A name that does not begin with a digit, as 3 cm does, which may be meant as a number."""
    return is_name(cell) and not next((c for c in cell if c.isalnum()), "0").isdigit()


def _cells(body: bytes, source: str, delimiter: str, names: Sequence[str], at: int, line: int) -> Column:
    """The cells at an index of every row of what stands below the header, from that line on."""
    cells = _plain_cells(body, delimiter, len(names), at)
    if cells:
        return Column(cells, range(line, line + len(cells)))
    rows = csv_rows(Lines(body, 0, len(body)), line, source, delimiter)
    return _any_cells(rows, source, at, names[at])


def _plain_cells(body: bytes, delimiter: str, width: int, at: int) -> list[str]:
    """The cells at an index of every row; none where something is quoted or a row is not `width` cells long."""
    if b'"' in body or delimiter == " " or not body:
        return []
    text = body if body.endswith(b"\n") else body + b"\n"
    marks = np.frombuffer(text, dtype=np.uint8)
    ends = marks == 0x0A
    found = np.flatnonzero((marks == ord(delimiter)) | ends)
    if len(found) % width:
        return []
    places = found.reshape(-1, width)
    if not ends[places[:, -1]].all() or ends[places[:, :-1]].any():
        return []
    starts = places[:, at - 1] if at else np.concatenate([[-1], places[:-1, -1]])
    pairs = zip((starts + 1).tolist(), places[:, at].tolist(), strict=True)
    return b"\n".join([text[a:b].strip() for a, b in pairs]).decode().split("\n")


def _any_cells(rows: Iterable[tuple[int, list[str]]], source: str, at: int, name: str) -> Column:
    cells, lines = [], []
    for line, row in rows:
        if at >= len(row):
            raise InputError(f"{source} row {line} has no cell in column {at + 1}, {quoted(name)}")
        cells.append(row[at].strip())
        lines.append(line)
    return Column(cells, lines)


def only_column(data: bytes, source: str, delimiter: str | None) -> Column | None:
    """Every row of a table of one column; None for any other table."""
    stop = end_of_rows(data, source)
    delimiter = delimiter or delimiter_of(data, stop)
    start = start_of_rows(data)
    if delimiter.encode() not in data and (cells := _plain_cells(data[start:stop], ",", 1, 0)):
        return Column(cells, range(1, 1 + len(cells)))
    rows = list(csv_rows(Lines(data, start, stop), 1, source, delimiter))
    if any(len(cells) != 1 for _, cells in rows):
        return None
    return Column([cells[0].strip() for _, cells in rows], [line for line, _ in rows])


def blanked(
    data: bytes, stop: int, source: str, delimiter: str, header: bool | None, columns: Sequence[str | int]
) -> tuple[bytes, list[int]]:
    """The table with 0 in the cells of some columns, which may hold words, and the indices of these: the others keep
    their places."""
    names, lines, _ = header_of(data, stop, source, delimiter, header)
    places = sorted(column_at(column, names, source) for column in columns)
    head, body = data[: lines.at], data[lines.at : stop]
    rows = _split(body, delimiter) if b'"' not in body else _quoted_rows(lines, source, delimiter)
    comma = delimiter.encode()
    written = []
    for cells in rows:
        for place in places:
            if place < len(cells):
                cells[place] = b"0"
        written.append(comma.join(cells))
    return head + b"\n".join(written), places


def _split(body: bytes, delimiter: str) -> Iterator[list[bytes]]:
    comma = None if delimiter == " " else delimiter.encode()
    return (line.split(comma) for line in body.splitlines())


def _quoted_rows(lines: Lines, source: str, delimiter: str) -> Iterator[list[bytes]]:
    for _, cells in csv_rows(lines, 1, source, delimiter):
        yield [b'"' + cell.replace('"', '""').encode() + b'"' for cell in cells]


def row_names(data: bytes, stop: int, source: str, delimiter: str, header: bool | None) -> tuple[str, ...] | None:
    """The names of the rows, if the first column has no name and holds nothing but names, as pandas writes an index
    of words."""
    names, lines, line = header_of(data, stop, source, delimiter, header)
    if names[0] or len(names) < 2 or names.count("") > 1:
        return None
    found = []
    for _, cells in csv_rows(lines, line, source, delimiter):
        if not cells or not is_name(cells[0]):
            return None
        found.append(escaped(cells[0].strip()))
    return tuple(found) or None
