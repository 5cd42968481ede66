"""A Jacobian drawn for print, through matplotlib."""

from __future__ import annotations

import io
import logging
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from rich.cells import cell_len

from ..core.arrays import Layout
from ..errors import InputError
from ..wording import shown
from ..writing.files import target
from ..writing.result import Result
from .colour_scale import Scale, scale_of
from .downsample import downsample
from .view import Label, View, view_of

SUFFIXES = ("png", "svg", "pdf")

ROWS, COLUMNS = 500, 1000  # cells drawn at most: a pixel each, for finer ones would blend their colours
LETTER = 0.075  # inches of a character of a label
TICKS = 24
FONTS = (  # of Windows, macOS and Linux, with the characters of China, Japan and Korea
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo",
    "Arial Unicode MS", "Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
)  # fmt: skip
SMALL, LARGE = 1e-250, 1e290  # beyond which matplotlib needs numbers in another unit
LINES = 60  # outputs beyond which lines between them would hide the picture


def draw_plot(result: Result, path: str, layout: Layout) -> None:
    """Draw to a file, in the format of its suffix."""
    suffix = suffix_of(path, f"--plot {shown(path)}")
    logging.getLogger("matplotlib").setLevel(logging.CRITICAL)  # fonts and folders that it misses
    for variable in ("MPLBACKEND", "MATPLOTLIBRC", "SOURCE_DATE_EPOCH"):  # a picture says nothing of where it is made
        os.environ.pop(variable, None)
    drawn = io.BytesIO()  # matplotlib seeks, and a target may be a pipe
    save_plot(view_of(result, layout), drawn, suffix)
    with target(path) as stream:
        stream.write(drawn.getbuffer())


def suffix_of(path: str, named: str) -> str:
    """The format that a path asks for. InputError, which calls the path what it is `named`, for another."""
    suffix = os.path.splitext(path)[1].lower().lstrip(".")
    if suffix not in SUFFIXES:
        raise InputError(f"{named}: the suffix names no format (.png, .svg, .pdf)")
    return suffix


def save_plot(view: View, stream: BinaryIO, suffix: str, asked: str = "--plot") -> None:
    """Draw the matrix to a stream as png, svg or pdf. InputError without matplotlib says that it is needed by what is
    `asked`."""
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[suffix]
    with _own_settings(asked), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the font lacks a character of a name
        _drawn(view).savefig(stream, format=suffix, dpi=150, metadata=metadata)


def figure_of(view: View, asked: str) -> Any:
    """The matrix as a figure of matplotlib. InputError as in `save_plot`."""
    with _own_settings(asked):
        return _drawn(view)


def _drawn(view: View) -> Any:
    from matplotlib.colors import SymLogNorm
    from matplotlib.figure import Figure

    picture = downsample(view, ROWS, COLUMNS)
    row_ticks, column_ticks = (
        _ticks(*axis) for axis in zip(view.shape, (view.row, view.column), view.groups, strict=True)
    )
    turned = sum(map(cell_len, column_ticks.values())) > 90
    figure = Figure(figsize=_size(view.shape[0], row_ticks, column_ticks if turned else {}), layout="constrained")
    axes = figure.subplots()
    scale = scale_of(picture.cells)
    unit = _unit(scale.top)
    top = scale.top / unit or 1.0
    norm: dict[str, Any] = {"vmin": -top, "vmax": top}
    if scale.threshold is not None:
        norm = {"norm": SymLogNorm(scale.threshold / unit, vmin=-top, vmax=top)}
    image = axes.pcolormesh(
        picture.column_edges - 0.5,
        picture.row_edges - 0.5,
        picture.cells / unit,
        cmap="RdBu_r",
        rasterized=picture.cells.size > 2000,
        **norm,
    )
    axes.invert_yaxis()
    axes.set_title(view.title, parse_math=False)
    if list(row_ticks.values()) != [view.rows]:
        axes.set_ylabel(view.rows, parse_math=False)
    below = (view.columns, picture.merged, "" if scale.top else "all entries are 0")
    axes.set_xlabel("\n".join(filter(None, below)), parse_math=False)
    for axis, ticks in ((axes.yaxis, row_ticks), (axes.xaxis, column_ticks)):
        axis.set_ticks(list(ticks), list(ticks.values()), parse_math=False, fontsize=8)
    if turned:
        axes.xaxis.set_tick_params(labelrotation=90)
    for draw, count, group in zip((axes.axhline, axes.axvline), view.shape, view.groups, strict=True):
        for edge in range(group, count, group) if group > 1 and sum(view.shape) // group <= LINES else ():
            draw(edge - 0.5, color="0.4", linewidth=0.6)
    if scale.top:
        _colour_bar(figure.colorbar(image, ax=axes), scale, unit)
    return figure


def _unit(top: float) -> float:
    """What values are divided by before they are drawn: matplotlib takes very small ones for zero, and the span of very
    large ones overflows."""
    return 1.0 if top == 0.0 or SMALL < top < LARGE else float(f"1e{math.floor(math.log10(top))}") or top


def _colour_bar(bar: Any, scale: Scale, unit: float) -> None:
    if scale.threshold is None:
        if unit != 1.0:
            bar.ax.set_title(f"{unit:.0e}", fontsize=10)
        return
    ends = np.geomspace(scale.threshold / unit, scale.top / unit, 3)
    marks = [*-ends[::-1], 0.0, *ends]
    bar.set_ticks(marks, labels=[f"{v * unit:.1e}".replace("-", "−") if v else "0" for v in marks])
    bar.ax.minorticks_off()


def _size(down: int, row_ticks: dict[int, str], turned: dict[int, str]) -> tuple[float, float]:
    """Width and height in inches. Labels are as long as they are, and the figure grows by what they take."""
    width = 10 + LETTER * max(0, max(map(cell_len, row_ticks.values())) - 8)
    height = min(8.0, max(2.8, 1.8 + 0.35 * down))
    return width, height + LETTER * max(map(cell_len, turned.values()), default=0)


def _ticks(count: int, label: Label, group: int) -> dict[int, str]:
    """Where labels stand and what they say: as many as can be read, at the first of each group where groups
    are long."""
    step = group if count > TICKS else 1
    step *= max(1, -(-(count // step) // TICKS))
    return {at: label(at) for at in range(0, count, step)}


@contextmanager
def _own_settings(asked: str) -> Iterator[None]:
    """Within it a picture is the same whatever the settings at home or in the program are."""
    try:
        import matplotlib
        import matplotlib.figure
    except ImportError:
        raise InputError(f"{asked} needs matplotlib: pip install 'softmax-jac[plot]'") from None
    except Exception as error:  # whatever it finds in a file of settings, here or at home
        raise InputError(
            f"{asked}: matplotlib does not start: {error}", "is there a matplotlibrc that it cannot read?"
        ) from None
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["font.family"] = ["DejaVu Sans", *_other_fonts()]
        matplotlib.rcParams["svg.hashsalt"] = "softmax-jac"
        yield


def _other_fonts() -> list[str]:
    """Those of FONTS that are installed: for the characters of names that matplotlib's own font lacks."""
    from matplotlib.font_manager import fontManager

    there = set(fontManager.get_font_names())
    return [name for name in FONTS if name in there]
