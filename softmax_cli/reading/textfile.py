"""Tables of numbers as people type them: CSV, TSV, and inline text such as `1,2;3,4`."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from math import isfinite

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import counted, escaped, quoted, shown

Rows = Iterator[tuple[int, list[str]]]  # the line that each row starts on, and its cells

_BOMS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", " ": "spaces"}


def decode(data: bytes, source: str) -> str:
    """UTF-8 text, with or without a byte-order mark. InputError if it is anything else, or empty."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            raise InputError(f"{source} is {encoding} text, where UTF-8 is expected", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{source} is not UTF-8 text: byte 0x{data[error.start]:02x} on line {line}",
            "text must be saved as UTF-8, and arrays as .npy or .npz",
        ) from None
    if not text.strip():
        raise InputError(f"{source} is empty")
    return text


def read_csv(
    data: bytes, source: str, delimiter: str | None, finite: bool = True
) -> tuple[Array, tuple[str, ...] | None]:
    """R rows of C numbers → (R, C), and the C names of a header row if there is one.

    The first row is a header if none of its cells looks like a number; a row that mixes the two is
    refused, lest a mistyped number drop a row. Delimiter None is a tab where there are tabs and no
    commas, and otherwise a comma. InputError with the row, as a text editor counts, and the column.
    """
    text = decode(data, source)
    if "\0" in text:
        raise InputError(f"{source} holds a NUL byte on line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    if delimiter is None:
        delimiter = "\t" if "\t" in text and "," not in text else ","
    rows = _csv_rows(text, source, delimiter)
    line, first = next(rows)
    first = _unmarked(first)
    if any(map(_resembles_number, first)) or not any(cell.strip() for cell in first):
        return _numbers(_after(line, first, rows), source, delimiter, finite), None
    for column, cell in enumerate(first, 1):
        if not cell.strip():
            raise InputError(
                f"{source} row {line}, column {column} is empty, where a name is expected",
                "save it without an index column (pandas: index=False)" if column == 1 else "",
            )
    return _numbers(rows, source, delimiter, finite, len(first)), tuple(escaped(cell.strip()) for cell in first)


def _unmarked(cells: list[str]) -> list[str]:
    """A header row without the # that numpy.savetxt sets before it; any other row as it is."""
    bare = [cell.lstrip().removeprefix("#") for cell in cells[:1]] + cells[1:]
    return cells if any(map(_resembles_number, bare)) else bare


def read_inline(text: str, option: str, finite: bool = True) -> Array:
    """`1,2,3;4,5,6` → (2, 3). InputError with the row and the column, both counted from one."""
    rows = [part.split(",") for part in text.split(";")]
    if not any(_resembles_number(cell) for cells in rows for cell in cells):
        advice = f"write {option} {shown(text[1:], 40)}, without =" if text.startswith("=") else ""
        raise InputError(f"{option} is {quoted(text)}: neither numbers nor a file", advice)
    return _numbers(enumerate(rows, 1), option, None, finite)


def _csv_rows(text: str, source: str, delimiter: str) -> Rows:
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


def _after(line: int, cells: list[str], rows: Rows) -> Rows:
    yield line, cells
    yield from rows


def _numbers(rows: Rows, source: str, delimiter: str | None, finite: bool, width: int | None = None) -> Array:
    flat = array("d")
    header = width is not None
    for line, cells in rows:
        try:
            values = list(map(float, cells))
            good = (not finite or all(map(isfinite, values))) and not any("_" in cell for cell in cells)
        except ValueError:
            good = False
        if not good:
            raise _bad_row(line, cells, source, delimiter, finite)
        width = len(cells) if width is None else width
        if len(cells) != width or not cells:
            raise _wrong_separator(cells, source, delimiter) or InputError(
                f"{source} row {line} has {counted(len(cells), 'cell')}, where {width or 'some'} "
                f"{'is' if width == 1 else 'are'} expected"
            )
        flat.extend(values)
    if not flat:
        raise InputError(f"{source} holds no numbers" + (" below its header row" if header else ""))
    return np.frombuffer(flat, dtype=np.float64).reshape(-1, width or 1)


def _resembles_number(cell: str) -> bool:
    """Whether a cell was meant as a number: one that Python reads, or 1_000, 0x1F, 0,5 or 10%."""
    cell = cell.strip()
    try:
        float(cell)
    except ValueError:
        hexadecimal = cell.lstrip("+-")[:2].lower() == "0x"
        rest = cell.strip("0123456789.,;_'% \t+-eE")
        return hexadecimal or (not rest and cell[:1] not in "eE" and any(c.isdigit() for c in cell))
    return True


def _bad_row(line: int, cells: list[str], source: str, delimiter: str | None, finite: bool) -> InputError:
    separator = _wrong_separator(cells, source, delimiter)
    if separator:
        return separator
    column, (cell, expected) = next((n, (c, e)) for n, c in enumerate(cells, 1) if (e := _expected(c, finite)))
    found = quoted(cell.strip()) if cell.strip() else "empty"
    advice = _cell_advice(line, cells, cell, delimiter)
    return InputError(f"{source} row {line}, column {column} is {found}, where {expected} is expected", advice)


def _expected(cell: str, finite: bool) -> str:
    """What a cell should hold instead, or nothing if it is good."""
    try:
        return "a number" if "_" in cell else "" if isfinite(float(cell)) or not finite else "a finite number"
    except ValueError:
        return "a number"


def _cell_advice(line: int, cells: list[str], cell: str, delimiter: str | None) -> str:
    if delimiter is None:
        return "write , between numbers and ; between rows" if " " in cell.strip() else ""
    if "," in cell:
        return "write numbers with a decimal point"
    mixed = line == 1 and cell.strip() and not _resembles_number(cell) and any(map(_resembles_number, cells))
    return "a header row may not hold numbers" if mixed else ""


def _wrong_separator(cells: list[str], source: str, delimiter: str | None) -> InputError | None:
    """The error for a row that only makes sense if another character stands between its cells."""
    for found, name in _SEPARATORS.items():
        # decimal commas in a semicolon file make several cells of a row; the other marks leave it one
        if delimiter is None or found == delimiter or (len(cells) > 1 and found not in ";\t"):
            continue
        pieces = [piece for cell in cells for piece in cell.split(found) if piece.strip()]
        if any(found in cell.strip() for cell in cells) and all(map(_resembles_number, pieces)):
            wanted = _SEPARATORS[delimiter]
            return InputError(
                f"{source} has {name} between its cells, where {wanted} are expected",
                f"save it with {wanted} between cells and points in numbers",
            )
    return None
