"""What the command line names, read: a file, a pipe, standard input or inline text → arrays or documents."""

from __future__ import annotations

import os
import sys
from typing import IO, Any, NamedTuple

import numpy as np

from ..core.arrays import Array, real_array
from ..errors import InputError
from ..wording import quoted, shown
from .jsonfile import json_array, parse_document, parse_json, parse_json_with_nan
from .npyfile import MAGIC, map_npy, read_npy, read_npz, read_npz_array
from .textfile import read_csv, read_inline

__all__ = [
    "Entry",
    "entry_of",
    "fitted",
    "parse_document",
    "read_array",
    "read_document",
    "read_entry",
    "refuse_stdin_twice",
]

SUFFIXES = {".json": "json", ".csv": "csv", ".tsv": "tsv", ".npy": "npy", ".npz": "npz"}
STDIN = "standard input"
DIGITS = frozenset("0123456789")
NUMERIC = DIGITS | frozenset("-+.eE,; ")
FIRST_LOOK = 1 << 16  # bytes of a pipe or a device that must look like data before the rest is read

_WANTED = {0: "a number", 1: "a vector", 2: "a matrix"}


class Entry(NamedTuple):
    """Finite numbers as they were written. `label` is what errors call them; `names` are those of a
    header row. A `loose` table is text, where one row or one column may stand for a vector."""

    array: Array
    label: str
    names: tuple[str, ...] | None = None
    loose: bool = False


def refuse_stdin_twice(named: dict[str, str | None]) -> None:
    """InputError if more than one of the named values is -."""
    readers = [name for name, value in named.items() if value == "-"]
    if len(readers) > 1:
        both = f"{', '.join(readers[:-1])} and {readers[-1]}"
        raise InputError(
            f"{both} {'both' if len(readers) == 2 else 'all'} name standard input, which can be read only once"
        )


def read_array(
    value: str, name: str, *dims: int, key: str = "", finite: bool = True
) -> tuple[Array, tuple[str, ...] | None]:
    """Inline numbers, a file, or - for standard input → an array with one of `dims` dimensions, and
    the names in the header row of a CSV or TSV table.

    One row or one column of text is a vector where dims has 1; one number is a scalar where it has 0.
    `name` is the option, as in `--upstream`; `key` (by default the same word) is where to look in a
    JSON object or a .npz archive. Unless `finite`, NaN and infinity are let pass, and null in JSON as NaN.
    InputError says where it went wrong, and over what.
    """
    entry = read_entry(value, name, key or name.lstrip("-"), finite=finite)
    return fitted(entry, *dims), entry.names


def read_entry(value: str, option: str, key: str, mapped: bool = False, finite: bool = True) -> Entry:
    """As `read_array`, but as it was written. If `mapped`, a large .npy matrix stays in its file."""
    kind, file = _named(value)
    if kind == "numbers":
        return Entry(read_inline(value, option, finite), option, loose=True)
    if kind == "text":
        data, source, kind = value.encode("utf-8", "surrogateescape"), option, "json"
    else:
        if mapped and kind == "npy" and (left := _mapped(file)) is not None:
            return Entry(left, shown(file))
        data, source = _read(file, option), shown(file) if file else STDIN
        kind = kind or _sniffed(data)
    if kind == "json":
        found = parse_json(data, source) if finite else parse_json_with_nan(data, source)
        if not isinstance(found, dict):
            return Entry(json_array(found, source, finite), source)
        if key not in found:
            raise InputError(f"{source} has no key {quoted(key)}")
        return entry_of(found[key], f"{source}: {key}", finite)
    if kind == "npz":
        return entry_of(read_npz_array(data, source, key), f"{source}: {key}", finite)
    if kind == "npy":
        return entry_of(read_npy(data, source), source, finite)
    table, names = read_csv(data, source, {"csv": ",", "tsv": "\t"}.get(kind), finite)
    return Entry(table, source, names, loose=True)


def read_document(value: str, keys: list[str]) -> tuple[dict[str, Any], str]:
    """A .json or .npz file, by its suffix or else by its content, or - for standard input → what it
    holds, raw: all the keys of a JSON object, or of an archive the arrays named by `keys`. The second
    result is what errors call the source."""
    if not value:
        raise InputError("INPUT is empty, where a file or - is expected")
    file = "" if value == "-" else value
    data, source = _read(file, "INPUT"), shown(file) if file else STDIN
    kind = SUFFIXES.get(os.path.splitext(file)[1].lower()) or ("npz" if data.startswith(b"PK") else "json")
    if kind not in ("json", "npz") or data.startswith(MAGIC):
        raise InputError(f"INPUT {source} holds one array, where x and W are expected", "give it with -x, -W or -b")
    if kind == "json":
        return parse_document(data, source), source
    return read_npz(data, source, keys), source


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


def _named(value: str) -> tuple[str, str]:
    """What a value is: ("numbers" or "text", "") if inline, ("", "") for standard input, or else the
    format that its suffix tells, if any, and the path."""
    if value == "-":
        return "", ""
    if value.lstrip()[:1] in ("[", "{") and not os.path.exists(value):
        return "text", ""
    if NUMERIC.issuperset(value) and not DIGITS.isdisjoint(value):  # a file of that name is ./3
        return "numbers", ""
    kind = SUFFIXES.get(os.path.splitext(value)[1].lower(), "")
    if kind or os.sep in value or "/" in value or (value and os.path.exists(value)):
        return kind, value
    return "numbers", ""


def _sniffed(data: bytes) -> str:
    if data.startswith(MAGIC):
        return "npy"
    if data.startswith(b"PK"):
        return "npz"
    return "json" if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{") else "text table"


def _read(path: str, option: str) -> bytes:
    """All the bytes of a file, or of standard input for an empty path."""
    source = shown(path) if path else STDIN
    try:
        if path:
            with open(path, "rb") as file:
                data = _contents(file, source)
        else:
            stream = getattr(sys.stdin, "buffer", None)
            if stream is None or stream.closed:
                raise InputError(f"{option}: standard input is closed")
            data = _contents(stream, source)
    except (OSError, MemoryError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(error, source, option) from None
    if not data:
        raise InputError(f"{source} is empty")
    return data


def _contents(file: IO[bytes], source: str) -> bytes:
    start = file.read(FIRST_LOOK)
    if b"\0" in start and not start.startswith((MAGIC, b"PK", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        # said before the rest is read: a device such as /dev/zero has no end
        raise InputError(f"{source} is neither text nor a .npy or .npz file: it holds a NUL byte")
    return start + file.read()


def _mapped(path: str) -> Array | None:
    """A large matrix of doubles left in its file, or None if it is none, or the file is at fault."""
    import stat

    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None  # opening a pipe would take what it holds
        with open(path, "rb") as file:
            return map_npy(file, os.fstat(file.fileno()).st_size, shown(path))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        return None


def _unreadable(error: Exception, source: str, option: str) -> InputError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InputError(f"{option}: no such file: {source}")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{option}: {source} is a folder, where a file is expected")
    if isinstance(error, MemoryError):
        return InputError(f"{option}: {source} does not fit into memory")
    why = (error.strerror or str(error)) if isinstance(error, OSError) else "not a file name"
    return InputError(f"{option}: cannot read {source}: {why[:1].lower()}{why[1:]}")
