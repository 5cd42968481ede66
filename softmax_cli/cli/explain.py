"""explain: the derivation, worked with one's own numbers."""

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from ..wording import quoted, shown
from .commands import command
from .inputs import check_values, done_if, fail, problem_of
from .loss_grad import READ, error_of_line
from .loss_options import ErrorSide
from .options import Inputs, Lines
from .own_options import Explanation

if TYPE_CHECKING:
    from ..explaining.worked_entry import WorkedEntry
    from ..reading.problem import Problem
    from .json_lines import Document, Work


@command("explain", "the derivation, worked with your own numbers")
def explain(inputs: Inputs, explanation: Explanation, error: ErrorSide, lines: Lines) -> None:
    """Examples:

    \b
      softmax-jac explain
      softmax-jac explain --entry 1,2,0 --brief      formulas and one entry
      softmax-jac explain --of loss-grad --target 2  the loss and a step
      softmax-jac explain -z 1,2,3 --entry 0,1       of the softmax alone
      softmax-jac explain -o lesson.html             a page to choose an entry on
      softmax-jac explain -o lesson.md               for pandoc or a notebook

    The derivation of dL/dW, or with -z of dS/dZ, walked through with your own numbers.
    """
    if explanation.of != "loss-grad":
        for name, value in {**error._asdict(), "learning_rate": explanation.learning_rate}.items():
            if value is not None:
                fail(f"--{name.replace('_', '-')} belongs to the loss", "add --of loss-grad")
    read_too = {f"--{key.replace('_', '-')}": getattr(error, key) for key in READ}
    if lines.jsonl:
        from .json_lines import run_lines

        check_values(inputs, read_too)
        done_if(run_lines(inputs, lines, explanation.output, _line_work(explanation, error, inputs.header)))
        return
    format = _chosen_format(explanation)
    if sys.stdout is None and explanation.output in (None, "-"):
        fail("standard output is closed")
    problem = problem_of(inputs, lines, read_too, error=error if explanation.of == "loss-grad" else None)
    given: dict[str, Any] = {}
    if explanation.of == "loss-grad":
        from .error_options import error_of, named_as_given, say_spread

        given = error_of(problem, error)
        say_spread(problem, given, set())
        with named_as_given(error):
            text = _explained(problem, explanation, given, format)
    else:
        text = _explained(problem, explanation, given, format)
    if format == "text" and explanation.output in (None, "-"):
        sys.stdout.write(text)
        return
    from ..writing.files import target

    with target(explanation.output) as stream:
        stream.write(text.encode())


def _chosen_format(explanation: Explanation) -> str:
    """What --format or the suffix of -o asks for."""
    from ..explaining.formats.registry import SUFFIXES

    if explanation.format is not None:
        return explanation.format
    if explanation.output is None or explanation.output == "-":
        return "text"
    suffix = os.path.splitext(explanation.output)[1].lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        fail(f"-o {shown(explanation.output)}: the suffix names no format ({known})", "choose one with --format")
    return SUFFIXES[suffix]


def _line_work(explanation: Explanation, error: ErrorSide, header: bool | None) -> "Work":
    """The derivation of each of many lines, as the text that it would be; what a line says of the error comes before
    the options."""
    from dataclasses import replace

    from .error_options import for_lines
    from .json_lines import ALONE, Work

    format = explanation.format or "text"
    common = for_lines(error, header)

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        one = replace(problem, x=problem.x[0], z=None if problem.z is None else problem.z[0], document=documents[0])
        if explanation.of != "loss-grad":
            return [{format: _explained(one, explanation, {}, format)}]
        from .error_options import NO_SIDE, SIDES, named_as_given

        given = error_of_line(one, common(problem.names))
        if not given.keys() & set(SIDES):
            fail(*NO_SIDE)
        with named_as_given(error, ""):
            return [{format: _explained(one, explanation, given, format)}]

    return Work(compute, size=lambda p: ALONE, of_error=explanation.of == "loss-grad")


def _explained(problem: "Problem", explanation: Explanation, error: dict[str, Any], format: str) -> str:
    """The derivation; with an `error`, of that."""
    from dataclasses import replace

    from ..explaining.formats.registry import renderer

    of_logits = problem.z is not None
    of = "E" if error else "h"
    entry = None if explanation.entry is None else _entry(explanation.entry, of, problem)
    layer = (None, None) if of_logits else (problem.x, problem.W)
    more: dict[str, Any] = {"z": problem.z, "temperature": problem.temperature, "mask": problem.mask}
    more["input_names"] = problem.input_names
    arguments: Any = (*layer, problem.b, problem.names, entry, explanation.precision)
    if error:
        from ..explaining.worked_loss import worked_loss

        worked = worked_loss(*arguments, error=error, rate=explanation.learning_rate, **more)
    else:
        from ..explaining.worked_entry import worked_entry

        worked = worked_entry(*arguments, **more)
    if explanation.brief:
        worked = replace(worked, brief=True)
    return renderer(format)(worked, _width(explanation.output), lambda: _picture(problem, worked))


def _width(output: str | None) -> int:
    """Of the terminal that text goes to, if it does."""
    from ..writing.console import console_for

    return console_for(sys.stdout).width if output in (None, "-") and sys.stdout is not None else 80


def _picture(problem: "Problem", worked: "WorkedEntry") -> str:
    """The whole matrix of derivatives; none of those by the logits, which are a row."""
    from ..drawing.svg import svg_heatmap
    from ..drawing.view import of_matrix, view_of
    from ..writing.jacobian_result import Asked, jacobian_result

    if worked.loss is None:
        asked = Asked("dS_dZ" if worked.of_logits else "dL_dW")
        return svg_heatmap(view_of(jacobian_result(problem, asked), "numerator"))
    if worked.of_logits:
        return ""
    from ..writing.labels import Axes, Labels

    labels = Labels(worked.names, worked.input_names)
    axes = Axes("dE/dW", "W[j,:]", "W[:,i]", labels.weights_from, labels.weights_to)
    return svg_heatmap(of_matrix(worked.loss.dE_dW, axes), marked=worked.loss.marked)


WANTED = {  # by what the entry is of, and whether the logits are given
    ("h", False): "t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]",
    ("h", True): "t,i is expected, as in 1,0 for ∂h[1]/∂z[0]",
    ("E", False): "j,i is expected, as in 2,0 for ∂E/∂W[2,0]",
    ("E", True): "i is expected, as in 0 for ∂E/∂z[0]",
}


def _entry(text: str, of: str, problem: "Problem") -> tuple[int, ...]:
    """The indices of an entry; the name of an output or of an input stands for its own."""
    from ..reading.names import index_of, listing

    wanted = WANTED[of, problem.z is not None]
    letters = wanted.partition(" ")[0].split(",")
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != len(letters):
        fail(f"--entry is {quoted(text)}, where {wanted}")
    entry = []
    for letter, part in zip(letters, parts, strict=True):
        noun, names = ("input", problem.input_names) if letter == "j" else ("output", problem.names)
        index = index_of(part, names, "--entry")
        if index is None and re.fullmatch(r"[0-9]{1,18}", part):
            index = int(part)
        if index is None and names is not None:
            fail(f"--entry {shown(text, 40)}: {quoted(part)} is no {noun}", f"the {noun}s are {listing(names)}")
        if index is None:
            fail(f"--entry is {quoted(text)}, where {wanted}")
        entry.append(index)
    return tuple(entry)
