"""A Jacobian that is not in memory, as a structure that reads any block of itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import Array, Layout, Stored

BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class StoredJacobian:
    """The Jacobians at inputs `first` to `stop` − 1 in a store, for the outputs at some `positions` there, whose
    indices in the layer are `outputs`."""

    array: Stored
    layout: Layout
    per_output: int
    positions: NDArray[np.intp]
    outputs: NDArray[np.intp]
    first: int
    stop: int
    single: bool

    @property
    def made_of(self) -> tuple[Array, ...]:
        """What is finite if every entry is: not known before it is read."""
        return ()

    @property
    def has_tensor(self) -> bool:
        """Whether the tensor layout is one of three dimensions."""
        return self.layout == "tensor"

    @property
    def columns(self) -> int:
        """How many columns there are in numerator layout."""
        return sizes_of(self.array.shape, self.layout, self.per_output)[1]

    def shape(self, layout: Layout = "numerator") -> tuple[int, ...]:
        """The shape in the layout in which it is stored."""
        R, C, J = len(self.positions), self.columns, self.per_output
        shape = {"numerator": (R, C), "denominator": (C, R), "tensor": (R, J, C // J)}[self.layout]
        return shape if self.single else (self.stop - self.first, *shape)

    def blocks(self, layout: Layout = "numerator") -> Iterator[Array]:
        """The array, as it is stored, as consecutive blocks of its rows, its last axis."""
        R, C = sizes_of(self.array.shape, self.layout, self.per_output)
        width = self.shape()[-1] if self.layout != "denominator" else R
        step = max(1, BLOCK_BYTES // (8 * width)) * width
        for n in range(self.first, self.stop):
            runs = [(0, R)] if self.layout == "denominator" else _runs(self.positions)
            for a, b in runs:
                first, stop = (n * R + a) * C, (n * R + b) * C
                for at in range(first, stop, step):
                    block = self.array.entries(at, min(at + step, stop)).reshape(-1, width).astype(np.float64)
                    yield block[:, self.positions] if self.layout == "denominator" else block

    def dense(self, layout: Layout = "numerator") -> Array:
        """The whole array."""
        return np.concatenate(list(self.blocks())).reshape(self.shape())

    def entries(self, n: int, rows: ArrayLike, columns: ArrayLike) -> Array:
        """The entries of input n in the given rows and columns of the numerator layout."""
        R, C = sizes_of(self.array.shape, self.layout, self.per_output)
        J, start = self.per_output, (self.first + n) * R * C
        r, c = self.positions[np.asarray(rows)][:, None], np.asarray(columns, dtype=np.intp)[None, :]
        if self.layout == "denominator":
            at = c * R + r
        elif self.layout == "tensor":
            at = r * C + c % J * (C // J) + c // J
        else:
            at = r * C + c
        one_by_one = [self.array.entries(start + k, start + k + 1)[0] for k in at.ravel().tolist()]
        return np.array(one_by_one, dtype=np.float64).reshape(at.shape)


def sizes_of(shape: tuple[int, ...], layout: Layout, per_output: int) -> tuple[int, int]:
    """How many rows and columns a stored matrix has in numerator layout."""
    if layout == "tensor":
        return shape[-3], shape[-2] * shape[-1]
    return (shape[-1], shape[-2]) if layout == "denominator" else (shape[-2], shape[-1])


def _runs(positions: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Consecutive positions together, from the first of them to behind the last."""
    edges = [0, *(np.flatnonzero(np.diff(positions) != 1) + 1).tolist(), len(positions)]
    return [(int(positions[a]), int(positions[b - 1]) + 1) for a, b in itertools.pairwise(edges)]
