"""Matrices of another shape than the result, that have one reading: flat, with columns told apart, or of a binary
classifier's one output."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array, Stored
from .formula import Formula, Rows
from .quantities import Quantity, Shapes
from .submitted import Sizes

SECOND = "the second of two outputs, the first of which is 0"
OF_OUTPUTS = ("z", "h", "log_h", "dE_dz", "dE_dW", "dE_db")  # what has an axis of outputs alone


class Reading(NamedTuple):
    """The matrix in a shape that is known, what is right in that shape, and what it was read as, if that was needed."""

    matrix: NDArray[Any] | Stored
    right: Formula
    ours: Rows
    sizes: Sizes
    said: str | None = None


def reading(matrix: NDArray[Any] | Stored, right: Formula, ours: Rows, sizes: Sizes, named: str | None) -> Reading:
    """How a matrix is read: as it is where its shape is one of the result, or where no other reading is known."""
    quantity, as_it_is = right.quantity, Reading(matrix, right, ours, sizes)
    lead = sizes.N if sizes.apart else None
    shapes = quantity.shapes(lead, sizes.J, sizes.K)
    apart = quantity.columns_apart(lead, sizes.J, sizes.K)
    if matrix.shape == apart and (named == "numerator" or apart not in shapes.values()):
        return as_it_is._replace(matrix=np.asarray(matrix).reshape(shapes["numerator"]))
    if isinstance(matrix, Stored) or matrix.shape in shapes.values():
        return as_it_is
    if is_binary(right.W, right.b, right.z) and right.mask is None and quantity.key in OF_OUTPUTS:
        of_one = quantity.shapes(lead, sizes.J, 1)
        if of_one_output(matrix.shape, quantity, lead, sizes.J):
            read = matrix if matrix.shape in of_one.values() else matrix.reshape(_chosen(of_one, named))
            made = right.but(order=np.array([1]))
            return Reading(read, made, _second(made, ours), sizes._replace(K=1), SECOND)
    if quantity.key == "dE_dW" and lead is None and matrix.size == max(matrix.shape, default=0) == right.W.size:
        shape = _chosen(shapes, named)
        return as_it_is._replace(matrix=matrix.reshape(shape), said=f"{shape}, row by row")
    return as_it_is


def is_binary(W: Array, b: Array | None, z: Array | None = None) -> bool:
    """Whether the logit of the first of two outputs is 0, as where a binary classifier has one output."""
    if z is not None:
        return z.shape[1] == 2 and not z[:, 0].any()
    return W.shape[1] == 2 and not W[:, 0].any() and (b is None or b[0] == 0.0)


def of_one_output(shape: tuple[int, ...], quantity: Quantity, inputs: int | None, J: int) -> bool:
    """Whether a shape is that of a result of a layer of one output, but for axes of length 1."""
    known = {_without_ones(each) for each in quantity.shapes(inputs, J, 1).values()}
    return quantity.key in OF_OUTPUTS and _without_ones(shape) in known


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def _chosen(shapes: Shapes, named: str | None) -> tuple[int, ...]:
    """The shape of the layout that is named, or of the first."""
    return next((shape for layout, shape in shapes.items() if layout == named), next(iter(shapes.values())))


def _second(right: Formula, ours: Rows) -> Rows:
    """The rows of what is right, of the second output alone."""
    if right.quantity.is_gradient and right.quantity.by == "W":
        return lambda part: right.arranged(ours(part))
    return lambda part: ours(slice(2 * part.start + 1, 2 * part.stop, 2))
