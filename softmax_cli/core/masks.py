"""Outputs that are left out of a softmax: h = 0, its row and column of every Jacobian 0, its 1 − h = 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .arrays import Array, real_array

Mask = NDArray[np.bool_]


def mask_of(value: Any, N: int, K: int) -> Mask:
    """True where an output is left out, (K,) or (N, K), from booleans of that shape, or from indices of outputs: a
    list of them, or N lists. InputError for an index that does not exist, and for another shape."""
    rows = _rows(value)
    if rows is None:
        mask = np.asarray(value)
        if mask.shape not in ((K,), (N, K)):
            raise InputError(f"mask has shape {mask.shape}, where ({K},) or ({N}, {K}) is expected")
        return mask
    if rows and isinstance(rows[0], list):
        if len(rows) != N:
            raise InputError(f"mask has {len(rows)} lists, where one for each of {N} inputs is expected")
        return np.array([_indices(row, K) for row in rows])
    return _indices(rows, K)


def _rows(value: Any) -> list[Any] | None:
    """Indices as lists; None for booleans."""
    if isinstance(value, np.ndarray):
        if value.dtype == np.bool_:
            return None
        value = value.tolist()
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in value]
    flat = [i for row in rows for i in (row if isinstance(row, list | tuple) else [row])]
    if flat and all(isinstance(i, bool | np.bool_) for i in flat):
        return None
    return [list(row) if isinstance(row, tuple) else row for row in rows]


def _indices(row: list[Any], K: int) -> Mask:
    mask = np.zeros(K, np.bool_)
    for i in row:
        if isinstance(i, bool) or not isinstance(i, int | np.integer | float) or i != int(i):
            raise InputError(f"mask holds {i!r}, where indices of outputs are expected")
        if not 0 <= i < K:
            raise InputError(f"mask names output {int(i)}, which does not exist: there are {K}, 0 to {K - 1}")
        mask[int(i)] = True
    return mask


def masked_array(name: str, value: ArrayLike, *dims: int) -> tuple[Array, Mask | None]:
    """`real_array`, but for −∞, which leaves an output out: that is 0 in the array and true in the mask."""
    array = np.asarray(value)
    if array.dtype.kind != "f" or not (hidden := np.isneginf(array)).any():
        return real_array(name, value, *dims), None
    return real_array(name, np.where(hidden, 0.0, array), *dims), hidden


def joined(N: int, K: int, *masks: Mask | None) -> Mask | None:
    """What any of the masks leaves out, (K,) or (N, K). InputError where that is every output of an input."""
    mask: Mask | None = None
    for part in masks:
        if part is not None and part.any():
            mask = part if mask is None else mask | part
    if mask is None:
        return None
    nothing = mask.all(axis=-1)
    if nothing.any():
        of = f" of input {int(nothing.argmax())}" if mask.ndim == 2 and N > 1 else ""
        raise InputError(f"every output{of} is masked, and nothing is left to share the probability")
    return mask
