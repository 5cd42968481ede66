"""The outputs in another order, in the result alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..formula import Formula, Indices
from .mistake import Mistake, Variant, everything


def _order(change: Callable[[Indices], Indices]) -> Variant:
    """The rows of a Jacobian, or the outputs of any other result, in another order."""

    def mistaken(f: Formula) -> Formula | None:
        q, K = f.quantity, len(f.b)
        if K < 2 or q.key == "loss" or q.is_hessian or f.order is not None:
            return None
        return f.but(order=change(np.arange(K)))

    return mistaken


EXCHANGED = Mistake(
    "outputs-exchanged",
    (_order(lambda t: t[::-1]), _order(lambda t: np.roll(t, 1)), _order(lambda t: np.roll(t, -1))),
    everything,
    "the outputs are in another order: reversed, or each in the place of the next; of two, they are exchanged",
)
