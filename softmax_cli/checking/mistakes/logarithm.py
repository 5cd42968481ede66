"""A small number in the logarithm of the outputs, against ln 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arrays import Array
from ..formula import Formula, Rows
from ..quantities import Quantity
from .mistake import Fit, Fitted, Mistake, Variant, gradient

TRIED = tuple(float(f"1e-{k}") for k in range(4, 17))  # the numbers that people write
MOST = 1 << 14  # logits that it is looked for in
CURE = "make ln h of the logits, z − max z − ln Σ exp(z − max z), which needs none"


def _outputs(change: Callable[[Array], Array]) -> Variant:
    """Other outputs in the logarithm."""

    def mistaken(f: Formula) -> Formula | None:
        if f.quantity.key == "loss" and (f.goal is None or f.goal.y is None):
            return None
        h = change(f.h)
        return f.but(outputs=lambda _: (h, 1.0 - h))

    return mistaken


def of_logarithm(q: Quantity) -> bool:
    """The logarithm of the outputs, and the error that is made of it."""
    return q.by is None and q.of in ("ln h", "E")


def epsilon(f: Formula, theirs: Rows) -> Fitted | None:
    """The derivative of −Σ ỹ ln(h + ε)."""
    goal = f.goal
    if goal is None or goal.y is None or f.h.size > MOST or not f.by_output or f.softmax_missing:
        return None
    seen = theirs(slice(None))
    with np.errstate(all="ignore"):
        made = {e: f.but(goal=goal._replace(y=None, u=-goal.y / (f.h + e))) for e in TRIED}
        left = {e: float(np.abs(formula.rows(slice(None)) - seen).max()) for e, formula in made.items()}
    e = min(left, key=lambda e: (np.isnan(left[e]), left[e]))
    return Fitted(made[e], f"{e:g} is added to h before the logarithm: {CURE}")


EPSILON = tuple(
    Mistake(
        "epsilon-in-logarithm",
        (_outputs(lambda h, e=e: h + e), _outputs(lambda h, e=e: np.clip(h, e, 1.0 - e))),  # type: ignore[misc]
        of_logarithm,
        f"{e:g} is added to h before the logarithm, or h is clipped there: {CURE}",
    )
    for e in TRIED
)
EPSILON_IN_GRADIENT = Fit("epsilon-in-logarithm", gradient, epsilon, costly=True)
