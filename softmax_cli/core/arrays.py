"""What may come in: x, W and b as contiguous arrays of finite doubles whose shapes fit."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

Array = NDArray[np.float64]
Layout = Literal["numerator", "denominator", "tensor"]  # of a Jacobian


class Rows:
    """A matrix (N, J) of doubles that is not in memory. x[a:b] are some of its rows and x[n] is one of them, as
    arrays; numpy makes an array of all where it is asked for one."""

    ndim = 2
    dtype = np.dtype(np.float64)

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self.size = shape[0] * shape[1]
        self.nbytes = 8 * self.size

    def __len__(self) -> int:
        return self.shape[0]

    def block(self, first: int, stop: int) -> Array:
        """Rows `first` to `stop` − 1."""
        raise NotImplementedError

    def __getitem__(self, rows: int | slice) -> Array:
        if isinstance(rows, slice):
            first, stop, _ = rows.indices(len(self))
            return self.block(first, max(first, stop))
        row: Array = self.block(rows, rows + 1)[0]
        return row

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.block(0, len(self)), dtype=dtype)


class Stored:
    """An array of real numbers that is not in memory. numpy makes an array of all where it is asked for one."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.ndim, self.size = len(shape), math.prod(shape)

    def entries(self, first: int, stop: int) -> NDArray[Any]:
        """Entries `first` to `stop` − 1 of it in C order, one after the other."""
        raise NotImplementedError

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.entries(0, self.size).reshape(self.shape), dtype=dtype)


def real_array(name: str, value: Any, *dims: int, first: int = 0) -> Array:
    """`value` as contiguous float64 with one of `dims` dimensions; InputError if it is anything else
    than finite real numbers, or empty. Errors count the rows of a matrix from `first`."""
    if hasattr(value, "mask") and np.ma.is_masked(value):  # numpy.ma takes long to load
        raise InputError(f"{name} is masked, where every number is expected")
    try:
        a = np.asarray(value)
    except InputError:  # of rows in a file that cannot be read
        raise
    except ValueError:
        raise InputError(f"{name} is ragged: its rows differ in length") from None
    if a.dtype.kind not in "fiu":
        raise InputError(f"{name} holds {a.dtype}, where real numbers are expected")
    if a.ndim not in dims:
        wanted = " or ".join({0: "a number", 1: "a vector", 2: "a matrix", 3: "three-dimensional"}[d] for d in dims)
        raise InputError(f"{name} has shape {a.shape}, where {wanted} is expected")
    if a.size == 0:
        raise InputError(f"{name} is empty (shape {a.shape})")
    if a.dtype != np.float64 or not a.flags.c_contiguous:
        with np.errstate(over="ignore"):
            a = np.asarray(a, dtype=np.float64, order="C")
    if not np.isfinite(a).all():
        at = np.unravel_index(int(np.argmin(np.isfinite(a))), a.shape)
        place = (at[0] + first, *at[1:]) if at else at
        raise InputError(f"{name}[{','.join(str(i) for i in place)}] is {a[at]}, where a finite number is expected")
    return a


def checked(x: ArrayLike, W: ArrayLike, b: ArrayLike | None, first: int = 0) -> tuple[Array, Array, Array | None]:
    """x (J,) or (N, J), W (J, K) and b (K,) or None as float64. InputError for what is not finite
    real numbers, empty, or of shapes that do not fit."""
    x, W = real_array("x", x, 1, 2, first=first), real_array("W", W, 2)
    J, K = W.shape
    if x.shape[-1] != J:
        entries = f"{x.shape[-1]} {'entry' if x.shape[-1] == 1 else 'entries'}"
        raise InputError(
            f"W has {J} {'row' if J == 1 else 'rows'} but x has {entries}{' an input' if x.ndim == 2 else ''}",
            "W is (inputs, outputs): transpose it if it is stored outputs × inputs" if x.shape[-1] == K else "",
        )
    if b is not None:
        b = real_array("b", b, 1)
        if b.shape != (K,):
            raise InputError(f"b has {len(b)} {'entry' if len(b) == 1 else 'entries'} but W has {K} columns")
    return x, W, b
