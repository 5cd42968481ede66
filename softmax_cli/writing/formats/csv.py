"""CSV: one matrix, a line a row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from ...core.arrays import Array
from ...errors import InputError
from ..result import OPEN, Result, Stream, as_stream
from .json_numbers import json_texts


def write(stream: BinaryIO, result: Result) -> None:
    """A matrix as one line a row, a vector as one line, under a header if there is one; three dimensions
    as one line for each pair of the first two, behind their labels, where these are known.
    Every number reads back as the same double. InputError for a number that is not finite, and for
    more dimensions."""
    value = result.document[result.main]
    if result.row_labels is not None and isinstance(value, np.ndarray) and value.ndim == 3:
        _write_indexed(stream, result, value)
        return
    matrix = _two_dimensional(result)
    if result.header is not None:
        stream.write(_line(result.header))
    for text in json_texts(result.main, matrix, result.main in OPEN):
        # Text of JSON rows, cut anywhere between two numbers. Splitting it at one byte and joining the
        # rows is three times as fast as bytes.replace with a longer pattern.
        first, *rows = text.split(b"]")
        first = b"\n" + first[2:] if first.startswith(b",[") else first.lstrip(b"[")
        stream.write(b"\n".join([first, *(row[2:] for row in rows if row)]).replace(b"null", b"-inf"))
    stream.write(b"\n")


def _write_indexed(stream: BinaryIO, result: Result, array: Array) -> None:
    assert result.row_labels is not None
    (_, outer), (_, inner) = result.row_labels.items()
    header = [str(c) for c in range(array.shape[2])] if result.header is None else result.header
    stream.write(_line([*result.row_labels, *header]))
    starts = [f",{_field(label)},".encode() for label in inner]
    for label, matrix in zip(outer, array, strict=True):
        text = b"".join(json_texts(result.main, as_stream(matrix)))
        rows = text[2:-2].split(b"],[")
        name = _field(label).encode()
        stream.writelines(name + start + row + b"\n" for start, row in zip(starts, rows, strict=True))


def refuse_dimensions(count: int, what: str, instead: str = "npy") -> None:
    """InputError for more dimensions than a table has: `what` is as in `dL_dW has`. A command that knows the number
    beforehand asks before it computes."""
    if count > 2:
        number = {3: "three", 4: "four"}.get(count, count)
        raise InputError(f"CSV holds two dimensions, and {what} {number}", f"use --json, or -o FILE.{instead}")


def _two_dimensional(result: Result) -> Stream:
    shape, blocks = as_stream(result.document[result.main])
    refuse_dimensions(len(shape), f"{result.main} has")
    return Stream(shape if len(shape) == 2 else (1, math.prod(shape)), blocks)


def _line(cells: Sequence[str]) -> bytes:
    return (",".join(map(_field, cells)) + "\n").encode()


def _field(text: str) -> str:
    if text and not any(c in text for c in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'
