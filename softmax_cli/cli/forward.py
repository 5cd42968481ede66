"""forward: the layer itself."""

from typing import TYPE_CHECKING

from .commands import command
from .inputs import answer_lines, problem_of
from .options import Inputs, Lines, Output

if TYPE_CHECKING:
    from ..reading.problem import Problem
    from .lines import Document, Work


@command("forward", "z and h")
def forward(inputs: Inputs, lines: Lines, output: Output) -> None:
    """Examples:

    \b
      softmax-jac forward -x 0.1,0.5 -W '1,2,3;4,5,6' -b 0,0,1
      softmax-jac forward model.json --json
      softmax-jac forward -x batch.npy -W W.csv -o h.npy

    The logits z = Wᵀx + b and the probabilities h = softmax(z).
    """
    from ..writing.emit import chosen_format, emit

    if lines.jsonl:
        answer_lines(inputs, lines, output, _line_work())
        return
    from ..writing.forward_result import forward_result

    format = chosen_format(output.format, output.json, output.output)
    problem = problem_of(inputs, lines)
    if format == "csv":
        from ..writing.formats.csv import refuse_dimensions

        refuse_dimensions(problem.x.ndim + 1, "z and h of many inputs have", "npz")
    emit(forward_result(problem), format, output.output, output.precision, output.full)


def _line_work() -> "Work":
    """z and h of each of many lines."""
    from ..core.layer import evaluate
    from .lines import Work

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        layer, _ = evaluate(problem.x, problem.W, problem.b)
        return [{"z": z, "h": h} for z, h in zip(layer.z, layer.h, strict=True)]

    return Work(compute, lambda p: 2 * p.W.shape[1])
