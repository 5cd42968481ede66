"""From a result to bytes: the format that was asked for, where it was asked for."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import shown
from .files import target
from .formats import Stream, Value, write_csv, write_json, write_npy, write_npz
from .progress import progress
from .results import Result

SUFFIXES = {".json": "json", ".csv": "csv", ".npy": "npy", ".npz": "npz"}


def chosen_format(format: str | None, json: bool, output: str | None) -> str:
    """What --format, --json and the suffix of -o ask for together."""
    if json and format not in (None, "json"):
        raise InputError(f"--json and --format {format} ask for different formats")
    if json or format:
        return format or "json"
    if output is None or output == "-":
        return "table"
    suffix = os.path.splitext(output)[1].lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(f"-o {shown(output)}: the suffix names no format ({known})", "choose one with --format")
    return SUFFIXES[suffix]


def emit(result: Result, format: str, output: str | None, precision: int, full: bool) -> None:
    """Write a result in a format, to a file or to standard output."""
    if format in ("npy", "npz") and output in (None, "-") and sys.stdout is not None and sys.stdout.isatty():
        raise InputError(f"{format} is binary and standard output is a terminal", f"add -o FILE.{format}, or a pipe")
    if format == "table":
        from .tables import on_console, show_all

        on_console(output, lambda console: show_all(console, result.sheets(), precision, full))
        return
    total = sum(8 * math.prod(v.shape) for v in result.document.values() if isinstance(v, Stream))
    on_terminal = output in (None, "-") and sys.stdout is not None and sys.stdout.isatty()
    with target(output) as stream, progress(total, f"writing {output or format}", not on_terminal) as advance:
        document = {key: _watched(value, advance) for key, value in result.document.items()}
        _serialize(stream, format, result, document)


def _serialize(stream: BinaryIO, format: str, result: Result, document: dict[str, Value]) -> None:
    main = document[result.main]
    assert isinstance(main, Stream | np.ndarray)
    if format == "json":
        write_json(stream.write, document)
    elif format == "npz":
        write_npz(stream, document)
    elif format == "npy":
        write_npy(stream.write, main)
    elif result.main == "h":
        z, h = (np.asarray(document[key]) for key in ("z", "h"))
        if z.ndim == 2:
            raise InputError(
                "CSV holds two dimensions, and z and h of many inputs make three", "use --json, or -o FILE.npz"
            )
        write_csv(stream.write, np.stack([z, h], axis=1), ("z", "h"), name="h")
    else:
        write_csv(stream.write, main, result.header, name=result.main)


def _watched(value: Value, advance: Callable[[int], None]) -> Value:
    if not isinstance(value, Stream):
        return value

    def blocks() -> Iterator[Array]:
        for block in value.blocks:
            yield block
            advance(block.nbytes)

    return Stream(value.shape, blocks())
