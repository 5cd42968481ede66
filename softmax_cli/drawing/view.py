"""The matrix that a picture shows, as it is laid out and labelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array, Layout
from ..core.batch import Batch, Structure
from ..core.hessian import Hessian
from ..errors import InputError
from ..writing.labels import Axes
from ..writing.result import Result

Label = Callable[[int], str]


@dataclass(frozen=True)
class Plain:
    """A matrix that is there as a whole, in the place of one that is made block by block."""

    values: Array
    per_output: int = 1

    def shape(self, layout: Layout) -> tuple[int, ...]:
        return self.values.shape

    def blocks(self, layout: Layout) -> Iterator[Array]:
        yield self.values


class View(NamedTuple):
    """A matrix at one input as it is laid out, what its rows and columns are, and a label for each."""

    jacobian: Structure | Plain
    layout: Layout
    name: str
    rows: str
    columns: str
    row: Label
    column: Label

    @property
    def shape(self) -> tuple[int, ...]:
        return self.jacobian.shape(self.layout)

    @property
    def groups(self) -> tuple[int, int]:
        """How many rows and how many columns belong to one output."""
        J = self.jacobian.per_output
        if isinstance(self.jacobian, Hessian):
            return J, J
        return (J, 1) if self.layout == "denominator" else (1, J)

    @property
    def title(self) -> str:
        return f"{self.name}  ({' × '.join(map(str, self.shape))})"


def view_of(result: Result, layout: Layout) -> View:
    """The matrix as it is laid out, and what labels its rows and columns."""
    assert result.axes is not None
    if result.batch is None:
        return of_matrix(result.document[result.main], result.axes)
    return laid_out(result.batch, result.axes, layout)


def of_matrix(values: Any, axes: Axes) -> View:
    """The view of a matrix, or of a vector as a row. InputError for a matrix of each input."""
    matrix = np.atleast_2d(values)
    if matrix.ndim > 2:
        raise InputError(f"a picture shows one matrix, and {axes.name} is one of each input", "use --reduction mean")
    return View(Plain(matrix), "numerator", axes.name, axes.rows, axes.columns, axes.row, axes.column)


def laid_out(batch: Batch, axes: Axes, layout: Layout) -> View:
    """`view_of` for the matrix itself. InputError for several inputs, and for a layout of three dimensions."""
    if not batch.single:
        raise InputError("a picture shows one input, and x holds several", "give one of them with -x")
    if layout == "tensor" and batch.first.has_tensor:
        raise InputError("a picture shows two dimensions, and the tensor layout has three", "use --layout numerator")
    if layout == "denominator":
        name = f"{axes.name}, transposed"
        return View(batch.first, layout, name, axes.columns, axes.rows, axes.column, axes.row)
    return View(batch.first, layout, axes.name, axes.rows, axes.columns, axes.row, axes.column)
