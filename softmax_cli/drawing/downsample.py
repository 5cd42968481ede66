"""A Jacobian brought down to as many cells as a picture has, by the entry of largest magnitude in each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from ..core.jacobian import Jacobian
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


def downsample(view: View, rows: int, columns: int) -> Picture:
    """At most `rows` × `columns` cells, cut where the weights of one output end if there is room for that.

    Off the diagonal blocks an entry is −hₜ·gᵢⱼ, and hₜ is not negative. So the entries of a cell lie between
    −max hₜ · max gᵢⱼ and −max hₜ · min gᵢⱼ, reached at entries of its own, also after rounding: no entry needs
    to be formed, but for those.
    """
    jacobian = view.jacobian
    if not isinstance(jacobian, Jacobian):
        return _streamed(view, rows, columns)
    _, K, J = jacobian.g.shape
    transposed = view.layout == "denominator"
    if transposed:
        rows, columns = columns, rows
    row_edges, column_edges = _edges(len(jacobian.outputs), 1, rows), _edges(K, J, columns)
    above = _largest_positive(jacobian, row_edges, column_edges, 1.0)
    below = _largest_positive(jacobian, row_edges, column_edges, -1.0)
    cells = np.where(above >= below, above, -below)
    return Picture(cells.T, column_edges, row_edges) if transposed else Picture(cells, row_edges, column_edges)


def _streamed(view: View, rows: int, columns: int) -> Picture:
    """The cells of a matrix that has no such factors, block by block."""
    row_edges, column_edges = (
        _edges(size // group, group, limit)
        for size, group, limit in zip(view.shape, view.groups, (rows, columns), strict=True)
    )
    low, high = (np.zeros((len(row_edges) - 1, len(column_edges) - 1)) for _ in range(2))
    start = 0
    for block in view.jacobian.blocks(view.layout):
        cell = np.searchsorted(row_edges, np.arange(start, start + len(block)), side="right") - 1
        firsts = np.flatnonzero(np.diff(cell, prepend=-1))
        there = cell[firsts]
        for best, extreme in ((high, np.maximum), (low, np.minimum)):
            part = extreme.reduceat(extreme.reduceat(block, column_edges[:-1], axis=1), firsts, axis=0)
            best[there] = extreme(best[there], part)
        start += len(block)
    return Picture(np.where(high >= -low, high, low), row_edges, column_edges)


def _largest_positive(jacobian: Jacobian, row_edges: Edges, column_edges: Edges, sign: float) -> Array:
    """The largest positive entry of `sign` times the Jacobian in each cell; 0 where there is none."""
    _, K, J = jacobian.g.shape
    outputs = jacobian.outputs
    starts = column_edges[:-1]
    row_cell = np.repeat(np.arange(len(row_edges) - 1), np.diff(row_edges))
    within = starts[starts < J] if len(starts) > K else np.zeros(1, dtype=np.intp)  # cuts of one output's weights
    found = np.zeros((len(row_edges) - 1, len(starts)))

    diagonal = np.maximum.reduceat(sign * jacobian.diagonal[0][outputs], within, axis=1)
    first = np.searchsorted(column_edges, outputs * J, side="right") - 1
    np.maximum.at(found, (row_cell[:, None], first[:, None] + np.arange(len(within))), diagonal)
    if jacobian.h is None:
        return found

    h = jacobian.h[0][outputs]
    power = np.zeros(len(h), dtype=np.intp) if jacobian.power is None else jacobian.power[0][outputs].astype(np.intp)
    # The largest −g of each output in a cell, and the outputs (groups) that a cell of columns holds.
    g = np.maximum(0.0, np.maximum.reduceat(-sign * jacobian.g[0], within, axis=1)).reshape(-1)
    group = np.repeat(np.arange(K), len(within))
    edges = np.arange(len(starts)) if len(starts) > K else starts // J
    best_h, second_h = _two_largest(_ranks(h, power), outputs, row_edges[:-1])
    best_g, second_g = _two_largest(g, group, edges)

    def product(r: Edges, c: Edges) -> Array:
        there = (r >= 0)[:, None] & (c >= 0)
        return np.where(there, np.ldexp(h[r][:, None] * g[c], power[r][:, None]), 0.0)

    # Where the largest of both belong to one output, the pair is an entry of the diagonal, and one of them gives way.
    one_output = outputs[best_h][:, None] == group[best_g]
    yielding = np.maximum(product(second_h, best_g), product(best_h, second_g))
    return np.maximum(found, np.where(one_output, yielding, product(best_h, best_g)))


def _ranks(h: Array, power: Edges) -> Edges:
    """The places of the numbers h·2^power in their order, from 0, equal ones alike. Those of a power other than 0
    are below all others."""
    power = np.where(h == 0.0, power.min() - 1, power)
    order = np.lexsort((h, power))
    steps = (np.diff(h[order]) != 0.0) | (np.diff(power[order]) != 0)
    ranks = np.empty(len(h), dtype=np.intp)
    ranks[order] = np.append(0, np.cumsum(steps))
    return ranks


def _two_largest(values: NDArray[Any], owners: Edges, starts: Edges) -> tuple[Edges, Edges]:
    """Of each run of values that are not negative: where its largest stands, and where the largest of another owner
    does, −1 if there is none."""
    run = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))
    best = _where_largest(values, run, starts)
    others = np.where(owners == owners[best][run], -1, values)
    second = _where_largest(others, run, starts)
    return best, np.where(others[second] < 0, -1, second)


def _where_largest(values: NDArray[Any], run: Edges, starts: Edges) -> Edges:
    at = np.flatnonzero(values == np.maximum.reduceat(values, starts)[run])
    found = np.empty(len(starts), dtype=np.intp)
    found[run[at]] = at
    return found


def _edges(groups: int, size: int, limit: int) -> Edges:
    """Where to cut an axis of `groups` · `size` entries into at most `limit` cells, alike in every
    group if there is a cell for each."""
    if groups > limit:
        return np.linspace(0, groups, limit + 1).astype(np.intp) * size
    within = np.linspace(0, size, min(size, limit // groups) + 1).astype(np.intp)[:-1]
    starts = (np.arange(groups)[:, None] * size + within).ravel()
    return np.append(starts, groups * size)
