"""check: is this gradient right, and if not, where and why?"""

from typing import NoReturn

import typer

from .commands import command
from .exits import Status
from .inputs import fail, problem_of
from .loss_options import ErrorSide
from .options import Inputs, Lines
from .own_options import Against, Function


@command("check", "is this gradient right, and if not, where and why?")
def check(inputs: Inputs, error: ErrorSide, against: Against, function: Function, lines: Lines) -> None:
    """Examples:

    \b
      softmax-jac check                     is the tool right? by three other ways
      softmax-jac layer-grad -o mine.npy    the place of a result of yours
      softmax-jac check --against mine.npy  is it right? if not, where and why
      softmax-jac loss-grad --target 2 --wrt W -o dW.csv
      softmax-jac check --of dE_dW --target 2 --against dW.csv

    Find the mistake in a gradient, or in a function that makes one, as in --function layer.py:backward. Exit 0 when all
    agrees, 1 when not. --function executes the file that it names; nothing else does.
    """
    from ..checking.quantities import quantity_named
    from .comparing import check_lines, run_check

    _refuse_idle(function)
    if function.function is not None:
        _check_function(inputs, error, against, function, lines)
    if lines.jsonl:
        raise typer.Exit(check_lines(inputs, lines, error, against))
    named = {"--upstream": error.upstream, "--target": error.target}
    named |= {"--against": "-"} if "-" in (against.against or []) else {}
    of_error = against.of is not None and quantity_named(against.of).of_error
    problem = problem_of(inputs, lines, named, error=error if of_error else None)
    raise typer.Exit(run_check(problem, error, against, note=inputs.input is not None))


def _check_function(inputs: Inputs, error: ErrorSide, against: Against, function: Function, lines: Lines) -> NoReturn:
    from .function import run_function

    if lines.jsonl:
        fail("--function and --jsonl are both given, where lines hold results")
    own = None
    if (inputs.input, inputs.x, inputs.w, inputs.b, inputs.z) != (None,) * 5:
        own = problem_of(inputs, lines, {"--upstream": error.upstream, "--target": error.target})
    else:
        options = {**error._asdict(), "temperature": inputs.temperature, "mask": inputs.mask, "reduction": None}
        for name, value in options.items():
            if value is not None:
                fail(f"--{name.replace('_', '-')} says something of INPUT, and there is none")
    raise typer.Exit(Status.DONE if run_function(function, own, error, against, inputs.binary) else Status.DIFFERS)


def _refuse_idle(function: Function) -> None:
    """Options that say how a function is called say nothing without one."""
    options = {"--call": function.call, "--returns": function.returns, "--time-limit": function.time_limit}
    for option, value in options.items():
        if value is not None and function.function is None:
            fail(f"{option} goes with --function FILE.py:NAME")
