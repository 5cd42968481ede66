"""Somebody else's matrix: what is accepted, the layouts its shape fits, and the names of its entries."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from ..errors import InputError
from .formula import Of, Rows


class View(NamedTuple):
    """A layout, and the rows of the user's matrix in numerator layout, if it is in that one."""

    layout: str
    rows: Rows


def given(theirs: Any) -> tuple[NDArray[Any], Any]:
    """`theirs` as a real array in its own precision, nan for None, with the finfo of that precision."""
    try:
        a = np.asarray(theirs)
    except ValueError:
        raise InputError("the matrix to check is ragged: its rows differ in length") from None
    if a.dtype == object and all(v is None or (isinstance(v, Real) and not isinstance(v, bool)) for v in a.flat):
        try:
            a = a.astype(np.float64)
        except OverflowError:
            raise InputError("the matrix to check holds a number beyond double precision (±1.8e308)") from None
    if a.dtype.kind not in "fiu":
        raise InputError(f"the matrix to check holds {a.dtype}, where real numbers are expected")
    if a.dtype.kind in "iu" or a.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            a = a.astype(np.float64)
    return a, np.finfo(a.dtype)


def _shapes(of: Of, N: int | None, J: int, K: int) -> list[tuple[str, tuple[int, ...]]]:
    """The layouts of a result and their shapes; N for many inputs, unless they were summed over."""
    lead = () if N is None else (N,)
    if of == "forward":
        return [("vector", (*lead, K))]
    if of == "softmax-grad":
        return [("numerator", (*lead, K, K))]
    if of == "weight-grad":
        return [("in-out", (*lead, J, K)), ("out-in", (*lead, K, J))]
    return [("numerator", (*lead, K, K * J)), ("denominator", (*lead, K * J, K)), ("tensor", (*lead, K, J, K))]


def views(a: NDArray[Any], of: Of, N: int | None, J: int, K: int) -> list[View]:
    """The layouts that the shape of a matrix fits. InputError if there is none."""
    shapes = _shapes(of, N, J, K)
    if of == "forward" and N is None and a.shape in ((1, K), (K, 1)):
        a = a.reshape(K)
    found = [
        View(layout, _reader(a if N is not None else a[None], layout)) for layout, shape in shapes if a.shape == shape
    ]
    if not found:
        fits = " or ".join(f"{shape} ({layout})" for layout, shape in shapes)
        others = [other for other in get_args(Of) if a.shape in (shape for _, shape in _shapes(other, N, J, K))]
        advice = f"{a.shape} is a shape of {' and of '.join(others)}" if others else ""
        if a.shape == (*shapes[0][1][:-2], K, K, J) and of in ("linear-grad", "layer-grad"):
            advice = "if its weights are stored outputs × inputs, swap its last two axes"
        raise InputError(f"the matrix to check has shape {a.shape}, where {fits} is expected", advice)
    return found


def _reader(a: NDArray[Any], layout: str) -> Rows:
    """`a` has the inputs in front, and rows of all of them are counted through."""
    height = a.shape[-1] if layout in ("denominator", "out-in") else a.shape[1]

    def rows(part: slice) -> Array:
        n, r = np.divmod(np.arange(len(a) * height)[part], height)
        block = a[n, :, r] if layout in ("denominator", "out-in") else a[n, r]
        if layout == "tensor":
            block = block.transpose(0, 2, 1)
        return block.reshape(len(n), -1).astype(np.float64)

    return rows


def label(of: Of, J: int, row: int, column: int) -> str:
    """The name of an entry, by its place in the numerator layout: ∂h[2]/∂W[3,1]."""
    if of == "forward":
        return f"h[{row}]"
    if of == "weight-grad":
        return f"∂E/∂W[{row},{column}]"
    if of == "softmax-grad":
        return f"∂h[{row}]/∂z[{column}]"
    i, j = divmod(column, J)
    return f"∂{'z' if of == 'linear-grad' else 'h'}[{row}]/∂W[{j},{i}]"
