"""What was found out about a function, and how it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...wording import counted, joined
from .. import table
from .calling import Value
from .judging import UNTOLD, Finding
from .problems import Problem

SHOWN = 100  # numbers of a problem that is printed whole


class Failure(NamedTuple):
    """One kind of failure: the findings that show it, the smallest problem first."""

    findings: tuple[Finding, ...]

    @property
    def smallest(self) -> Finding:
        return self.findings[0]

    @property
    def explained(self) -> bool:
        """Whether a known mistake is named for it, or its shape gives it away."""
        report = self.smallest.report
        return self.smallest.verdict == "misshapen" or (report is not None and report.diagnosis is not None)

    @property
    def what(self) -> str:
        """The results that show it, or the call itself, with a verb."""
        verdict = self.smallest.verdict
        titles = list(dict.fromkeys(f.kind.title for f in self.findings if f.kind))
        if verdict not in ("differs", "misshapen", UNTOLD) or not titles:
            return "the call raises" if verdict == "raised" else f"the call is {verdict}"
        if verdict == UNTOLD:
            return f"{joined(titles)} {verdict}"
        many = len(titles) > 1
        how = ("differ" if many else "differs") if verdict == "differs" else f"{'are' if many else 'is'} {verdict}"
        return f"{joined(titles)} {how}"


@dataclass(frozen=True)
class FunctionReport:
    """What `check_function` found. It is true if every result agrees on every problem; `str` is what the command line
    prints, and a notebook shows it as Markdown.

    `called` is the call that was made, and `passed` gives the values in it for a problem; `findings` are of each result
    on each problem, and `failures` sort out what does not agree.
    """

    function: str
    called: str
    passed: Callable[[Problem], Mapping[str, Value]]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return all(finding.agrees for finding in self.findings)

    def __bool__(self) -> bool:
        return self.agrees

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The findings that do not agree, by verdict and diagnosis: what is explained first, then the many."""
        groups: dict[tuple[str, ...], list[Finding]] = {}
        for finding in self.findings:
            if not finding.agrees:
                groups.setdefault(_likeness(finding), []).append(finding)
        failures = [Failure(tuple(sorted(group, key=lambda f: f.problem.size))) for group in groups.values()]
        return tuple(sorted(failures, key=lambda failure: (not failure.explained, -len(failure.findings))))

    def __str__(self) -> str:
        blocks = [[self._heading(), "", table.plain(*_table(self.findings))]]
        blocks += [list(self._told(failure)) for failure in self.failures]
        blocks += [list(self.notes)] if self.notes else []
        return "\n\n".join("\n".join(lines) for lines in blocks)

    def _repr_markdown_(self) -> str:
        blocks = [self._heading(), table.markdown(*_table(self.findings))]
        for failure in self.failures:
            title, *rest = self._told(failure)
            blocks += [title, "\n".join(["```", *(line.removeprefix("  ") for line in rest), "```"])]
        return "\n\n".join([*blocks, *self.notes])

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        return {
            "function": self.function,
            "called": self.called,
            "agrees": self.agrees,
            "problems": [
                {"problem": p.title, **_numbers(self.passed(p)), "results": {_key(f): _found(f) for f in found}}
                for p, found in _by_problem(self.findings)
            ],
            "notes": list(self.notes),
        }

    def _told(self, failure: Failure) -> Iterator[str]:
        """One kind of failure: where, the smallest problem that shows it, and what is wrong there."""
        seen = failure.smallest
        count = f"{len({id(f.problem) for f in failure.findings})} of {self._problems()} problems"
        yield f"{failure.what} on {count}, the smallest of which is “{seen.problem.title}”:"
        for name, numbers in _numbers(self.passed(seen.problem)).items():
            yield f"  {name} = {numbers}"
        said = (
            str(seen.report).splitlines()
            if seen.report is not None
            else [seen.message, f"at {seen.place}" if seen.place else ""]
        )
        yield from (f"  {line}" for line in said if line)

    def _problems(self) -> int:
        return len(_by_problem(self.findings))

    def _heading(self) -> str:
        wrong = len({id(f.problem) for f in self.findings if not f.agrees})
        count = self._problems()
        if self.agrees:
            verdict = f"agrees on {counted(count, 'problem')}"
        elif all(f.agrees or f.verdict == UNTOLD for f in self.findings):
            verdict = f"agrees on {count - wrong} of {count} problems"
        else:
            verdict = f"fails on {wrong} of {count} problems"
        return f"{self.function}: {verdict}, called as {self.called}"


def _likeness(finding: Finding) -> tuple[str, ...]:
    """What failures of one kind have in common: an explanation, or else the result."""
    if finding.report is not None:
        return finding.verdict, finding.report.diagnosis or f"none of {_key(finding)}"
    error = finding.message.split(":")[0] if finding.verdict == "raised" else ""
    return finding.verdict, error, finding.place, _key(finding) if finding.verdict == "misshapen" else ""


def _by_problem(findings: Sequence[Finding]) -> list[tuple[Problem, list[Finding]]]:
    found: dict[int, tuple[Problem, list[Finding]]] = {}
    for finding in findings:
        found.setdefault(id(finding.problem), (finding.problem, []))[1].append(finding)
    return list(found.values())


def _table(findings: Sequence[Finding]) -> tuple[list[str], list[list[str]]]:
    """A row a problem, a column a result."""
    titles = list(dict.fromkeys(f.kind.title for f in findings if f.kind)) or ["result"]
    rows = []
    for problem, found in _by_problem(findings):
        cells = {f.kind.title if f.kind else titles[0]: _cell(f) for f in found}
        shapes = [" × ".join(map(str, a.shape)) for a in (problem.x, problem.weights)]
        rows.append([problem.title, *shapes, *(cells.get(title, "") for title in titles)])
    return ["problem", "x", "W", *titles], rows


def _cell(finding: Finding) -> str:
    if finding.verdict == "raised":
        return f"raised {finding.message.split(':')[0]}"
    return finding.verdict


def _numbers(values: Mapping[str, Value]) -> dict[str, Any]:
    """The numbers of a problem that is small enough to print, and of any other the shapes."""
    small = sum(np.size(value) for value in values.values()) <= SHOWN
    return {
        name: (value.tolist() if small else f"an array {value.shape}") if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }


def _key(finding: Finding) -> str:
    return finding.kind.of if finding.kind else "result"


def _found(finding: Finding) -> dict[str, Any]:
    report = None if finding.report is None else finding.report.to_dict()
    found = {"verdict": finding.verdict, "report": report, "message": finding.message, "place": finding.place}
    return {key: value for key, value in found.items() if value}
