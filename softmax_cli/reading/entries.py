"""Numbers as they were written, wherever an option finds them → arrays of doubles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array, real_array
from ..errors import InputError
from ..wording import quoted, shown
from .inline import read_inline
from .jsonarrays import parse_with_arrays
from .jsonfile import json_array, parse_json, parse_json_with_nan
from .npyfile import read_npy
from .npzfile import read_npz_array
from .sources import STDIN, named, read_bytes, sniffed
from .tablefile import read_table

_WANTED = {0: "a number", 1: "a vector", 2: "a matrix"}


class Entry(NamedTuple):
    """Finite numbers as they were written. `label` is what errors call them; `names` are those of a header row.
    A `loose` table is text, where one row or one column may stand for a vector. `notes` are for the user to hear."""

    array: Array
    label: str
    names: tuple[str, ...] | None = None
    loose: bool = False
    notes: tuple[str, ...] = ()


def read_array(
    value: str, name: str, *dims: int, key: str = "", finite: bool = True, header: bool | None = None
) -> Entry:
    """Inline numbers, a file, or - for standard input → an array with one of `dims` dimensions.

    One row or one column of text is a vector where dims has 1; one number is a scalar where it has 0.
    `name` is the option, as in `--upstream`; `key` (by default the same word) is where to look in a
    JSON object or a .npz archive. Unless `finite`, NaN and infinity are let pass, and null in JSON as NaN.
    `header` says whether the first row of a table names its columns; None leaves it to what stands there.
    InputError says where it went wrong, and over what.
    """
    entry = read_entry(value, name, key or name.lstrip("-"), finite=finite, header=header)
    return entry._replace(array=fitted(entry, *dims))


def read_entry(value: str, option: str, key: str, finite: bool = True, header: bool | None = None) -> Entry:
    """As `read_array`, but as it was written."""
    kind, value = named(value)
    if kind == "numbers":
        return Entry(read_inline(value, option, finite), option, loose=True)
    if kind == "text":
        data, source, kind = value.encode("utf-8", "surrogateescape"), option, "json"
    else:
        data, source = read_bytes(value, option), shown(value) if value else STDIN
        kind = kind or sniffed(data)
    if kind == "json":
        found = parse_with_arrays(data, source, parse_json if finite else parse_json_with_nan)
        if not isinstance(found, dict):
            return entry_of(found, source, finite)
        if key not in found:
            held = f"it holds {shown(', '.join(found), 80)}" if found else "it is empty"
            raise InputError(f"{source} has no key {quoted(key)}", held)
        return entry_of(found[key], f"{source}: {key}", finite)
    if kind == "npz":
        return entry_of(read_npz_array(data, source, key), f"{source}: {key}", finite)
    if kind == "npy":
        return entry_of(read_npy(data, source), source, finite)
    table = read_table(data, source, {"csv": ",", "tsv": "\t"}.get(kind), finite, header)
    return Entry(table.array, source, table.names, loose=True, notes=table.notes)


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
