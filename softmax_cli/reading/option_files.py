"""The file that an option names, or text that is as long as one → its numbers, or what holds several values."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import InputError
from ..wording import escaped, quoted, shown
from .archives import Archive, JsonObject
from .cell_values import is_name, is_number
from .columns import column_of, only_column
from .documents import ARCHIVES, archive_at, archive_in
from .encoding import decode
from .entries import Entry, entry_of
from .jsonarrays import parse_with_arrays
from .jsonfile import parse_json, parse_json_with_nan
from .names import NO_NAMES, Names, holds_words, index_in
from .npyfile import read_npy
from .output_indices import column_indices, label_column
from .pasted import LARGEST, PRINTED, is_print, read_pasted
from .sources import OPENING, STDIN, Named, read_bytes, sniffed
from .tablefile import read_table


class Opened(NamedTuple):
    """Values by their names, and the key that FILE:KEY chose, if it did."""

    archive: Archive
    chosen: str


def opened_file(
    what: Named,
    option: str,
    key: str,
    finite: bool,
    header: bool | None,
    names: Names,
    left_out: tuple[str, ...],
) -> Entry | Opened:
    """The numbers of a file, of standard input, or of text; what holds several values as it is. The other arguments
    and InputError as in `read_entry`."""
    kind, value, chosen = what
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
        label = f"{source}: {escaped(chosen, 40)}"
        return Entry(indices, label, loose=True, of_names=of_names, notes=column.notes)
    try:
        table = read_table(data, source, delimiter, finite, header, left_out, of_inputs=key == "x")
        is_class = header is None and bool(table.names) and table.names[0] in (names or ())  # type: ignore[index]
        labels = _labels(data, source, delimiter, names) if is_class else None
    except InputError as bad:
        if (labels := _labels(data, source, delimiter, names)) is None:
            how = _how(data, source, delimiter, names, option) if key == "target" else ""
            raise InputError(str(bad), bad.advice or how) from None
    if labels is not None:
        return labels
    return Entry(table.array, source, table.names, loose=True, notes=table.notes, row_names=table.row_names)


def _how(data: bytes, source: str, delimiter: str | None, names: Names, option: str) -> str:
    """What to do about a table of targets that are no numbers."""
    column = only_column(data, source, delimiter)
    if column is None:
        return f"one column of it is {option} {source}:COLUMN"
    return NO_NAMES if names is None and is_name(column.cells[-1]) else ""


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
