"""The inputs of a layer, as the output repeats them."""

from __future__ import annotations

from ..core.arrays import Rows
from ..reading.problem import Problem
from .result import Stream, Value


def inputs_of(problem: Problem) -> dict[str, Value]:
    """x, W and b under their keys; inputs that are left in their file, block by block."""
    x: Value
    if isinstance(problem.x, Rows):
        from ..core.dataset import row_parts

        x = Stream(problem.x.shape, (rows for _, rows in row_parts(problem.x)))
    else:
        x = problem.x
    b: dict[str, Value] = {} if problem.b is None else {"b": problem.b}
    return {"x": x, "W": problem.W, "weights_layout": "in-out", **b}
