"""npy: one array, as NumPy stores it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from ..result import Result, Value, as_stream


def write(stream: BinaryIO, result: Result) -> None:
    """The main array as a .npy file, byte for byte what numpy.save writes."""
    write_array(stream.write, result.document[result.main])


def write_array(write: Callable[[Any], object], value: Value) -> None:
    """An array, number or string. `write` takes anything bytes-like, and takes all of it."""
    shape, blocks = stream = as_stream(value)
    dtype = np.dtype(np.float64) if stream is value else np.asarray(value).dtype
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )
    write(header.getvalue())
    for block in blocks:
        write(block.reshape(-1).view(np.uint8).data)
