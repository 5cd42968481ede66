"""check and explain on the command line: what they found, printed."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
from numpy.typing import ArrayLike

from ..checking.compare import RTOL, Agreement, Of, Report, compare, self_check
from ..core.arrays import Array
from ..errors import InputError
from ..reading.entries import fitted, read_entry
from ..reading.problem import Problem
from ..wording import counted
from ..writing.jacobian_result import KEYS
from .exits import Status
from .inputs import say_notes
from .lines import ALONE, Document, Work, run_lines
from .options import Against, ErrorSide, Inputs, Lines
from .weighting import reduction_of, weighting

if TYPE_CHECKING:
    from rich.table import Table


RESULTS: dict[str, str] = {**{str(k): v for k, v in KEYS.items()}, "forward": "h", "weight-grad": "dE_dW"}


def run_check(problem: Problem, error: ErrorSide, against: Against) -> bool:
    """Print what check finds. True if all agrees."""
    if sys.stdout is None:
        raise InputError("standard output is closed")
    if against.against is None:
        _refuse_idle(error, against)
        return _self_check(problem, against.json)
    report = _compared(_theirs(against.against, against.of, problem), problem, error, against)
    if against.json:
        _print_json(report.to_dict())
    else:
        _print_report(report)
    return report.agrees


def _theirs(path: str, of: Of | None, problem: Problem) -> Array:
    """The matrix in a file. A table of one row or one column stays a matrix, but for h, which may also be the
    column of that name."""
    entry = read_entry(path, "--against", RESULTS[of or "layer-grad"], finite=False, header=problem.header)
    say_notes(entry.notes)
    if not entry.loose:
        return fitted(entry, 1, 2, 3, 4)
    if of == "forward" and problem.x.ndim == 1:
        if entry.names and "h" in entry.names:
            return entry.array[:, entry.names.index("h")]
        return entry.array.ravel() if 1 in entry.array.shape else entry.array
    return entry.array


def check_lines(inputs: Inputs, lines: Lines, error: ErrorSide, against: Against) -> Status:
    """Check every line of JSON Lines: the tool itself, or with --against INPUT the result that stands in the line."""
    key = RESULTS[against.of or "layer-grad"]
    if against.against is None:
        _refuse_idle(error, against)
    elif against.against != inputs.input:
        raise InputError(f"with --jsonl every line brings its own {key}", "write --against with the same FILE as INPUT")
    agreed = True

    def compute(problem: Problem, documents: list[Document]) -> list[Document]:
        nonlocal agreed
        (document,) = documents
        alone = replace(problem, x=problem.x[0], document=document)
        if against.against is None:
            found = self_check(alone.x, alone.W, alone.b)
            report = _self_report(found)
        elif key not in document:
            raise InputError(f"{key} is missing")
        else:
            report = _compared(document[key], alone, error, against).to_dict()
        agreed = agreed and report["agrees"]
        return [report]

    good = run_lines(inputs, lines, None, Work(compute, size=lambda p: ALONE))
    return Status.BAD_INPUT if not good else Status.DONE if agreed else Status.DIFFERS


def _compared(theirs: ArrayLike, problem: Problem, error: ErrorSide, against: Against) -> Report:
    of: Of = against.of or "layer-grad"
    if of != "weight-grad" and (error.upstream, error.target) != (None, None):
        raise InputError(f"{'--target' if error.upstream is None else '--upstream'} goes with --of weight-grad")
    given = {**weighting(problem, error), "reduction": reduction_of(problem, error)} if of == "weight-grad" else {}
    rtol = RTOL if against.rtol is None else against.rtol
    return compare(theirs, problem.x, problem.W, problem.b, of=of, rtol=rtol, strict=against.strict, **given)


def _refuse_idle(error: ErrorSide, against: Against) -> None:
    """Options that say what FILE holds and how it is compared say nothing without one."""
    given = {
        "--of": against.of, "--upstream": error.upstream, "--target": error.target, "--rtol": against.rtol,
        "--strict": against.strict or None,
    }  # fmt: skip
    idle = [option for option, value in given.items() if value is not None]
    if idle:
        raise InputError(
            f"{idle[0]} goes with --against FILE",
            "without FILE, check compares the tool with itself, in every Jacobian",
        )


def _self_report(found: Sequence[Agreement]) -> Document:
    return {"agrees": all(a.agrees for a in found), "ways": [a.to_dict() for a in found]}


def _self_check(problem: Problem, json: bool) -> bool:
    from ..writing.console import console_for

    found = self_check(problem.x, problem.W, problem.b)
    if json:
        _print_json(_self_report(found))
    else:
        rows = [
            (a.quantity, a.way, f"{a.absolute:.2g}", f"{a.relative:.2g}", a.label, "yes" if a.agrees else "NO")
            for a in found
        ]
        _print_table(("of", "by", "absolute", "relative", "worst entry", "agrees"), rows)
        print("\nThe worst error of each way against the closed form. Each is held to what it can reach.")
        for note in dict.fromkeys(f"{a.quantity} by {a.way}: {a.note}" for a in found if a.note):
            print(textwrap.fill(note, max(40, console_for(sys.stdout).width), subsequent_indent="  "))
    return all(a.agrees for a in found)


def _print_report(report: Report) -> None:
    verdict = "agrees" if report.agrees else f"differs in {report.differing} of {report.entries} entries"
    print(f"{report.of}: {verdict} ({report.layout} layout)")
    if report.lost_to_cancellation:
        print(f"{counted(report.lost_to_cancellation, 'entry is', 'entries are')} lost to cancellation")
    if report.worst:
        rows = [
            (d.label, f"{d.theirs:.9g}", f"{d.ours:.9g}", f"{d.absolute:.2g}", f"{d.relative:.2g}")
            for d in report.worst
        ]
        _print_table(("entry", "yours", "right", "absolute", "relative"), rows)
    if not report.agrees:
        print(f"diagnosis: {report.diagnosis or 'none: no known mistake explains the whole matrix'}")
    if report.advice:
        print(report.advice)


def _print_json(document: object) -> None:
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY).decode() + "\n")


def _print_table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from ..writing.console import console_for, print_whole

    table: Table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in heads:
        numeric = head in ("yours", "right", "absolute", "relative")
        table.add_column(Text(head), justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    print_whole(console_for(sys.stdout), table)
