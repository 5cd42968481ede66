"""explain: the derivation, worked with one's own numbers."""

import re
import sys
from typing import TYPE_CHECKING

from ..wording import quoted
from .commands import command
from .inputs import done_if, fail, problem_of
from .options import Explanation, Inputs, Lines

if TYPE_CHECKING:
    from ..reading.problem import Problem
    from .lines import Document, Work


@command("explain", "The derivation, worked with your own numbers")
def explain(inputs: Inputs, explanation: Explanation, lines: Lines) -> None:
    """Examples:

    \b
      softmax-jac explain
      softmax-jac explain model.json --entry 1,2,0
      softmax-jac explain model.json --format markdown > derivation.md

    The derivation of dL/dW, walked through with your own numbers.
    """
    if lines.jsonl:
        from .lines import run_lines

        done_if(run_lines(inputs, lines, None, _line_work(explanation)))
    elif sys.stdout is None:
        fail("standard output is closed")
    else:
        sys.stdout.write(_explained(problem_of(inputs, lines), explanation))


def _line_work(explanation: Explanation) -> "Work":
    """The derivation of each of many lines, as the text that it would be."""
    from dataclasses import replace

    from .lines import ALONE, Work

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        return [{explanation.format: _explained(replace(problem, x=problem.x[0]), explanation)}]

    return Work(compute, size=lambda p: ALONE)


def _explained(problem: "Problem", explanation: Explanation) -> str:
    from ..explaining.derivation import explain

    entry = None if explanation.entry is None else _entry(explanation.entry)
    steps = explain(problem.x, problem.W, problem.b, problem.names, entry, explanation.precision)
    if explanation.format == "markdown":
        from ..explaining.formats.markdown import as_markdown

        return as_markdown(steps)
    from ..explaining.formats.text import as_text
    from ..writing.console import console_for

    return as_text(steps, console_for(sys.stdout).width if sys.stdout is not None else 80)


def _entry(text: str) -> tuple[int, int, int]:
    parts = text.split(",")
    if len(parts) != 3 or not all(re.fullmatch(r"[0-9]{1,18}", p.strip()) for p in parts):
        fail(f"--entry is {quoted(text)}, where t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]")
    t, j, i = (int(p) for p in parts)
    return t, j, i
