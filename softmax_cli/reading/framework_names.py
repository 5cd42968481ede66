"""Which arrays of a model are W and b: by the names that frameworks give them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import InputError
from ..wording import escaped
from .archives import Archive, listed
from .document_keys import WeightsLayout

# the name of the weights, by the last part of the key: the name of the biases beside them, and how W is stored
_PAIRS: dict[str, tuple[str, WeightsLayout]] = {
    "weight": ("bias", "out-in"),  # torch
    "coef_": ("intercept_", "out-in"),  # scikit-learn
    "kernel": ("bias", "in-out"),  # Keras
    "W": ("b", "in-out"),
}


class Pair(NamedTuple):
    """The keys of a layer's weights and, if there are any, its biases."""

    weights: str
    biases: str | None


def layout_of(key: str) -> WeightsLayout | None:
    """How W is stored where the key of it says so: `weight` and `coef_` are outputs × inputs."""
    said = _PAIRS.get(_last(key), ("", None))[1]
    return said if said == "out-in" else None


def is_binary(key: str, shape: tuple[int, ...]) -> bool:
    """Whether these are the weights of a binary classifier of scikit-learn, which stores one row for two classes."""
    return _last(key) == "coef_" and len(shape) == 2 and shape[0] == 1


def layer_in(archive: Archive) -> Pair | None:
    """The one layer of an archive; None if no names tell of any. InputError if there are several."""
    found = []
    for key in archive.keys:
        last = _last(key)
        shape = archive.shape(key) if last in _PAIRS else None
        if shape is not None and len(shape) == 2:
            prefix, suffix = key.rpartition(last)[::2]
            biases = f"{prefix}{_PAIRS[last][0]}{suffix}"
            found.append(Pair(key, biases if biases in archive.keys else None))
    if len(found) > 1:
        line = " ".join(
            f"-{letter} {archive.source}:{escaped(key)}" for letter, key in zip("Wb", found[0], strict=True) if key
        )
        names = listed(archive, [pair.weights for pair in found]).removeprefix("it ")
        raise InputError(f"{archive.source} {names}, where one layer is expected", f"choose one, as in {line}")
    return found[0] if found else None


def _last(key: str) -> str:
    """The last part of `fc.weight`, `dense/kernel:0` or `coef_`."""
    return re.split(r"[./]", key.removesuffix(":0"))[-1]
