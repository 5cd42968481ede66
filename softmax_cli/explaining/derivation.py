"""The derivation of dL/dW with a layer's own numbers, as data: what is said and what is worked out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .derivative_steps import chain, logit_derivative, shortcut, softmax_derivative
from .equations import Step
from .layer_steps import logits, softmax, the_layer, the_logits
from .learning_steps import moving_the_weight
from .worked_entry import WorkedEntry, worked_entry

Rendered = TypeVar("Rendered")
ALL = "tji"

# Each with those of t, j and i that it depends on.
Steps = tuple[tuple[Callable[[WorkedEntry], Step], str], ...]
STEPS: Steps = (
    (the_layer, ALL),
    (logits, "t"),
    (softmax, "ti"),
    (softmax_derivative, "ti"),
    (logit_derivative, "ji"),
    (chain, ALL),
    (shortcut, ALL),
    (moving_the_weight, ALL),
)
FROM_LOGITS: Steps = ((the_logits, ALL), (softmax, "ti"), (softmax_derivative, "ti"), (moving_the_weight, ALL))


def _steps(worked: WorkedEntry) -> Steps:
    return FROM_LOGITS if worked.of_logits else STEPS


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
        return [step(worked) for step, _ in _steps(worked)]


def rendered(
    worked: WorkedEntry, made: dict[tuple[object, ...], Rendered], render: Callable[[int, Step], Rendered]
) -> list[Rendered]:
    """What `render` makes of the steps to one entry and their numbers. `made` keeps what other entries share."""
    found = []
    with np.errstate(all="ignore"):
        for n, (step, depends) in enumerate(_steps(worked), 1):
            key = (n, *(getattr(worked, index) for index in depends))
            if depends == ALL:
                found.append(render(n, step(worked)))
                continue
            if key not in made:
                made[key] = render(n, step(worked))
            found.append(made[key])
    return found
