"""A Jacobian drawn for print, through matplotlib."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from .core import InputError
from .jacobian import Jacobian, Layout
from .picture import downsample, scale_of

ROWS, COLUMNS = 600, 1600  # cells drawn at most: more than a page shows
TICKS = 24
LINES = 60  # outputs beyond which lines between them would hide the picture
Label = Callable[[int], str]


def save_plot(
    jacobian: Jacobian, layout: Layout, stream: BinaryIO, suffix: str, *, title: str, rows: Label, columns: Label
) -> None:
    """Draw the matrix to a stream as png, svg or pdf. `rows` and `columns` label rows and columns of the
    matrix. InputError without matplotlib, and as in `picture.downsample`."""
    figure_class, norm_class = _matplotlib()
    picture = downsample(jacobian, layout, ROWS, COLUMNS)
    scale = scale_of(picture.cells)
    down, across = jacobian.shape(layout)
    figure = figure_class(figsize=(10, min(8.0, max(2.6, 1.6 + 0.35 * down))), layout="constrained")
    axes = figure.subplots()
    top = scale.top or 1.0
    norm = {"vmin": -top, "vmax": top}
    if scale.threshold is not None:
        norm = {"norm": norm_class(scale.threshold, vmin=-top, vmax=top)}
    image = axes.pcolormesh(
        picture.column_edges - 0.5,
        picture.row_edges - 0.5,
        picture.cells,
        cmap="RdBu_r",
        rasterized=picture.cells.size > 2000,
        **norm,
    )
    axes.invert_yaxis()
    axes.set_title(title, parse_math=False)
    J = 1 if jacobian.wrt_logits else jacobian.g.shape[2]
    _label(axes.yaxis, down, rows, J if layout == "denominator" else 1)
    _label(axes.xaxis, across, columns, 1 if layout == "denominator" else J)
    if J > 1 and across // J + down // J <= LINES:
        draw, count = (axes.axhline, down) if layout == "denominator" else (axes.axvline, across)
        for edge in range(J, count, J):
            draw(edge - 0.5, color="0.4", linewidth=0.6)
    figure.colorbar(image, ax=axes)
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[suffix]
    figure.savefig(stream, format=suffix, dpi=150, metadata=metadata)


def _label(axis: Any, count: int, label: Label, group: int) -> None:
    """Ticks with whole labels, as many as can be read, at the first of each group where groups are long."""
    step = group if count > TICKS else 1
    step *= max(1, -(-(count // step) // TICKS))
    at = np.arange(0, count, step)
    axis.set_ticks(at, [label(int(n)) for n in at], parse_math=False, fontsize=8)
    if axis.axis_name == "x" and sum(len(label(int(n))) for n in at) > 90:
        axis.set_tick_params(labelrotation=90)


def _matplotlib() -> tuple[Any, Any]:
    """The Figure and SymLogNorm classes, with nothing said on standard error whatever the home is."""
    if "MPLCONFIGDIR" not in os.environ and not os.access(os.path.expanduser("~"), os.W_OK):
        os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp(prefix="softmax-jac-")
    try:
        import matplotlib
        from matplotlib.colors import SymLogNorm
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError("--plot needs matplotlib: pip install 'softmax-jac[plot]'") from None
    matplotlib.rcParams["svg.hashsalt"] = "softmax-jac"
    return Figure, SymLogNorm
