"""zarr: one array as a folder, in chunks of whole rows. The extra `zarr` is needed."""

from __future__ import annotations

import glob
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...core.arrays import Array
from ...errors import InputError
from ...reading.zarrchunks import holds_array
from ...reading.zarrstore import OURS, zarr_package
from ...wording import shown
from .. import cleanup
from ..files import reason
from ..result import Result, Stream, as_stream

CHUNK_BYTES = 64 << 20
LONGEST_ROW = 256 << 20  # bytes of a row that is not cut


def write_store(path: str, result: Result, filled: Callable[[Any, Stream], object] | None = None) -> None:
    """The main array of a result as the zarr array `path`, with the same values as in .npy. It stands there when it is
    whole. What goes with it says what it is. It is `filled` by somebody else, if that is given."""
    value = as_stream(result.document[result.main])
    with new_store(path, value.shape, about(result)) as array:
        (filled or fill)(array, value)


def about(result: Result) -> dict[str, Any]:
    """What the array is: its key, how it is laid out, J and K, and the names of the outputs and the inputs."""
    W, z = (result.document.get(key) for key in ("W", "z"))
    sizes = [1, *np.shape(z)[-1:]] if W is None else list(np.shape(W))  # type: ignore[arg-type]
    said = {key: value for key, value in result.document.items() if isinstance(value, str | int | float | list)}
    every = {"names": result.names, "input_names": result.input_names}
    names = {key: list(value) for key, value in every.items() if value is not None}
    return {"result": result.main, "sizes": sizes, **said, **names}


@contextmanager
def new_store(path: str, shape: tuple[int, ...], said: dict[str, Any]) -> Iterator[Any]:
    """A new array of doubles to write to, in a folder beside `path`, with what is `said` of it. The folder is renamed
    when the block ends, and removed after an exception; so is all whose names begin with its own. An array that was
    there is replaced. InputError if it cannot be written."""
    final = os.path.realpath(path)
    zarr_package()
    if os.path.lexists(final) and not holds_array(final):
        raise InputError(f"{shown(path)} is there, and is no zarr array", "remove it, or choose another name")
    folder, name = os.path.split(final)
    beside = os.path.join(folder, f".{name[:200]}.{os.urandom(6).hex()}.tmp")
    with cleanup.needed():
        try:
            os.mkdir(beside)
            yield array_in(beside, shape, chunks_of(shape), said)
            _put(beside, final)
        except OSError as error:
            raise InputError(f"cannot write {shown(path)}: {reason(final, error)}") from None
        finally:
            for left in glob.glob(f"{glob.escape(beside)}*"):
                shutil.rmtree(left, ignore_errors=True)


def array_in(folder: str, shape: tuple[int, ...], chunks: tuple[int, ...], said: dict[str, Any]) -> Any:
    """A new array of doubles in a folder, every chunk of which will be a file."""
    return zarr_package().create_array(
        store=folder, shape=shape, chunks=chunks, dtype="<f8", compressors=None, fill_value=0.0,
        attributes={OURS: said}, config={"write_empty_chunks": True}, overwrite=True,
    )  # fmt: skip


def _put(new: str, path: str) -> None:
    """Rename a folder; the one that is there goes."""
    old = f"{new}.old"
    try:
        if os.path.exists(path):
            os.rename(path, old)
        os.rename(new, path)
    except BaseException:
        if os.path.exists(old) and not os.path.exists(path):
            os.rename(old, path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def chunks_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of whole rows, of about CHUNK_BYTES: of all that follows an axis, or of 1 before it."""
    chunks = list(shape)
    for axis in range(len(shape)):
        inner = 8 * math.prod(shape[axis + 1 :])
        room = CHUNK_BYTES // inner
        if room or axis == len(shape) - 1:
            whole = axis == len(shape) - 1 and 8 * shape[axis] <= LONGEST_ROW
            chunks[axis] = shape[axis] if whole else min(shape[axis], max(1, room))
            break
        chunks[axis] = 1
    return tuple(chunks)


def fill(array: Any, value: Stream) -> None:
    """Write consecutive blocks to an array, a chunk at a time."""
    if not array.shape:
        array[...] = _flat(value.blocks)(1)[0]
    for _ in fill_chunks(array, value.blocks, chunk_places(array.shape, array.chunks)):
        pass


def fill_chunks(array: Any, blocks: Iterable[Array], places: Iterable[tuple[slice, ...]]) -> Iterator[int]:
    """Write consecutive blocks to consecutive chunks of an array, and give the bytes of each that is written."""
    flat = _flat(blocks)
    for where in places:
        size = tuple(part.stop - part.start for part in where)
        array[where] = flat(math.prod(size)).reshape(size)
        yield 8 * math.prod(size)


def chunk_places(shape: tuple[int, ...], chunks: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Where each chunk is, in C order."""
    counts = [-(-n // chunk) for n, chunk in zip(shape, chunks, strict=True)]
    for at in np.ndindex(*counts) if shape else ():
        yield tuple(slice(k * c, min((k + 1) * c, n)) for k, c, n in zip(at, chunks, shape, strict=True))


def _flat(blocks: Any) -> Callable[[int], Array]:
    """A function that takes the next so many numbers from blocks."""
    rest, source = np.empty(0), iter(blocks)

    def take(count: int) -> Array:
        nonlocal rest
        out, done = np.empty(count), 0
        while done < count:
            if not len(rest):
                rest = next(source).reshape(-1)
            some = rest[: count - done]
            out[done : done + len(some)] = some
            done, rest = done + len(some), rest[len(some) :]
        return out

    return take
