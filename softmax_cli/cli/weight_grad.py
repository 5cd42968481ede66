"""weight-grad: the gradient that moves the weights."""

from typing import TYPE_CHECKING, Any

from .commands import command
from .inputs import answer_lines, check_values, fail, problem_of
from .options import ErrorSide, Inputs, Lines, Output, Step

if TYPE_CHECKING:
    from ..core.arrays import Array
    from ..reading.problem import Problem
    from ..writing.result import Result
    from .lines import Document, Work

WEIGHTS = ("upstream", "target")


@command("weight-grad", "dE/dW: the gradient that moves the weights")
def weight_grad(inputs: Inputs, error: ErrorSide, step: Step, lines: Lines, output: Output) -> None:
    """Examples:

    \b
      softmax-jac weight-grad model.json --target 2
      softmax-jac weight-grad model.json --upstream 0,0,-1.5,0,0
      softmax-jac weight-grad model.json --target 2 --learning-rate 0.1 --json | jq .W_new
      softmax-jac weight-grad -x X.npy -W W.npy --target labels.csv --reduction mean

    dE/dW, shaped like W: the gradient of an error E in the weights. The outputs sum to one, so every column of dL/dW
    sums to zero: adding up its rows as they are moves no weight. Each row has to be weighted by what its output costs,
    the upstream gradient dE/dh. Give that, or the right class for the cross-entropy E = −ln h[target].
    """
    from ..writing.emit import chosen_format, emit
    from .weighting import reduction_of

    if lines.jsonl:
        check_values(inputs, {"--upstream": error.upstream, "--target": error.target})
        answer_lines(inputs, lines, output, _line_work(error, step, inputs.header))
        return
    format = chosen_format(output.format, output.json, output.output)
    also = {"--upstream": error.upstream, "--target": error.target}
    problem = problem_of(inputs, lines, also, in_file=True)
    if format == "csv" and problem.x.ndim == 2 and reduction_of(problem, error) == "none":
        from ..writing.formats.csv import refuse_dimensions

        refuse_dimensions(3, f"{'dE_dW' if step.learning_rate is None else 'W_new'} has")
    emit(_learnt(problem, error, step), format, output.output, output.precision, output.full)


def _learnt(problem: "Problem", error: ErrorSide, step: Step) -> "Result":
    """dE/dW over one input or many, with the loss and the moved weights where they are asked for."""
    from ..core.gradients import gradient_and_loss
    from ..writing.gradient_result import gradient_result
    from ..writing.progress import progress
    from .weighting import reduction_of, weighting

    given, reduction = weighting(problem, error), reduction_of(problem, error)
    size = problem.x.nbytes
    row = problem.x.shape[-1] * 8
    with progress(size, "weight-grad") as advance:
        gradient, loss = gradient_and_loss(
            problem.x, problem.W, problem.b, **given, reduction=reduction, on_rows=lambda n: advance(n * row)
        )
    if problem.x.ndim == 2:
        given["reduction"] = reduction
    return gradient_result(problem, given, _found(problem, gradient, loss, step))


def _found(problem: "Problem", gradient: "Array", loss: "Array | None", step: Step) -> "dict[str, Array]":
    """dE_dW, the loss where there is one, and W_new = W − r·dE/dW where it is asked for."""
    import numpy as np

    from ..core.step import moved

    found = {"dE_dW": gradient} if loss is None else {"dE_dW": gradient, "loss": loss}
    if step.learning_rate is not None:
        if not np.isfinite(step.learning_rate):
            fail(f"--learning-rate is {step.learning_rate}, where a finite number is expected")
        found["W_new"] = moved(problem.W, step.learning_rate, gradient)
        if not np.isfinite(found["W_new"]).all():
            fail("W_new is too large for double precision (beyond ±1.8e308)")
    return found


def _line_work(error: ErrorSide, step: Step, header: bool | None) -> "Work":
    """dE/dW of each of many lines, and the loss and the moved weights where there are any; upstream or
    target of a line come before those of the options."""
    import numpy as np

    from ..core.gradients import gradient_and_loss
    from ..reading.jsonfile import json_array
    from .lines import Work
    from .weighting import shared_weighting

    common = shared_weighting(error, header)

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        given = [{key: d[key] for key in WEIGHTS if key in d} or common for d in documents]
        keys = {tuple(g) for g in given}
        if len(keys) != 1 or len(given[0]) != 1:
            fail("one of target and upstream is expected, in the line or as --target or --upstream")
        used: dict[str, Any] = {key: [g[key] for g in given] for key in given[0]}
        if not all(type(value) in (int, float) for value in used.get("target", ())):
            fail("target is not a number, where a class index, a whole number from 0, is expected")
        if "upstream" in used:
            used["upstream"] = [v if isinstance(v, np.ndarray) else json_array(v, "upstream") for v in used["upstream"]]
        gradient, loss = gradient_and_loss(problem.x, problem.W, problem.b, reduction="none", **used)
        found = _found(problem, gradient, loss, step)
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]

    return Work(compute, lambda p: p.W.size)
