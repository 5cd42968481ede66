"""Numbers written on the command line: `1,2;3,4`."""

from __future__ import annotations

from ..core.arrays import Array
from ..errors import InputError
from ..wording import quoted
from .cells import expected, is_name
from .rows import Rows, bad_cell, numbers


def read_inline(text: str, option: str, finite: bool = True) -> Array:
    """`1,2,3;4,5,6` → (2, 3). InputError with the row and the column, both counted from one."""
    rows = [part.split(",") for part in text.split(";")]
    if all(is_name(cell) or not cell.strip() for cells in rows for cell in cells):
        raise InputError(f"{option} is {quoted(text)}: neither numbers nor a file")

    def bad_row(line: int, cells: list[str]) -> InputError:
        column = next(n for n, cell in enumerate(cells, 1) if expected(cell, finite))
        parted = " " in cells[column - 1].strip()
        advice = "write , between numbers and ; between rows" if parted else ""
        return bad_cell(option, line, column, cells[column - 1], finite, advice)

    numbered: Rows = enumerate(rows, 1)
    return numbers(numbered, option, finite, bad_row)
