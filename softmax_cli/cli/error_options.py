"""The error E that is asked for: from the options, or else from the document."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, get_args

import numpy as np

from ..core.arrays import Array
from ..core.objective import Reduction
from ..errors import InputError
from ..reading.document_keys import ERROR_KEYS
from ..reading.entries import entry_of, fitted
from ..reading.jsonfile import spelled
from ..reading.names import NO_NAMES, Names, holds_words, index_in, index_of, listing
from ..reading.option_arrays import read_array
from ..reading.problem import Problem
from ..wording import counted, quoted
from ..writing.inputs import mask_of_problem
from .inputs import say_notes
from .loss_options import ErrorSide

SIDES = ("upstream", "target")
NO_SIDE = (
    "every column of dL/dW sums to zero, because the outputs sum to one: its plain column sum moves no weight",
    "give --upstream u1,…,uK (dE/dh), or --target T, the right class, for the cross-entropy",
)


def error_of(problem: Problem, error: ErrorSide, needed: bool = True, source: str = "INPUT: ") -> dict[str, Any]:
    """What `loss_gradient` takes of the error, under the names it has there and in a document; of many inputs with
    the reduction. An option replaces what the document says, and --upstream and --target each other's as well.
    What is replaced is not looked at. InputError for both, and, if one is needed, for neither; `source` is what a key
    of the document is said to be in."""
    given = from_options(error, problem.names, problem.single, problem.header, problem.notes)
    replaced = given.keys() | (SIDES if given.keys() & set(SIDES) else ())
    found = _said({key: value for key, value in problem.document.items() if key not in replaced}, problem, source)
    if "upstream" in found and "target" in found:
        raise InputError("INPUT holds both upstream and target", "choose one with --upstream or --target")
    found |= given
    if needed and not found.keys() & set(SIDES):
        raise InputError(*NO_SIDE)
    if problem.single:
        found.pop("reduction", None)
    else:
        found.setdefault("reduction", "mean")
    return found


def from_options(
    error: ErrorSide, names: Names, single: bool, header: bool | None, said: Collection[str] = ()
) -> dict[str, Any]:
    """What the options alone say of the error; of the table of the target no note that is `said` already."""
    if error.upstream is not None and error.target is not None:
        raise InputError("--upstream and --target are both given, where one of them is expected")
    found: dict[str, Any] = {}
    if error.upstream is not None:
        upstream = _read(error.upstream, "--upstream", 1, 2, header=header)
        found["upstream"] = upstream.reshape(-1) if single and 1 in upstream.shape else upstream
    if error.target is not None:
        target = read_array(error.target, "--target", 0, 1, 2, header=header, names=names)
        say_notes(note for note in target.notes if note not in said)
        found["target"] = as_target(target.array, single, "--target", target.of_names)
    for key in ("class_weights", "sample_weights"):
        if (value := getattr(error, key)) is not None:
            found[key] = _read(value, f"--{key.replace('_', '-')}", 0, 1, header=header)
    if error.ignore is not None:
        found["ignore"] = _ignored(error.ignore, names)
    for key in ("label_smoothing", "l2", "reduction"):
        if (value := getattr(error, key)) is not None:
            found[key] = value
    return found


def for_lines(error: ErrorSide, header: bool | None) -> Callable[[Names], dict[str, Any]]:
    """What the options say of the error of each of many lines: a name may stand for another index where a line has
    names of its own."""
    return lru_cache(8)(lambda names: from_options(error, names, True, header))


def _ignored(text: str, names: Names) -> int:
    """A target that does not count: an index, any other whole number, or the name of an output."""
    index = index_of(text, names, "--ignore")
    if index is None and not re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        advice = "" if names is None else f"the outputs are {listing(names)}"
        raise InputError(f"--ignore is {quoted(text)}, where a whole number is expected", advice)
    return int(text) if index is None else index


def as_target(values: Array, single: bool, name: str, of_names: bool = False) -> Any:
    """A number is an index for one input, and N numbers are N indices for many; whole numbers where indices are
    expected. What has another shape is taken for probabilities, unless names stand there, which are indices."""
    if of_names and not (values.size == 1 if single else values.ndim == 1):
        wanted = "one is" if single else "one for each input is"
        raise InputError(f"{name} holds {counted(values.size, 'class', 'classes')}, where {wanted} expected")
    if not (values.size == 1 if single else values.ndim == 1):
        return values.reshape(-1) if single and 1 in values.shape else values
    wrong = values[(values != np.floor(values)) | (np.abs(values) > 2**53)]
    if wrong.size:
        raise InputError(f"{name} holds {wrong.flat[0]:.15g}, where a class index, a whole number from 0, is expected")
    indices = values.astype(np.int64).reshape(-1)
    return int(indices[0]) if single else indices


def _said(document: dict[str, Any], problem: Problem, source: str) -> dict[str, Any]:
    """What some keys of the document say of the error."""
    found: dict[str, Any] = {}
    for key in ERROR_KEYS:
        if key not in document:
            continue
        value, label = document[key], f"{source}{key}"
        if key == "reduction":
            if value not in get_args(Reduction):
                raise InputError(f"{label} is {spelled(value)}, where one of mean, sum and none is expected")
            found[key] = value
        elif key == "target":
            indices = index_in(value, problem.names, label)
            try:
                target = fitted(entry_of(indices, label), 0, 1, 2)
            except InputError as bad:
                nameless = problem.names is None and holds_words(value)
                raise InputError(str(bad), bad.advice or (NO_NAMES if nameless else "")) from None
            found[key] = as_target(target, problem.single, label, indices is not value and holds_words(value))
        elif key == "upstream":
            upstream = fitted(entry_of(value, label), 1, 2)
            found[key] = upstream.reshape(-1) if problem.single and 1 in upstream.shape else upstream
        elif key in ("class_weights", "sample_weights"):
            found[key] = fitted(entry_of(value, label), 0, 1)
        else:
            value = index_in(value, problem.names, label) if key == "ignore" else value
            number = float(fitted(entry_of(value, label), 0))
            if key == "ignore" and number != np.floor(number):
                raise InputError(f"{label} is {number:.15g}, where a target, a whole number, is expected")
            found[key] = int(number) if key == "ignore" else number
    return found


@contextmanager
def named_as_given(error: ErrorSide, source: str = "INPUT: ") -> Iterator[None]:
    """What is refused of the error, called by the option or the key that gave it."""
    try:
        yield
    except InputError as refused:
        text = str(refused)
        key = next((key for key in NAMED if text.startswith((f"{key} ", f"{key}["))), None)
        if key is None:
            raise
        place = source if getattr(error, key) is None else "--"
        shown = key if getattr(error, key) is None else key.replace("_", "-")
        raise InputError(f"{place}{shown}{text.removeprefix(key)}", refused.advice) from None


NAMED = ("label_smoothing", "class_weights", "sample_weights", "ignore", "l2")


def say_spread(problem: Problem, given: dict[str, Any], said: set[str]) -> None:
    """A note, unless it is `said` already, where a mask and label smoothing meet, of which torch makes an infinite
    loss."""
    mask = mask_of_problem(problem) if given.get("label_smoothing") else None
    if mask is not None and mask.any():
        left = set((~mask).sum(axis=-1).ravel().tolist())
        of = counted(left.pop(), "output") if len(left) == 1 else "outputs"
        note = f"label smoothing is spread over the {of} that the mask leaves"
        say_notes({note} - said)
        said.add(note)


def _read(value: str, option: str, *dims: int, header: bool | None) -> Array:
    entry = read_array(value, option, *dims, header=header)
    say_notes(entry.notes)
    return entry.array
