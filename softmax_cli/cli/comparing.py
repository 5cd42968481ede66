"""check on the command line: what is compared, and what was found, printed."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import orjson
from numpy.typing import ArrayLike

from ..checking.agreement import SelfReport
from ..checking.compare import compare
from ..checking.quantities import Of, quantity_named
from ..checking.report import Report
from ..checking.selfcheck import self_check
from ..core.arrays import Array, Stored
from ..errors import InputError
from ..reading.entries import fitted, read_entry
from ..reading.keys import WeightsLayout
from ..reading.problem import Problem
from ..reading.zarrchunks import is_store
from ..reading.zarrstore import open_store
from .error_options import error_of
from .exits import Status
from .inputs import say_notes
from .lines import ALONE, Document, Work, run_lines
from .options import Against, ErrorSide, Inputs, Lines


def run_check(problem: Problem, error: ErrorSide, against: Against) -> bool:
    """Print what check finds. True if all agrees."""
    if sys.stdout is None:
        raise InputError("standard output is closed")
    report: Report | SelfReport
    if against.against is None:
        _refuse_idle(error, against)
        report = _own_check(problem)
    else:
        theirs = _theirs(against.against, against.of, problem)
        report = _compared(theirs, problem, error, against, problem.stored)
    _print(report, against.json)
    return bool(report)


def _theirs(path: str, of: Of | None, problem: Problem) -> Array | Stored:
    """The matrix in a file; one in a zarr store stays there. A table of one row or one column stays a
    matrix, but for a result that is a vector, which may also be the column of its name."""
    quantity = quantity_named(of or "layer-grad")
    if is_store(path):
        return open_store(path)
    entry = read_entry(path, "--against", quantity.key, finite=False, header=problem.header)
    say_notes(entry.notes)
    if not entry.loose:
        return fitted(entry, 0, 1, 2, 3, 4)
    summed = problem.single or not quantity.apart(problem.document.get("reduction") != "none")
    if summed and not {"vector", "number"}.isdisjoint(quantity.shapes(None, *problem.W.shape)):
        if entry.names and quantity.key in entry.names:
            return entry.array[:, entry.names.index(quantity.key)]
        if entry.array.size == 1 and quantity.key == "loss":
            return entry.array.reshape(())
        return entry.array.ravel() if 1 in entry.array.shape else entry.array
    return entry.array


def check_lines(inputs: Inputs, lines: Lines, error: ErrorSide, against: Against) -> Status:
    """Check every line of JSON Lines: the tool itself, or with --against INPUT the result that stands in the line."""
    key = quantity_named(against.of or "layer-grad").key
    if against.against is None:
        _refuse_idle(error, against)
    elif against.against != inputs.input:
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
            report = _compared(document[key], alone, error, against, stored)
        agreed = agreed and bool(report)
        return [report.to_dict()]

    good = run_lines(inputs, lines, None, Work(compute, size=lambda p: ALONE))
    return Status.BAD_INPUT if not good else Status.DONE if agreed else Status.DIFFERS


def _compared(theirs: ArrayLike, problem: Problem, error: ErrorSide, against: Against, stored: WeightsLayout) -> Report:
    """`theirs` against what is right. dE/dW of a square W, whose shape does not tell, is stored as W is."""
    of: Of = against.of or "layer-grad"
    quantity = quantity_named(of)
    given: dict[str, Any] = {}
    if quantity.of_error:
        given = error_of(problem, error)
    elif idle := [option for option, value in _error_options(error).items() if value is not None]:
        raise InputError(f"{idle[0]} goes with --of loss-grad, or another result of the error")
    square = problem.W.shape[0] == problem.W.shape[1]
    layout = against.layout or (stored if quantity.key == "dE_dW" and square else None)
    given |= {"layout": layout, "rtol": against.rtol, "strict": against.strict, "atol": against.atol}
    given |= {"temperature": problem.temperature, "mask": problem.mask}
    if problem.z is not None:
        return compare(theirs, z=problem.z, of=of, **given)
    return compare(theirs, problem.x, problem.W, problem.b, of=of, **given)


def _error_options(error: ErrorSide) -> dict[str, Any]:
    return {f"--{key.replace('_', '-')}": value for key, value in error._asdict().items()}


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
        "--of": against.of, **_error_options(error), "--layout": against.layout, "--rtol": against.rtol,
        "--atol": against.atol or None, "--strict": against.strict or None,
    }  # fmt: skip
    idle = [option for option, value in given.items() if value is not None]
    if idle:
        raise InputError(
            f"{idle[0]} goes with --against FILE",
            "without FILE, check compares the tool with itself, in every Jacobian",
        )


def _print(report: Report | SelfReport, json: bool) -> None:
    if json:
        sys.stdout.write(orjson.dumps(report.to_dict(), option=orjson.OPT_SERIALIZE_NUMPY).decode() + "\n")
    else:
        print(report)
