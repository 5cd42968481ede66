"""Arrays in zarr stores, read as they are asked for, some chunks at a time. The extra `zarr` is needed."""

from __future__ import annotations

import contextlib
import math
import os
import warnings
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Stored
from ..errors import InputError
from ..wording import shown
from .zarrchunks import About, about_store, check_chunks

SLAB = 64 << 20  # bytes that are in memory at once, unless a chunk is larger
OURS = "softmax-jac"  # the attribute that says what result of this program an array is


def zarr_package() -> Any:
    """The package. InputError where it is not installed, or is of an older kind."""
    try:
        with warnings.catch_warnings(record=True):  # those of what it is made of are for others
            zarr = import_module("zarr")
        zarr.create_array  # noqa: B018 (from version 3)
    except (ImportError, AttributeError):
        raise InputError(
            "a .zarr store needs the package zarr, 3 or newer", "pip install 'softmax-jac[zarr]'"
        ) from None
    return zarr


class StoredArray(Stored):
    """The array in a store. Consecutive entries are read in slabs of whole chunks, the last of which is kept."""

    def __init__(self, array: Any, about: About, label: str) -> None:
        wide = about.dtype.kind != "f"
        super().__init__(about.shape, np.dtype(np.float64) if wide else about.dtype.newbyteorder("="))
        self.about, self._array, self._label = about, array, label
        self._slab: tuple[int, NDArray[Any]] = (0, np.empty(0))
        self._axis, self._step, self._inner = _slabs(about)

    def entries(self, first: int, stop: int) -> NDArray[Any]:
        out = np.empty(stop - first, self.dtype)
        at = first
        while at < stop:
            start, slab = self._slab
            if not start <= at < start + len(slab):
                del slab
                self._slab = 0, np.empty(0)  # before there is another
                start, slab = self._slab = self._read(at)
            end = min(stop, start + len(slab))
            out[at - first : end - first] = slab[at - start : end - start]
            at = end
        return out

    def _range(self, at: int) -> tuple[int, int]:
        """The slab that entry `at` is in."""
        if not self.shape:
            return 0, 1
        whole = self.shape[self._axis] * self._inner
        outer, rest = divmod(at, whole)
        start = outer * whole + rest - rest % (self._step * self._inner)
        return start, min(start + self._step * self._inner, (outer + 1) * whole)

    def _read(self, at: int) -> tuple[int, NDArray[Any]]:
        start, stop = self._range(at)
        where: tuple[Any, ...] = ()
        if self.shape:
            outer, rest = divmod(start // self._inner, self.shape[self._axis])
            leading = np.unravel_index(outer, self.shape[: self._axis]) if self._axis else ()
            where = (*map(int, leading), slice(rest, rest + (stop - start) // self._inner))
        try:
            return start, np.asarray(self._array[where], self.dtype).reshape(-1)
        except Exception as error:  # whatever its codecs find in a damaged chunk
            raise _unreadable(self._label, error) from None


class PlainArray(Stored):
    """An array in a store whose chunks are files of doubles, consecutive ones in each: no more is read than is asked
    for, where zarr reads chunks whole, and copies them."""

    def __init__(self, path: str, about: About, label: str, axis: int) -> None:
        super().__init__(about.shape, np.dtype(np.float64))
        self.about, self._path, self._label, self._axis = about, path, label, axis
        self._inner = math.prod(about.shape[axis + 1 :])

    def entries(self, first: int, stop: int) -> NDArray[Any]:
        out, at = np.empty(stop - first), first
        while at < stop:
            file, start, end = self._chunk(at)
            some = out[at - first : min(stop, end) - first]
            try:
                found = np.fromfile(file, "<f8", len(some), offset=8 * (at - start))
            except OSError as error:
                raise _unreadable(self._label, error) from None
            if len(found) < len(some):
                raise InputError(f"{self._label} was cut short while it was read")
            some[:] = found
            at += len(some)
        return out

    def _chunk(self, at: int) -> tuple[str, int, int]:
        """The file of the chunk that entry `at` is in, and where this begins and ends."""
        axis, whole, step = (
            self._axis,
            self.shape[self._axis] * self._inner,
            self.about.chunks[self._axis] * self._inner,
        )
        outer, rest = divmod(at, whole)
        leading = [int(n) for n in np.unravel_index(outer, self.shape[:axis])] if axis else []
        where = [*leading, rest // step, *[0] * (len(self.shape) - axis - 1)]
        start = outer * whole + rest - rest % step
        return os.path.join(self._path, "c", *map(str, where)), start, min(start + step, (outer + 1) * whole)


def _consecutive(about: About) -> int | None:
    """The axis along which an array is cut into chunks of consecutive entries; None where they are not."""
    for axis in range(len(about.shape)):
        if about.chunks[axis + 1 :] == about.shape[axis + 1 :]:
            return axis if math.prod(about.chunks[:axis]) == 1 else None
    return None


def _slabs(about: About) -> tuple[int, int, int]:
    """The axis along which the array is cut, so many of its rows at a time, and the entries of such a row."""
    axis = 0
    while axis < len(about.shape) - 1 and math.prod(about.shape[axis + 1 :]) * 8 > SLAB:
        axis += 1
    inner = math.prod(about.shape[axis + 1 :])
    step, chunk = max(1, SLAB // (8 * inner)), about.chunks[axis] if about.shape else 1
    return axis, step - step % chunk if step > chunk else min(step, chunk), inner


Opened = StoredArray | PlainArray


def open_store(path: str) -> Opened:
    """The array in a store of zarr's format 2 or 3. InputError without the package, for what is no array of real
    numbers, and for a store that is damaged, or a result of this program that is not whole."""
    zarr, label = zarr_package(), shown(path)
    about = about_store(path)
    try:
        there = check_chunks(path, about)
        if OURS in about.attributes and there < about.chunk_count:
            raise InputError(f"{label} is not whole: {there} of {about.chunk_count} chunks are there")
        axis = _consecutive(about) if about.plain and there == about.chunk_count else None
        if axis is not None:
            return PlainArray(path, about, label, axis)
        return StoredArray(zarr.open_array(path, mode="r", zarr_format=about.format), about, label)
    except InputError:
        raise
    except Exception as error:  # whatever zarr finds in metadata that it does not like
        raise _unreadable(label, error) from None


def _unreadable(label: str, error: Exception) -> InputError:
    with contextlib.suppress(IndexError):
        return InputError(f"cannot read {label}: {shown(str(error).splitlines()[0], 200)}")
    return InputError(f"cannot read {label}: {type(error).__name__}")
