"""A Jacobian brought down to as many cells as a picture has, by the entry of largest magnitude in each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .core import Array, InputError
from .jacobian import Jacobian, Layout

Edges = NDArray[np.intp]


class Picture(NamedTuple):
    """cells (r, c): cell [p, q] stands for rows row_edges[p] to row_edges[p+1] and columns
    column_edges[q] to column_edges[q+1] of the matrix."""

    cells: Array
    row_edges: Edges
    column_edges: Edges

    @property
    def merged(self) -> tuple[int, int]:
        """The rows and columns of the matrix that a cell stands for, at most."""
        return int(np.diff(self.row_edges).max()), int(np.diff(self.column_edges).max())


def downsample(jacobian: Jacobian, layout: Layout, rows: int, columns: int) -> Picture:
    """At most `rows` × `columns` cells, cut where the weights of one output end if there is room for
    that. Streams the matrix, block by block. InputError for the tensor layout."""
    if layout == "tensor" and not jacobian.wrt_logits:
        raise InputError("a picture shows two dimensions, and the tensor layout has three", "use --layout numerator")
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
    return Picture(np.where(high >= -low, high, low), row_edges, column_edges)


def _edges(groups: int, size: int, limit: int) -> Edges:
    """Where to cut an axis of `groups` · `size` entries into at most `limit` cells, alike in every
    group if there is a cell for each."""
    if groups > limit:
        return np.linspace(0, groups, limit + 1).astype(np.intp) * size
    within = np.linspace(0, size, min(size, limit // groups) + 1).astype(np.intp)[:-1]
    starts = (np.arange(groups)[:, None] * size + within).ravel()
    return np.append(starts, groups * size)


class Scale(NamedTuple):
    """A scale from −1 to 1, linear or, where entries span many orders, symmetric-logarithmic above
    `threshold`."""

    top: float
    threshold: float | None

    def of(self, values: Array) -> Array:
        """Where the values stand between −1 and 1."""
        if self.top == 0.0:
            return np.zeros_like(values)
        if self.threshold is None:
            return values / self.top
        steps: Array = np.log1p(np.abs(values) / self.threshold) / np.log1p(self.top / self.threshold)
        return np.copysign(steps, values)


def scale_of(cells: Array) -> Scale:
    """Linear, or logarithmic over at most eight orders of magnitude where the largest entry is a
    thousand times the median."""
    size = np.abs(cells[cells != 0.0])
    if size.size == 0:
        return Scale(0.0, None)
    top = float(size.max())
    if top <= 1e3 * float(np.median(size)):
        return Scale(top, None)
    return Scale(top, max(float(size.min()), top * 1e-8))
