"""JSON: the whole document in one line."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
import orjson

from ..result import Result, Stream, as_stream
from .json_text import json_texts


def write(stream: BinaryIO, result: Result) -> None:
    """The document as one line of JSON. Arrays are nested lists, and every number reads back as the
    same double. InputError for a number that is not finite."""
    stream.write(b"{")
    for n, (key, value) in enumerate(result.document.items()):
        stream.write(b"," * (n > 0) + orjson.dumps(key) + b":")
        if isinstance(value, Stream | np.ndarray | float):
            for text in json_texts(key, as_stream(value)):
                stream.write(text)
        else:
            stream.write(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))
    stream.write(b"}\n")
