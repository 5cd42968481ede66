"""Check a function: call it as it would be called, on problems made to break it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...core.vector_products import Reduction
from ...errors import InputError
from ...wording import counted, escaped, quoted
from .calling import Callee, Failed, Returned, call_here
from .calling_ways import COSTLY, RANKS, Posed, Setting, Way, best_way, kinds_returned
from .function_report import FunctionReport
from .judging import Finding, Terms, judged
from .plan import goes_in_transposed, in_columns, plan
from .problems import Problem, Rank, battery
from .return_kinds import Kind, read_returns
from .signature import describe

PATIENCE = 3  # calls that crash or do not end, after which no more are made


def check_function(
    f: Callable[..., Any],
    *,
    call: str | None = None,
    returns: str | None = None,
    batch: bool | None = None,
    reduction: Reduction | None = None,
    binary: bool = False,
    rtol: float | None = None,
    atol: float = 0.0,
    strict: bool = False,
) -> FunctionReport:
    """Call f on problems made to break it, and compare what it returns with what is right.

    The problems are small and random; not square and square; a batch x (N, J) and one input x (J,), if f takes them;
    of one input, of two outputs, of ties; with logits that overflow, saturate or vanish; in single precision.
    f's parameters are matched by the names people use (x, W, b, y, dout and the like), or `call` is an
    expression such as "f(x, W.T, b, y)" of x (N, J), W (J, K), b (K,), z and h (N, K), y (N,) class indices, onehot
    (N, K), and u = dE/dh (N, K). Each input may be a column, x.T (J, N) with W.T and b (K, 1), which what comes back
    is then as well. It may return an array, a tuple or a dict; `returns` names what comes back, as
    in "dW,_" with _ for what is not checked. `batch` says that x is always a batch, or (False) always one input; else
    both are tried, and a function that is right for batches is not held to one input. `reduction` is over the inputs
    of a batch: "mean" with targets and "sum" with an upstream gradient unless it is given; with "none" each input has
    results of its own. `binary` says that f is a binary classifier's, of
    one output that is the second of two, the first of which is 0, with y 0 or 1, as logistic regression is written:
    W is (J, 1) then and b (1,). `rtol`, `atol` and `strict`
    are those of `compare`; unless it is given, rtol is 1e-4 for what is returned in single precision and 2e-2 in half
    precision.

    f runs in this process, with no limit on its time. What it raises is found, not raised. InputError where it is
    not clear how f is called or what it returns.

    >>> from softmax_cli import check_function
    >>> def softmax_backward(h, dout):
    ...     return h * (dout - h @ dout)
    >>> report = check_function(softmax_backward, returns="dz")
    >>> bool(report)
    True
    >>> print(report.called)
    softmax_backward(h, u)
    """
    if not callable(f):
        raise InputError(f"f is of type {type(f).__name__}, where a function is expected")
    callee = Callee(describe(f), lambda one: call_here(f, one))
    return check_callee(
        callee, call=call, returns=returns, batch=batch, reduction=reduction, binary=binary, rtol=rtol, atol=atol,
        strict=strict,
    )  # fmt: skip


def check_callee(
    callee: Callee,
    own: Problem | None = None,
    *,
    call: str | None = None,
    returns: str | None = None,
    batch: bool | None = None,
    reduction: Reduction | None = None,
    binary: bool = False,
    rtol: float | None = None,
    atol: float = 0.0,
    strict: bool = False,
) -> FunctionReport:
    """`check_function` for a function wherever it runs, on a problem of the user's `own` as well, whose x is what x
    always is."""
    if reduction not in (None, "mean", "sum", "none"):
        raise InputError(f"reduction is {reduction!r}, where mean, sum or none is expected")
    if rtol is not None and not 0 <= rtol < 1:
        raise InputError(f"rtol is {rtol}, where a number from 0 up to 1 is expected")
    if not 0 <= atol < math.inf:
        raise InputError(f"atol is {atol}, where a number from 0 is expected")
    made = plan(callee.signature, call, binary)
    bias = bool({"b", "z", "h"} & made.roles)
    terms = Terms(
        made.error, bias, reduction or ("sum" if made.error == "u" else "mean"), rtol, atol, strict, binary=binary
    )
    if own is not None and "mask" in own.options and "mask" not in made.options:
        raise InputError(
            f"a mask is given, and {callee.signature.name} takes none",
            "name a parameter mask: True leaves an output out",
        )
    if "x" not in made.roles:
        terms = terms._replace(by_x=False)
    named = None if returns is None else read_returns(returns, made.error is not None, terms.by_x)
    if own is not None:
        batch = own.rank == "many"
    ranks = RANKS if batch is None else RANKS[:1] if batch else RANKS[1:]
    return _examined(Setting(callee, made, terms, named, ranks), own)


def _examined(setting: Setting, own: Problem | None) -> FunctionReport:
    way = best_way(setting)
    outcomes = _outcomes(way, own)
    kinds = kinds_returned(way, [posed for posed in outcomes if posed[0] is not own])
    findings = [finding for posed in outcomes for finding in judged(posed[1], kinds, posed[0], setting.terms)]
    name = setting.callee.signature.name
    notes = list(_notes(way, kinds, {problem.rank for problem, _ in outcomes if problem is not own}))
    notes += [*_of_layout(way.expression, findings), *_of_penalty(way, findings), *_of_memory(way)]
    named = {f.report.diagnosis for f in findings if f.report is not None}
    if "sigmoid" in named and not setting.terms.binary:
        notes.append(f"if {name} is of a binary classifier, whose one output is a sigmoid, --binary says so")
    if _costly(outcomes) == PATIENCE:
        notes.append(f"{name} was not called again after {counted(PATIENCE, 'call')} that crashed or did not end")
    changed = dict.fromkeys(v for _, outcome in outcomes if isinstance(outcome, Returned) for v in outcome.changed)
    if changed:
        notes.append(f"{name} changes {' and '.join(changed)} in place, which its caller may not expect")
    return FunctionReport(name, way.shown(), way.values, tuple(findings), tuple(notes))


def _outcomes(way: Way, own: Problem | None) -> list[Posed]:
    """What comes of the user's own problem and of the battery, but for the ranks that the function never takes."""
    outcomes: list[Posed] = [] if own is None else [(own, way.outcome(own))]
    for rank in way.ranks():
        outcomes += [way.tried[rank]] if rank in way.tried else []
        for problem in battery(rank, way.setting.terms.bias, way.options, way.soft, way.setting.terms.binary):
            if _costly(outcomes) == PATIENCE:
                return outcomes
            outcomes.append((problem, way.outcome(problem)))
    taken = {problem.rank for problem, outcome in outcomes if isinstance(outcome, Returned)}
    return [posed for posed in outcomes if posed[0] is own or not taken or posed[0].rank in taken]


