"""The way in which a function is called, and what it returns, found by calling it."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ...errors import InputError
from ...wording import counted, escaped
from .calling import Call, Callee, Failed, Outcome, Result, Returned, Value
from .judging import Finding, Terms, judged, kinds_of, result_names, score
from .plan import Plan, goes_in_transposed, in_columns, of_one_input
from .problems import Problem, Rank, first
from .return_kinds import Kind, kind_named

Posed = tuple[Problem, Outcome]  # a problem, and what came of it
RANKS: tuple[Rank, ...] = ("many", "one")
COSTLY = ("too slow", "crashed")  # what a wait or a new process was spent on


class Setting(NamedTuple):
    """A function and how its results are compared; `named` is what it returns, if that was said, and `ranks` are those
    of the inputs that it is held to."""

    callee: Callee
    plan: Plan
    terms: Terms
    named: tuple[Kind | None, ...] | None
    ranks: tuple[Rank, ...]


class Way(NamedTuple):
    """A way to call a function, and what came of it, and was found there, for the first problem of each rank."""

    setting: Setting
    expression: str
    tensors: bool
    tried: dict[Rank, Posed]
    turned: set[int]  # the results that have a column for each input
    flat: set[int]  # those that are dE/dW as a vector
    found: dict[Rank, list[Finding]]  # so far: a diagnosis takes its time

    def written(self, problem: Problem) -> str:
        """The call for a problem: with its options, if it has any."""
        expression = self.expression if problem.rank == "many" else of_one_input(self.expression)
        return self.setting.plan.with_options(expression, problem.options)

    def values(self, problem: Problem) -> dict[str, Value]:
        """The values that the call uses, and u where only a backward pass does."""
        names = {node.id for node in ast.walk(ast.parse(self.written(problem))) if isinstance(node, ast.Name)}
        if self.setting.terms.error == "u":
            names.add("u")
        every = problem.values(self.setting.plan.roles, self.setting.terms.reduction)
        return {name: value for name, value in every.items() if name in names}

    def outcome(self, problem: Problem) -> Outcome:
        """What comes of the call for a problem, with a row for each input, and dE/dW as a matrix."""
        made = self.setting.callee.call(Call(self.written(problem), self.values(problem), self.tensors))
        if isinstance(made, Failed):
            return made
        made = self._as_matrices(made, problem)
        if problem.rank == "one" or not in_columns(self.expression):
            return made
        if "many" not in self.tried:  # no two of its sizes are equal
            self.turned.update(self._in_columns(made.results, len(problem.x)))
        results = (r._replace(array=r.array.T) if at in self.turned else r for at, r in enumerate(made.results))
        return replace(made, results=tuple(results))

    def _as_matrices(self, made: Returned, problem: Problem) -> Returned:
        """With dE/dW that came back as a vector in the shape in which W went in."""
        if problem.rank not in self.tried:  # whose sizes leave no other reading
            names = result_names(made.results, self.setting.callee.signature.returned)
            error = self.setting.terms.error is not None
            for at, (result, name) in enumerate(zip(made.results, names, strict=True)):
                kind = kind_named(name, error)
                if error and result.array.shape == (problem.W.size,) and (kind is None or kind.of == "dE_dW"):
                    self.flat.add(at)
        shape = problem.W.T.shape if goes_in_transposed(self.expression) else problem.W.shape
        results = (
            r._replace(array=r.array.reshape(shape)) if at in self.flat and r.array.shape == (problem.W.size,) else r
            for at, r in enumerate(made.results)
        )
        return replace(made, results=tuple(results))

    def _in_columns(self, results: Sequence[Result], inputs: int) -> Iterator[int]:
        """The results that have a column for each input, by their shapes, but for those whose names say otherwise."""
        error = self.setting.terms.error is not None
        names = result_names(results, self.setting.callee.signature.returned)
        for at, (result, name) in enumerate(zip(results, names, strict=True)):
            kind = kind_named(name, error)
            if result.array.shape[1:] == (inputs,) and (kind is None or kind.by_input):
                yield at

    @property
    def soft(self) -> bool:
        """Whether targets are passed as rows of numbers, which may be any probabilities."""
        return any(isinstance(node, ast.Name) and node.id == "onehot" for node in ast.walk(ast.parse(self.expression)))

    @property
    def options(self) -> tuple[str, ...]:
        """The options that it is tried with: an L2 term belongs to the error of all inputs."""
        taken = self.setting.plan.options
        return tuple(o for o in taken if o != "l2") if self.setting.terms.reduction == "none" else taken

    def shown(self) -> str:
        """The call as one reads it."""
        name = self.setting.callee.signature.name
        written = self.expression if self.ranks() != ["one"] else of_one_input(self.expression)
        if written.startswith(("f(", "f.")):
            written = name + written.removeprefix("f")
        return f"{written} with tensors" if self.tensors else written

    def ranks(self) -> list[Rank]:
        """Those for which the function gives a result of the right shape, or else any result, or else all. One that is
        right for batches and not for one input is meant for batches."""
        fitting = [rank for rank in self.tried if any(f.report is not None for f in self.findings(rank))]
        if fitting == list(RANKS) and self.is_right("many") and not self.is_right("one"):
            return ["many"]
        returning = [rank for rank, (_, outcome) in self.tried.items() if isinstance(outcome, Returned)]
        return fitting or returning or list(self.setting.ranks)

    def is_right(self, rank: Rank) -> bool:
        """Whether all results agree on the first problem of a rank."""
        findings = self.findings(rank)
        return bool(findings) and all(finding.agrees for finding in findings)

    def findings(self, rank: Rank) -> list[Finding]:
        """What is found on the first problem of a rank, if it was tried."""
        if rank in self.tried and rank not in self.found:
            problem, outcome = self.tried[rank]
            kinds = [None] if isinstance(outcome, Failed) else _kinds(self.setting, problem, outcome)
            self.found[rank] = judged(outcome, kinds, problem, self.setting.terms)
        return self.found.get(rank, [])


def best_way(setting: Setting) -> Way:
    """The way to call the function that does best on the first problems. The first that is right is taken, and the
    first of all if none returns anything of use."""
    best, most = None, (-1, 0, 0)
    for tensors, expression in itertools.product(setting.callee.signature.tensors, setting.plan.expressions):
        way = Way(setting, expression, tensors, {}, set(), set(), {})
        for rank in setting.ranks:
            problem = first(rank, setting.terms.bias, setting.terms.binary)
            way.tried[rank] = problem, way.outcome(problem)
            if any(finding.verdict in COSTLY for finding in way.findings(rank)):
                break
        found = [way.findings(rank) for rank in setting.ranks]
        points = score([finding for findings in found for finding in findings])
        if best is None or points > most:
            best, most = way, points
        if any(way.is_right(rank) for rank in setting.ranks):
            break
        if len(way.tried) < len(setting.ranks):
            break
    assert best is not None  # there is an expression
    return best


def kinds_returned(way: Way, outcomes: Sequence[Posed]) -> Sequence[Kind | None]:
    """What the function returns, by the first problem for which it returns anything; [None] where there is none."""
    setting = way.setting
    returned = ((p, outcome) for p, outcome in outcomes if isinstance(outcome, Returned))
    problem, outcome = next(returned, (None, None))
    if problem is None or outcome is None:
        return setting.named or [None]
    kinds = _kinds(setting, problem, outcome)
    name = setting.callee.signature.name
    if len(kinds) != len(outcome.results):
        raise InputError(
            f"{counted(len(kinds), 'result is', 'results are')} named, where {name} returned {len(outcome.results)}",
            "put _ for what is not to be checked",
        )
    if not any(kinds):
        shapes = " and ".join(f"{escaped(r.name, 40)} {r.array.shape}".strip() for r in outcome.results)
        raise InputError(
            f"{name} returned {shapes} for x {problem.x.shape} and W {problem.weights.shape}: "
            "that is no result known here",
            "say what it is with --returns, as in --returns dW",
        )
    findings = iter(judged(outcome, kinds, problem, setting.terms))
    return [kind and _laid_out(kind, next(findings)) for kind in kinds]


def _laid_out(kind: Kind, finding: Finding) -> Kind:
    """A result in the layout in which the function returned it, where the sizes left no other."""
    if finding.report is None:
        return kind
    return kind._replace(layout=finding.report.layout)


def _kinds(setting: Setting, problem: Problem, outcome: Returned) -> Sequence[Kind | None]:
    if setting.named is None:
        return kinds_of(outcome.results, setting.callee.signature.returned, problem, setting.terms)
    return setting.named
