"""Numbers as they were written, wherever an option finds them → arrays of doubles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array, real_array
from ..errors import InputError
from ..wording import escaped, quoted, shown
from .archives import Archive, JsonObject, listed
from .cell_values import is_number
from .columns import column_of, only_column
from .document_keys import WeightsLayout, said_layout
from .documents import ARCHIVES, archive_at, archive_in
from .encoding import decode
from .framework_names import layer_in
from .inline import read_inline
from .jsonarrays import parse_with_arrays
from .jsonfile import json_array, parse_json, parse_json_with_nan
from .names import Names, holds_words, index_in, index_of, listing
from .npyfile import read_npy
from .output_indices import column_indices, inline_indices, label_column
from .pasted import LARGEST, OPENING, PRINTED, is_print, read_pasted
from .sources import STDIN, named, read_bytes, sniffed
from .tablefile import read_table

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


def read_array(
    value: str,
    name: str,
    *dims: int,
    key: str = "",
    finite: bool = True,
    header: bool | None = None,
    names: Names = None,
) -> Entry:
    """Inline numbers, a file, or - for standard input → an array with one of `dims` dimensions.

    One row or one column of text is a vector where dims has 1; one number is a scalar where it has 0.
    `name` is the option, as in `--upstream`; `key` (by default the same word) is where to look in a
    JSON object or a .npz archive. Unless `finite`, NaN and infinity are let pass, and null in JSON as NaN.
    `header` says whether the first row of a table names its columns; None leaves it to what stands there. Where there
    are `names`, of outputs, they stand for indices.
    InputError says where it went wrong, and over what.
    """
    entry = read_entry(value, name, key or name.lstrip("-"), finite=finite, header=header, names=names)
    return entry._replace(array=fitted(entry, *dims))


def read_entry(
    value: str,
    option: str,
    key: str,
    finite: bool = True,
    header: bool | None = None,
    names: Names = None,
    left_out: tuple[str, ...] = (),
) -> Entry:
    """As `read_array`, but as it was written; of a table without the columns that are `left_out`."""
    found = opened(value, option, key, finite, header, names, left_out)
    return found if isinstance(found, Entry) else held(*found, key, finite, names)


class Opened(NamedTuple):
    """Values by their names, and the key that FILE:KEY chose, if it did."""

    archive: Archive
    chosen: str


def opened(
    value: str,
    option: str,
    key: str,
    finite: bool = True,
    header: bool | None = None,
    names: Names = None,
    left_out: tuple[str, ...] = (),
) -> Entry | Opened:
    """As `read_entry`, but what holds several values as it is."""
    if (index := index_of(value, names, option)) is not None:
        return Entry(np.array([[float(index)]]), option, loose=True, of_names=True)
    kind, value, chosen = named(value)
    if kind == "numbers":
        array = None if names is None else inline_indices(value, names, option)
        of_names = array is not None
        if array is None:
            array = read_inline(value, option, finite, "" if names is None else f"the outputs are {listing(names)}")
        return Entry(array, option, loose=True, of_names=of_names)
    if kind in ARCHIVES:
        return Opened(archive_at(value, kind, option), chosen)
    strict = bool(kind) and kind != "text"
    if kind == "text":
        data, source, kind = value.encode("utf-8", "surrogateescape"), option, "json"
    else:
        data, source = read_bytes(value, option), shown(value) if value else STDIN
        kind = kind or sniffed(data)
    if kind == "pasted":
        return _pasted(data, source, finite)
    if kind == "json":
        try:
            found = parse_with_arrays(data, source, parse_json if finite else parse_json_with_nan)
        except InputError as bad:
            if strict and is_print(data):
                raise InputError(str(bad), PRINTED) from None
            if strict or len(data) > LARGEST or not OPENING.match(data[:200].decode("latin-1")):
                raise
            return _pasted(data, source, finite)
        if isinstance(found, dict):
            return Opened(JsonObject(found, source), chosen)
    elif (archive := archive_in(kind, data, source)) is not None:
        return Opened(archive, chosen)
    if chosen and kind in ("json", "npy"):
        raise InputError(f"{source} holds one array, and no key {quoted(chosen)}")
    if kind == "json":
        entry = entry_of(index_in(found, names, source), source, finite)
        return entry._replace(of_names=holds_words(found))
    if kind == "npy":
        return entry_of(read_npy(data, source), source, finite)
    delimiter = {"csv": ",", "tsv": "\t"}.get(kind)
    if chosen:
        column = column_of(data, source, delimiter, header, chosen)
        of_names = names is not None and not all(map(is_number, column.cells))
        indices = column_indices(column, names, source, chosen)
        return Entry(indices, f"{source}: {escaped(chosen, 40)}", loose=True, of_names=of_names)
    try:
        table = read_table(data, source, delimiter, finite, header, left_out, of_inputs=key == "x")
        is_class = header is None and bool(table.names) and table.names[0] in (names or ())  # type: ignore[index]
        labels = _labels(data, source, delimiter, names) if is_class else None
    except InputError as bad:
        if (labels := _labels(data, source, delimiter, names)) is None:
            how = f"one column of it is {option} {source}:COLUMN" if key == "target" else ""
            raise InputError(str(bad), bad.advice or how) from None
    if labels is not None:
        return labels
    return Entry(table.array, source, table.names, loose=True, notes=table.notes, row_names=table.row_names)


def _labels(data: bytes, source: str, delimiter: str | None, names: Names) -> Entry | None:
    """A table of one column that holds names of outputs, as their indices."""
    labels = None if names is None else label_column(only_column(data, source, delimiter), names)
    if labels is None:
        return None
    column, title = labels
    notes = (f"the first row of {source}, {quoted(title)}, names the column",) if title else ()
    return Entry(column_indices(column, names, source, "column 1"), source, loose=True, notes=notes, of_names=True)


def _pasted(data: bytes, source: str, finite: bool) -> Entry:
    array, rows = read_pasted(decode(data, source), source, finite)
    return Entry(array, source, loose=rows)


def held(archive: Archive, chosen: str, key: str, finite: bool = True, names: Names = None) -> Entry:
    """The value of the `chosen` key, or else of the one that is asked for, under that or a usual name."""
    name = chosen or key
    if name not in archive.keys and not chosen:
        pair = layer_in(archive) if key in ("W", "b") else None
        name = "arr_0" if archive.keys == ["arr_0"] else (pair and (pair.weights if key == "W" else pair.biases)) or key
    if name not in archive.keys:
        is_file = archive.keys and archive.source != STDIN and not archive.source.startswith("-")
        how = f": choose one with {archive.source}:KEY" if is_file else ""
        raise InputError(f"{archive.source} has no key {quoted(name)}", listed(archive) + how)
    return held_as(archive, name, key, finite, not chosen and name not in (key, "arr_0"), names)


def held_as(
    archive: Archive, name: str, key: str, finite: bool = True, told: bool = False, names: Names = None
) -> Entry:
    """The value of a name, to be taken as x, W, b …; a note says so if it is to be `told`."""
    label = f"{archive.source}: {escaped(name)}"
    value = archive.value(name)
    entry = entry_of(index_in(value, names, label), label, finite)._replace(of_names=holds_words(value))
    notes = (f"{entry.label} is taken as {key}",) if told else ()
    said = isinstance(archive, JsonObject) and name == "W" == key
    stored = said_layout(archive.values, archive.source) if said and isinstance(archive, JsonObject) else None
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
