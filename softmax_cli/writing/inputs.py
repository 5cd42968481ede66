"""The inputs of a layer, as the output repeats them."""

from __future__ import annotations

import numpy as np

from ..reading.problem import Problem
from .result import Stream, Value


def inputs_of(problem: Problem) -> dict[str, Value]:
    """x, W and b under their keys; inputs that are left in their file, block by block."""
    x: Value = problem.x
    if isinstance(x, np.memmap):
        from ..core.gradients import row_blocks

        x = Stream(x.shape, (np.asarray(rows) for _, rows in row_blocks(x)))
    b: dict[str, Value] = {} if problem.b is None else {"b": problem.b}
    return {"x": x, "W": problem.W, "weights_layout": "in-out", **b}
