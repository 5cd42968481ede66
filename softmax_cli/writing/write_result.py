"""From a result to where it was asked for, in the format that was asked for."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import shown
from .files import target
from .formats.registry import FORMATS, SUFFIXES, writer
from .progress import progress
from .result import OPEN, Result, Stream, Value, as_stream


def chosen_format(format: str | None, json: bool, output: str | None) -> str:
    """What --format, --json and the suffix of -o ask for together."""
    if json and format not in (None, "json"):
        raise InputError(f"--json and --format {format} ask for different formats")
    if json or format:
        return format or "json"
    if output is None or output == "-":
        return "table"
    suffix = os.path.splitext(output.removesuffix("/"))[1].lower()  # as a shell completes a folder
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(f"-o {shown(output)}: the suffix names no format ({known})", "choose one with --format")
    return SUFFIXES[suffix]


Fill = Callable[[Any, Callable[[int], None]], None]  # f(array, advance): has an array that is stored written


def emit(result: Result, format: str, output: str | None, precision: int, full: bool, fill: Fill | None = None) -> None:
    """Write a result in a format, to a file or to standard output. A store may have something else that fills it."""
    on_terminal = output in (None, "-") and sys.stdout is not None and sys.stdout.isatty()
    if format in FORMATS and FORMATS[format].binary and on_terminal:
        raise InputError(f"{format} is binary and standard output is a terminal", f"add -o FILE.{format}, or a pipe")
    _refuse_what_is_not_finite(result)
    if format in FORMATS and FORMATS[format].folder:
        _write_folder(result, format, output, fill)
        return
    if format == "table":
        from .console import on_console
        from .tables import show_all

        on_console(output, lambda console: show_all(console, result.sheets(), precision, full))
        return
    total = sum(8 * math.prod(v.shape) for v in result.document.values() if isinstance(v, Stream))
    with target(output) as stream, progress(total, f"writing {shown(output or format)}", not on_terminal) as advance:
        document = {key: _watched(value, advance) for key, value in result.document.items()}
        writer(format)(stream, result._replace(document=document))


def _write_folder(result: Result, format: str, output: str | None, fill: Fill | None) -> None:
    from .formats.zarr import write_store

    if output in (None, "-"):
        raise InputError(f"{format} is a folder, which no stream can carry", f"add -o FILE.{format}")
    value = as_stream(result.document[result.main])
    with progress(8 * math.prod(value.shape), f"writing {shown(str(output))}") as advance:
        main = _watched(value, advance)
        result = result._replace(document={**result.document, result.main: main})
        write_store(str(output), result, None if fill is None else lambda array, _: fill(array, advance))


def _refuse_what_is_not_finite(result: Result) -> None:
    """InputError before anything is written. A Jacobian that is made block by block is finite if what it is
    made of is."""
    arrays = {key: value for key, value in result.document.items() if isinstance(value, np.ndarray | float)}
    parts = () if result.batch is None else result.batch.first.made_of
    for key, values in (*arrays.items(), *((result.main, part) for part in parts)):
        if not (np.isfinite(values) | (np.isneginf(values) & (key in OPEN))).all():
            raise InputError(f"{key} holds a number that is not finite")


def _watched(value: Value, advance: Callable[[int], None]) -> Value:
    if not isinstance(value, Stream):
        return value

    def blocks() -> Iterator[Array]:
        for block in value.blocks:
            yield block
            advance(block.nbytes)

    return Stream(value.shape, blocks())
