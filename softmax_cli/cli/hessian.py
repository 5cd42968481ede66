"""hessian: the second derivative of the error in the weights."""

from typing import TYPE_CHECKING

from .commands import command
from .inputs import answer_lines, check_values, fail, problem_of, refuse_logits
from .jacobians import show
from .loss_grad import READ
from .loss_options import ErrorSide
from .matrix_options import DrawnOutput
from .options import Inputs, Lines

if TYPE_CHECKING:
    from ..reading.problem import Problem
    from .json_lines import Document, Work


@command("hessian", "d²E/dW²: the curvature of the error in the weights")
def hessian(inputs: Inputs, error: ErrorSide, lines: Lines, output: DrawnOutput) -> None:
    """Examples:

    \b
      softmax-jac hessian
      softmax-jac hessian -x '1,2;3,4' -W '1,2,3;4,5,6' --l2 0.1 -o H.npy
      softmax-jac hessian --format heatmap

    d²E/dW² = Σ w·s·(dS/dZ) ⊗ x·xᵀ/(T·norm) + λI, of the cross-entropy that loss-grad describes. Shape (K·J, K·J); row
    and column i·J + j belong to W[j,i]. It is the Gauss-Newton matrix, and without class weights and λ the Fisher
    matrix. A target is needed only where class weights or ignored rows depend on it.
    """
    from ..writing.hessian_result import hessian_result
    from ..writing.write_result import chosen_format
    from .error_options import error_of, named_as_given, say_spread

    read_too = {f"--{key.replace('_', '-')}": getattr(error, key) for key in READ}
    if error.upstream is not None:
        fail("--upstream says nothing of the second derivative: give --target, or neither")
    if lines.jsonl:
        check_values(inputs, read_too)
        answer_lines(inputs, lines, output, _line_work(error, inputs.header))
        return
    format = chosen_format(output.format, output.json, output.output)
    problem = problem_of(inputs, lines, read_too, error=error)
    refuse_logits(problem, "hessian")
    given = error_of(problem, error, needed=False)
    say_spread(problem, given, set())
    with named_as_given(error):
        result = hessian_result(problem, given)
    show(result, format, output)


def _line_work(error: ErrorSide, header: bool | None) -> "Work":
    """The Hessian of each of many lines."""
    from dataclasses import replace

    from ..writing.hessian_result import hessian_of
    from .error_options import for_lines, named_as_given, say_spread
    from .json_lines import ALONE, Work
    from .loss_grad import error_of_line

    options = for_lines(error, header)
    said: set[str] = set()

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        alone = replace(problem, x=problem.x[0], document=documents[0])
        refuse_logits(alone, "hessian")
        common = options(problem.names)
        given = error_of_line(alone, common)
        say_spread(alone, given, said)
        with named_as_given(error, ""):
            return [{"d2E_dW2": hessian_of(alone, given).dense()}]

    return Work(compute, lambda p: ALONE, of_error=True)
