"""A Jacobian at each of many inputs, some of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Array, checked
from .jacobian import Jacobian, Layout, layer_structure, linear_structure, softmax_structure
from .layer import evaluate

Quantity = Literal["softmax-grad", "linear-grad", "layer-grad"]

PART = 1 << 20  # entries of hᵢxⱼ that are held at once


@dataclass(frozen=True)
class Batch:
    """The Jacobians at `count` inputs. `make` gives those of some of them, in one structure; a single
    input has no leading axis."""

    make: Callable[[slice], Jacobian]
    count: int

    @cached_property
    def first(self) -> Jacobian:
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
        step = max(1, PART // self.first.g.size)
        for a in range(0, self.count, step):
            yield from self.make(slice(a, a + step)).blocks(layout)


def batch_of(
    quantity: Quantity, x: ArrayLike, W: ArrayLike, b: ArrayLike | None, outputs: Sequence[int] | None = None
) -> Batch:
    """One of the three Jacobians at every input: x (J,) or (N, J), W (J, K), b (K,). InputError as in `evaluate`."""
    if quantity == "linear-grad":
        x, W, _ = checked(x, W, None)
        rows = np.atleast_2d(x)
        return Batch(lambda some: linear_structure(rows[some], W.shape[1], x.ndim == 1, outputs), len(rows))
    layer, single = evaluate(x, W, b)
    make = softmax_structure if quantity == "softmax-grad" else layer_structure
    return Batch(lambda some: make(layer.inputs(some), single, outputs), len(layer.x))
