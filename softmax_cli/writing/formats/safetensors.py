"""safetensors: the whole document, a tensor a key; words and lists of them are metadata.

[ST]  https://huggingface.co/docs/safetensors, "Format".
"""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import numpy as np
import orjson

from ..result import Result, Stream, as_stream

_TYPES = {"f": ("F64", np.dtype("<f8")), "i": ("I64", np.dtype("<i8")), "b": ("BOOL", np.dtype("?"))}


def write(stream: BinaryIO, result: Result) -> None:
    """The document as a .safetensors file: doubles, 64-bit integers and booleans; a word under its key in the
    metadata, and a list of words as JSON there. Keys without a value are left out."""
    tensors: dict[str, Stream] = {}
    header: dict[str, Any] = {}
    words: dict[str, str] = {}
    end = 0
    for key, value in result.document.items():
        if value is None:
            continue
        kind = "f" if isinstance(value, Stream) else np.asarray(value).dtype.kind
        if kind not in _TYPES:
            words[key] = value if isinstance(value, str) else orjson.dumps(value).decode()
            continue
        name, dtype = _TYPES[kind]
        tensors[key] = value if isinstance(value, Stream) else as_stream(np.asarray(value, dtype=dtype, order="C"))
        shape = tensors[key].shape
        start, end = end, end + math.prod(shape) * dtype.itemsize
        header[key] = {"dtype": name, "shape": list(shape), "data_offsets": [start, end]}
    text = orjson.dumps({"__metadata__": words, **header} if words else header)
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of 8 [ST]
    stream.write(len(text).to_bytes(8, "little") + text)
    for tensor in tensors.values():
        for block in tensor.blocks:
            stream.write(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)
