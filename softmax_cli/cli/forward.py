"""forward: the layer itself."""

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from .commands import command
from .inputs import answer_lines, fail, problem_of
from .options import Inputs, Lines, Log, Output


class Held(NamedTuple):
    """Which of the results goes where one does."""

    of: Annotated[
        Literal["z", "h", "log_h"] | None,
        typer.Option(help="What .csv, .npy and .zarr hold, a row an input. [default: h; log_h with --log]"),
    ] = None


if TYPE_CHECKING:
    from ..reading.problem import Problem
    from .json_lines import Document, Work


@command("forward", "the logits z and the probabilities h")
def forward(inputs: Inputs, log: Log, held: Held, lines: Lines, output: Output) -> None:
    """Examples:

    \b
      softmax-jac forward -x 0.1,0.5 -W '1,2,3;4,5,6' -b 0,0,1
      softmax-jac forward -z 1,2,3 --temperature 0.5 --mask 0
      softmax-jac forward -o model.json  the example, in a file
      softmax-jac forward model.json --log --json
      softmax-jac forward -x '1,2;3,4' -W '1,2,3;4,5,6' --of z -o z.csv

    The logits z = Wᵀx + b and the probabilities h = softmax(z/T); with --log, ln h as well.
    """
    from ..writing.formats.registry import ONE_ARRAY
    from ..writing.write_result import chosen_format, emit

    if lines.jsonl:
        if held.of is not None:
            fail("--of chooses what one array holds, and --jsonl writes all results of a line")
        answer_lines(inputs, lines, output, _line_work(log.log))
        return
    from ..writing.forward_result import forward_result

    format = chosen_format(output.format, output.json, output.output)
    if held.of is not None and format not in ONE_ARRAY:
        fail(f"--of chooses what one array holds, and {format} shows all results", "add -o FILE.csv or FILE.npy")
    problem = problem_of(inputs, lines)
    with_log = log.log or held.of == "log_h"
    emit(forward_result(problem, with_log, held.of or ""), format, output.output, output.precision, output.full)


def _line_work(log: bool) -> "Work":
    """z and h of each of many lines, and ln h where it is asked for."""
    from ..writing.forward_result import values_of
    from .json_lines import Work

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        found = values_of(problem, log)
        return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]

    return Work(compute, lambda p: 2 * p.W.shape[1])
