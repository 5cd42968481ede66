"""Tables that never cut a number: what is too wide is split, what is too long is elided."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO, NamedTuple

import numpy as np
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..core.arrays import Array
from ..errors import InputError
from .files import target

ROWS, COLUMNS = 24, 24  # shown of a longer or wider matrix

Indices = Sequence[int]


class Sheet(NamedTuple):
    """One matrix to show, asked for by the entries that are shown. `value` is a number that goes with it,
    and its name."""

    title: str
    shape: tuple[int, int]
    row_label: Callable[[int], str]
    column_label: Callable[[int], str]
    entries: Callable[[Indices, Indices], Array]
    value: tuple[str, float] | None = None


class Sheets(NamedTuple):
    """`number` sheets, each made when it is shown."""

    number: int
    make: Callable[[int], Sheet]


def console_for(stream: IO[str]) -> Console:
    """A console as wide as the terminal, or as COLUMNS says, or 80."""
    size = os.terminal_size((80, 25))
    if stream.isatty():
        with suppress(OSError):
            size = os.get_terminal_size(stream.fileno())
    width = _from_environment("COLUMNS") or size.columns or 80
    height = _from_environment("LINES") or size.lines or 25
    return Console(
        file=stream, width=width, height=height, highlight=False, markup=False, emoji=False, soft_wrap=True,
        color_system="auto" if stream is sys.stdout else None,
    )  # fmt: skip


def _from_environment(name: str) -> int:
    """A size in characters, or 0 if there is none: what Rich makes of ² is an exception."""
    value = os.environ.get(name, "")
    return int(value) if re.fullmatch(r"[0-9]{1,6}", value) else 0


def on_console(output: str | None, draw: Callable[[Console], None]) -> None:
    """Draw on standard output, or into a file."""
    if output in (None, "-"):
        if sys.stdout is None:
            raise InputError("standard output is closed")
        draw(console_for(sys.stdout))
        sys.stdout.flush()
        return
    with target(output) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
        draw(console_for(text))
        text.detach()


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


def print_whole(console: Console, table: Table) -> None:
    """Print a table as wide as it needs to be, even where the console is narrower."""
    wide = console.options.update(max_width=10**6, width=10**6)
    width = console.width
    console.width = max(width, table.__rich_measure__(console, wide).maximum)
    console.print(table, no_wrap=True)
    console.width = width


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


def vectors_sheet(title: str, label: Callable[[int], str], columns: dict[str, Array]) -> Sheet:
    """Vectors of one length side by side."""
    stacked = np.stack(list(columns.values()), axis=1)
    names = list(columns)
    return Sheet(
        title, (stacked.shape[0], stacked.shape[1]), label, names.__getitem__, lambda r, c: stacked[np.ix_(r, c)]
    )
