"""Numbers as they were written, and arrays of the dimensions that are wanted of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array, real_array
from ..errors import InputError
from ..wording import escaped
from .archives import Archive
from .document_keys import WeightsLayout, said_layout
from .jsonfile import json_array
from .names import Names, holds_words, index_in

_WANTED = {0: "a number", 1: "a vector", 2: "a matrix"}


class Entry(NamedTuple):
    """Finite numbers as they were written. `label` is what errors call them; `names` are those of a header row.
    A `loose` table is text, where one row or one column may stand for a vector. `notes` are for the user to hear,
    `name` is the key that the numbers were found under, and `stored` is how a document says that its W is stored;
    `of_names` says that names stood in the place of some numbers, which are indices then."""

    array: Array
    label: str
    names: tuple[str, ...] | None = None
    loose: bool = False
    notes: tuple[str, ...] = ()
    name: str = ""
    stored: WeightsLayout | None = None
    row_names: Names = None
    of_names: bool = False


def held_as(
    archive: Archive, name: str, key: str, finite: bool = True, told: bool = False, names: Names = None
) -> Entry:
    """The value of a name, to be taken as x, W, b …; a note says so if it is to be `told`."""
    label = f"{archive.source}: {escaped(name)}"
    value = archive.value(name)
    entry = entry_of(index_in(value, names, label), label, finite)._replace(of_names=holds_words(value))
    notes = (f"{entry.label} is taken as {key}",) if told else ()
    stored = said_layout(archive) if name == "W" == key else None
    return entry._replace(name=name, notes=notes, stored=stored)


def entry_of(value: Any, label: str, finite: bool = True) -> Entry:
    """A JSON value or an array → its numbers as doubles. InputError if it holds anything else, or, if
    `finite`, NaN or infinity."""
    if isinstance(value, np.ndarray):
        if not finite:  # to be compared: what single precision could not hold must show
            wide = value.dtype.newbyteorder("=") if value.dtype.kind == "f" else np.float64
            return Entry(np.asarray(value, dtype=wide, order="C"), label)
        return Entry(real_array(label, value, value.ndim).reshape(value.shape), label)
    return Entry(json_array(value, label, finite), label)


def fitted(entry: Entry, *dims: int) -> Array:
    """The numbers of an entry with one of `dims` dimensions. InputError if it has another number of them."""
    array, label = entry.array, entry.label
    if entry.loose:
        rows, columns = array.shape
        if array.size == 1 and 0 in dims:
            return array.reshape(())
        if 1 in array.shape and 1 in dims:
            return array.ravel()
        if 2 not in dims:
            wanted = "one row or one column" if 1 in dims else "a single number"
            raise InputError(f"{label} has {rows} × {columns} numbers, where {wanted} is expected")
        return array
    if array.size == 0:
        raise InputError(f"{label} is empty (shape {array.shape})")
    if array.ndim not in dims:
        wanted = " or ".join(_WANTED.get(d, f"an array of {d} dimensions") for d in dims)
        found = f"has shape {array.shape}" if array.ndim else "is a single number"
        raise InputError(f"{label} {found}, where {wanted} is expected")
    return array
