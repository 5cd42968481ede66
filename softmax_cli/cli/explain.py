"""explain: the derivation, worked with one's own numbers."""

import os
import re
import sys
from typing import TYPE_CHECKING

from ..wording import quoted, shown
from .commands import command
from .inputs import done_if, fail, problem_of
from .options import Explanation, Inputs, Lines

if TYPE_CHECKING:
    from ..reading.problem import Problem
    from .lines import Document, Work


@command("explain", "the derivation, worked with your own numbers")
def explain(inputs: Inputs, explanation: Explanation, lines: Lines) -> None:
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
    if explanation.brief and explanation.of == "loss-grad":
        fail("--brief is of a Jacobian, and --of loss-grad asks for the loss")
    for name in ("target", "learning_rate"):
        if explanation.of != "loss-grad" and getattr(explanation, name) is not None:
            fail(f"--{name.replace('_', '-')} belongs to the loss", "add --of loss-grad")
    if lines.jsonl:
        from .lines import run_lines

        done_if(run_lines(inputs, lines, explanation.output, _line_work(explanation)))
        return
    format = _chosen_format(explanation)
    if sys.stdout is None and explanation.output in (None, "-"):
        fail("standard output is closed")
    text = _explained(problem_of(inputs, lines), explanation, format)
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


def _line_work(explanation: Explanation) -> "Work":
    """The derivation of each of many lines, as the text that it would be."""
    from dataclasses import replace

    from .lines import ALONE, Work

    format = explanation.format or "text"

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        z = None if problem.z is None else problem.z[0]
        return [{format: _explained(replace(problem, x=problem.x[0], z=z), explanation, format)}]

    return Work(compute, size=lambda p: ALONE)


def _explained(problem: "Problem", explanation: Explanation, format: str) -> str:
    from dataclasses import replace

    from ..explaining.formats.registry import renderer
    from ..explaining.worked_entry import worked_entry

    entry = None if explanation.entry is None else _entry(explanation.entry, problem.z is not None)
    of_logits = problem.z is not None
    worked = worked_entry(
        None if of_logits else problem.x,
        None if of_logits else problem.W,
        problem.b,
        problem.names,
        entry,
        explanation.precision,
        z=problem.z,
        temperature=problem.temperature,
        mask=problem.mask,
    )
    if explanation.of == "loss-grad":
        from ..explaining.loss_steps import with_loss

        worked = with_loss(worked, _target(problem, explanation), explanation.learning_rate)
    if explanation.brief:
        worked = replace(worked, brief=True)
    return renderer(format)(worked, _width(explanation.output), lambda: _picture(problem))


def _target(problem: "Problem", explanation: Explanation) -> int:
    """The right class, as --target or the document says."""
    from .error_options import error_of
    from .options import ErrorSide

    error = error_of(problem, ErrorSide(target=explanation.target))
    target = error.pop("target", None)
    more = [key for key, value in error.items() if not (key in ("label_smoothing", "l2") and value == 0)]
    if more:
        fail(f"explain --of loss-grad works through the loss of a class alone, and INPUT holds {' and '.join(more)}")
    if not isinstance(target, int):
        fail("explain --of loss-grad works through the loss of one class, and the target is probabilities")
    return target


def _width(output: str | None) -> int:
    """Of the terminal that text goes to, if it does."""
    from ..writing.console import console_for

    return console_for(sys.stdout).width if output in (None, "-") and sys.stdout is not None else 80


def _picture(problem: "Problem") -> str:
    from ..drawing.svg import svg_heatmap
    from ..drawing.view import view_of
    from ..writing.jacobian_result import Asked, jacobian_result

    return svg_heatmap(view_of(jacobian_result(problem, Asked("dL_dW" if problem.z is None else "dS_dZ")), "numerator"))


def _entry(text: str, of_logits: bool) -> tuple[int, ...]:
    parts = text.split(",")
    by_logit, by_weight = (
        "t,i is expected, as in 1,0 for ∂h[1]/∂z[0]",
        "t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]",
    )
    wanted = by_logit if of_logits else by_weight
    if len(parts) != (2 if of_logits else 3) or not all(re.fullmatch(r"[0-9]{1,18}", p.strip()) for p in parts):
        fail(f"--entry is {quoted(text)}, where {wanted}")
    return tuple(int(p) for p in parts)
