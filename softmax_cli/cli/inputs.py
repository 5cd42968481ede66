"""From the options of a command to the problem that they name."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

import typer

from ..wording import shown
from ..writing.messages import say
from .exits import Status
from .options import Inputs, Lines, Output

if TYPE_CHECKING:
    from ..reading.problem import Problem
    from .json_lines import Work
    from .loss_options import ErrorSide
    from .matrix_options import DrawnOutput

NO_INPUT = "softmax-jac: no input given (- reads standard input), so this is the article's example (x 3, W 3 × 5)"


def problem_of(
    inputs: Inputs, lines: Lines, also_read: dict[str, str | None] | None = None, in_file: bool = False,
    error: "ErrorSide | None" = None,
) -> "Problem":  # fmt: skip
    """The problem that the options name. `also_read` are the other options that may name standard input; `in_file`
    leaves a large batch where it is; `error` has those of the error, where a command takes one."""
    from ..reading.problem import ARTICLE

    if lines.keep_going:
        fail("--keep-going goes with --jsonl")
    if inputs == Inputs() and not also_read:
        say(NO_INPUT)
        return ARTICLE
    from ..reading.read_problem import read_problem

    check_values(inputs, also_read or {})
    problem = read_problem(
        inputs.input, inputs.x, inputs.w, inputs.b, layout=inputs.weights_layout, x_rows=inputs.x_rows,
        header=inputs.header, binary=inputs.binary, in_file=in_file, z=inputs.z, temperature=inputs.temperature,
        mask=inputs.mask, beside=also_read, error=None if error is None else error._asdict(),
    )  # fmt: skip
    say_notes(problem.notes)
    if problem.x is ARTICLE.x:
        say(NO_INPUT)
    return problem


def refuse_logits(problem: "Problem", what: str) -> None:
    """InputError where only the logits are given, and `what` needs the layer."""
    if problem.z is not None:
        fail(f"{what} needs x and W, and only the logits z are given")


def say_notes(notes: Iterable[str]) -> None:
    """What the user should hear of how the numbers were taken."""
    for note in notes:
        say(f"softmax-jac: {note}")


def check_values(inputs: Inputs, also_read: dict[str, str | None]) -> None:
    from ..reading.sources import refuse_stdin_twice

    options = {"-x": inputs.x, "-W": inputs.w, "-b": inputs.b, "-z": inputs.z}
    for option, value in options.items():
        if value is not None and value.startswith("-") and value[1:2] in ("-", *"xWbzoh"):
            fail(f"{option} is followed by {shown(value, 40)}, where a value is expected")
    refuse_stdin_twice({"INPUT": inputs.input, **options, **also_read})


def answer_lines(inputs: Inputs, lines: Lines, output: "Output | DrawnOutput", work: "Work") -> None:
    from .json_lines import run_lines

    check_values(inputs, {})
    if output.format not in (None, "json"):
        fail(f"--format {output.format} cannot be written line by line", "leave it out: --jsonl writes JSON")
    done_if(run_lines(inputs, lines, output.output, work))


def done_if(good: bool) -> None:
    if not good:
        raise typer.Exit(Status.BAD_INPUT)


def fail(message: str, advice: str = "") -> NoReturn:
    from ..errors import InputError

    raise InputError(message, advice)
