"""The weights after a step, in the place of the gradient that it is taken along."""

from __future__ import annotations

import numpy as np

from ...core.arrays import Array
from ..formula import Formula, Rows
from ..quantities import Quantity
from .mistake import Fit, Fitted

EVERYTHING = slice(None)


def of_parameters(q: Quantity) -> bool:
    """A derivative of the error in W or b."""
    return q.is_gradient and q.by in ("W", "b")


def step_taken(f: Formula, theirs: Rows) -> Fitted | None:
    """W − η·dE/dW, or b − η·dE/db."""
    goal = f.goal
    if goal is None or f.apart or f.reshaped or f.bias_decay:
        return None
    name, start = ("W", f.shown(f.W)) if f.quantity.by == "W" else ("b", f.shown(f.b)[:, None])
    ours, seen = f.rows(EVERYTHING), theirs(EVERYTHING)
    rate = _rate(start - seen, ours)
    if not start.any() or not np.isfinite(rate) or not rate > 0.0:
        return None
    made = f.but(factor=-rate * f.factor, bias_decay=1.0, goal=goal._replace(l2=1.0 - rate * f.decay))
    return Fitted(
        made,
        f"this is {name} − η·dE/d{name} with η = {rate:.6g}, what a step makes of {name}: return dE/d{name} itself",
    )


def _rate(step: Array, ours: Array) -> float:
    with np.errstate(all="ignore"):
        return float((step * ours).sum() / (ours * ours).sum())


STEP = Fit("step-taken", of_parameters, step_taken, costly=True)
