"""The error that a result is of, as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.objective import Objective, Options
from ..core.targets import Classes


class Goal(NamedTuple):
    """The error: ỹ or u = dE/dh, (N, K), of which one is None; wₙ/norm, (N,); λ; and whether it is summed over inputs.
    `options` are those that it was made from."""

    y: Array | None
    u: Array | None
    weights: Array
    l2: float
    summed: bool
    options: Options

    @property
    def hard(self) -> bool:
        """Whether every target is one class, neither smoothed nor weighted."""
        return self.y is not None and bool(((self.y == 0.0) | (self.y == 1.0)).all())


def goal_of(objective: Objective, options: Options, N: int, K: int, single: bool) -> Goal:
    """What the core made of the options of an error, as arrays."""
    part = objective.part
    y, u = None, None
    if isinstance(part, np.ndarray):
        u = part
    elif isinstance(part, Classes):
        on = np.ones(N) if part.on is None else part.on[part.t]
        y = np.zeros((N, K)) if part.share is None else np.tile(part.share, (N, 1))
        y[np.arange(N), part.t] += on
    else:
        y = part.y
    weights = np.ones(N) if objective.weights is None else objective.weights
    summed = not single and objective.reduction != "none"
    return Goal(y, u, weights / objective.norm, objective.l2, summed, options)
