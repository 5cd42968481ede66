"""The matrix that is checked: what is accepted, and the layouts that its shape fits."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array, Stored
from ..errors import InputError
from .formula import Rows
from .quantities import COMMANDS, QUANTITIES, Layout, Quantity

TURNED = ("denominator", "out-in")  # layouts whose last two axes are the other way round


class View(NamedTuple):
    """A layout, and the rows of the matrix in numerator layout, if it is in that one."""

    layout: Layout
    rows: Rows


class Sizes(NamedTuple):
    """N, J and K; `apart` says whether each input has a matrix of its own, and so there is an axis for them."""

    N: int
    J: int
    K: int
    apart: bool


def real_matrix(theirs: Any) -> NDArray[Any] | Stored:
    """`theirs` as an array of float16, float32 or float64, as it came; nan for None. InputError for anything
    else than real numbers. What is not in memory is left where it is."""
    if isinstance(theirs, Stored):
        return theirs
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


def views(a: NDArray[Any] | Stored, quantity: Quantity, of: str, sizes: Sizes, named: str | None = None) -> list[View]:
    """The layouts that the shape of a matrix fits, the one `named` before the others. InputError if there is none,
    or if it does not fit the one that is named; `of` is what it calls the result."""
    lead = sizes.N if sizes.apart else None
    shapes = quantity.shapes(lead, sizes.J, sizes.K)
    if named is not None and named not in shapes:
        raise InputError(f"layout is {named!r}, where that of {of}, {' or '.join(shapes)}, is expected")
    if isinstance(a, Stored) and not {"numerator", "tensor", "in-out"} & shapes.keys():
        a = np.asarray(a)  # a vector or a number
    if (
        isinstance(a, np.ndarray)
        and list(shapes) == ["vector"]
        and lead is None
        and a.shape in ((1, a.size), (a.size, 1))
    ):
        a = a.reshape(-1)
    if isinstance(a, np.ndarray) and quantity.key == "loss" and lead is None and a.size == 1:
        a = a.reshape(())
    fitting = [layout for layout, shape in shapes.items() if a.shape == shape]
    if not fitting or named not in (None, *fitting):
        raise _misfit(a.shape, quantity, sizes, named, fitting)
    fitting.sort(key=lambda layout: layout != named)
    height = quantity.height(sizes.J, sizes.K)
    if isinstance(a, Stored) and set(fitting).isdisjoint(TURNED):
        return [View(layout, _stored_reader(a, layout, sizes)) for layout in fitting]
    whole = np.asarray(a)
    return [
        View(layout, _reader(whole.reshape(-1, *(a.shape[1:] if sizes.apart else a.shape)), layout, height))
        for layout in fitting
    ]


def _misfit(
    shape: tuple[int, ...], quantity: Quantity, sizes: Sizes, named: str | None, fitting: list[Layout]
) -> InputError:
    N, J, K, apart = sizes
    lead = N if apart else None
    shapes = quantity.shapes(lead, J, K)
    fits = " or ".join(f"{shape} ({layout})" for layout, shape in shapes.items() if named in (None, layout))
    fit = (name for name, key in COMMANDS.items() if shape in QUANTITIES[key].shapes(lead, J, K).values())
    others = [name for name in fit if COMMANDS[name] != quantity.key]
    advice = f"{shape} is a shape of {' and of '.join(others)}" if others else ""
    if fitting:
        advice = f"{shape} is the {fitting[0]} layout"
    return InputError(f"the matrix to check has shape {shape}, where {fits} is expected", advice)


def _stored_reader(a: Stored, layout: Layout, sizes: Sizes) -> Rows:
    """The rows of all inputs, counted through, of a matrix that is read as they are asked for."""
    width = a.shape[-1] * (a.shape[-2] if layout == "tensor" else 1)

    def rows(part: slice) -> Array:
        block = a.entries(part.start * width, part.stop * width).astype(np.float64).reshape(-1, width)
        if layout == "tensor":
            block = block.reshape(-1, sizes.J, sizes.K).transpose(0, 2, 1).reshape(-1, width)
        return block

    return rows


def blocks_of(a: NDArray[Any] | Stored, size: int) -> Iterator[NDArray[Any]]:
    """All numbers of a matrix, so many at a time."""
    flat = a.reshape(-1) if isinstance(a, np.ndarray) else None
    for at in range(0, a.size, size):
        stop = min(at + size, a.size)
        yield a.entries(at, stop) if isinstance(a, Stored) else flat[at:stop]  # type: ignore[index]


def _reader(a: NDArray[Any], layout: Layout, height: int) -> Rows:
    """`a` has the inputs in front, and rows of all of them are counted through."""
    if layout in ("vector", "number"):
        column = a.reshape(-1, 1)
        return lambda part: column[part].astype(np.float64)

    def rows(part: slice) -> Array:
        n, r = np.divmod(np.arange(len(a) * height)[part], height)
        block = a[n, :, r] if layout in TURNED else a[n, r]
        if layout == "tensor":
            block = block.transpose(0, 2, 1)
        return block.reshape(len(n), -1).astype(np.float64)

    return rows
