"""What hessian found."""

from __future__ import annotations

from typing import Any

from ..core.batch import Batch
from ..core.hessian import Hessian, goal_of, hessian_structure
from ..core.objective import Options
from ..errors import InputError
from ..reading.problem import Problem
from .inputs import inputs_of
from .labels import Axes, Labels, of_input
from .result import Result, Stream, Value
from .table_source import Sheet, Sheets


def hessian_of(problem: Problem, error: dict[str, Any]) -> Hessian:
    """d²E/dW² of a problem. InputError for an upstream gradient, which says nothing of it."""
    if "upstream" in error:
        raise InputError("an upstream gradient says nothing of the second derivative", "give --target, or neither")
    layer, single = problem.evaluated()
    return hessian_structure(layer, goal_of(Options(**error), layer, single), single)


def hessian_result(problem: Problem, error: dict[str, Any]) -> Result:
    found = hessian_of(problem, error)
    labels, J, size = Labels(problem.names, problem.input_names), found.per_output, found.columns
    every = found.each and not found.single

    def label(c: int) -> str:
        return labels.weight(c % J, c // J)

    axes = Axes("d²E/dW²", "W[j,i], j running fastest", "W[j,i]", label, label)

    def sheet(n: int) -> Sheet:
        title = f"{of_input(n, not every)}{axes.name}  ({size}, {size}): rows and columns {axes.rows}"
        return Sheet(title, (size, size), label, label, lambda r, c: found.entries(n, r, c))

    document: dict[str, Value] = {**inputs_of(problem), **error, "d2E_dW2": Stream(found.shape(), found.blocks())}
    sheets = Sheets(len(found.layer.h) if every else 1, sheet)
    return Result(document, "d2E_dW2", lambda: sheets, batch=Batch(lambda some: found, 1), axes=axes)
