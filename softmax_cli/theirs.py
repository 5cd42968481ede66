"""Somebody else's matrix: what is accepted, the layouts its shape fits, and the names of its entries."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from .core import Array, InputError
from .mistakes import Of, Rows


class View(NamedTuple):
    """A layout, and the rows of the user's matrix in numerator layout, if it is in that one."""

    layout: str
    rows: Rows


def given(theirs: Any) -> tuple[NDArray[Any], Any]:
    """`theirs` as a real array in its own precision, nan for None, with the finfo of that precision."""
    try:
        a = np.asarray(theirs)
    except ValueError:
        raise InputError("theirs is ragged: its rows differ in length") from None
    if a.dtype == object and all(v is None or (isinstance(v, Real) and not isinstance(v, bool)) for v in a.flat):
        try:
            a = a.astype(np.float64)
        except OverflowError:
            raise InputError("theirs holds a number beyond double precision (±1.8e308)") from None
    if a.dtype.kind not in "fiu":
        raise InputError(f"theirs holds {a.dtype}, where real numbers are expected")
    if a.dtype.kind in "iu" or a.dtype.itemsize > 8:
        a = a.astype(np.float64)
    return a, np.finfo(a.dtype)


def _shapes(of: Of, J: int, K: int) -> list[tuple[str, tuple[int, ...]]]:
    if of == "forward":
        return [("vector", (K,))]
    if of == "softmax-grad":
        return [("numerator", (K, K))]
    if of == "weight-grad":
        return [("in-out", (J, K)), ("out-in", (K, J))]
    return [("numerator", (K, K * J)), ("denominator", (K * J, K)), ("tensor", (K, J, K))]


def views(a: NDArray[Any], of: Of, J: int, K: int) -> list[View]:
    shapes = _shapes(of, J, K)
    if of == "forward" and a.shape in ((1, K), (K, 1)):
        a = a.reshape(K)
    found = [View(layout, _reader(a, layout)) for layout, shape in shapes if a.shape == shape]
    if not found:
        fits = " or ".join(f"{shape} ({layout})" for layout, shape in shapes)
        others = [other for other in get_args(Of) if a.shape in (shape for _, shape in _shapes(other, J, K))]
        advice = f"{a.shape} is a shape of {' and of '.join(others)}" if others else ""
        if a.shape == (K, K, J) and of in ("linear-grad", "layer-grad"):
            advice = "if its weights are stored outputs × inputs, swap its last two axes"
        raise InputError(f"theirs has shape {a.shape}, where {fits} is expected", advice)
    return found


def _reader(a: NDArray[Any], layout: str) -> Rows:
    def rows(part: slice) -> Array:
        if layout == "vector":
            block = a[part, None]
        elif layout in ("denominator", "out-in"):
            block = a[:, part].T
        else:
            block = a[part]
            if layout == "tensor":
                block = block.transpose(0, 2, 1).reshape(len(block), -1)
        return block.astype(np.float64)

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
