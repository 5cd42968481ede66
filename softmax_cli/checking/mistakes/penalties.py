"""An L1 term λ‖W‖₁ in the error, where none is expected: its derivative is λ·sign(W)."""

from __future__ import annotations

import numpy as np

from ..formula import Formula, Rows
from ..quantities import Quantity
from .mistake import Fit, Fitted

EVERYTHING = slice(None)
FREE = 4  # weights that are not zero, below which it is told from too little


def of_weights(q: Quantity) -> bool:
    """A derivative of the error in W."""
    return q.is_gradient and q.by == "W"


def l1(f: Formula, theirs: Rows) -> Fitted | None:
    """λ·sign(W) is in it. Weights of one sign do not tell it from a number that is added."""
    W = f.shown(f.W)
    sign = np.sign(W)
    if f.goal is None or f.apart or f.reshaped or np.count_nonzero(W) < FREE or not (W.max() > 0.0 > W.min()):
        return None
    seen, tried = theirs(EVERYTHING), []
    for l2 in dict.fromkeys((f.goal.l2, 0.0)):
        base = f.but(goal=f.goal._replace(l2=l2))
        rest = seen - base.rows(EVERYTHING)
        size = float((rest * sign).sum() / np.count_nonzero(W))
        tried.append((float(np.abs(rest - size * sign).max()), size, l2))
    left, size, l2 = min(tried)
    if not np.isfinite(left) or size == 0.0:
        return None
    instead = f"the L2 term λW with λ = {f.goal.l2:.6g} is expected" if l2 != f.goal.l2 else "no L1 term is expected"
    said = f"λ·sign(W) with λ = {size:.6g} is in it, the derivative of an L1 term λ·Σ|W|, where {instead}"
    return Fitted(f.but(goal=f.goal._replace(l2=l2), l1=size), said)


L1 = Fit("l1-term", of_weights, l1, costly=True)
