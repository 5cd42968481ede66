"""A Jacobian that was written to a zarr store, shown or written from there, some of it at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from ..core.arrays import Layout
from ..core.batch import Batch, Quantity
from ..core.stored_jacobian import StoredJacobian, sizes_of
from ..errors import InputError
from ..reading.zarrstore import OURS, Opened
from ..wording import shown
from .jacobian_result import Asked, JacobianSheets, axes_of
from .labels import Labels
from .result import Result, Stream, Value


def key_of(array: Opened, path: str) -> str:
    """Which result a store says that it holds. InputError if it says none."""
    said = _said(array)
    if not isinstance(said.get("result"), str):
        raise InputError(
            f"{shown(path)} does not say what it holds, as what softmax-jac wrote does",
            "check --against takes any store",
        )
    return str(said["result"])


def stored_asked(array: Opened, path: str) -> tuple[Asked, Labels, int]:
    """Which Jacobian is in a store: as it was asked for, the names of its entries, and J. InputError where that
    does not fit its shape."""
    key, said = key_of(array, path), _said(array)
    log = key.startswith("dlog")
    quantity = f"d{key[4:]}" if log else key
    layout, sizes, outputs = (said.get(name) for name in ("layout", "sizes", "outputs"))
    names, input_names = said.get("names"), said.get("input_names")
    try:
        sound = quantity in get_args(Quantity) and layout in get_args(Layout)
        J, K = sizes  # type: ignore[misc]
        J = J if quantity in ("dL_dW", "dZ_dW") else 1
        layout = "numerator" if layout == "tensor" and quantity not in ("dL_dW", "dZ_dW") else layout
        chosen = list(range(K)) if outputs is None else outputs
        R, C = sizes_of(array.shape, layout, J)  # type: ignore[arg-type]
        columns = sizes[0] if quantity == "dL_dx" else J * K  # type: ignore[index]
        sound = sound and (len(chosen), columns) == (R, C) and all(type(t) is int and 0 <= t < K for t in chosen)
        sound = sound and array.ndim - (2 if layout != "tensor" else 3) in (0, 1)
        for some, count in ((names, K), (input_names, sizes[0])):  # type: ignore[index]
            sound = sound and (some is None or (len(some) == count and all(type(name) is str for name in some)))
    except (TypeError, ValueError, IndexError):
        sound = False
    if not sound:
        raise InputError(f"{shown(path)} says of itself what does not fit its shape {array.shape}")
    labels = Labels(*(None if some is None else tuple(some) for some in (names, input_names)))
    return Asked(quantity, layout, outputs, log), labels, J  # type: ignore[arg-type]


def stored_result(array: Opened, asked: Asked, labels: Labels, J: int, K: int, outputs: Sequence[int] | None) -> Result:
    """The Jacobian in a store, or the rows of some `outputs` of it."""
    there = list(range(K)) if asked.outputs is None else list(asked.outputs)
    wanted = there if outputs is None else outputs
    missing = [t for t in wanted if t not in there]
    if missing:
        raise InputError(f"--outputs: output {missing[0]} is not among those that were stored")
    positions = np.array([there.index(t) for t in wanted], dtype=np.intp)
    single = array.ndim == (3 if asked.layout == "tensor" else 2)
    count = 1 if single else array.shape[0]

    def make(some: slice) -> StoredJacobian:
        first, stop, _ = some.indices(count)
        return StoredJacobian(array, asked.layout, J, positions, np.array(wanted), first, stop, single)

    batch = Batch(make, count)
    asked = asked if outputs is None else asked._replace(outputs=wanted)
    axes = axes_of(asked, labels, batch)
    sheets = JacobianSheets(axes, labels, batch, None)
    every = make(slice(None))
    document: dict[str, Value] = {**asked.about(), asked.key: Stream(every.shape(), every.blocks())}
    return Result(
        document, asked.key, lambda: sheets.of(asked.layout), batch=batch, axes=axes, names=labels.names,
        input_names=labels.input_names,
    )  # fmt: skip


def _said(array: Opened) -> dict[str, Any]:
    said = array.about.attributes.get(OURS)
    return said if isinstance(said, dict) else {}
