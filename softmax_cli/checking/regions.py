"""Parts of a matrix that have a short name: rows, the weights of an output, the diagonal, where h > ½."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..wording import joined
from .formula import Formula

FEW = 3  # values of an axis that are named one by one
Mask = NDArray[np.bool_]


class Region(NamedTuple):
    """A part of a grid: what it is called, whether that is a plural, and the entries in it. `values` are those of one
    axis, where it is made of such; `words` is how much its name says."""

    name: str
    plural: bool
    inside: Mask
    words: int = 1
    axis: int | None = None
    values: tuple[int, ...] = ()

    @property
    def in_a_word(self) -> bool:
        """Whether it is one value of an axis: a row, an output."""
        return self.axis is not None and self.words == 1


class Grid(NamedTuple):
    """The entries of a matrix by what they belong to: an axis each for the inputs n, the outputs t that are derived,
    and the outputs i and inputs j that they are derived by. Rows of the numerator layout come first."""

    right: Formula
    layout: str

    @property
    def axes(self) -> dict[str, int]:
        """The axes in their order, and how long each is."""
        N, J, _ = self.right.sizes
        K = self.right.shown(self.right.b).size
        q = self.right.quantity
        lead = {"n": N} if self.right.apart else {}
        if q.key == "loss":
            return lead or {"n": 1}
        if q.by is None:
            return {**lead, "t": K}
        if q.is_hessian:
            return {**lead, "t": K, "s": J, "i": K, "j": J}
        by = {"W": {"j": J, "i": K} if q.is_gradient else {"i": K, "j": J}, "x": {"j": J}}.get(q.by, {"i": K})
        return {**lead, **by} if q.is_gradient else {**lead, "t": K, **by}

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.axes.values())

    def spread(self, values: NDArray[Any], letters: str) -> NDArray[Any]:
        """Values of some axes, in their order here, as they go with every entry."""
        return values.reshape([n if letter in letters else 1 for letter, n in self.axes.items()])

    def called(self, letter: str, values: Sequence[int]) -> tuple[str, bool]:
        """The name of some values of an axis, and whether it is a plural."""
        q, many = self.right.quantity, len(values) > 1
        turned = self.layout in ("denominator", "out-in")
        said = _range(values)
        row, column = ("column", "row") if turned else ("row", "column")
        if letter == "n":
            return f"input{'s' * many} {said} of the batch", many
        if q.by is None or (q.is_gradient and q.by in ("z", "b")):
            return f"output{'s' * many} {said}", many
        if q.is_hessian:
            side, of = ("rows" if letter in "ts" else "columns"), ("output" if letter in "ti" else "input")
            return f"the {side} of {of}{'s' * many} {said}", True
        if letter == "t":
            return f"{row}{'s' * many} {said}", many
        if q.by == "W":
            return f"the weights of {'input' if letter == 'j' else 'output'}{'s' * many} {said}", True
        if q.is_gradient:
            return f"∂E/∂x[{said}]", many
        return f"{column}{'s' * many} {said}", many


def _range(values: Sequence[int]) -> str:
    if len(values) > FEW:
        return f"{values[0]} to {values[-1]}"
    return joined([str(v) for v in values])


def smallest(grid: Grid, wanted: Mask, others: Mask) -> Region | None:
    """The smallest region with a short name that holds all entries of `wanted`, if at least half of it is wanted, of
    those entries that are either `wanted` or `others`; two regions together, where they are much smaller. None where
    what is wanted lies all over."""
    if not wanted.any():
        return None
    either = wanted | others
    best, size = None, int(either.sum())
    found = list(_regions(grid, wanted, others))
    for region in found:
        count = int((either & region.inside).sum())
        if count < size:
            best, size = region, count
    if best is None:
        return None
    first = best
    for region in found:
        count = int((either & first.inside & region.inside).sum())
        if 2 * count <= size:
            name = f"{first.name} in {region.name}"
            both = first.inside & region.inside
            best = Region(name, first.plural, both, first.words + region.words, first.axis, first.values)
            size = count
    return best if 2 * int(wanted.sum()) >= size else None


def _regions(grid: Grid, wanted: Mask, others: Mask) -> Iterator[Region]:
    """Those that hold all that is wanted."""
    yield from _of_axes(grid, wanted)
    for name, plural, inside in _marked(grid):
        if inside.any() and not inside.all() and not (wanted & ~inside).any():
            yield Region(name, plural, inside)
    yield from _by_size(grid, wanted, others)


def _of_axes(grid: Grid, wanted: Mask) -> Iterator[Region]:
    """A few values of an axis, or a run of them."""
    for at, letter in enumerate(grid.axes):
        touched = np.asarray(wanted.any(axis=tuple(k for k in range(wanted.ndim) if k != at)))
        values = np.flatnonzero(touched)
        run = values[-1] - values[0] + 1 == len(values)
        if len(values) < len(touched) and (len(values) <= FEW or run):
            named = tuple(int(v) for v in values)
            words = min(len(named), 2) if run else len(named)
            name, plural = grid.called(letter, named)
            yield Region(name, plural, grid.spread(touched, letter), words, at, named)


def _marked(grid: Grid) -> Iterator[tuple[str, bool, Mask]]:
    """Parts that the problem itself marks out: the diagonal, the targets, negative inputs."""
    f, axes = grid.right, grid.axes
    N, J, _ = f.sizes
    K = f.shown(f.b).size
    if "t" in axes and "i" in axes:
        what = "blocks" if f.quantity.by in ("W", "WW") and J > 1 else ""
        eye = grid.spread(np.eye(K, dtype=bool), "ti")
        yield (f"the diagonal {what}".strip(), bool(what), eye)
        yield (f"the {what or 'entries'} off the diagonal", True, ~eye)
    by_input = "n" in axes or N == 1
    n = "n" if "n" in axes else ""
    if f.goal is not None and f.goal.y is not None and f.goal.hard and by_input:
        y = f.shown(f.goal.y) == 1.0
        if "i" in axes:
            yield "the entries of the targets", True, grid.spread(y, n + "i")
            yield "the entries off the targets", True, ~grid.spread(y, n + "i")
        if n:
            for k in range(K if K <= 64 else 0):
                yield f"the inputs of class {k}", True, grid.spread(y[:, k], "n")
    if "j" in axes and by_input and "s" not in axes:
        yield "the entries where x < 0", True, grid.spread(f.x < 0.0, n + "j")


def _by_size(grid: Grid, wanted: Mask, others: Mask) -> Iterator[Region]:
    """The entries whose output h is above a bound, or below it, where that parts what is wanted from the others."""
    axes, f = grid.axes, grid.right
    letter = "t" if "t" in axes else "i" if "i" in axes and "j" not in axes else ""
    if not letter or not ("n" in axes or len(f.x) == 1):
        return
    h = np.broadcast_to(grid.spread(f.shown(f.h), ("n" if "n" in axes else "") + letter), grid.shape)
    for sign, said in ((1.0, ">"), (-1.0, "<")):
        low = float((sign * h[others]).max()) if others.any() else -math.inf
        high = float((sign * h[wanted]).min())
        if low < high and math.isfinite(low):
            bound = _between(*sorted((sign * low, sign * high)))
            words = 1 if bound == "½" else 2
            yield Region(f"the entries where h {said} {bound}", True, sign * h >= high, words)


def _between(low: float, high: float) -> str:
    """The shortest number between two."""
    if low <= 0.5 <= high:
        return "½"
    middle = math.sqrt(low * high) if low > 0.0 else high / 2
    for digits in range(1, 17):
        if low <= float(said := f"{middle:.{digits}g}") <= high:
            return said
    return f"{middle:.17g}"
