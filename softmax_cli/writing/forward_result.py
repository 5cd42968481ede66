"""What forward found."""

from __future__ import annotations

import numpy as np

from ..core.arrays import Array
from ..reading.problem import Problem
from .inputs import inputs_of
from .labels import Labels, of_input
from .result import Result, Value
from .table_source import Sheet, Sheets, vectors_sheet

PART = 1 << 18  # entries of x, or of z, that are evaluated at once


def forward_result(problem: Problem, log: bool = False, main: str = "") -> Result:
    """z and h, and ln h where it is asked for. csv and npy hold `main`: unless given, the last of them."""
    found, single = values_of(problem, log), problem.single
    labels, (N, K) = Labels(problem.names, problem.input_names), found["h"].shape

    def sheet(n: int) -> Sheet:
        columns = {key.replace("log_", "ln "): value[n] for key, value in found.items()}
        return vectors_sheet(of_input(n, single) + _title(problem, K), labels.output, columns)

    document: dict[str, Value] = {**inputs_of(problem)}
    document |= {key: value[0] if single else value for key, value in found.items()}
    main = main or ("log_h" if log else "h")
    return Result(document, main, lambda: Sheets(N, sheet), header=problem.names, names=problem.names)


def values_of(problem: Problem, log: bool) -> dict[str, Array]:
    """z, h and, if `log`, ln h, (N, K) each. z has the −∞ of b or of the given logits in it. Evaluating takes many
    times the memory of the results, and so is done for some inputs at a time."""
    N, K = (1 if problem.single else len(problem.x)), problem.W.shape[1]
    names = ("z", "h", "log_h") if log else ("z", "h")
    found = dict(zip(names, np.empty((len(names), N, K)), strict=True))
    step = N if problem.single else max(1, PART // max(problem.W.shape))
    for a in range(0, N, step):
        layer, _ = problem.evaluated(None if problem.single else slice(a, a + step))
        given = problem.b if problem.z is None else np.atleast_2d(problem.z)[a : a + step]
        hidden = None if given is None else np.isneginf(np.broadcast_to(given, layer.z.shape))
        z = layer.z if hidden is None or not hidden.any() else np.where(hidden, -np.inf, layer.z)
        for name, value in zip(names, (z, layer.h, *([layer.log_h()] if log else [])), strict=True):
            found[name][a : a + step] = value
    return found


def _title(problem: Problem, K: int) -> str:
    T = "" if problem.temperature == 1.0 else f"/{problem.temperature:g}"
    of = "" if problem.z is not None else f", z = Wᵀx{'' if problem.b is None else ' + b'}"
    return f"h = softmax(z{T}){of}  ({K},): a row an output"
