"""CSV: one matrix, a line a row."""

from __future__ import annotations

import math
from typing import BinaryIO

import numpy as np

from ...errors import InputError
from ..result import OPEN, Result, Stream, as_stream
from .json_text import json_texts


def write(stream: BinaryIO, result: Result) -> None:
    """A matrix as one line a row, a vector as one line a number, under a header if there is one.
    Every number reads back as the same double. InputError for a number that is not finite, and for
    more than two dimensions."""
    header = result.columns or result.header
    matrix = _side_by_side(result) if result.columns else _two_dimensional(result)
    if header is not None:
        stream.write((",".join(map(_field, header)) + "\n").encode())
    open = bool({*result.columns, result.main} & {*OPEN})
    for text in json_texts(result.main, matrix, open):
        # Text of JSON rows, cut anywhere between two numbers. Splitting it at one byte and joining the
        # rows is three times as fast as bytes.replace with a longer pattern.
        first, *rows = text.split(b"]")
        first = b"\n" + first[2:] if first.startswith(b",[") else first.lstrip(b"[")
        stream.write(b"\n".join([first, *(row[2:] for row in rows if row)]).replace(b"null", b"-inf"))
    stream.write(b"\n")


def refuse_dimensions(count: int, what: str, instead: str = "npy") -> None:
    """InputError for more dimensions than a table has: `what` is as in `dL_dW has`. A command that knows the number
    beforehand asks before it computes."""
    if count > 2:
        number = {3: "three", 4: "four"}.get(count, count)
        raise InputError(f"CSV holds two dimensions, and {what} {number}", f"use --json, or -o FILE.{instead}")


def _side_by_side(result: Result) -> Stream:
    vectors = [np.asarray(result.document[key]) for key in result.columns]
    refuse_dimensions(vectors[0].ndim + 1, f"{' and '.join(result.columns)} of many inputs have", "npz")
    return as_stream(np.stack(vectors, axis=1))


def _two_dimensional(result: Result) -> Stream:
    shape, blocks = as_stream(result.document[result.main])
    refuse_dimensions(len(shape), f"{result.main} has")
    return Stream(shape if len(shape) == 2 else (math.prod(shape), 1), blocks)


def _field(text: str) -> str:
    if text and not any(c in text for c in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'
