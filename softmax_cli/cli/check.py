"""check: is this gradient right, and if not, where and why?"""

import typer

from .commands import command
from .exits import Status
from .inputs import problem_of
from .options import Against, ErrorSide, Inputs, Lines


@command("check", "Is this gradient right, and if not, where and why?")
def check(inputs: Inputs, error: ErrorSide, against: Against, lines: Lines) -> None:
    """Examples:

    \b
      softmax-jac check model.json                     is the tool right? four ways, compared
      softmax-jac check model.json --against mine.npy  is my dL/dW right? if not, where and why
      softmax-jac check model.json --of weight-grad --target 2 --against grad.csv

    Find the mistake in a gradient. Exit 0 when all agrees, 1 when not.
    """
    from .report import check_lines, run_check

    if lines.jsonl:
        raise typer.Exit(check_lines(inputs, lines, error, against))
    named = {"--upstream": error.upstream, "--target": error.target, "--against": against.against}
    if not run_check(problem_of(inputs, lines, named), error, against):
        raise typer.Exit(Status.DIFFERS)
