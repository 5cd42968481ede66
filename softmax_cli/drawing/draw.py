"""--format heatmap and --plot: a picture of what a Jacobian command found."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ..core.jacobian import Layout
from ..errors import InputError
from ..wording import shown
from ..writing.files import target
from ..writing.progress import progress
from ..writing.results import Result
from .picture import View

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
    view = _view(result, layout)
    with _progress(view, f"drawing {path}") as advance:
        save_plot(view, drawn, suffix, advance)
    with target(path) as stream:
        stream.write(drawn.getbuffer())


def print_heatmap(result: Result, layout: Layout, output: str | None) -> None:
    """Write to a file, or to standard output as large as the terminal."""
    from rich.cells import cell_len

    from ..writing.tables import on_console
    from .heatmap import heatmap

    view = _view(result, layout)

    def draw(console: Console) -> None:
        colour = console.color_system in ("256", "truecolor") and not console.no_color  # 16 cannot grade both signs
        height = console.height if console.file.isatty() else 40
        with _progress(view, "drawing") as advance:
            text = heatmap(view, width=console.width, height=height, colour=colour, advance=advance)
        console.width = max(console.width, *map(cell_len, text.plain.splitlines()))
        console.print(text)

    on_console(output, draw)


def _progress(view: View, what: str) -> AbstractContextManager[Callable[[int], None]]:
    return progress(8 * math.prod(view.shape), what)


def _view(result: Result, layout: Layout) -> View:
    """The matrix as it is laid out, and what labels its rows and columns."""
    axes, batch = result.axes, result.batch
    assert axes is not None
    assert batch is not None
    if not batch.single:
        raise InputError("a picture shows one input, and x holds several", "give one of them with -x")
    if layout == "tensor" and not batch.first.wrt_logits:
        raise InputError("a picture shows two dimensions, and the tensor layout has three", "use --layout numerator")
    if layout == "denominator":
        name = f"{axes.name}, transposed"
        return View(batch.first, layout, name, axes.columns, axes.rows, axes.column, axes.row)
    return View(batch.first, layout, axes.name, axes.rows, axes.columns, axes.row, axes.column)
