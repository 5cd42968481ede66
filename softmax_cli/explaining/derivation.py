"""The derivation of dL/dW with a layer's own numbers, as data: what is said and what is worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from ..wording import counted
from .derivative_steps import chain, logit_derivative, shortcut, softmax_derivative
from .equations import Step
from .in_brief import in_brief
from .layer_steps import logits, softmax, the_layer, the_logits
from .learning_steps import moving_the_weight
from .loss_steps import by_logits, by_weights, learning, the_loss, with_loss
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
BRIEF: Steps = ((in_brief, ALL),)
LOSS: Steps = ((the_loss, ALL), (by_logits, ALL), (by_weights, ALL), (learning, ALL))


def _steps(worked: WorkedEntry) -> Steps:
    if worked.brief:
        return BRIEF
    if worked.loss is not None:
        return LOSS[:2] if worked.of_logits else LOSS
    return FROM_LOGITS if worked.of_logits else STEPS


@dataclass(frozen=True, repr=False)
class Derivation:
    """A derivation worked with one's own numbers: text where it is printed, Markdown with LaTeX in a notebook."""

    _worked: WorkedEntry

    def __str__(self) -> str:
        from .formats.text import as_text

        return as_text(steps_to(self._worked))

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        from .formats.markdown import markdown_body

        return markdown_body(steps_to(self._worked))


def explain(
    x: ArrayLike | None = None,
    W: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    z: ArrayLike | None = None,
    entry: tuple[int, ...] | None = None,
    names: Sequence[str] | None = None,
    digits: int = 6,
    temperature: float = 1.0,
    mask: Any = None,
    target: int | None = None,
    learning_rate: float | None = None,
) -> Derivation:
    """The derivation of ∂h[t]/∂W[j,i] = h[t]·(δ − h[i])·x[j]/T with the numbers of a layer, step by step.

    x (J,), W (J, K), b (K,) and `entry` (t, j, i); or the logits z (K,) and `entry` (t, i) for ∂h[t]/∂z[i]. By default
    the entry is the off-diagonal one of largest magnitude. `names` are those of the K outputs; numbers have `digits`
    significant digits, 2 to 15, and every equation is true to the digits it shows. `temperature` and `mask` as in
    `forward`. With a `target`, the index of the right class, it is the derivation of the loss E = −ln h[target]: its
    derivatives by z, W, b and x, of which those with the j and i of the entry are worked out, and a step of learning at
    `learning_rate`, 0.1 unless given. In a notebook it shows as Markdown with LaTeX, printed it is text.
    InputError as in `forward`, for several inputs, and for an entry that does not exist.

    >>> from softmax_cli import explain
    >>> lesson = explain([1.0, 2.0], [[0.5, 0.0], [0.0, 0.5]], entry=(0, 1, 1))
    >>> print(str(lesson).splitlines()[-1])
    softmax-jac loss-grad --target 0 prints this for every weight.
    """
    if not 2 <= digits <= 15:
        raise InputError(f"digits is {digits}, where 2 to 15 are expected")
    worked = worked_entry(x, W, b, None, entry, digits, z=z, temperature=temperature, mask=mask, option="entry")
    if names is not None and len(names) != worked.K:
        raise InputError(f"names has {counted(len(names), 'entry', 'entries')}, where {worked.K} are expected")
    worked = worked if names is None else replace(worked, names=tuple(names))
    if target is None and learning_rate is not None:
        raise InputError("learning_rate belongs to the loss of a target, and none is given")
    return Derivation(worked if target is None else with_loss(worked, target, learning_rate))


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
