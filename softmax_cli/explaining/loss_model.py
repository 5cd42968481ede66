"""The error that a derivation starts from, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.loss_gradient import LossGradient
from ..core.masks import Mask
from ..core.objective import Objective, Options


class Target(NamedTuple):
    """What the outputs should be at one input, y (K,): one at the class `right`, or probabilities. `mixed` is ỹ,
    `others` is Σ_{k≠i} ỹₖ, `log_h` is ln h, and `costs` (N,) is −Σₖ ỹₖ ln hₖ of each input."""

    right: int | None
    y: Array
    mixed: Array
    others: Array
    log_h: Array
    costs: Array


@dataclass(frozen=True)
class Loss:
    """The error of a layer over the inputs x (N, J), of which input n is worked through; there dE/dz is `residual` (K,)
    times wₙ/(T·norm), for a `target`, or for an `upstream` gradient (K,), which does not say what the error is.
    `hidden` (N, K) is what is masked."""

    options: Options
    goal: Objective
    found: LossGradient
    rate: float
    single: bool
    x: Array
    hidden: Mask | None
    n: int
    residual: Array
    upstream: Array | None = None
    target: Target | None = None

    @property
    def N(self) -> int:
        return len(self.x)

    @property
    def weight(self) -> float:
        """wₙ."""
        return 1.0 if self.goal.weights is None else float(self.goal.weights[self.n])

    @property
    def plain(self) -> bool:
        """Whether the target is a class, neither smoothed nor weighted."""
        return self.right is not None and not self.mixes

    @property
    def right(self) -> int | None:
        return None if self.target is None else self.target.right

    @property
    def mixes(self) -> bool:
        """Whether the target is smoothed or weighted."""
        return bool(self.options.label_smoothing) or self.options.class_weights is not None

    @property
    def alone(self) -> bool:
        """Whether what input n costs is all of E."""
        return self.single and self.weight == 1.0 and not self.goal.l2

    @property
    def called(self) -> str:
        """What E is: the loss of the one input, or an error that is more than that or one's own."""
        return "loss" if self.alone and self.upstream is None else "error"

    @property
    def marked(self) -> tuple[int, ...]:
        """The output that is the right one of all inputs, if there is one input."""
        return (self.right,) if self.single and self.right is not None else ()

    @property
    def dE_dW(self) -> Array:
        return np.asarray(self.found.dE_dW)

    def each(self, key: str) -> Array:
        """A derivative that each input has, (N, …)."""
        value = np.asarray(getattr(self.found, key))
        return value[None] if self.single else value
