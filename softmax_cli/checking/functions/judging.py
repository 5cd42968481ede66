"""What a function returned for a problem, against what is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.vector_products import Reduction
from ...errors import InputError
from ...wording import counted
from ..compare import compare
from ..report import Report
from .calling import Failed, Outcome, Result
from .problems import Problem
from .return_kinds import GENERAL, Kind, fitting, fitting_one_output, kind_named
from .roles import OF_LAYER, OF_TARGETS

SINGLE = 1e-4  # what a function that computes in single precision may be off by, relative
HALF = 2e-2  # and in half precision
UNTOLD = "cannot be told"


class Terms(NamedTuple):
    """How results are compared: `error` is what weights the rows of dL/dW, "y", "u" or None. Without x, what a function
    calls its input are the logits: unless `by_x`, dx is dE/dz. If `binary` there is one output."""

    error: str | None
    bias: bool
    reduction: Reduction
    rtol: float | None
    atol: float
    strict: bool
    by_x: bool = True
    binary: bool = False


class Finding(NamedTuple):
    """One result on one problem. `verdict` is "agrees", "differs", "cannot be told", or what kept it from being
    compared; `message` and `place` say more of that."""

    problem: Problem
    kind: Kind | None
    verdict: str
    report: Report | None = None
    message: str = ""
    place: str = ""

    @property
    def agrees(self) -> bool:
        """Whether nothing speaks against it: what cannot be told on one problem is told on the others, but the user's
        own is there to be told."""
        return self.verdict == "agrees" or (self.verdict == UNTOLD and not self.problem.own)


def kinds_of(results: Sequence[Result], returned: Sequence[str], problem: Problem, terms: Terms) -> list[Kind | None]:
    """What each result is: by its own name, by its name in the return statement, or else by its shape; None for what
    cannot be told."""
    error = terms.error is not None
    found: list[Kind | None] = []
    for result, name in zip(results, result_names(results, returned), strict=True):
        kind = kind_named(name, error, terms.by_x)
        if kind is not None and name in GENERAL:
            kind = _by_shape(result.array, problem, terms, taken=found) or kind
        if kind is None and not (result.name and len(results) > 1 and result.array.ndim == 0):
            kind = _by_shape(result.array, problem, terms, taken=found)
        found.append(kind if result.array.size else None)
    return found


def result_names(results: Sequence[Result], returned: Sequence[str]) -> list[str]:
    """The results by their own names, or those in the return statement; "" for what has neither."""
    hints = returned if len(returned) == len(results) else [""] * len(results)
    return [result.name or hint for result, hint in zip(results, hints, strict=True)]


def _by_shape(array: NDArray[Any], problem: Problem, terms: Terms, taken: Sequence[Kind | None]) -> Kind | None:
    summed = terms.reduction != "none"
    J, K = problem.W.shape
    error = terms.error is not None
    shapes = [array.shape] if 1 not in array.shape or array.ndim != 2 else [array.shape, (array.size,)]
    kinds = [kind for shape in shapes for kind in fitting(shape, error, problem.inputs, J, K, summed)]
    if terms.binary:
        kinds = [*fitting_one_output(array.shape, error, problem.inputs, J, summed), *kinds]
    free = [kind for kind in kinds if kind not in taken]
    if len(free) < 2:
        return free[0] if free else None
    agreeing = (kind for kind in free if compared(array, kind, problem, terms).agrees)
    return next(agreeing, free[0])


def judged(outcome: Outcome, kinds: Sequence[Kind | None], problem: Problem, terms: Terms) -> list[Finding]:
    """A finding for each kind that is there: None is what is not checked."""
    wanted: Sequence[Kind | None] = [kind for kind in kinds if kind is not None] or [None]
    if isinstance(outcome, Failed):
        failed = outcome.verdict, None, outcome.message, outcome.place
        return [Finding(problem, kind, *failed) for kind in wanted]
    if len(outcome.results) != len(kinds):
        message = f"it returned {counted(len(outcome.results), 'result')}, where {len(kinds)} are expected"
        return [Finding(problem, kind, "miscounted", None, message) for kind in wanted]
    pairs = zip(outcome.results, kinds, strict=True)
    return [compared(result.array, kind, problem, terms) for result, kind in pairs if kind is not None]


def compared(array: NDArray[Any], kind: Kind, problem: Problem, terms: Terms) -> Finding:
    """One array against what is right."""
    if problem.single_precision and array.dtype.itemsize > 4:
        with np.errstate(all="ignore"):
            array = array.astype(np.float32)  # made of numbers that hold no more
    rtol = _rtol(array) if terms.rtol is None else terms.rtol
    given: dict[str, Any] = {name: v for name, v in problem.options.items() if _says(name, kind, terms)}
    if kind.error:
        given |= {"reduction": terms.reduction}
        if terms.error == "y":
            given |= {"target": problem.y}
        elif kind.of != "d2E_dW2":
            given |= {"upstream": problem.u}
    try:
        report = compare(
            array, problem.x, problem.W, problem.b if terms.bias else None, of=kind.of, layout=kind.layout,
            rtol=rtol, atol=terms.atol, strict=terms.strict, **given,
        )  # fmt: skip
    except InputError as error:
        message = str(error).replace("the matrix to check", "it")
        advice = (_of_shape(kind, array.shape, problem) if terms.reduction != "none" else "") or error.advice
        return Finding(problem, kind, "misshapen", None, "; ".join(filter(None, (message, advice))))
    verdict = UNTOLD if report.untold else "agrees" if report.agrees else "differs"
    return Finding(problem, kind, verdict, report)


def _says(option: str, kind: Kind, terms: Terms) -> bool:
    """Whether an option says something of a result."""
    return option in OF_LAYER or (kind.error and (terms.error == "y" or option not in OF_TARGETS))


def _rtol(array: NDArray[Any]) -> float | None:
    if array.dtype.kind != "f" or array.dtype.itemsize >= 8:
        return None
    return SINGLE if array.dtype.itemsize == 4 else HALF


def _of_shape(kind: Kind, shape: tuple[int, ...], problem: Problem) -> str:
    """What a wrong shape gives away."""
    N, K = problem.inputs, problem.W.shape[1]
    if kind.of == "dE_db" and shape in ((), (1,), (N,), (N, K)):
        return "every output has a bias: sum dE/dz over the inputs of the batch, and over nothing else"
    if kind.of == "loss" and shape == (N,):
        return "every input has a loss of its own there: put them together as the gradients are"
    return ""


def score(findings: Sequence[Finding]) -> tuple[int, int, int]:
    """How well a way to call a function does: what agrees, what has the right shape, what is explained."""
    reports = [finding.report for finding in findings if finding.report is not None]
    return sum(r.agrees for r in reports), len(reports), sum(r.diagnosis is not None for r in reports)
