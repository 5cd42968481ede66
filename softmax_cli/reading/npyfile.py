"""Arrays in .npy and .npz files: no pickles, and no memory taken for more than the file holds.

The format is NumPy's own (NEP 1), versions 1 to 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import shown

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # as numpy.load has it
MAPPED = 64 << 20  # a batch larger than this stays in its file
UNPACKED, RATIO = 256 << 20, 200  # a member that unpacks to more than both allow is taken for a bomb

_KINDS = {"O": "Python objects", "S": "byte strings", "U": "text", "V": "records"}


class Header(NamedTuple):
    """What the file says of its array, and where the numbers start."""

    dtype: np.dtype[Any]
    fortran: bool
    shape: tuple[int, ...]
    start: int


def read_npy(data: bytes, label: str) -> np.ndarray[Any, Any]:
    """The real numbers of a .npy file, in the type that they are stored in, with any byte order and
    memory order. InputError for other types, and if the file is damaged, cut short or too long."""
    header = _header(data, len(data), label)
    flat = np.frombuffer(data, header.dtype, math.prod(header.shape), header.start)
    if not flat.flags.aligned:
        flat = flat.copy()
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def map_npy(file: IO[bytes], size: int, label: str) -> Array | None:
    """A matrix of native doubles larger than MAPPED, left where it is; None for any other array,
    and then nothing is said of its soundness."""
    if size <= MAPPED:
        return None
    start = file.read(LONGEST_HEADER + 12)
    file.seek(0)
    header = _header(start, size, label)
    if header.dtype != np.float64 or header.fortran or len(header.shape) != 2 or header.start % 8:
        return None
    return np.memmap(file, np.float64, "r", header.start, header.shape)


def read_npz(data: bytes, source: str, names: list[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Those of the named arrays that a .npz archive holds. InputError as in `read_npy`, and if the
    archive is damaged, encrypted, or unpacks out of all proportion."""
    with _archive(data, source) as archive:
        found = {}
        for name in names:
            infos = [info for info in archive.infolist() if info.filename in (name, f"{name}.npy")]
            if len(infos) > 1:
                raise InputError(f"{source} holds {name} twice")
            if infos:
                found[name] = _member(archive, infos[0], len(data), f"{source}: {name}")
        return found


def read_npz_array(data: bytes, source: str, name: str) -> np.ndarray[Any, Any]:
    """One array of a .npz archive: that of the name, or the one that was saved without a name. InputError as in
    `read_npz`, and if there is neither."""
    with _archive(data, source) as archive:
        held = [info.filename.removesuffix(".npy") for info in archive.infolist()]
    wanted = "arr_0" if held == ["arr_0"] else name
    if wanted in held:
        return read_npz(data, source, [wanted])[wanted]
    raise InputError(
        f"{source} has no array {name!r}", f"it holds {shown(', '.join(held), 80)}" if held else "it is empty"
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


def _member(archive: Any, info: Any, size: int, label: str) -> np.ndarray[Any, Any]:
    if info.flag_bits & 1:
        raise InputError(f"{label} is encrypted")
    if info.compress_type not in (0, 8):  # stored or deflated: all that numpy writes
        raise InputError(f"{label} is compressed in a way that numpy does not use")
    packed = min(info.compress_size, size)  # the directory may claim more than there is
    if info.file_size > max(UNPACKED, RATIO * packed):
        raise InputError(
            f"{label} unpacks from {packed} bytes to {info.file_size}: refused as out of proportion",
            "save it with numpy.savez, which does not compress",
        )
    with archive.open(info) as file:
        start = file.read(LONGEST_HEADER + 12)
        header = _header(start, info.file_size, label)
        rest = info.file_size - len(start)
        data = start + file.read(rest) if rest > 0 else start
        file.read(1)  # at the end the checksum is compared
    if len(data) != header.start + math.prod(header.shape) * header.dtype.itemsize:
        raise InputError(f"{label} holds {len(data)} bytes, where {info.file_size} are promised")
    return read_npy(data, label)


def _header(start: bytes, size: int, label: str) -> Header:
    """The header that opens `start`, checked against the size of the whole."""
    if not start:
        raise InputError(f"{label} is empty")
    if not start.startswith(MAGIC):
        raise InputError(f"{label} is not in the .npy format")
    version, width = start[6:7], 2 if start[6:7] == b"\1" else 4
    if version and version not in b"\1\2\3":
        raise InputError(f"{label} is of .npy version {version[0]}, where 1, 2 or 3 is expected")
    length = int.from_bytes(start[8 : 8 + width], "little")
    text = start[8 + width : 8 + width + length]
    if length > LONGEST_HEADER:
        raise InputError(f"{label} has a damaged .npy header")
    if len(start) < 8 + width or len(text) < length:
        raise InputError(f"{label} is cut short within its header")
    descr, fortran, shape = _fields(text, label)
    dtype = _real(descr, label)
    if len(shape) > 32:
        raise InputError(f"{label} has {len(shape)} dimensions")
    here, claimed = size - 8 - width - length, math.prod(shape) * dtype.itemsize
    if here != claimed:
        raise InputError(f"{label} holds {here} bytes of numbers, where its header (shape {shape}) promises {claimed}")
    if claimed == 0:
        raise InputError(f"{label} is empty (shape {shape})")
    return Header(dtype, fortran, shape, 8 + width + length)


def _fields(text: bytes, label: str) -> tuple[Any, bool, tuple[int, ...]]:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged header may look like a doubtful escape
            fields = ast.literal_eval(text.decode("utf-8").strip())
        descr, fortran, shape = fields["descr"], fields["fortran_order"], fields["shape"]
        if not (
            type(fortran) is bool and type(shape) is tuple and all(type(n) is int and 0 <= n < 2**63 for n in shape)
        ):
            raise ValueError
    except (ValueError, SyntaxError, TypeError, KeyError, IndexError, MemoryError, RecursionError):
        raise InputError(f"{label} has a damaged .npy header") from None
    return descr, fortran, shape


def _real(descr: Any, label: str) -> np.dtype[Any]:
    import re

    if isinstance(descr, list | tuple):
        raise InputError(f"{label} holds records, where real numbers are expected")
    if not isinstance(descr, str) or not re.fullmatch(r"[<>|=]?[biufcmMOSUV]\d{0,6}(\[\w{1,8}\])?", descr):
        raise InputError(f"{label} has a damaged .npy header")
    try:
        dtype = np.dtype(descr)
    except (TypeError, ValueError):
        raise InputError(f"{label} holds numbers of an unknown type, {descr!r}") from None
    if dtype.kind not in "fiu":
        raise InputError(f"{label} holds {_KINDS.get(dtype.kind, dtype.name)}, where real numbers are expected")
    return dtype
