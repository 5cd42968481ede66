"""INPUT: a document that holds x, W, b and what goes with them, as JSON or as an archive of arrays."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, NamedTuple

from ..errors import InputError
from ..wording import shown
from .jsonarrays import parse_with_arrays
from .jsonfile import as_object, parse_json_with_minus_infinity
from .npyfile import MAGIC
from .npzfile import npz_names, read_npz
from .sources import STDIN, SUFFIXES, read_bytes


class Document(NamedTuple):
    """`values` are raw: all those of a JSON object, or of an archive the arrays that were asked for. `keys` are
    all the keys that are there, and `source` is what errors call the document."""

    values: dict[str, Any]
    keys: Collection[str]
    source: str


def read_document(value: str, keys: list[str]) -> Document:
    """A .json or .npz file, by its suffix or else by its content, or - for standard input; of an archive, the
    arrays named by `keys`. InputError if it is neither."""
    if not value:
        raise InputError("INPUT is empty, where a file or - is expected")
    file = "" if value == "-" else value
    data, source = read_bytes(file, "INPUT"), shown(file) if file else STDIN
    kind = SUFFIXES.get(os.path.splitext(file)[1].lower()) or ("npz" if data.startswith(b"PK") else "json")
    if kind not in ("json", "npz") or data.startswith(MAGIC):
        raise InputError(f"INPUT {source} holds one array, where x and W are expected", "give it with -x, -W or -b")
    if kind == "json":
        document = as_object(parse_with_arrays(data, source, parse_json_with_minus_infinity), source)
        return Document(document, document, source)
    return Document(read_npz(data, source, keys), npz_names(data, source), source)
