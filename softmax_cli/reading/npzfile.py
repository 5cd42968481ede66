"""Arrays in .npz archives: no pickles, and no memory out of proportion to the file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from ..errors import InputError
from ..wording import escaped
from .npyfile import LONGEST_HEADER, array_in, read_header

UNPACKED, RATIO = 32 << 20, 100  # arrays that unpack to more than both allow are taken for a bomb
PIECE = 1 << 20  # bytes unpacked at once


class NpzFile:
    """The arrays of an archive, by their names. The file, of `size` bytes, stays open; one is unpacked when it is
    asked for, all of them to no more than is in proportion to the archive."""

    def __init__(self, file: IO[bytes], size: int, source: str) -> None:
        self.source = source
        self._file, self._size, self._room = file, size, max(UNPACKED, RATIO * size)
        with _archive(file, source) as archive:
            self.keys = [info.filename.removesuffix(".npy") for info in archive.infolist()]

    def shape(self, key: str) -> tuple[int, ...] | None:
        """The shape that the array's header says; None where it holds something else than real numbers."""
        try:
            with _archive(self._file, self.source) as archive, archive.open(self._info(archive, key)) as file:
                return read_header(file.read(LONGEST_HEADER + 12), None, key).shape
        except InputError:
            return None

    def value(self, key: str) -> np.ndarray[Any, Any]:
        """The array of that name. InputError as in `read_npy`, and if the archive is damaged, encrypted, or unpacks out
        of all proportion."""
        with _archive(self._file, self.source) as archive:
            info = self._info(archive, key)
            found = _member(archive, info, self._size, self._room, f"{self.source}: {escaped(key)}")
            self._room -= info.file_size
            return found

    def _info(self, archive: Any, key: str) -> Any:
        infos = [info for info in archive.infolist() if info.filename in (key, f"{key}.npy")]
        if len(infos) > 1:
            raise InputError(f"{self.source} holds {escaped(key)} twice")
        return infos[0]


@contextmanager
def _archive(file: IO[bytes], source: str) -> Iterator[Any]:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(file) as archive:
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
