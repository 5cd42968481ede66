"""The rows of a large .npy file, read as they are asked for."""

from __future__ import annotations

import os
import stat
from typing import IO

import numpy as np

from ..core.arrays import Array, Rows
from ..errors import InputError
from ..wording import shown
from .npyfile import LONGEST_HEADER, read_header
from .sources import named

LARGE = 64 << 20  # bytes from which a matrix stays in its file


class FileRows(Rows):
    """A matrix of native doubles that starts at `start` in a file. It is read and not mapped: a file that another
    process cuts short ends in an error, where touching a mapping of it would end the process."""

    def __init__(self, file: IO[bytes], start: int, shape: tuple[int, int], label: str) -> None:
        super().__init__(shape)
        self._file, self._start, self._label = file, start, label

    def block(self, first: int, stop: int) -> Array:
        block = np.empty((stop - first, self.shape[1]))
        room = block.reshape(-1).view(np.uint8).data
        self._file.seek(self._start + first * self.shape[1] * 8)
        while room:
            try:
                count = self._file.readinto(room)  # type: ignore[attr-defined]
            except OSError as error:
                raise InputError(f"cannot read {self._label}: {error.strerror}") from None
            if not count:
                raise InputError(f"{self._label} was cut short while it was read")
            room = room[count:]
        return block


def rows_in_file(value: str) -> FileRows | None:
    """The matrix of native doubles in the .npy file that the value of an option names, if it is LARGE; None for any
    other value, and then nothing is said of its soundness. InputError for a header that is damaged or promises more."""
    kind, path, _ = named(value)
    try:
        if kind != "npy" or not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would take what it holds
            return None
        file = open(path, "rb", buffering=0)  # noqa: SIM115 (as long as the matrix)
        size = os.fstat(file.fileno()).st_size
        header = read_header(file.read(LONGEST_HEADER + 12), size, shown(path)) if size > LARGE else None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        return None
    if header is None or header.dtype != np.float64 or header.fortran or len(header.shape) != 2:
        return None
    return FileRows(file, header.start, (header.shape[0], header.shape[1]), shown(path))
