"""Files that hold several values by their names: a JSON object, a .npz archive, a .safetensors file."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ..wording import counted, escaped, shown

LISTED = 8  # keys that an error names


class Archive(Protocol):
    """`keys` are the names, in their order. `shape` is that of an array, None for anything else; `value` is what is
    there, raw."""

    source: str
    keys: list[str]

    def shape(self, key: str) -> tuple[int, ...] | None: ...

    def value(self, key: str) -> Any: ...


class JsonObject:
    """The values of a JSON object."""

    def __init__(self, values: dict[str, Any], source: str) -> None:
        self.source, self.keys, self.values = source, list(values), values

    def shape(self, key: str) -> tuple[int, ...] | None:
        """As the first entries of the lists have it."""
        value = self.values[key]
        if isinstance(value, np.ndarray):
            return tuple(map(int, value.shape))
        sizes: list[int] = []
        while type(value) is list and value and len(sizes) < 8:
            sizes.append(len(value))
            value = value[0]
        return tuple(sizes) if sizes and type(value) in (int, float) else None

    def value(self, key: str) -> Any:
        return self.values[key]


def listed(archive: Archive, keys: list[str] | None = None) -> str:
    """`it holds fc.weight (10, 64), fc.bias (10,) and 3 more`."""
    keys = archive.keys if keys is None else keys
    if not keys:
        return "it is empty"
    shapes = {key: archive.shape(key) for key in keys[:LISTED]}
    parts = [escaped(key, 40) + (f" {shape}" if shape else "") for key, shape in shapes.items()]
    more = f" and {counted(len(keys) - LISTED, 'more', 'more')}" if len(keys) > LISTED else ""
    return f"it holds {shown(', '.join(parts), 400)}{more}"
