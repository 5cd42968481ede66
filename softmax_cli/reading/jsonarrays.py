"""JSON whose arrays are large: each becomes an array of doubles as it is read, not first a list of lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from ..errors import InputError
from .fast_decimals import LARGE, json_matrix
from .jsonfile import parse_json

_KEY = re.compile(rb'\s*"([^"\\\x00-\x1f]*)"\s*:\s*')
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s,\[\]{}"]+')
_AFTER = re.compile(rb"\s*([,}])")
_LIST, _OBJECT, _NUMBER = 96, 240, 32  # bytes of memory that each value takes
_FREE = 256 << 20  # bytes that JSON may take whatever its size


def parse_with_arrays(data: bytes, source: str, parse: Callable[[bytes, str], Any] = parse_json) -> Any:
    """As `parse_json`, or another `parse` that lets more pass, with long vectors and matrices as arrays.
    InputError as there, and for what would take far more memory than its size suggests."""
    body = data.removeprefix(b"\xef\xbb\xbf").strip()
    found = _arrays(body) if len(body) >= LARGE else None
    if found is not None:
        return found
    needed = _LIST * body.count(b"[") + _OBJECT * body.count(b"{") + _NUMBER * body.count(b",")
    if needed > max(_FREE, 12 * len(body)):
        raise InputError(f"{source} would take {needed / 1e9:.1f} GB as JSON", "save its numbers as .npy or .npz")
    return parse(data, source)


def _arrays(body: bytes) -> Any:
    """A long array, or an object with nothing nested but arrays; None for anything else, good or bad."""
    if body.startswith(b"["):
        return json_matrix(body, 0, len(body)) if body.endswith(b"]") else None
    if not body.startswith(b"{") or body.find(b"{", 1) >= 0:
        return None
    found: dict[str, Any] = {}
    at = 1
    while key := _KEY.match(body, at):
        try:
            name = key[1].decode()
            value, at = _value(body, key.end())
        except ValueError:  # what orjson and a decoder raise
            return None
        after = _AFTER.match(body, at)
        if value is None or after is None or name in found:
            return None
        found[name] = value
        at = after.end()
        if after[1] == b"}":
            return found if at == len(body) else None
    return None


def _value(body: bytes, at: int) -> tuple[Any, int]:
    """The value that starts at a byte, and where it ends; None for what only a whole parser can tell."""
    if not body.startswith(b"[", at):
        scalar = _SCALAR.match(body, at)
        return (None, at) if scalar is None else (orjson.loads(scalar[0]), scalar.end())
    quote = body.find(b'"', at)  # of the next key
    stop = body.rfind(b"]", at, len(body) if quote < 0 else quote) + 1
    if stop == 0:
        return None, at
    return json_matrix(body, at, stop) if stop - at >= LARGE else orjson.loads(body[at:stop]), stop
