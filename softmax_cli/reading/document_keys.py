"""The keys of a document: which are read, and which would be missed by a letter."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
    "weightslayout": "weights_layout", "weightlayout": "weights_layout",
    "target": "target", "targets": "target", "upstream": "upstream", "reduction": "reduction",
    "temperature": "temperature", "mask": "mask", "z": "z", "logits": "z", "labelsmoothing": "label_smoothing",
    "outputnames": OUTPUTS, "outputsnames": OUTPUTS, "inputnames": INPUTS, "inputsnames": INPUTS,
    "classweights": "class_weights", "classweight": "class_weights", "sampleweights": "sample_weights",
    "sampleweight": "sample_weights", "ignore": "ignore", "ignoreindex": "ignore", "l2": "l2",
}  # fmt: skip
_OPTIONS = {
    **{key: f"-{key}" for key in ("x", "W", "b", "z")},
    **{key: f"--{key.replace('_', '-')}" for key in (*ERROR_KEYS, "temperature", "mask")},
}


def refuse_near(held: Iterable[str], read: Collection[str], source: str) -> None:
    """InputError for a key that its case or a usual name parts from one that is read: it would be passed over."""
    held = list(held)
    for key in held:
        meant = _CALLED.get(key[:20].casefold().replace("_", "").replace("-", ""))
        if meant is None or key == meant or meant not in read:
            continue
        if meant in held:
            raise InputError(f"{source} holds both {quoted(meant)} and {quoted(key)}", "leave out what is not meant")
        option = f", or give it with {_OPTIONS[meant]}" if meant in _OPTIONS else ""
        raise InputError(
            f"{source} holds {quoted(key)}, where {quoted(meant)} is the key that is read",
            f"name it {meant}{option}",
        )


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
