"""Messages between two processes: a JSON header and raw npy arrays, with nothing in them that could be executed."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Message = tuple[dict[str, Any], list[NDArray[Any]]]


def send(stream: IO[bytes], header: dict[str, Any], arrays: Sequence[NDArray[Any]] = ()) -> None:
    """Write one message."""
    bodies = []
    for array in arrays:
        body = io.BytesIO()
        np.save(body, array, allow_pickle=False)
        bodies.append(body.getvalue())
    head = json.dumps({**header, "sizes": [len(body) for body in bodies]}).encode()
    stream.write(b"".join([len(head).to_bytes(8, "little"), head, *bodies]))
    stream.flush()


def receive(stream: IO[bytes]) -> Message:
    """Read one message. EOFError where there is none, or half of one; ValueError where it is something else."""
    size = int.from_bytes(_exactly(stream, 8), "little")
    if size > 1 << 24:
        raise ValueError("that is no message")
    header = json.loads(_exactly(stream, size))
    bodies = [_exactly(stream, int(size)) for size in header.pop("sizes")]
    return header, [np.load(io.BytesIO(body), allow_pickle=False) for body in bodies]


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
