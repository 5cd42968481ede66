"""What a zarr store says of itself, and whether its chunks hold what that promises: before any of them is decoded.

zarr's codecs include one that runs pickles, and others unpack as much as a chunk claims. So numbers alone are read, as
they are or from zstd or blosc, of which a chunk says first how much it unpacks to.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..wording import quoted, shown

MARKS = {3: "zarr.json", 2: ".zarray"}
LONGEST = 1 << 24  # bytes of metadata
LARGEST = 1 << 30  # bytes of a chunk
COMPRESSORS = ("zstd", "blosc")
PLAIN = [{"name": "bytes", "configuration": {"endian": "little"}}]
ZSTD = b"\x28\xb5\x2f\xfd"


class About(NamedTuple):
    """The metadata of an array; `format` is 2 or 3. `plain` says that the file c/0/1 holds the doubles of chunk (0, 1)
    as they are, in little-endian order."""

    format: int
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    compressor: str | None
    attributes: dict[str, Any]
    plain: bool = False

    @property
    def chunk_count(self) -> int:
        """How many chunks there are to be."""
        return math.prod(-(-n // chunk) for n, chunk in zip(self.shape, self.chunks, strict=True))


def is_store(path: str) -> bool:
    """Whether a path names a zarr store: a folder that is named like one, or holds its metadata."""
    if not os.path.isdir(path):
        return False
    return path.rstrip("/\\").lower().endswith(".zarr") or holds_array(path)


def holds_array(path: str) -> bool:
    """Whether a folder holds the metadata of an array."""
    return any(os.path.isfile(os.path.join(path, mark)) for mark in MARKS.values())


def about_store(path: str) -> About:
    """The metadata of the array in a folder. InputError where there is none, or one that is damaged or not read."""
    label = shown(path)
    for format, mark in MARKS.items():
        file = os.path.join(path, mark)
        if os.path.isfile(file):
            try:
                with open(file, "rb") as stream:
                    found = json.loads(stream.read(LONGEST).decode())
                if format == 3 and found["node_type"] == "group":
                    break
                return _version_3(found, label) if format == 3 else _version_2(found, path, label)
            except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                if isinstance(error, InputError):
                    raise
                raise InputError(f"{label} has damaged metadata, {mark}") from None
    inside = sorted(name for name in os.listdir(path) if holds_array(os.path.join(path, name)))[:9]
    advice = (
        f"it holds {', '.join(map(quoted, inside))}: name one, as in {os.path.join(label, inside[0])}" if inside else ""
    )
    raise InputError(f"{label} is no zarr array", advice)


def _version_3(found: dict[str, Any], label: str) -> About:
    if found["zarr_format"] != 3 or found["chunk_grid"]["name"] != "regular" or found.get("storage_transformers"):
        raise ValueError
    if found["chunk_key_encoding"]["name"] not in ("default", "v2"):
        raise ValueError
    codecs = [(codec if isinstance(codec, str) else codec["name"]) for codec in found["codecs"]]
    (kind, *rest) = codecs
    if kind != "bytes" or len(rest) > 1:
        raise _unread(label, " and ".join(map(str, codecs)))
    dtype = _real(found["data_type"], label)
    chunks = found["chunk_grid"]["configuration"]["chunk_shape"]
    compressor = str(rest[0]) if rest else None
    plain = found["data_type"] == "float64" and found["codecs"] == PLAIN
    plain = plain and found["chunk_key_encoding"] == {"name": "default", "configuration": {"separator": "/"}}
    return _checked(About(3, found["shape"], chunks, dtype, compressor, found.get("attributes") or {}, plain), label)


def _version_2(found: dict[str, Any], path: str, label: str) -> About:
    if found["zarr_format"] != 2 or found["order"] not in ("C", "F"):
        raise ValueError
    if found.get("filters"):
        raise _unread(label, " and ".join(str(f["id"]) for f in found["filters"]))
    compressor = found["compressor"] and found["compressor"]["id"]
    attributes: dict[str, Any] = {}
    if os.path.isfile(beside := os.path.join(path, ".zattrs")):
        with open(beside, "rb") as stream:
            attributes = json.loads(stream.read(LONGEST).decode())
    dtype = _real(found["dtype"], label)
    return _checked(About(2, found["shape"], found["chunks"], dtype, compressor, attributes), label)


def _real(name: Any, label: str) -> np.dtype[Any]:
    if isinstance(name, str) and re.fullmatch(r"[<>|=]?[fiu][1248]|(float|u?int)\d{1,2}", name):
        return np.dtype(name)
    raise InputError(f"{label} holds {quoted(str(name))}, where real numbers are expected")


def _checked(about: About, label: str) -> About:
    for numbers, least in ((about.shape, 0), (about.chunks, 1)):
        if not (isinstance(numbers, list) and all(type(n) is int and least <= n < 2**63 for n in numbers)):
            raise ValueError
    if len(about.shape) != len(about.chunks) or len(about.shape) > 32 or not isinstance(about.attributes, dict):
        raise ValueError
    if about.compressor not in (None, *COMPRESSORS):
        raise _unread(label, str(about.compressor))
    if 0 in about.shape:
        raise InputError(f"{label} is empty (shape {tuple(about.shape)})")
    if math.prod(about.chunks) * about.dtype.itemsize > LARGEST:
        raise InputError(f"{label} has chunks {tuple(about.chunks)}, where at most 1 GiB each is read")
    return about._replace(shape=tuple(about.shape), chunks=tuple(about.chunks))


def _unread(label: str, how: str) -> InputError:
    return InputError(
        f"{label} is stored by {quoted(how)}, which is not read",
        "store it as plain bytes, or by zstd or blosc alone",
    )


def check_chunks(path: str, about: About) -> int:
    """How many chunks there are. InputError for one that holds less or more than its place in the array."""
    size, count = math.prod(about.chunks) * about.dtype.itemsize, 0
    for file in _chunk_files(path):
        count += 1
        with open(file, "rb") as stream:
            start = stream.read(32)
        found = os.path.getsize(file) if about.compressor is None else _unpacked(start, about.compressor)
        if found != size:
            said = "an unknown number of" if found is None else found
            raise InputError(f"{shown(file)} holds {said} bytes of numbers, where {size} are expected")
    return count


def _chunk_files(path: str) -> Iterator[str]:
    for folder, _, names in os.walk(path):
        yield from (os.path.join(folder, name) for name in names if name[:1] != "." and name != MARKS[3])


def _unpacked(start: bytes, compressor: str) -> int | None:
    """How many bytes a compressed chunk says that it unpacks to, which is all that its decoder makes room for."""
    if compressor == "blosc":
        return int.from_bytes(start[4:8], "little") if len(start) >= 16 else None
    if not start.startswith(ZSTD) or len(start) < 18:
        return None
    flags = start[4]
    single, kind = flags >> 5 & 1, flags >> 6
    at = 5 + (1 - single) + (0, 1, 2, 4)[flags & 3]
    width = (single, 2, 4, 8)[kind]
    return int.from_bytes(start[at : at + width], "little") + 256 * (kind == 1) if width else None
