"""Which outputs are left out: --mask, "mask", and −∞ in b or z."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.masks import Mask, mask_of
from ..errors import InputError
from ..wording import counted, shown
from .entries import Entry
from .index_ranges import chosen_indices
from .jsonfile import spelled
from .names import index_in


def read_mask(
    option: str | None, said: Any, source: str, N: int, K: int, names: tuple[str, ...] | None = None
) -> Mask | None:
    """True where an output is left out, (K,) or (N, K): as --mask says, or else a document, whose "mask" is a list
    of indices, or a list of them for each of N inputs; names of outputs stand for indices. InputError for an index
    that does not exist."""
    if option is not None:
        return mask_of(chosen_indices(option, K, "--mask", "output", names), N, K)
    if said is None:
        return None
    if isinstance(said, np.ndarray):
        return mask_of(said, N, K)
    label = f"{source}: mask"
    if type(said) is not list:
        raise InputError(f"{label} is {spelled(said)}, where a list of indices is expected")
    said = index_in(said, names, label)
    rows = [i for i in said if type(i) is list]
    if rows and len(rows) != len(said):
        raise InputError(f"{label} mixes indices and lists of them")
    if rows and len(rows) != N:
        raise InputError(
            f"{label} has {counted(len(rows), 'list')}, where one for each of {counted(N, 'input')} is expected"
        )
    for i in [i for row in rows for i in row] if rows else said:
        if type(i) not in (int, float) or i != int(i) or not 0 <= i < K:
            found = shown(spelled(i), 40)
            raise InputError(
                f"{label} holds {found}, where an index of {counted(K, 'output')}, 0 to {K - 1}, is expected"
            )
    return mask_of([[int(i) for i in row] for row in rows] if rows else [int(i) for i in said], N, K)


def open_numbers(entry: Entry, array: Array, mask: Mask | None) -> Array:
    """b or z, in which −∞ leaves an output out, and null stands for it where the mask says so. InputError for
    what else is not finite."""
    hidden = np.isneginf(array)
    if mask is not None:
        hidden = hidden | (np.isnan(array) & mask)
    wrong = ~np.isfinite(array) & ~hidden
    if wrong.any():
        at = np.argwhere(wrong)[0]
        value = array[tuple(at)]
        place = ",".join(map(str, at))
        found = "null or NaN" if np.isnan(value) else f"{value}"
        raise InputError(f"{entry.label}[{place}] is {found}, where a finite number, or -inf for a mask, is expected")
    return np.where(hidden, -np.inf, array) if hidden.any() else array
