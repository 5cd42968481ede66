"""check and explain on the command line: what they found, printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from .check import Report, compare, self_check
from .core import InputError
from .learning import weighting
from .options import Against, ErrorSide, Walk
from .problem import Problem, read_array
from .results import KEYS

if TYPE_CHECKING:
    from rich.table import Table


RESULTS: dict[str, str] = {**{str(k): v for k, v in KEYS.items()}, "forward": "h", "weight-grad": "dE_dW"}


def run_check(problem: Problem, error: ErrorSide, against: Against) -> bool:
    """Print what check finds. True if all agrees."""
    if against.against is None:
        return _self_check(problem, against.json)
    theirs, _ = read_array(against.against, "--against", 1, 2, 3, key=RESULTS[against.of], finite=False)
    given = weighting(problem, error) if against.of == "weight-grad" else {}
    report = compare(
        theirs, problem.x, problem.W, problem.b, of=against.of, rtol=against.rtol, strict=against.strict, **given
    )
    if against.json:
        _print_json(report.to_dict())
    else:
        _print_report(report)
    return report.agrees


def _self_check(problem: Problem, json: bool) -> bool:
    found = self_check(problem.x, problem.W, problem.b)
    if json:
        _print_json({"agrees": all(a.agrees for a in found), "ways": [a.to_dict() for a in found]})
    else:
        rows = [
            (a.quantity, a.way, f"{a.absolute:.2g}", f"{a.relative:.2g}", a.label, "yes" if a.agrees else "NO")
            for a in found
        ]
        _print_table(("of", "by", "absolute", "relative", "worst entry", "agrees"), rows)
        print("\nThe worst error of each way against the closed form. Each is held to what it can reach.")
        for note in dict.fromkeys(f"{a.quantity} by {a.way}: {a.note}" for a in found if a.note):
            print(note)
    return all(a.agrees for a in found)


def _print_report(report: Report) -> None:
    verdict = "agrees" if report.agrees else f"differs in {report.differing} of {report.entries} entries"
    print(f"{report.of}: {verdict} ({report.layout} layout)")
    if report.lost_to_cancellation:
        print(f"{report.lost_to_cancellation} entries are lost to cancellation")
    if report.worst:
        rows = [
            (d.label, f"{d.theirs:.9g}", f"{d.ours:.9g}", f"{d.absolute:.2g}", f"{d.relative:.2g}")
            for d in report.worst
        ]
        _print_table(("entry", "yours", "right", "absolute", "relative"), rows)
    if report.diagnosis:
        print(f"diagnosis: {report.diagnosis}")
    if report.advice:
        print(report.advice)


def _print_json(document: object) -> None:
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY).decode() + "\n")


def _print_table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from .tables import console_for, print_whole

    table: Table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in heads:
        numeric = head in ("yours", "right", "absolute", "relative")
        table.add_column(Text(head), justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    print_whole(console_for(sys.stdout), table)


def run_explain(problem: Problem, walk: Walk) -> None:
    """Print the worked derivation."""
    from .explain import explain

    entry = None if walk.entry is None else _entry(walk.entry)
    steps = explain(problem.x, problem.W, problem.b, problem.names, entry, walk.precision)
    if walk.format == "markdown":
        from .explain_markdown import as_markdown

        sys.stdout.write(as_markdown(steps))
    else:
        from .explain_text import as_text
        from .tables import console_for

        sys.stdout.write(as_text(steps, console_for(sys.stdout).width))


def _entry(text: str) -> tuple[int, int, int]:
    parts = text.split(",")
    if len(parts) != 3 or not all(p.strip().isdecimal() for p in parts):
        raise InputError(f"--entry is {text!r}, where t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]")
    t, j, i = (int(p) for p in parts)
    return t, j, i
