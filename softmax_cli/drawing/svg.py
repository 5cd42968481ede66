"""A Jacobian as an SVG image within a page, which colours it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from .colour_scale import scale_of
from .downsample import downsample
from .view import Plain, View

CELLS, ROWS = 10_000, 100  # drawn at most
LEVELS = 16  # of each sign


def svg_heatmap(view: View, marked: Sequence[int] = ()) -> str:
    """The image: classes "above" and "below" zero, more opaque the larger an entry is, and "blocks" around those of
    the diagonal of a Jacobian, or around the columns that are `marked` of another matrix, where they can be seen.
    `data-entries` says that every entry has a cell of its own."""
    rows = min(view.shape[0], ROWS)
    picture = downsample(view, rows, CELLS // rows)
    levels = np.rint(scale_of(picture.cells).of(picture.cells) * LEVELS).astype(int)
    levels[levels == 0] = np.sign(picture.cells[levels == 0])  # the least still has its sign's hue
    rows, columns = levels.shape
    paths = []
    for level in np.unique(levels[levels != 0]).tolist():
        squares = "".join(f"M{c} {r}h1v1h-1z" for r, c in np.argwhere(levels == level).tolist())
        kind = "above" if level > 0 else "below"
        paths.append(f'<path class="{kind}" fill-opacity="{abs(level) / LEVELS:.3g}" d="{squares}"/>')
    each = picture.cells.shape == view.shape
    if each:
        if isinstance(view.jacobian, Plain):
            blocks = "".join(f"M{column} 0h1v{rows}h-1z" for column in marked)
        else:
            (_, group), count = view.groups, min(rows, columns // view.groups[1])
            blocks = "".join(f"M{t * group} {t}h{group}v1h-{group}z" for t in range(count))
        paths.append(f'<path class="blocks" d="{blocks}"/>')
    return (
        f'<svg viewBox="0 0 {columns} {rows}" preserveAspectRatio="none" role="img" shape-rendering="crispEdges"'
        f"{' data-entries' if each else ''}><title>{escape(view.title)}</title>{''.join(paths)}</svg>"
    )
