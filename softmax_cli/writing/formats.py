"""One serializer a format. An array too large to hold arrives in blocks, and each leaves as it comes."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from ..core.arrays import Array
from ..errors import InputError

PIECE = 1 << 16  # numbers made into text at once: the text is still in the cache when it is written


class Stream(NamedTuple):
    """An array too large to hold: consecutive float64 blocks, C-contiguous, that make up `shape` in C order.

    Each block may be overwritten by the next.
    """

    shape: tuple[int, ...]
    blocks: Iterable[Array]


Value = Stream | NDArray[Any] | float | int | str | None | list[Any]
Write = Callable[[Any], object]  # takes anything bytes-like, and takes all of it


def write_json(write: Write, document: Mapping[str, Value]) -> None:
    """The document as one line of JSON. Arrays are nested lists, and every number reads back as the
    same double. InputError for a number that is not finite."""
    write(b"{")
    for n, (key, value) in enumerate(document.items()):
        write(b"," * (n > 0) + orjson.dumps(key) + b":")
        if isinstance(value, Stream | np.ndarray | float):
            for text in _json_texts(key, _as_stream(value)):
                write(text)
        else:
            write(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))
    write(b"}\n")


def write_csv(
    write: Write, value: Stream | NDArray[Any], header: Sequence[str] | None = None, name: str = "the array"
) -> None:
    """A matrix as one line a row, a vector as one line a number, under a header if there is one.
    Every number reads back as the same double. InputError for a number that is not finite, and for
    more than two dimensions."""
    shape, blocks = _as_stream(value)
    if len(shape) > 2:
        count = {3: "three", 4: "four"}.get(len(shape), len(shape))
        raise InputError(f"CSV holds two dimensions, and {name} has {count}", "use --json, or -o FILE.npy")
    matrix = shape if len(shape) == 2 else (math.prod(shape), 1)
    if header is not None:
        write((",".join(map(_csv_field, header)) + "\n").encode())
    for text in _json_texts(name, Stream(matrix, blocks)):
        # Text of JSON rows, cut anywhere between two numbers. Splitting it at one byte and joining the
        # rows is three times as fast as bytes.replace with a longer pattern.
        first, *rows = text.split(b"]")
        first = b"\n" + first[2:] if first.startswith(b",[") else first.lstrip(b"[")
        write(b"\n".join([first, *(row[2:] for row in rows if row)]))
    write(b"\n")


def write_npy(write: Write, value: Value) -> None:
    """An array, number or string as a .npy file, byte for byte what numpy.save writes."""
    shape, blocks = stream = _as_stream(value)
    dtype = np.dtype(np.float64) if stream is value else np.asarray(value).dtype
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )
    write(header.getvalue())
    for block in blocks:
        write(block.reshape(-1).view(np.uint8).data)


def write_npz(stream: BinaryIO, document: Mapping[str, Value]) -> None:
    """The document as a .npz file, a member a key, strings as 0-d unicode arrays; keys without a
    value are left out. The stream need not be seekable."""
    from zipfile import ZipFile

    # Without tell(), zipfile puts the sizes behind a member instead of going back to its head.
    file: Any = SimpleNamespace(write=stream.write, flush=stream.flush) if _appends(stream) else stream
    with ZipFile(file, "w") as archive:
        for key, value in document.items():
            if value is not None:
                with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                    write_npy(member.write, value)


def _as_stream(value: Value) -> Stream:
    if isinstance(value, Stream):
        return value
    array = np.asarray(value)
    return Stream(array.shape, (array,))


def _json_texts(name: str, stream: Stream) -> Iterator[bytes]:
    """The JSON text of an array, in consecutive parts."""
    shape = stream.shape
    sizes = [math.prod(shape[depth:]) for depth in range(len(shape) + 1)]  # of the whole, a row of it, …, a number
    done = 0
    for block in stream.blocks:
        flat = block.reshape(-1)
        while len(flat):
            depth, count = _next_part(sizes, done, min(len(flat), PIECE))
            part, flat = flat[:count], flat[count:]
            if not np.isfinite(part).all():
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


def _csv_field(text: str) -> str:
    if text and not any(c in text for c in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _appends(stream: BinaryIO) -> bool:
    """Whether every write goes to the end of the file, wherever the position is (a shell's >>)."""
    try:
        from fcntl import F_GETFL, fcntl

        return bool(fcntl(stream.fileno(), F_GETFL) & os.O_APPEND)
    except (ImportError, OSError):
        return False
