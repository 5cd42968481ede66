"""What holds several values by their names, opened: INPUT, and any file that an option names."""

from __future__ import annotations

import io
import os
import stat
from typing import Any

from ..errors import InputError
from ..wording import shown
from .archives import Archive, JsonObject
from .jsonarrays import parse_with_arrays
from .jsonfile import as_object, parse_json_with_minus_infinity
from .npyfile import MAGIC
from .sources import STDIN, SUFFIXES, read_bytes, sniffed

ARCHIVES = ("npz", "safetensors")  # kinds of files that hold arrays by their names


def read_document(value: str) -> Archive:
    """A .json, .npz or .safetensors file, by its suffix or else by its content, or - for standard input.
    InputError if it is none of them."""
    if not value:
        raise InputError("INPUT is empty, where a file or - is expected")
    path = "" if value == "-" else value
    source = shown(path) if path else STDIN
    kind = SUFFIXES.get(os.path.splitext(path)[1].lower(), "")
    if kind in ARCHIVES:
        return archive_at(path, kind, "INPUT")
    data = read_bytes(path, "INPUT")
    if kind != "json":
        found = sniffed(data)
        kind = "json" if found == "text table" and not kind else found
    if kind == "json":
        try:
            values = parse_with_arrays(data, source, parse_json_with_minus_infinity)
        except InputError as bad:
            from .pasted import PRINTED, is_print

            raise InputError(str(bad), PRINTED if is_print(data) else bad.advice) from None
        return JsonObject(as_object(values, source), source)
    archive = archive_in(kind, data, source) if not data.startswith(MAGIC) else None
    if archive is None:
        raise InputError(f"INPUT {source} holds one array, where x and W are expected", "give it with -x, -W or -b")
    return archive


def archive_in(kind: str, data: bytes, source: str) -> Archive | None:
    """The archive of arrays that stands in `data`, if its kind is one."""
    if kind not in ARCHIVES:
        return None
    return _archive(kind, io.BytesIO(data), len(data), source)


def archive_at(path: str, kind: str, option: str) -> Archive:
    """A .safetensors file or a .npz archive, of which nothing is read before it is asked for; a pipe is read whole."""
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            file = open(path, "rb")  # noqa: SIM115 (as long as its arrays are asked for)
            if kind == "safetensors" or file.read(2) == b"PK":
                return _archive(kind, file, os.fstat(file.fileno()).st_size, shown(path))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
    data: Any = read_bytes(path, option)  # and says why it cannot be
    return _archive(kind, io.BytesIO(data), len(data), shown(path))


def _archive(kind: str, file: Any, size: int, source: str) -> Archive:
    if kind == "npz":
        from .npzfile import NpzFile

        return NpzFile(file, size, source)
    from .safetensorsfile import SafetensorsFile

    return SafetensorsFile(file, size, source)
