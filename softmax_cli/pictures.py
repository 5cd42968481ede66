"""--format heatmap and --plot: a picture of what a Jacobian command found."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from .core import InputError
from .files import target
from .jacobian import Jacobian, Layout
from .results import Result
from .textfile import shown

if TYPE_CHECKING:
    from rich.console import Console

SUFFIXES = ("png", "svg", "pdf")


def draw_plot(result: Result, path: str, layout: Layout) -> None:
    """Draw to a file, in the format of its suffix."""
    suffix = os.path.splitext(path)[1].lower().lstrip(".")
    if suffix not in SUFFIXES:
        raise InputError(f"--plot {shown(path)}: the suffix names no format (.png, .svg, .pdf)")
    from .plot import save_plot

    drawn = io.BytesIO()  # matplotlib seeks, and a target may be a pipe
    save_plot(_jacobian(result), layout, drawn, suffix, **_labels(result, layout))
    with target(path) as stream:
        stream.write(drawn.getbuffer())


def print_heatmap(result: Result, layout: Layout, output: str | None) -> None:
    """Write to a file, or to standard output as large as the terminal."""
    from rich.cells import cell_len

    from .heatmap import heatmap
    from .tables import on_console

    def draw(console: Console) -> None:
        colour = console.color_system in ("256", "truecolor") and not console.no_color  # 16 cannot grade both signs
        height = console.height if console.is_terminal and console.file.isatty() else 40
        text = heatmap(
            _jacobian(result), layout, width=console.width, height=height, colour=colour, **_labels(result, layout)
        )
        console.width = max(console.width, *map(cell_len, text.plain.splitlines()))
        console.print(text)

    on_console(output, draw)


def _jacobian(result: Result) -> Jacobian:
    assert result.batch is not None
    if not result.batch.single:
        raise InputError("a picture shows one input, and x holds several", "give one of them with -x")
    return result.batch.first


def _labels(result: Result, layout: Layout) -> dict[str, Any]:
    """The title, and what labels the rows and columns as they are laid out."""
    axes = result.axes
    assert axes is not None
    shape = " × ".join(str(n) for n in _jacobian(result).shape(layout))
    if layout == "denominator":
        title = f"{axes.name}, transposed  ({shape}): row {axes.columns}, column {axes.rows}"
        return {"title": title, "rows": axes.column, "columns": axes.row}
    title = f"{axes.name}  ({shape}): row {axes.rows}, column {axes.columns}"
    return {"title": title, "rows": axes.row, "columns": axes.column}
