"""Names of outputs and inputs: where a header or a document says them, and the index that one stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..wording import counted, escaped, quoted
from .archives import Archive, JsonObject

Names = tuple[str, ...] | None
OUTPUTS, INPUTS = "outputs_names", "inputs_names"
# The keys in which scikit-learn keeps the same: passed over where they are not words.
SCIKIT = {OUTPUTS: "classes_", INPUTS: "feature_names_in_"}

NO_NAMES = "the outputs have no names: give them in the header of W, or as outputs_names in INPUT"


def names_in(archive: Archive, key: str) -> Names:
    """The names that a document says of its outputs or its inputs. InputError for what is no list of words."""
    if key in archive.keys:
        label, value = f"{archive.source}: {key}", _plain(archive.value(key))
        if value is None:
            return None
        if not _are_words(value):
            raise InputError(f"{label} is no list of names", f'write it as "{key}": ["one", "two"]')
        return tuple(escaped(name.strip()) for name in value)
    other = SCIKIT[key]
    if other in archive.keys and (isinstance(archive, JsonObject) or archive.shape(other) is not None):
        value = _plain(archive.value(other))
        return tuple(escaped(name.strip()) for name in value) if _are_words(value) else None
    return None


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _are_words(value: Any) -> bool:
    return type(value) is list and bool(value) and all(type(name) is str and name.strip() for name in value)


def fitting(header: Names, said: Names, count: int, label: str, own: bool, noun: str) -> tuple[Names, tuple[str, ...]]:
    """The names of `count` outputs or inputs, and a note: those of a `header`, or else what a document `said` under
    `label`. InputError if that has another number of them and the array is its `own`; beside an array that is given
    anew it is passed over with a note. InputError as well where both hold the same names in another order."""
    if header is not None and said is not None and header != said and sorted(header) == sorted(said):
        n = next(n for n, (a, b) in enumerate(zip(header, said, strict=True)) if a != b)
        raise InputError(
            f"{noun} {n} is {quoted(header[n])} in the header, and {quoted(said[n])} in {label}",
            "put the columns in one order",
        )
    if header is not None or said is None:
        return header, ()
    if len(said) == count:
        return said, ()
    found = f"{label} holds {counted(len(said), 'name')}"
    if own:
        raise InputError(f"{found}, where {counted(count, noun)} {'is' if count == 1 else 'are'}")
    return None, (f"{found}, and there {'is' if count == 1 else 'are'} {counted(count, noun)}, so it is not used",)


def index_of(name: str, names: Sequence[str] | None, option: str) -> int | None:
    """The index that a name stands for; None if it is no name. InputError if several have it."""
    if names is None or name not in names:
        return None
    if names.count(name) > 1:
        places = " and ".join(str(n) for n, other in enumerate(names) if other == name)
        raise InputError(f"{option}: {quoted(name)} is the name of {places}", "give the index")
    return names.index(name)


def listing(names: Sequence[str]) -> str:
    """`setosa, versicolor and 3 more`."""
    few = ", ".join(escaped(name, 40) for name in names[:8])
    return few + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def holds_words(value: Any, depth: int = 2) -> bool:
    """Whether a value of a document is a word, or a list or a list of lists with one in it."""
    return type(value) is str or (type(value) is list and depth > 0 and any(holds_words(v, depth - 1) for v in value))


def index_in(value: Any, names: Sequence[str] | None, label: str, depth: int = 2) -> Any:
    """A value of a document in which the name of an output may stand for its index, alone, in a list or in a list of
    lists. InputError for a word that is no name."""
    if names is None:
        return value
    if type(value) is list and depth:
        return [index_in(item, names, label, depth - 1) if type(item) in (str, list) else item for item in value]
    if type(value) is not str:
        return value
    index = index_of(value.strip(), names, label)
    if index is None:
        raise InputError(f"{label} is {quoted(value)}, which is no output", f"the outputs are {listing(names)}")
    return index
