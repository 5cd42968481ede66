"""The JSON text of an array, made block by block; CSV is cut from it as well."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import orjson

from ...errors import InputError
from ..result import Stream

PIECE = 1 << 16  # numbers made into text at once: the text is still in the cache when it is written


def json_texts(name: str, stream: Stream, open: bool = False) -> Iterator[bytes]:
    """The JSON text of an array, in consecutive parts; if it is `open`, −∞ is null. InputError for what else is not
    finite."""
    shape = stream.shape
    sizes = [math.prod(shape[depth:]) for depth in range(len(shape) + 1)]  # of the whole, a row of it, …, a number
    done = 0
    for block in stream.blocks:
        flat = block.reshape(-1)
        while len(flat):
            depth, count = _next_part(sizes, done, min(len(flat), PIECE))
            part, flat = flat[:count], flat[count:]
            if not (np.isfinite(part) | (np.isneginf(part) & open)).all():
                raise InputError(f"{name} holds a number that is not finite, which text cannot carry")
            text = orjson.dumps(part.reshape(-1, *shape[depth:]), option=orjson.OPT_SERIALIZE_NUMPY)
            opening = b"," * (done > 0) + b"[" * sum(done % size == 0 for size in sizes[:depth])
            done += count
            closing = b"]" * sum(done % size == 0 for size in sizes[:depth])
            yield b"".join((opening, memoryview(text)[1:-1], closing))


def _next_part(sizes: Sequence[int], done: int, room: int) -> tuple[int, int]:
    """The largest sub-arrays, by their depth, that start after `done` numbers and fit in `room`, and
    how many numbers the run of them holds that stays within one array of the depth above."""
    depth = next(d for d, size in enumerate(sizes) if size <= room and done % size == 0)
    if depth > 0:
        room = min(room, sizes[depth - 1] - done % sizes[depth - 1])
    return depth, room - room % sizes[depth]
