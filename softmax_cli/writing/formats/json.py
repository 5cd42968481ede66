"""JSON: the whole document in one line."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from ..result import OPEN, Result, Stream, as_stream
from .json_numbers import json_texts


def write(stream: BinaryIO, result: Result) -> None:
    """The document as one line of JSON. Arrays are nested lists, and every number reads back as the
    same double; a mask is a list of indices, and −∞, which a masked output may have, is null.
    InputError for any other number that is not finite."""
    stream.write(b"{")
    for n, (key, value) in enumerate(result.document.items()):
        stream.write(b"," * (n > 0) + orjson.dumps(key) + b":")
        if isinstance(value, np.ndarray) and value.dtype == np.bool_:
            stream.write(orjson.dumps(_indices(value)))
        elif isinstance(value, Stream | np.ndarray | float):
            for text in json_texts(key, as_stream(value), key in OPEN):
                stream.write(text)
        else:
            stream.write(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))
    stream.write(b"}\n")


def _indices(mask: NDArray[Any]) -> list[Any]:
    """A mask (K,) or (N, K) as the indices of what it leaves out, or a list of them for each input."""
    return [_indices(row) for row in mask] if mask.ndim == 2 else np.flatnonzero(mask).tolist()
