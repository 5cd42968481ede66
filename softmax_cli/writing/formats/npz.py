"""npz: the whole document, a member a key."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, BinaryIO
from zipfile import ZipFile

from ..result import Result
from .npy import write_array


def write(stream: BinaryIO, result: Result) -> None:
    """The document as a .npz file, strings as 0-d unicode arrays; keys without a value are left out.
    The stream need not be seekable."""
    # Without tell(), zipfile puts the sizes behind a member instead of going back to its head.
    file: Any = SimpleNamespace(write=stream.write, flush=stream.flush) if _appends(stream) else stream
    with ZipFile(file, "w") as archive:
        for key, value in result.document.items():
            if value is not None:
                with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                    write_array(member.write, value)


def _appends(stream: BinaryIO) -> bool:
    """Whether every write goes to the end of the file, wherever the position is (a shell's >>)."""
    try:
        from fcntl import F_GETFL, fcntl

        return bool(fcntl(stream.fileno(), F_GETFL) & os.O_APPEND)
    except (ImportError, OSError):
        return False
