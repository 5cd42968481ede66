"""A Jacobian in the terminal, in coloured cells or, without colour, in graded characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from ..core.arrays import Layout
from ..writing.console import on_console
from ..writing.result import Result
from .colour_scale import scale_of
from .downsample import Picture, downsample
from .view import Label, View, view_of

BELOW, ABOVE, NEUTRAL = (0, 92, 230), (222, 45, 20), (128, 128, 128)
POSITIVE, NEGATIVE = ".+*#@", ",-=%&"  # from small to large; a zero is a space
SPARE = 6  # lines for the title, the ticks and the legend


def print_heatmap(result: Result, layout: Layout, output: str | None) -> None:
    """Write to a file, or to standard output as large as the terminal."""
    view = view_of(result, layout)

    def draw(console: Console) -> None:
        colour = console.color_system in ("256", "truecolor") and not console.no_color  # 16 cannot grade both signs
        height = console.height if console.file.isatty() else 40
        text = heatmap(view, width=console.width, height=height, colour=colour)
        console.width = max(console.width, *map(cell_len, text.plain.splitlines()))
        console.print(text)

    on_console(output, draw)


def heatmap(view: View, *, width: int, height: int, colour: bool) -> Text:
    """The picture, no wider than `width` where its labels allow and about `height` lines high.

    Rows are labelled where they begin a cell, columns where a label fits without running into the last one. Of a row's
    label that is too long both ends are left, which tell the input and the output of a weight.
    """
    longest = max(cell_len(view.row(r)) for r in range(min(view.shape[0], 5000)))
    margin = min(longest, max(width // 2, 20)) + 1  # half of it is for the picture
    room = max(width - margin, 8)
    picture = downsample(view, max(height - SPARE, 4), room)
    each = _cell_width(picture, view, room)
    scale = scale_of(picture.cells)
    text = Text(no_wrap=True, end="")
    text.append(f"{view.title}: row {view.rows}, column {view.columns}\n", "bold")
    text.append(" " * margin + _ticks(picture, view.column, each, view.groups[1]) + "\n")
    for r, line in enumerate(scale.of(picture.cells)):
        text.append(_padded(_within(view.row(int(picture.row_edges[r])), margin - 1), margin))
        for level in line:
            _cell(text, float(level), each, colour)
        text.append("\n")
    _legend(text, scale.top, scale.threshold, colour)
    if picture.merged:
        text.append(f"{picture.merged}\n")
    return text


def _cell_width(picture: Picture, view: View, room: int) -> int:
    """Six columns, or as many as it takes for every tick to find a place, if there is room for that."""
    cells: int = picture.cells.shape[1]
    ticks = [view.column(int(edge)) for edge in picture.column_edges[:-1] if edge % view.groups[1] == 0]
    needed = -(-(max(map(cell_len, ticks)) + 1) * len(ticks) // cells)
    return max(1, min(max(6, needed), room // cells))


def _ticks(picture: Picture, label: Label, each: int, group: int) -> str:
    line, right = "", each * (len(picture.column_edges) - 1)
    for q, edge in enumerate(picture.column_edges[:-1]):
        if edge % group == 0 and (not line or cell_len(line) < q * each):
            name, start = label(int(edge)), _padded(line, q * each)
            if cell_len(start) + cell_len(name) <= right:
                line = start + name
    return line


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - cell_len(text))


def _within(name: str, most: int) -> str:
    """A label in as many columns as there are for it, without its middle where it is longer."""
    if cell_len(name) <= most:
        return name
    last = (most - 1) // 2
    return f"{set_cell_size(name, most - 1 - last)}…{set_cell_size(name[::-1], last)[::-1]}"


def _cell(text: Text, level: float, each: int, colour: bool) -> None:
    if colour:
        text.append(" " * each, f"on {_rgb(level)}" if level else "")
    else:
        text.append(_character(level) * each)


def _rgb(level: float) -> str:
    end, part = (ABOVE if level > 0 else BELOW), 0.25 + 0.75 * abs(level) ** 0.7  # the least still has its sign's hue
    return "rgb(" + ",".join(str(round(n + (e - n) * part)) for n, e in zip(NEUTRAL, end, strict=True)) + ")"


def _character(level: float) -> str:
    if level == 0.0:
        return " "
    ramp: Sequence[str] = POSITIVE if level > 0 else NEGATIVE
    return ramp[min(len(ramp) - 1, int(abs(level) * len(ramp)))]


def _legend(text: Text, top: float, threshold: float | None, colour: bool) -> None:
    if top == 0.0:
        text.append("all entries are 0\n")
        return
    text.append(f"{-top:.3g} ")
    steps = [(n + 0.5) / len(POSITIVE) for n in range(len(POSITIVE))]  # the middle of what each character stands for
    levels = np.linspace(-1.0, 1.0, 21).tolist() if colour else [*(-v for v in reversed(steps)), 0.0, *steps]
    for level in levels:
        _cell(text, level, 1, colour)
    text.append(f" {top:.3g}")
    if threshold is not None:
        text.append(f", logarithmic above {threshold:.1g}")
    text.append("; zero is blank\n")
