"""The inputs of a layer, as the output repeats them."""

from __future__ import annotations

import numpy as np

from ..core.arrays import Rows
from ..core.masks import Mask
from ..reading.names import INPUTS, OUTPUTS
from ..reading.problem import Problem
from .result import Stream, Value


def inputs_of(problem: Problem) -> dict[str, Value]:
    """x, W and b, or z, under their keys, with the temperature, what is masked and the names; inputs that are left in
    their file, block by block."""
    shaped: dict[str, Value] = {} if problem.temperature == 1.0 else {"temperature": problem.temperature}
    mask = mask_of_problem(problem)
    if mask is not None:
        shaped["mask"] = mask
    for key, names in ((OUTPUTS, problem.names), (INPUTS, problem.input_names)):
        if names is not None:
            shaped[key] = list(names)
    if problem.z is not None:
        return {"z": problem.z, **shaped}
    x: Value
    if isinstance(problem.x, Rows):
        from ..core.dataset import row_parts

        x = Stream(problem.x.shape, (rows for _, rows in row_parts(problem.x)))
    else:
        x = problem.x
    b: dict[str, Value] = {} if problem.b is None else {"b": problem.b}
    return {"x": x, "W": problem.W, "weights_layout": "in-out", **b, **shaped}


def mask_of_problem(problem: Problem) -> Mask | None:
    """All that is left out, (K,) or (N, K): by the mask, and by −∞ in b or z."""
    numbers = problem.b if problem.z is None else problem.z
    hidden = None if numbers is None or not np.isneginf(numbers).any() else np.isneginf(numbers)
    if problem.mask is None or hidden is None:
        return problem.mask if hidden is None else hidden
    return problem.mask | hidden
