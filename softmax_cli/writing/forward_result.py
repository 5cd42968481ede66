"""What forward found."""

from __future__ import annotations

import numpy as np

from ..core.arrays import Array
from ..core.layer import evaluate
from ..reading.problem import Problem
from .inputs import inputs_of
from .labels import Labels, of_input
from .result import Result, Value
from .sheet import Sheet, Sheets, vectors_sheet

PART = 1 << 18  # entries of x, or of z, that are evaluated at once


def forward_result(problem: Problem) -> Result:
    single, K = problem.x.ndim == 1, problem.W.shape[1]
    labels = Labels(problem.names)
    z, h = _forward(problem)

    def sheet(n: int) -> Sheet:
        title = f"h = softmax(z), z = Wᵀx{'' if problem.b is None else ' + b'}  ({K},): a row an output"
        return vectors_sheet(of_input(n, single) + title, labels.output, {"z": z[n], "h": h[n]})

    shown: dict[str, Value] = {"z": z[0], "h": h[0]} if single else {"z": z, "h": h}
    return Result(inputs_of(problem) | shown, "h", lambda: Sheets(len(h), sheet), columns=("z", "h"))


def _forward(problem: Problem) -> tuple[Array, Array]:
    """z and h (N, K). Evaluating takes many times their memory, and so is done for some inputs at a time."""
    x, W, b = np.atleast_2d(np.asarray(problem.x)), problem.W, problem.b
    if problem.x.ndim == 1:
        layer, _ = evaluate(x[0], W, b)
        return layer.z, layer.h
    z, h = np.empty((2, len(x), W.shape[1]))
    step = max(1, PART // max(W.shape))
    for a in range(0, len(x), step):
        layer, _ = evaluate(x[a : a + step], W, b, a)
        z[a : a + step], h[a : a + step] = layer.z, layer.h
    return z, h
