"""Arrays in .npz archives: no pickles, and no memory out of proportion to the file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import InputError
from ..wording import escaped, quoted, shown
from .npyfile import LONGEST_HEADER, array_in, read_header

UNPACKED, RATIO = 32 << 20, 100  # arrays that unpack to more than both allow are taken for a bomb
PIECE = 1 << 20  # bytes unpacked at once


def npz_names(data: bytes, source: str) -> list[str]:
    """The names of the arrays in an archive."""
    with _archive(data, source) as archive:
        return [info.filename.removesuffix(".npy") for info in archive.infolist()]


def read_npz(data: bytes, source: str, names: list[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Those of the named arrays that a .npz archive holds. InputError as in `read_npy`, and if the
    archive is damaged, encrypted, or unpacks out of all proportion."""
    with _archive(data, source) as archive:
        found: dict[str, np.ndarray[Any, Any]] = {}
        room = max(UNPACKED, RATIO * len(data))
        for name in names:
            infos = [info for info in archive.infolist() if info.filename in (name, f"{name}.npy")]
            if len(infos) > 1:
                raise InputError(f"{source} holds {escaped(name)} twice")
            if infos:
                found[name] = _member(archive, infos[0], len(data), room, f"{source}: {escaped(name)}")
                room -= infos[0].file_size
        return found


def read_npz_array(data: bytes, source: str, name: str) -> np.ndarray[Any, Any]:
    """One array of a .npz archive: that of the name, or the one that was saved without a name. InputError as in
    `read_npz`, and if there is neither."""
    held = npz_names(data, source)
    wanted = "arr_0" if held == ["arr_0"] else name
    if wanted in held:
        return read_npz(data, source, [wanted])[wanted]
    raise InputError(
        f"{source} has no array {quoted(name)}", f"it holds {shown(', '.join(held), 80)}" if held else "it is empty"
    )


@contextmanager
def _archive(data: bytes, source: str) -> Iterator[Any]:
    import io
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    # what zipfile is known to raise on damaged archives
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError,
        IndexError,
    ) as error:  # fmt: skip
        if isinstance(error, InputError):
            raise
        raise InputError(f"{source} is a damaged .npz archive") from None


def _member(archive: Any, info: Any, size: int, room: int, label: str) -> np.ndarray[Any, Any]:
    """An array of an archive of `size` bytes, if it unpacks to no more than `room`."""
    if info.flag_bits & 1:
        raise InputError(f"{label} is encrypted")
    if info.compress_type not in (0, 8):  # stored or deflated: all that numpy writes
        raise InputError(f"{label} is compressed in a way that numpy does not use")
    if info.file_size > room:
        packed = min(info.compress_size, size)  # the directory may claim more than there is
        raise InputError(
            f"{label} unpacks from {packed} bytes to {info.file_size}: refused as out of proportion",
            "save it with numpy.savez, which does not compress",
        )
    data = np.empty(info.file_size, dtype=np.uint8)
    with archive.open(info) as file:
        start = file.read(LONGEST_HEADER + 12)
        header = read_header(start, info.file_size, label)
        filled, piece = 0, start
        while piece:
            data[filled : filled + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
            filled += len(piece)
            piece = file.read(PIECE)  # at the end the checksum is compared
    if filled != header.start + math.prod(header.shape) * header.dtype.itemsize:
        raise InputError(f"{label} holds {filled} bytes, where {info.file_size} are promised")
    return array_in(data, header)
