"""A Jacobian brought down to as many cells as a picture has, by the entry of largest magnitude in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from .view import View

Edges = NDArray[np.intp]


class Picture(NamedTuple):
    """cells (r, c): cell [p, q] stands for rows row_edges[p] to row_edges[p+1] and columns
    column_edges[q] to column_edges[q+1] of the matrix."""

    cells: Array
    row_edges: Edges
    column_edges: Edges

    @property
    def merged(self) -> str:
        """What a cell stands for, if it is more than one entry."""
        a, b = (int(np.diff(edges).max()) for edges in (self.row_edges, self.column_edges))
        return "" if a == b == 1 else f"each cell shows the entry of largest magnitude among up to {a} × {b} entries"


def downsample(view: View, rows: int, columns: int, advance: Callable[[int], None] = lambda done: None) -> Picture:
    """At most `rows` × `columns` cells, cut where the weights of one output end if there is room for
    that. Streams the matrix, block by block, and `advance` hears the bytes of each."""
    jacobian, layout = view.jacobian, view.layout
    _, K, J = jacobian.g.shape
    across = _edges(K, J, rows if layout == "denominator" else columns)
    down = _edges(len(jacobian.outputs), 1, columns if layout == "denominator" else rows)
    row_edges, column_edges = (across, down) if layout == "denominator" else (down, across)
    low, high = (np.zeros((len(row_edges) - 1, len(column_edges) - 1)) for _ in range(2))
    start = 0
    for block in jacobian.blocks(layout):
        cell = np.searchsorted(row_edges, np.arange(start, start + len(block)), side="right") - 1
        firsts = np.flatnonzero(np.diff(cell, prepend=-1))
        there = cell[firsts]
        for best, extreme in ((high, np.maximum), (low, np.minimum)):
            part = extreme.reduceat(extreme.reduceat(block, column_edges[:-1], axis=1), firsts, axis=0)
            best[there] = extreme(best[there], part)
        start += len(block)
        advance(block.nbytes)
    return Picture(np.where(high >= -low, high, low), row_edges, column_edges)


def _edges(groups: int, size: int, limit: int) -> Edges:
    """Where to cut an axis of `groups` · `size` entries into at most `limit` cells, alike in every
    group if there is a cell for each."""
    if groups > limit:
        return np.linspace(0, groups, limit + 1).astype(np.intp) * size
    within = np.linspace(0, size, min(size, limit // groups) + 1).astype(np.intp)[:-1]
    starts = (np.arange(groups)[:, None] * size + within).ravel()
    return np.append(starts, groups * size)
