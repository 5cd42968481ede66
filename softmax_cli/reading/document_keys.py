"""The keys of a document: which are read, and which would be missed by a letter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np

from ..errors import InputError
from ..wording import quoted
from .archives import Archive, JsonObject
from .jsonfile import refuse_too_deep, spelled
from .names import INPUTS, OUTPUTS

WeightsLayout = Literal["in-out", "out-in"]
ERROR_KEYS = (
    "target", "upstream", "label_smoothing", "class_weights", "sample_weights", "ignore", "l2", "reduction",
)  # fmt: skip
PASSED_ON = (*ERROR_KEYS, "id")
BESIDE = (*PASSED_ON, "temperature", "mask", OUTPUTS, INPUTS)  # keys that are read whatever the layer is made of
LAYER_KEYS = ("x", "W", "b", "z", "temperature", "mask")

# How else the keys that are read are called, without capitals, underscores and hyphens.
_CALLED = {
    "x": "x",
    "w": "W", "weight": "W", "weights": "W", "kernel": "W", "coef": "W", "coefs": "W",
    "b": "b", "bias": "b", "biases": "b", "intercept": "b", "intercepts": "b",
    "weightlayout": "weights_layout", "targets": "target", "logits": "z", "masks": "mask",
    "T": "temperature", "temp": "temperature", "tau": "temperature",
    "outputnames": OUTPUTS, "inputnames": INPUTS,
    "classweight": "class_weights", "sampleweight": "sample_weights", "ignoreindex": "ignore",
}  # fmt: skip
# The same of the error, where a command takes one: anywhere else they may be of something else.
_OF_ERROR = {
    "labels": "target", "label": "target", "ytrue": "target", "smoothing": "label_smoothing",
    "reg": "l2", "lambda": "l2", "weightdecay": "l2", "l2reg": "l2",
}  # fmt: skip
_FOLDED = {
    key.replace("_", "").casefold(): key
    for key in ("x", "W", "b", "z", "weights_layout", "temperature", "mask", OUTPUTS, INPUTS, *ERROR_KEYS)
}
_LONGEST = 24  # characters of a key that may stand for one that is read
_OPTIONS = {
    **{key: f"-{key}" for key in ("x", "W", "b", "z")},
    **{key: f"--{key.replace('_', '-')}" for key in (*ERROR_KEYS, "temperature", "mask")},
}


def keys_read(layer: Iterable[str], options: Mapping[str, Any]) -> set[str]:
    """The keys that are read of a document: of the `layer` and beside it, but for what `options` replace."""
    replaced = {key for key, value in options.items() if value is not None}
    if replaced & {"target", "upstream"}:
        replaced |= {"target", "upstream"}
    return {*layer, *BESIDE} - replaced


def refuse_near(held: Iterable[str], read: Collection[str], source: str, of_error: bool = False) -> None:
    """InputError for a key that its case, a letter or a usual name parts from one that is read: it would be passed
    over. `of_error` has those of the error counted whose names have other uses too."""
    held = list(held)
    for key in held:
        meant = _meant(key, of_error) if len(key) <= _LONGEST else None
        if meant is None or key == meant or meant not in read:
            continue
        if meant == "target" and _folded(key) in _OF_ERROR and {"target", "upstream"} & set(held):
            continue  # beside them labels may be names
        if meant in held:
            raise InputError(f"{source} holds both {quoted(meant)} and {quoted(key)}", "leave out what is not meant")
        option = f", or give it with {_OPTIONS[meant]}" if meant in _OPTIONS else ""
        raise InputError(
            f"{source} holds {quoted(key)}, where {quoted(meant)} is the key that is read",
            f"name it {meant}{option}",
        )


@lru_cache(1024)
def _meant(key: str, of_error: bool) -> str | None:
    """The key that is read which another may stand for."""
    folded = _folded(key)
    meant = (
        _CALLED.get(key) or _FOLDED.get(folded) or _CALLED.get(folded) or (_OF_ERROR.get(folded) if of_error else None)
    )
    if meant is None and len(folded) >= 5:
        meant = next((name for known, name in _FOLDED.items() if _one_edit(folded, known)), None)
    return meant


def _folded(key: str) -> str:
    return key.casefold().replace("_", "").replace("-", "")


def _one_edit(a: str, b: str) -> bool:
    """Whether a letter that is put in, left out or another, or two that are exchanged, make one word of the other."""
    n = next((n for n, (p, q) in enumerate(zip(a, b, strict=False)) if p != q), min(len(a), len(b)))
    a, b = a[n:], b[n:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def said_layout(archive: Archive) -> WeightsLayout | None:
    """How a document says that its W is stored, if it says so. Every output says in-out, and so is not transposed a
    second time. InputError for another word."""
    said = _plain(archive.value("weights_layout")) if "weights_layout" in archive.keys else None
    if said is not None and said not in get_args(WeightsLayout):
        raise InputError(f"{archive.source}: weights_layout is {spelled(said)}, where 'in-out' or 'out-in' is expected")
    stored: WeightsLayout | None = said
    return stored


def refuse_other_layout(said: WeightsLayout | None, asked: WeightsLayout | None, source: str) -> None:
    """InputError if a document says one layout and another is asked for."""
    if said is not None and asked is not None and said != asked:
        raise InputError(f"{source} says that its W is stored {said}", f"drop --weights-layout {asked}")


def passed_on(archive: Archive) -> dict[str, Any]:
    """What a command may need beside x, W and b, as it stands in JSON. The id is of a line of it."""
    wanted = PASSED_ON if isinstance(archive, JsonObject) else ERROR_KEYS
    found = {key: archive.value(key) for key in wanted if key in archive.keys}
    for key, value in found.items():
        refuse_too_deep(value, f"{archive.source}: {key}")
    return {key: _plain(value) for key, value in found.items()}


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
