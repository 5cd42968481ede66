"""The matrix that is checked: what is accepted, the layouts its shape fits, and the names of its entries."""

from __future__ import annotations

from numbers import Real
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from ..errors import InputError
from .formula import Of, Rows

Layout = Literal["vector", "numerator", "denominator", "tensor", "in-out", "out-in"]


class View(NamedTuple):
    """A layout, and the rows of the matrix in numerator layout, if it is in that one."""

    layout: Layout
    rows: Rows


def real_matrix(theirs: Any) -> NDArray[Any]:
    """`theirs` as an array of float16, float32 or float64, as it came; nan for None. InputError for anything
    else than real numbers."""
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
    return a.astype(a.dtype.newbyteorder("="), copy=False)


def _shapes(of: Of, N: int | None, J: int, K: int) -> dict[Layout, tuple[int, ...]]:
    """The layouts of a result and their shapes; N for many inputs, unless they were summed over."""
    lead = () if N is None else (N,)
    if of == "forward":
        return {"vector": (*lead, K)}
    if of == "softmax-grad":
        return {"numerator": (*lead, K, K)}
    if of == "weight-grad":
        return {"in-out": (*lead, J, K), "out-in": (*lead, K, J)}
    return {"numerator": (*lead, K, K * J), "denominator": (*lead, K * J, K), "tensor": (*lead, K, J, K)}


def views(a: NDArray[Any], of: Of, N: int | None, J: int, K: int, named: str | None = None) -> list[View]:
    """The layouts that the shape of a matrix fits, the one `named` before the others. InputError if there is none,
    or if it does not fit the one that is named."""
    shapes = _shapes(of, N, J, K)
    if named is not None and named not in shapes:
        raise InputError(f"layout is {named!r}, where that of {of}, {' or '.join(shapes)}, is expected")
    if of == "forward" and N is None and a.shape in ((1, K), (K, 1)):
        a = a.reshape(K)
    fitting = [layout for layout, shape in shapes.items() if a.shape == shape]
    if not fitting or named not in (None, *fitting):
        raise _misfit(a.shape, of, N, J, K, named, fitting)
    fitting.sort(key=lambda layout: layout != named)
    return [View(layout, _reader(a if N is not None else a[None], layout)) for layout in fitting]


def _misfit(
    shape: tuple[int, ...], of: Of, N: int | None, J: int, K: int, named: str | None, fitting: list[Layout]
) -> InputError:
    shapes = _shapes(of, N, J, K)
    fits = " or ".join(f"{shape} ({layout})" for layout, shape in shapes.items() if named in (None, layout))
    others = [other for other in get_args(Of) if other != of and shape in _shapes(other, N, J, K).values()]
    advice = f"{shape} is a shape of {' and of '.join(others)}" if others else ""
    if fitting:
        advice = f"{shape} is the {fitting[0]} layout"
    elif of in ("linear-grad", "layer-grad") and shape == (*shapes["numerator"][:-2], K, K, J):
        advice = "if its weights are stored outputs × inputs, swap its last two axes"
    return InputError(f"the matrix to check has shape {shape}, where {fits} is expected", advice)


def _reader(a: NDArray[Any], layout: Layout) -> Rows:
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
