"""What forward found."""

from __future__ import annotations

from ..core.layer import evaluate
from ..reading.problem import Problem
from .inputs import inputs_of
from .labels import Labels, of_input
from .result import Result, Value
from .sheet import Sheet, Sheets, vectors_sheet


def forward_result(problem: Problem) -> Result:
    layer, single = evaluate(problem.x, problem.W, problem.b)
    labels = Labels(problem.names)
    z, h = (layer.z[0], layer.h[0]) if single else (layer.z, layer.h)

    def sheet(n: int) -> Sheet:
        K = layer.h.shape[1]
        title = f"h = softmax(z), z = Wᵀx{'' if problem.b is None else ' + b'}  ({K},): a row an output"
        return vectors_sheet(of_input(n, single) + title, labels.output, {"z": layer.z[n], "h": layer.h[n]})

    document: dict[str, Value] = {**inputs_of(problem), "z": z, "h": h}
    return Result(document, "h", lambda: Sheets(len(layer.h), sheet), columns=("z", "h"))
