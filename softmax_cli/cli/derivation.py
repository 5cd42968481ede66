"""The derivation, printed, and as what JSON Lines hold."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

from ..errors import InputError
from ..reading.problem import Problem
from .lines import ALONE, Document, Work
from .options import Walk


def run_explain(problem: Problem, walk: Walk) -> None:
    """Print the worked derivation."""
    if sys.stdout is None:
        raise InputError("standard output is closed")
    sys.stdout.write(_explained(problem, walk))


def explain_work(walk: Walk) -> Work:
    """The derivation of every line of JSON Lines, as the text that it would be."""

    def compute(problem: Problem, documents: list[Document]) -> list[Document]:
        return [{walk.format: _explained(replace(problem, x=problem.x[0]), walk)}]

    return Work(compute, size=lambda p: ALONE)


def _explained(problem: Problem, walk: Walk) -> str:
    from ..explaining.derivation import explain

    entry = None if walk.entry is None else _entry(walk.entry)
    steps = explain(problem.x, problem.W, problem.b, problem.names, entry, walk.precision)
    if walk.format == "markdown":
        from ..explaining.markdown import as_markdown

        return as_markdown(steps)
    from ..explaining.text import as_text
    from ..writing.tables import console_for

    return as_text(steps, console_for(sys.stdout).width if sys.stdout is not None else 80)


def _entry(text: str) -> tuple[int, int, int]:
    parts = text.split(",")
    if len(parts) != 3 or not all(re.fullmatch(r"[0-9]{1,18}", p.strip()) for p in parts):
        raise InputError(f"--entry is {text!r}, where t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]")
    t, j, i = (int(p) for p in parts)
    return t, j, i
