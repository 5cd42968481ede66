"""The derivation of dL/dW with a layer's own numbers, as data: what is said and what is worked out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .derivative_steps import chain, logit_derivative, shortcut, softmax_derivative
from .equations import Step
from .layer_steps import logits, softmax, the_layer
from .learning_steps import moving_the_weight
from .worked_entry import WorkedEntry, worked_entry

STEPS = (
    the_layer,
    logits,
    softmax,
    softmax_derivative,
    logit_derivative,
    chain,
    shortcut,
    moving_the_weight,
)


def explain(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    names: tuple[str, ...] | None = None,
    entry: tuple[int, int, int] | None = None,
    digits: int = 6,
) -> list[Step]:
    """The steps to ∂h[t]/∂W[j,i] for entry (t, j, i), by default the off-diagonal one of largest
    magnitude. x (J,), W (J, K), b (K,). InputError as `worked_entry` raises it."""
    return steps_to(worked_entry(x, W, b, names, entry, digits))


def steps_to(worked: WorkedEntry) -> list[Step]:
    """The steps to one entry."""
    with np.errstate(all="ignore"):
        return [step(worked) for step in STEPS]
