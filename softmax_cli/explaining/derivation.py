"""The derivation of dL/dW with a layer's own numbers, as data: what is said and what is worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..core.objective import Reduction
from ..errors import InputError
from .batch_steps import all_together
from .derivative_steps import chain, logit_derivative, shortcut, softmax_derivative
from .equations import Step
from .further_steps import by_bias, by_input, by_logarithm
from .layer_steps import logits, softmax, the_layer, the_logits
from .learning_steps import moving_the_weight
from .loss_gradient_steps import by_weights, learning
from .loss_logit_steps import by_logits
from .loss_steps import the_loss
from .summary_steps import in_brief
from .worked_entry import WorkedEntry, worked_entry
from .worked_loss import worked_loss

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
    (by_bias, "ti"),
    (by_input, "tj"),
    (by_logarithm, ALL),
    (moving_the_weight, ALL),
)
FROM_LOGITS: Steps = ((the_logits, ALL), (softmax, "ti"), (softmax_derivative, "ti"), (moving_the_weight, ALL))
BRIEF: Steps = ((in_brief, ALL),)
LOSS: Steps = ((the_loss, ""), (all_together, ""), (by_logits, "i"), (by_weights, "ji"), (learning, "ji"))


def _steps(worked: WorkedEntry) -> Steps:
    if worked.brief:
        return BRIEF
    if (loss := worked.loss) is not None:
        ours = LOSS[:3] if worked.of_logits else LOSS
        return tuple(step for step in ours if not (step[0] is all_together and loss.alone))
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
    target: ArrayLike | None = None,
    upstream: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    class_weights: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    ignore: int | None = None,
    l2: float = 0.0,
    reduction: Reduction = "mean",
    learning_rate: float | None = None,
) -> Derivation:
    """The derivation of ∂h[t]/∂W[j,i] = h[t]·(δ − h[i])·x[j]/T with the numbers of a layer, step by step.

    x (J,), W (J, K), b (K,) and `entry` (t, j, i); or the logits z (K,) and `entry` (t, i) for ∂h[t]/∂z[i]. By default
    the entry is the off-diagonal one of largest magnitude. `names` are those of the K outputs; numbers have `digits`
    significant digits, 2 to 15, and every equation is true to the digits it shows. `temperature` and `mask` as in
    `forward`.

    With a `target` or an `upstream` gradient it is the derivation of an error E, and `label_smoothing`,
    `class_weights`, `sample_weights`, `ignore`, `l2` and `reduction` are as in `loss_gradient`. The inputs may then be
    several, x (N, J) or z (N, K), of which the first that counts is worked through. `entry` is (j, i) for ∂E/∂W[j,i],
    or (i,) for ∂E/∂z[i]; the derivatives by b and x of the same i and j stand beside it, and a step of learning at
    `learning_rate`, 0.1 unless given.

    In a notebook it shows as Markdown with LaTeX, printed it is text. InputError as in `forward` and `loss_gradient`,
    for several inputs without an error, for reduction "none", and for an entry that does not exist.

    >>> from softmax_cli import explain
    >>> lesson = explain([1.0, 2.0], [[0.5, 0.0], [0.0, 0.5]], entry=(0, 1, 1))
    >>> print(str(lesson).splitlines()[-1])
    softmax-jac loss-grad --target 0 prints this for every weight.
    """
    if not 2 <= digits <= 15:
        raise InputError(f"digits is {digits}, where 2 to 15 are expected")
    of = None if names is None else tuple(names)
    layer: dict[str, Any] = {"z": z, "temperature": temperature, "mask": mask, "option": "entry"}
    error: dict[str, Any] = {
        "label_smoothing": label_smoothing, "class_weights": class_weights, "sample_weights": sample_weights,
        "ignore": ignore, "l2": l2, "reduction": reduction,
    }  # fmt: skip
    if target is None and upstream is None:
        for name, value in {**error, "learning_rate": learning_rate}.items():
            if value is not None and not (isinstance(value, float | str) and value in (0.0, "mean")):
                raise InputError(f"{name} belongs to an error, and neither target nor upstream is given")
        return Derivation(worked_entry(x, W, b, of, entry, digits, **layer))
    error |= {"target": target, "upstream": upstream}
    return Derivation(worked_loss(x, W, b, of, entry, digits, error=error, rate=learning_rate, **layer))


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
