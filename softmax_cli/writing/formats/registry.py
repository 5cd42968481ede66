"""The formats in which a result is written, by name. To add one: a file beside this, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, NamedTuple

from ..result import Result

Writer = Callable[[BinaryIO, Result], None]


class Format(NamedTuple):
    """The suffix of its files, and whether it is binary; a `folder` has `write_store(path, result)` instead."""

    suffix: str
    binary: bool
    folder: bool = False


FORMATS = {
    "json": Format(".json", binary=False),
    "csv": Format(".csv", binary=False),
    "npy": Format(".npy", binary=True),
    "npz": Format(".npz", binary=True),
    "safetensors": Format(".safetensors", binary=True),
    "zarr": Format(".zarr", binary=True, folder=True),
}
ONE_ARRAY = ("csv", "npy", "zarr")  # those that hold one result
SUFFIXES = {format.suffix: name for name, format in FORMATS.items()}


def writer(name: str) -> Writer:
    """The function `write(stream, result)` of a format, from the file of its name."""
    write: Writer = import_module(f".{name}", __package__).write
    return write
