"""A Jacobian at each of many inputs, some of them at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from .arrays import Array, Layout, checked
from .by_input import InputJacobian
from .hessian import Hessian
from .jacobian import Jacobian, chosen, layer_structure, linear_structure, softmax_structure
from .layer import Layer
from .stored_jacobian import StoredJacobian

Quantity = Literal["dS_dZ", "dZ_dW", "dL_dW", "dL_db", "dL_dx"]
Structure = Jacobian | InputJacobian | Hessian | StoredJacobian

PART = 1 << 20  # entries of hᵢxⱼ that are held at once


@dataclass(frozen=True)
class Batch:
    """The matrices at `count` inputs. `make` gives those of some of them, in one structure; a single
    input has no leading axis."""

    make: Callable[[slice], Structure]
    count: int

    @cached_property
    def first(self) -> Structure:
        return self.make(slice(0, 1))

    @property
    def single(self) -> bool:
        return self.first.single

    def shape(self, layout: Layout) -> tuple[int, ...]:
        """The shape of all of them in a layout."""
        one = self.first.shape(layout)
        return one if self.single else (self.count, *one[1:])

    def blocks(self, layout: Layout) -> Iterator[Array]:
        """All of them as consecutive blocks, as `Jacobian.blocks` gives those of one structure."""
        step = max(1, PART // self.first.columns)
        for a in range(0, self.count, step):
            yield from self.make(slice(a, a + step)).blocks(layout)

    def part(self, layout: Layout, first: int, stop: int) -> Iterator[Array]:
        """The rows `first` to `stop` − 1 of all of them (along their last axis), of a Jacobian, as consecutive blocks
        as well."""
        shape = self.first.shape(layout)
        rows = math.prod(shape[:-1] if self.single else shape[1:-1])
        step = max(1, PART // self.first.columns)
        for a in range(first // rows, -(-stop // rows), step):
            some = self.make(slice(a, a + step))
            assert isinstance(some, Jacobian | InputJacobian)
            yield from some.blocks(layout, part=(max(0, first - a * rows), min(step * rows, stop - a * rows)))


def batch_of(
    quantity: Quantity,
    layer: Layer,
    single: bool,
    W: Array,
    b: Array | None,
    outputs: Sequence[int] | None = None,
    log: bool = False,
) -> Batch:
    """One of the Jacobians of h or of ln h at every input. InputError for an output that does not exist."""
    rows = chosen(outputs, layer.h.shape[1])
    if quantity == "dL_dx":
        return Batch(lambda some: InputJacobian(layer.inputs(some), W, b, rows, single, log), len(layer.h))
    make = layer_structure if quantity == "dL_dW" else softmax_structure
    return Batch(lambda some: make(layer.inputs(some), single, rows, log), len(layer.h))


def linear_batch(x: Array, W: Array, outputs: Sequence[int] | None = None) -> Batch:
    """dZ/dW at every input, x (J,) or (N, J), which needs no logits. InputError as in `batch_of`, and for x or W that
    do not fit."""
    x, W, _ = checked(x, W, None)
    rows, inputs = chosen(outputs, W.shape[1]), np.atleast_2d(x)
    return Batch(lambda some: linear_structure(inputs[some], W.shape[1], x.ndim == 1, rows), len(inputs))
