"""Tables that never cut a number: what is too wide is split, what is too long is elided."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .console import print_whole
from .sheet import Indices, Sheet, Sheets

ROWS, COLUMNS = 24, 24  # shown of a longer or wider matrix


def show(console: Console, sheet: Sheet, precision: int, full: bool) -> None:
    """Print the title, the matrix in as many blocks of columns as the width asks for, and what was left out."""
    rows, columns = (_shown(n, n if full else limit) for n, limit in zip(sheet.shape, (ROWS, COLUMNS), strict=True))
    console.print(Text(sheet.title, style="bold"))
    if sheet.value is not None:
        console.print(Text(f"{sheet.value[0]} = {sheet.value[1] + 0.0:.{precision}g}"))
    cells = [[f"{v + 0.0:.{precision}g}" for v in line] for line in sheet.entries(rows, columns)]
    heads = [sheet.row_label(r) for r in rows]
    titles = [sheet.column_label(c) for c in columns]
    gap_row = _gap(rows)
    gap_column = _gap(columns)
    for first, last in _column_blocks(console.width, heads, titles, cells, gap_column):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 0, 0, 1))
        table.add_column(no_wrap=True)
        for c in range(first, last):
            if c == gap_column:
                table.add_column(Text("…"), no_wrap=True)
            table.add_column(Text(titles[c]), justify="right", no_wrap=True)
        for r, (head, line) in enumerate(zip(heads, cells, strict=True)):
            if r == gap_row:
                table.add_row(*(Text("…", justify="left") for _ in table.columns))
            shown = [Text(v) for v in line[first:last]]
            if gap_column is not None and first <= gap_column < last:
                shown.insert(gap_column - first, Text("…"))
            table.add_row(Text(head, style="bold"), *shown)
        print_whole(console, table)
        console.print()
    left = [
        f"{n - len(some)} of {n} {what}"
        for n, some, what in zip(sheet.shape, (rows, columns), ("rows", "columns"), strict=True)
        if len(some) < n
    ]
    if left:
        console.print(Text(f"left out: {' and '.join(left)}; all of it with --full, --json or -o FILE", style="italic"))
        console.print()


def show_all(console: Console, sheets: Sheets, precision: int, full: bool) -> None:
    """Print several sheets, those in the middle left out if there are many."""
    count = sheets.number
    shown = _shown(count, count if full else 6)
    gap = _gap(shown)
    for at, n in enumerate(shown):
        if at == gap:
            console.print(
                Text(f"… left out: {count - len(shown)} of {count}; all of it with --full, --json or -o FILE", "italic")
            )
            console.print()
        show(console, sheets.make(n), precision, full)


def _shown(count: int, limit: int) -> list[int]:
    if count <= limit:
        return list(range(count))
    return [*range(limit // 2), *range(count - limit // 2, count)]


def _gap(shown: Indices) -> int | None:
    """The position before which something was left out."""
    return next((at for at in range(1, len(shown)) if shown[at] != shown[at - 1] + 1), None)


def _column_blocks(
    width: int, heads: list[str], titles: list[str], cells: list[list[str]], gap: int | None
) -> Iterator[tuple[int, int]]:
    """The runs of columns that fit beside the row labels; one column at least, and alike in number."""
    label = max(cell_len(h) for h in heads)
    needs = [
        max(cell_len(t), *(len(line[c]) for line in cells)) + 2 + (3 if c == gap else 0) for c, t in enumerate(titles)
    ]
    first, used = 0, label
    for c, need in enumerate(needs):
        if c > first and used + need > width:
            yield first, c
            first, used = c, label
        used += need
    yield first, len(needs)
