"""W and b as they were written → the layer's own: (J, K) and (K,)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from .document_keys import WeightsLayout, refuse_other_layout
from .entries import Entry, fitted
from .framework_names import is_binary, layout_of

ONE_OUTPUT = (
    "W has one output, so h is 1 and every derivative 0: if these are the weights of a binary classifier, add --binary"
)


class Weights(NamedTuple):
    """W (J, K), the names of the outputs if there are any, how W was stored, whether its one output was made the second
    of two, what the user should hear of all that, and the names of the inputs, which a header of a W that is stored
    outputs × inputs holds."""

    W: Array
    names: tuple[str, ...] | None
    stored: WeightsLayout
    binary: bool
    notes: tuple[str, ...]
    input_names: tuple[str, ...] | None = None


def weights(entry: Entry, asked: WeightsLayout | None, binary: bool) -> Weights:
    """W is stored (J, K), or (K, J) if that is `asked` for, or said by the document or the name that it comes from.
    If `binary`, or if it is the one row of a binary classifier of scikit-learn, its output becomes the second of two,
    the first of which has weights 0. InputError if what is asked for contradicts the document, or does not fit."""
    refuse_other_layout(entry.stored, asked, entry.label.rpartition(": ")[0])
    by_name = layout_of(entry.name) if asked is None else None
    stored: WeightsLayout = entry.stored or asked or by_name or "in-out"
    W = fitted(entry, 2)
    two_classes = stored == "out-in" and is_binary(entry.name, W.shape)
    notes = list(entry.notes)
    if by_name or two_classes:
        how = ", stored outputs × inputs" if by_name else ""
        classes = "; its one row is a binary classifier's, the second of two outputs" if two_classes else ""
        notes = [f"{entry.label} is taken as W{how}{classes}"]
    names, input_names = entry.names, entry.row_names
    if stored == "out-in":
        names, input_names = input_names, names
    W = np.ascontiguousarray(W.T) if stored == "out-in" else W
    if binary or two_classes:
        W, names = _two_outputs(W, names, stored)
    if W.shape[1] == 1:
        notes.append(ONE_OUTPUT)
    return Weights(W, names, stored, binary or two_classes, tuple(notes), input_names)


def biases(entry: Entry, binary: bool) -> Array:
    """b (K,), which may be written as one row or one column. If `binary`, (2,) from its one entry: 0 and that."""
    array = entry.array
    b = array.ravel() if array.ndim == 2 and 1 in array.shape else fitted(entry, *([0, 1] if binary else [1]))
    if not binary:
        return b
    if b.size != 1:
        raise InputError(f"--binary takes the bias of one output, and b has {b.size} entries")
    return np.array([0.0, b.item()])


def _two_outputs(
    W: Array, names: tuple[str, ...] | None, stored: WeightsLayout
) -> tuple[Array, tuple[str, ...] | None]:
    if W.shape[1] != 1:
        row = len(W) == 1 and stored == "in-out"
        raise InputError(
            f"--binary takes weights of one output, and W has {W.shape[1]}",
            "if W is stored outputs × inputs, add --weights-layout out-in" if row else "",
        )
    return np.hstack([np.zeros_like(W), W]), names and (f"not {names[0]}", names[0])
