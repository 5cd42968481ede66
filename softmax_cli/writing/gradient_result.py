"""What weight-grad found."""

from __future__ import annotations

from typing import Any

from ..core.arrays import Array
from ..reading.problem import Problem
from .inputs import inputs_of
from .labels import Labels, of_input
from .result import Result, Value
from .sheet import Sheet, Sheets, matrix_sheet

TITLES = {"dE_dW": "dE/dW", "W_new": "W_new"}


def gradient_result(problem: Problem, weighting: dict[str, Any], found: dict[str, Array]) -> Result:
    """dE_dW, and the loss and W_new if they were found. `weighting` is what the document repeats of
    upstream, target and reduction."""
    labels = Labels(problem.names)
    gradient, loss = found["dE_dW"], found.get("loss")
    matrices = {key: value for key, value in found.items() if key != "loss"}
    J, K = problem.W.shape
    target, reduction = weighting.get("target"), weighting.get("reduction", "none")
    error = f"E = −ln {labels.h(target) if isinstance(target, int) else 'h[target]'}"
    error = error if reduction == "none" else f"{reduction} of {error}"

    def sheet(at: int) -> Sheet:
        n, which = divmod(at, len(matrices))
        key, value = list(matrices.items())[which]
        matrix = value.reshape(-1, J, K)[n]
        title = f"{TITLES[key]}  ({J}, {K}): inputs × outputs, row W[j,:], column W[:,i]"
        shown = None if loss is None or key != "dE_dW" else (error, float(loss[n] if loss.ndim else loss))
        title = of_input(n, gradient.ndim == 2) + title
        return matrix_sheet(title, matrix, labels.weights_from, labels.weights_to, shown)

    def sheets() -> Sheets:
        inputs = 1 if gradient.ndim == 2 else len(gradient)
        return Sheets(inputs * len(matrices), sheet)

    document: dict[str, Value] = {**inputs_of(problem), **weighting, **found}
    return Result(document, list(matrices)[-1], sheets, header=problem.names)
