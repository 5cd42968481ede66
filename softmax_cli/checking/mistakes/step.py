"""The weights after a step, in the place of the gradient that it is taken along, or of those before it."""

from __future__ import annotations

import numpy as np

from ...core.arrays import Array
from ..formula import Formula, Rows
from ..quantities import QUANTITIES, Quantity
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


def of_inputs(q: Quantity) -> bool:
    """A derivative of the error in x."""
    return q.is_gradient and q.by == "x"


def back_by_updated(f: Formula, theirs: Rows) -> Fitted | None:
    """(W − η·dE/dW) · dE/dz."""
    if f.goal is None or not (f.goal.summed or len(f.x) == 1):
        return None
    gradient = f.but(quantity=QUANTITIES["dE_dW"]).rows(EVERYTHING)
    ours, step = f.rows(EVERYTHING), f.but(backward=lambda W: -gradient).rows(EVERYTHING)
    rate = _rate(theirs(EVERYTHING) - ours, step)
    if not np.isfinite(rate) or not rate > 0.0:
        return None
    return Fitted(
        f.but(backward=lambda W: W - rate * gradient),
        f"it is made of W − η·dE/dW with η = {rate:.6g}, what a step makes of W: take W as it was before the step",
    )


UPDATED = Fit("updated-weights", of_inputs, back_by_updated, costly=True)
STEP = Fit("step-taken", of_parameters, step_taken, costly=True)
