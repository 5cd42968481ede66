"""check on the command line: what is compared, and what was found, printed."""

from __future__ import annotations

import sys
from dataclasses import replace

from ..checking.agreement import SelfReport
from ..checking.quantities import quantity_named
from ..checking.report import Report
from ..checking.selfcheck import self_check
from ..errors import InputError
from ..reading.problem import Problem
from .answers import DEFAULT, check_files, compared, error_options, print_json
from .exits import Status
from .inputs import say_notes
from .json_lines import ALONE, Document, Work, run_lines
from .loss_options import ErrorSide
from .options import Inputs, Lines
from .own_options import Against

OF_ITSELF = "the tool is compared with itself: --against FILE compares a result with what is right"


def run_check(problem: Problem, error: ErrorSide, against: Against, note: bool) -> Status:
    """Print what check finds, and say how it ended. A `note` says what is compared where INPUT may hold results."""
    if sys.stdout is None:
        raise InputError("standard output is closed")
    if against.against is not None:
        return check_files(problem, error, against)
    _refuse_idle(error, against)
    say_notes([OF_ITSELF] if note else [])
    report = _own_check(problem)
    print_json(report.to_dict()) if against.json else print(report)
    return Status.DONE if report else Status.DIFFERS


def check_lines(inputs: Inputs, lines: Lines, error: ErrorSide, against: Against) -> Status:
    """Check every line of JSON Lines: the tool itself, or with --against INPUT the result that stands in the line."""
    of = against.of or DEFAULT
    key, of_error = quantity_named(of).key, quantity_named(of).of_error
    if against.against is None:
        _refuse_idle(error, against)
    elif against.against != [inputs.input]:
        raise InputError(f"with --jsonl every line brings its own {key}", "write --against with the same FILE as INPUT")
    agreed = True

    def compute(problem: Problem, documents: list[Document]) -> list[Document]:
        nonlocal agreed
        (document,) = documents
        alone = replace(problem, x=problem.x[0], z=None if problem.z is None else problem.z[0], document=document)
        report: Report | SelfReport
        if against.against is None:
            report = _own_check(alone)
        elif key not in document:
            raise InputError(f"{key} is missing")
        else:
            stored = problem.stored if "W" in document else inputs.weights_layout or "in-out"
            report = compared(document[key], alone, error, against, stored, of)
        agreed = agreed and bool(report)
        return [report.to_dict()]

    good = run_lines(inputs, lines, None, Work(compute, size=lambda p: ALONE, of_error=of_error))
    return Status.BAD_INPUT if not good else Status.DONE if agreed else Status.DIFFERS


def _own_check(problem: Problem) -> SelfReport:
    """The tool against itself."""
    if problem.z is not None or problem.temperature != 1.0 or problem.mask is not None:
        raise InputError(
            "without --against FILE, check compares the bare layer: it takes x, W and b, no temperature and no mask"
        )
    return self_check(problem.x, problem.W, problem.b)


def _refuse_idle(error: ErrorSide, against: Against) -> None:
    """Options that say what FILE holds and how it is compared say nothing without one."""
    given = {
        "--of": against.of, **error_options(error), "--layout": against.layout, "--rtol": against.rtol,
        "--atol": against.atol or None, "--strict": against.strict or None,
    }  # fmt: skip
    idle = [option for option, value in given.items() if value is not None]
    if idle:
        raise InputError(
            f"{idle[0]} goes with --against FILE",
            "without FILE, check compares the tool with itself, in every Jacobian",
        )
