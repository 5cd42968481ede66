"""Long runs of plain decimal numbers, read a piece at a time: what is held beside the numbers is one piece.

Only what every reader agrees on is taken. The rest, errors and rare ways of writing included, is left to the readers
of single rows.
"""

from __future__ import annotations

import re
from array import array

import numpy as np
import orjson

from ..core.arrays import Array

PIECE = 1 << 18  # bytes read at once
LARGE = 1 << 16  # bytes of JSON from which an array is read in pieces

_DIGITS = b"0123456789.+-eE \n"
_SPACES = bytes.maketrans(b"\t\r\n", b"   ")
_BETWEEN_ROWS = re.compile(rb"\] *, *\[")
_UNSIGNED_ZERO = re.compile(rb"-0[ ,\n]")  # orjson makes an integer of it, which has no sign


def take_rows(flat: array[float], text: bytes, width: int | None, comma: bytes = b",") -> int | None:
    """Append the numbers of whole rows, each ended by a newline, to `flat`. The result is how many there are in each,
    `width` where that is known; None, and nothing is appended, if the text is anything else."""
    if text.translate(None, _DIGITS + comma) or _UNSIGNED_ZERO.search(text := text.replace(comma, b",")):
        return None
    marks = np.frombuffer(text, dtype=np.uint8)
    marks = marks[(marks == 0x2C) | (marks == 0x0A)]
    width = width or int(np.argmax(marks == 0x0A)) + 1
    if len(marks) % width:
        return None
    ends = marks.reshape(-1, width) == 0x0A
    if not ends[:, -1].all() or ends[:, :-1].any():
        return None
    try:
        values = orjson.loads(b"[" + text[:-1].replace(b"\n", b",") + b"]")
    except orjson.JSONDecodeError:
        return None
    if len(values) != len(marks):
        return None
    flat.frombytes(np.array(values, dtype=np.float64).tobytes())
    return width


def take_row(flat: array[float], data: bytes, start: int, stop: int, comma: bytes = b",") -> int | None:
    """Append the numbers of one row, data[start:stop], to `flat`. The result is how many they are; None, and nothing
    is appended, if there is anything else."""
    before = len(flat)
    while start < stop:
        end = data.rfind(comma, start, min(start + PIECE, stop)) + 1 or data.find(comma, start, stop) + 1 or stop
        text = data[start:end].translate(_SPACES if comma != b"\t" else None)
        text = text.removesuffix(comma) if end < stop else text
        if take_rows(flat, text.replace(comma, b"\n") + b"\n", 1) is None:
            del flat[before:]
            return None
        start = end
    return len(flat) - before or None


def take_lines(
    flat: array[float], data: bytes, start: int, stop: int, width: int | None, comma: bytes
) -> tuple[int, int | None]:
    """Append the rows of a table from byte `start` on to `flat`, as far as they are plain. Gives where they end, and
    how many numbers each has."""
    while start < stop:
        end = data.rfind(b"\n", start, min(start + PIECE, stop)) + 1
        if end:
            found = take_rows(flat, data[start:end].replace(b"\r\n", b"\n"), width, comma)
        else:
            end = data.find(b"\n", start, stop) + 1 or stop
            found = take_row(flat, data, start, end - data.endswith(b"\n", start, end), comma)
            if found is not None and width not in (None, found):
                del flat[-found:]
                found = None
        if found is None:
            break
        start, width = end, found
    return start, width


def json_matrix(data: bytes, start: int, stop: int) -> Array | None:
    """The JSON array in data[start:stop], if it is a vector or a matrix of plain numbers; None for any other."""
    flat = array("d")
    start, stop = start + 1, stop - 1
    while data[stop - 1 : stop].isspace():
        stop -= 1
    if data[start : start + PIECE].lstrip()[:1] != b"[":
        return None if take_row(flat, data, start, stop) is None else np.frombuffer(flat)
    width: int | None = None
    while start < stop:
        end = data.rfind(b"]", start, min(start + PIECE, stop)) + 1 or data.find(b"]", start, stop) + 1
        text = data[start:end].translate(_SPACES).strip(b" ")
        if flat:  # rows came before
            text = text[1:].lstrip(b" ") if text.startswith(b",") else b""
        if not (text.startswith(b"[") and text.endswith(b"]")):
            return None
        width = take_rows(flat, _BETWEEN_ROWS.sub(b"\n", text[1:-1]) + b"\n", width)
        if width is None:
            return None
        start = end
    return np.frombuffer(flat).reshape(-1, width or 1)
