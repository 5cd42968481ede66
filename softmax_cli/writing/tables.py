"""Tables that never cut a number: what is too wide is split, what is too long is elided.

A table is written column by column in bands as wide as the console, so that work and memory are in proportion
to what is printed. Rich lays out a hundred times more slowly, since its tables may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from .table_source import Indices, Sheet, Sheets

ROWS, COLUMNS = 24, 24  # shown of a longer or wider matrix
SHEETS = 6  # shown of more
LEFT_OUT = "all of it with --full, --json or -o FILE"


def show_all(console: Console, sheets: Sheets, precision: int, full: bool) -> None:
    """Print several sheets, those in the middle left out if there are many."""
    count = sheets.number
    shown = _shown(count, count if full else SHEETS)
    gap = _gap(shown)
    for at, n in enumerate(shown):
        if at == gap:
            console.print(Text(f"… left out: {count - len(shown)} of {count}; {LEFT_OUT}", "italic"))
            console.print()
        show(console, sheets.make(n), precision, full)


def show(console: Console, sheet: Sheet, precision: int, full: bool) -> None:
    """Print the title, the matrix in as many bands of columns as the width asks for, and what was left out."""
    height, width = sheet.shape
    rows, columns = _shown(height, height if full else ROWS), _shown(width, width if full else COLUMNS)
    console.print(Text(sheet.title, style="bold"))
    if sheet.value is not None:
        name, number = sheet.value
        console.print(Text(f"{name} = {_cell(number, precision)}"))
    labels = ["", *(sheet.row_label(r) for r in rows)]
    gap_row = _gap(rows)
    bold = console.color_system is not None and not console.legacy_windows
    for band in _bands(sheet, rows, columns, precision, console.width - max(map(cell_len, labels))):
        console.file.write(_text(labels, band, gap_row, bold))
        console.print()
    left = [
        f"{n - len(some)} of {n} {what}"
        for n, some, what in ((height, rows, "rows"), (width, columns, "columns"))
        if len(some) < n
    ]
    if left:
        console.print(Text(f"left out: {' and '.join(left)}; {LEFT_OUT}", style="italic"))
        console.print()


class Column(NamedTuple):
    """A title, a cell a row, and how wide the widest of them is. Nothing stands in the cells of a gap."""

    title: str
    cells: list[str]
    width: int
    is_gap: bool = False

    @property
    def taken(self) -> int:
        """Its width with what parts it from the column to the left."""
        return self.width + 2


GAP = Column("…", [], 1, is_gap=True)


def _bands(sheet: Sheet, rows: Indices, columns: Indices, precision: int, room: int) -> Iterator[list[Column]]:
    """The columns in runs that fit in `room`, of one column at least."""
    gap = _gap(columns)
    band: list[Column] = []
    used = 0
    for at, column in enumerate(_columns(sheet, rows, columns, precision, max(1, room // 3))):
        added = [GAP, column] if at == gap else [column]
        needed = sum(c.taken for c in added)
        if band and used + needed > room:
            yield band
            band, used = [], 0
        band += added
        used += needed
    yield band


def _columns(sheet: Sheet, rows: Indices, columns: Indices, precision: int, step: int) -> Iterator[Column]:
    """The columns as text, made `step` at a time."""
    for start in range(0, len(columns), step):
        some = columns[start : start + step]
        for c, numbers in zip(some, sheet.entries(rows, some).T.tolist(), strict=True):
            cells = [_cell(number, precision) for number in numbers]
            title = sheet.column_label(c)
            yield Column(title, cells, max(cell_len(title), max(map(len, cells))))


def _cell(number: float, precision: int) -> str:
    return f"{number + 0.0:.{precision}g}"


def _text(labels: list[str], band: list[Column], gap_row: int | None, bold: bool) -> str:
    """A band with its titles, a line below them, and its rows; a row of dots where rows were left out."""
    margin = max(map(cell_len, labels))
    parts = [[_bold(_padded(label, margin), bold) for label in labels]]
    for column in band:
        title = " " * (column.width - cell_len(column.title)) + column.title
        cells = [cell.rjust(column.width) for cell in column.cells] or ["…"] * (len(labels) - 1)
        parts.append([_bold(title, bold and not column.is_gap), *cells])
    lines = ["  ".join(cells) for cells in zip(*parts, strict=True)]
    if gap_row is not None:
        dots = "  ".join(["…".ljust(margin), *("…".ljust(column.width) for column in band)])
        lines.insert(1 + gap_row, dots)
    lines.insert(1, "─" * (margin + sum(column.taken for column in band)))
    return "\n".join(lines) + "\n"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _bold(text: str, bold: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if bold else text


def _shown(count: int, limit: int) -> list[int]:
    if count <= limit:
        return list(range(count))
    return [*range(limit // 2), *range(count - limit // 2, count)]


def _gap(shown: Indices) -> int | None:
    """The position before which something was left out."""
    return next((at for at in range(1, len(shown)) if shown[at] != shown[at - 1] + 1), None)