def _costly(outcomes: Sequence[Posed]) -> int:
    return sum(isinstance(outcome, Failed) and outcome.verdict in COSTLY for _, outcome in outcomes)


def _notes(way: Way, kinds: Sequence[Kind | None], ranks: set[Rank]) -> Iterator[str]:
    name = way.setting.callee.signature.name
    if way.setting.terms.binary:
        yield f"{name} is held to a binary classifier: one output, the second of two, the first of which is 0"
    if in_columns(way.expression):
        yield f"{name} takes each input as a column: x.T is (J, N)"
    if way.flat:
        shape = "(K, J)" if goes_in_transposed(way.expression) else "(J, K)"
        yield f"dE/dW comes back as a vector, and is read as {shape}, row by row, as W goes in"
    if ranks == {"one"} and "many" in way.tried:
        yield f"{name} takes one input at a time: no batch x (N, J) was tried"
    if ranks == {"many"} and "one" in way.tried:
        fits = any(finding.report is not None for finding in way.findings("one"))
        yield (
            f"{name} is right for a batch x (N, J), and was not held to one input x (J,), for which it is not"
            if fits
            else f"{name} takes a batch x (N, J): no single input x (J,) was tried"
        )
    if ranks == {"one", "many"} and way.is_right("one") and not way.is_right("many"):
        yield f"{name} is right for one input x (J,), to which batch=False, or an INPUT of one input, would hold it"
    if "many" in ranks and any(kind is not None and kind.error for kind in kinds):
        other = {"mean": "sum", "sum": "mean"}.get(way.setting.terms.reduction, "")
        over = f"the error is the {way.setting.terms.reduction} over the inputs (the reduction may be {other} instead)"
        yield over if other else "each input has an error of its own, with the reduction none"
    unknown = [name for name, kind in zip(_names(way, kinds), kinds, strict=True) if kind is None]
    if unknown and any(kinds):
        yield f"not checked: {', '.join(unknown)}, which is no result known here"


