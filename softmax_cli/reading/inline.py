"""Numbers written on the command line: `1,2;3,4`, or as programs print them."""

from __future__ import annotations

import re

from ..core.arrays import Array
from ..errors import InputError
from ..wording import quoted
from .cell_rows import bad_cell, numbers
from .cell_values import MINUS, expected, is_name, is_number

_FRACTION = re.compile(r"\s*([-+]?\d{1,300})/(\d{1,300})\s*")


def read_inline(text: str, option: str, finite: bool = True, otherwise: str = "") -> Array:
    """`1,2,3;4,5,6` → (2, 3). Rows end at a semicolon or a line break; numbers are parted by commas, or by spaces
    where there is no comma; 1/3 is the double nearest to it. InputError with the row and the column, both counted
    from one, and a caret under the place; where there is no number at all, with the advice `otherwise`."""
    parted, rows = _rows(text)
    if not any(map(_is_meant, (cell for cells in rows for cell in cells))):
        raise InputError(f"{option} is {quoted(text)}: neither numbers nor a file", otherwise)

    def bad_row(line: int, cells: list[str]) -> InputError:
        column = next(n for n, cell in enumerate(cells, 1) if expected(cell, finite))
        cell = cells[column - 1]
        if " " in cell.strip():
            advice = "write , between numbers and ; between rows, or spaces and no commas"
        else:
            from .pasted import pointed

            advice = pointed(text, _place(text, parted, line, column))
        return bad_cell(option, line, column, cell, finite, advice)

    if "/" in text:
        rows = [[quotient(cell) for cell in cells] for cells in rows]
    return numbers(enumerate(rows, 1), option, finite, bad_row)


def _rows(text: str) -> tuple[re.Pattern[str], list[list[str]]]:
    """What parts the cells, and the cells of each row."""
    rows = re.split(r"[;\n]", text.strip("\r\n"))
    if "," in text:
        return re.compile(","), [row.split(",") for row in rows]
    return re.compile(r"\s+"), [row.split() or [""] for row in rows]


def _is_meant(cell: str) -> bool:
    return bool(cell.strip()) and (is_number(cell) or not is_name(cell))


def quotient(cell: str) -> str:
    """A fraction as the double nearest to it; any other cell as it is."""
    found = _FRACTION.fullmatch(cell.replace(MINUS, "-"))
    if found is None or not int(found[2]):
        return cell
    try:
        return repr(int(found[1]) / int(found[2]))
    except OverflowError:
        return cell


def _place(text: str, parted: re.Pattern[str], line: int, column: int) -> int:
    """Where a cell stands."""
    at, ended = len(text) - len(text.lstrip("\r\n")), re.compile(r"[;\n]")
    for _ in range(line - 1):
        at = ended.search(text, at).end()  # type: ignore[union-attr]
    at += 0 if parted.pattern == "," else len(text[at:]) - len(text[at:].lstrip(" \t"))
    for _ in range(column - 1):
        at = parted.search(text, at).end()  # type: ignore[union-attr]
    return at + len(text[at:]) - len(text[at:].lstrip(" "))
