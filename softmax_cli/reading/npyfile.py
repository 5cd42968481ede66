"""Arrays in .npy files: no pickles, and no memory taken for more than the file holds.

The format is NumPy's own (NEP 1), versions 1 to 3.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # as numpy.load has it
WORDS = ("outputs_names", "inputs_names", "classes_", "feature_names_in_")  # keys of arrays of text
WORD = ("weights_layout", "reduction")  # and of one word

_KINDS = {"O": "Python objects", "S": "byte strings", "U": "text", "V": "records"}


class Header(NamedTuple):
    """What the file says of its array, and where the numbers start."""

    dtype: np.dtype[Any]
    fortran: bool
    shape: tuple[int, ...]
    start: int


def read_npy(data: bytes, label: str) -> np.ndarray[Any, Any]:
    """The real numbers of a .npy file, in the type that they are stored in, with any byte order and memory order.
    InputError for other types, and if the file is damaged, cut short or too long."""
    return array_in(data, read_header(data, len(data), label))


def array_in(data: Any, header: Header) -> np.ndarray[Any, Any]:
    """The numbers that follow the header in what is bytes-like, and not copied if it need not be."""
    flat = np.frombuffer(data, header.dtype, math.prod(header.shape), header.start)
    if not flat.flags.aligned:
        flat = flat.copy()
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def read_header(start: bytes, size: int | None, label: str) -> Header:
    """The header that opens `start`, checked against the size of the whole where that is known."""
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
    claimed = math.prod(shape) * dtype.itemsize
    here = claimed if size is None else size - 8 - width - length
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
    key = label.rpartition(": ")[2]
    if (dtype.kind == "b" and key == "mask") or (dtype.kind == "U" and key in (*WORDS, *WORD)):
        return dtype
    if dtype.kind not in "fiu":
        wanted = "a word is" if key in WORD else "real numbers are"
        raise InputError(f"{label} holds {_KINDS.get(dtype.kind, dtype.name)}, where {wanted} expected")
    return dtype