def _of_layout(call: str, findings: Sequence[Finding]) -> list[str]:
    """That dE/dW comes back laid out otherwise than W goes in: both may be meant, and a step W − η·dW does not fit."""
    layouts = {
        f.report.layout for f in findings if f.report and f.report.of == "dE_dW" and len(set(f.problem.W.shape)) > 1
    }
    if layouts == {"out-in"} and not goes_in_transposed(call):
        return ["dE/dW comes back as (K, J), a row for each output, where W goes in as (J, K): W − η·dW does not fit"]
    if layouts == {"in-out"} and goes_in_transposed(call):
        return ["dE/dW comes back as (J, K), a row for each input, where W.T goes in as (K, J): W − η·dW does not fit"]
    return []


def _of_penalty(way: Way, findings: Sequence[Finding]) -> list[str]:
    """How λ‖W‖² or λ/(2N)·‖W‖² is told, where the L2 term alone differs, and everywhere."""
    penalised = [f for f in findings if "l2" in f.problem.options and f.kind and f.kind.of in ("loss", "dE_dW")]
    wrong = [f for f in findings if not f.agrees]
    if not wrong or wrong != penalised or any(f.report is None or f.report.diagnosis != "l2-term" for f in wrong):
        return []
    call = way.setting.plan.with_options(way.expression, ["l2"])
    twice, mean = (quoted(re.sub(r"\bl2\b(?!=)", value, call)) for value in ("l2 / 2", "l2 * len(x)"))
    return [f"the error has λ/2·‖W‖²: if it is to have λ‖W‖², --call {twice} says so, and {mean} does for λ/(2N)·‖W‖²"]


def _of_memory(way: Way) -> list[str]:
    """That the same call gives other numbers another time, as of gradients that are added to those before."""
    outcomes = list(way.tried.values())
    problem, before = next(((p, o) for p, o in outcomes if isinstance(o, Returned)), (None, None))
    if problem is None or before is None or _costly(outcomes):
        return []
    calls = [before, way.outcome(problem), way.outcome(problem)]
    arrays = [[r.array for r in one.results] for one in calls if isinstance(one, Returned)]
    if len(arrays) < 3 or any([a.shape for a in one] != [a.shape for a in arrays[0]] for one in arrays):
        return []
    once, again, then = arrays
    if all(np.array_equal(a, b, equal_nan=True) for two in (again, then) for a, b in zip(once, two, strict=True)):
        return []
    name = way.setting.callee.signature.name
    adds = all(np.allclose(c - b, a, rtol=1e-6) for a, b, c in zip(once, again, then, strict=True))
    why = "what it returns is added to what it returned before" if adds else "some are random, or kept from other calls"
    return [f"{name} gives other numbers when it is called again: {why}"]


def _names(way: Way, kinds: Sequence[Kind | None]) -> list[str]:
    """The results by their own names, those in the return statement, or their places."""
    outcomes = [outcome for _, outcome in way.tried.values() if isinstance(outcome, Returned)]
    results = [result.name for result in outcomes[0].results] if outcomes else [""] * len(kinds)
    hints = way.setting.callee.signature.returned
    hints = hints if len(hints) == len(kinds) else ("",) * len(kinds)
    return [
        escaped(own or hint or f"result {at}", 40) for at, (own, hint) in enumerate(zip(results, hints, strict=True))
    ]
