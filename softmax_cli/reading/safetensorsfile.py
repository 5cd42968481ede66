"""Tensors in .safetensors files: a length, a header in JSON, and raw numbers. Nothing is executed, nothing is copied
but the tensor that is asked for.

    [ST]  https://huggingface.co/docs/safetensors, "Format".
"""

from __future__ import annotations

import math
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..wording import escaped
from .jsonfile import parse_document, parse_json
from .npyfile import WORDS

LONGEST_HEADER = 100_000_000  # bytes [ST]

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
    "BOOL": "?",
}  # fmt: skip


class SafetensorsFile:
    """The tensors of a file, by their names. It stays open, and a tensor is read when it is asked for."""

    def __init__(self, file: IO[bytes], size: int, source: str) -> None:
        self.source = source
        self._file = file
        self._tensors, metadata = read_header(file, size, source)
        self._words = {key: words for key in WORDS if (words := _words(metadata.get(key)))}
        self.keys = [*self._tensors, *(key for key in self._words if key not in self._tensors)]

    def shape(self, key: str) -> tuple[int, ...] | None:
        return self._tensors[key].shape if key in self._tensors else None

    def value(self, key: str) -> Any:
        if key not in self._tensors:
            return self._words[key]
        return read_tensor(self._file, self._tensors[key], f"{self.source}: {escaped(key)}")


class Tensor(NamedTuple):
    """What the header says of a tensor: its type, its shape, and where in the file its numbers are."""

    type: str
    shape: tuple[int, ...]
    start: int
    stop: int


def _words(text: Any) -> Any:
    """A list of words in the metadata, which are strings."""
    try:
        value = parse_json(text.encode(), "") if type(text) is str else None
    except (InputError, UnicodeEncodeError):
        return None
    return value if type(value) is list else None


def read_header(file: IO[bytes], size: int, source: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a file of `size` bytes by their names, and its metadata. InputError if the header is damaged, or
    does not say of every byte which one tensor it belongs to."""
    damaged = InputError(f"{source} is a damaged .safetensors file")
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(LONGEST_HEADER, size - 8):
        raise damaged
    text = file.read(length)
    if len(text) < length or not text.startswith(b"{"):
        raise damaged
    entries = parse_document(text, source)
    metadata = entries.pop("__metadata__", None)
    tensors = {name: _tensor(entry, 8 + length, size, damaged) for name, entry in entries.items()}
    end = 8 + length
    for tensor in sorted(tensors.values(), key=lambda t: (t.start, t.stop)):
        if tensor.start != end:
            raise damaged
        end = tensor.stop
    if end != size:
        raise damaged
    return tensors, metadata if type(metadata) is dict else {}


def read_tensor(file: IO[bytes], tensor: Tensor, label: str) -> np.ndarray[Any, Any]:
    """The numbers of a tensor, as they are stored; bfloat16 as single precision. InputError for a type that holds no
    real numbers, and if the file is cut short."""
    if tensor.type not in _TYPES or (tensor.type == "BOOL" and not label.endswith(": mask")):
        raise InputError(f"{label} holds {escaped(tensor.type, 20)}, where real numbers are expected")
    if 0 in tensor.shape:
        raise InputError(f"{label} is empty (shape {tensor.shape})")
    file.seek(tensor.start)
    data = file.read(tensor.stop - tensor.start)
    if len(data) < tensor.stop - tensor.start:
        raise InputError(f"{label} was cut short while it was read")
    flat = np.frombuffer(data, dtype=_TYPES[tensor.type])
    if tensor.type == "BF16":  # the upper half of a single
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    return flat.reshape(tensor.shape)


def _tensor(entry: Any, first: int, size: int, damaged: InputError) -> Tensor:
    if type(entry) is not dict or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise damaged
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if type(kind) is not str or type(shape) is not list or type(offsets) is not list or len(offsets) != 2:
        raise damaged
    if len(shape) > 32 or not all(type(n) is int and 0 <= n < 2**63 for n in [*shape, *offsets]):
        raise damaged
    start, stop = offsets
    if not start <= stop <= size - first:
        raise damaged
    if kind in _TYPES and math.prod(shape) * np.dtype(_TYPES[kind]).itemsize != stop - start:
        raise damaged
    return Tensor(kind, tuple(shape), first + start, first + stop)
