"""Check a function: call it as it would be called, on problems made to break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...core.gradients import Reduction
from ...errors import InputError
from ...wording import counted, escaped
from .calling import Callee, Failed, Outcome, Returned, call_here
from .judging import Finding, Terms, judged
from .kinds import Kind, read_returns
from .plan import plan
from .problems import Problem, battery
from .report import FunctionReport
from .signature import describe
from .ways import COSTLY, Setting, Way, best_way, kinds_of_way

PATIENCE = 3  # calls that crash or do not end, after which no more are made


def check_function(
    f: Callable[..., Any],
    *,
    call: str | None = None,
    returns: str | None = None,
    reduction: Reduction | None = None,
    rtol: float | None = None,
    strict: bool = False,
) -> FunctionReport:
    """Call f on problems made to break it, and compare what it returns with what is right.

    The problems are small and random; not square and square; a batch x (N, J) and one input x (J,), if f takes them;
    of one input, of two outputs, of ties; with logits that overflow, saturate or vanish; in single precision.
    f's parameters are matched by the names people use (x, W, b, y, dout and the like), or `call` is an
    expression such as "f(x, W.T, b, y)" of x (N, J), W (J, K), b (K,), z and h (N, K), y (N,) class indices, onehot
    (N, K), and u = dE/dh (N, K). It may return an array, a tuple or a dict; `returns` names what comes back, as
    in "dW,_" with _ for what is not checked. `reduction` is over the inputs of a batch: "mean" with targets and "sum"
    with an upstream gradient unless it is given. `rtol` and `strict` are those of `compare`,
    and rtol is 1e-4 for what is returned in single precision and 2e-2 in half precision unless it is given.

    f runs in this process, with no limit on its time. What it raises is found, not raised. InputError where it is
    not clear how f is called or what it returns.
    """
    if not callable(f):
        raise InputError(f"f is of type {type(f).__name__}, where a function is expected")
    callee = Callee(describe(f), lambda one: call_here(f, one))
    return check_callee(callee, call=call, returns=returns, reduction=reduction, rtol=rtol, strict=strict)


def check_callee(
    callee: Callee,
    own: Problem | None = None,
    *,
    call: str | None = None,
    returns: str | None = None,
    reduction: Reduction | None = None,
    rtol: float | None = None,
    strict: bool = False,
) -> FunctionReport:
    """`check_function` for a function wherever it runs, on a problem of the user's `own` as well."""
    if reduction not in (None, "mean", "sum"):
        raise InputError(f"reduction is {reduction!r}, where mean or sum is expected")
    if rtol is not None and not 0 <= rtol < 1:
        raise InputError(f"rtol is {rtol}, where a number from 0 up to 1 is expected")
    made = plan(callee.signature, call)
    bias = bool({"b", "z", "h"} & made.roles)
    terms = Terms(made.error, bias, reduction or ("sum" if made.error == "u" else "mean"), rtol, strict)
    named = None if returns is None else read_returns(returns, made.error is not None)
    return _examined(Setting(callee, made, terms, named), own)


def _examined(setting: Setting, own: Problem | None) -> FunctionReport:
    way = best_way(setting)
    kinds = kinds_of_way(way)
    findings: list[Finding] = []
    changed: dict[str, None] = {}
    costly = 0
    for problem, known in _problems(way, own):
        outcome = known or way.outcome(problem)
        findings += judged(outcome, kinds, problem, setting.terms)
        if isinstance(outcome, Returned):
            changed |= dict.fromkeys(outcome.changed)
        costly += isinstance(outcome, Failed) and outcome.verdict in COSTLY
        if costly == PATIENCE:
            break
    name = setting.callee.signature.name
    notes = list(_notes(way, kinds))
    if costly == PATIENCE:
        notes.append(f"{name} was not called again after {counted(costly, 'call')} that crashed or did not end")
    if changed:
        notes.append(f"{name} changes {' and '.join(changed)} in place, which its caller may not expect")
    return FunctionReport(name, way.shown(), way.values, tuple(findings), tuple(notes))


def _problems(way: Way, own: Problem | None) -> Iterator[tuple[Problem, Outcome | None]]:
    """The user's own problem and the made ones, with what is known of them already."""
    if own is not None:
        yield own, None
    for rank in way.ranks():
        if rank in way.tried:
            yield way.tried[rank]
        yield from ((problem, None) for problem in battery(rank, way.setting.terms.bias))


def _notes(way: Way, kinds: Sequence[Kind | None]) -> Iterator[str]:
    name = way.setting.callee.signature.name
    ranks = way.ranks()
    if ranks == ["one"]:
        yield f"{name} takes one input at a time: no batch x (N, J) was tried"
    if ranks == ["many"]:
        yield f"{name} takes a batch x (N, J): no single input x (J,) was tried"
    if "many" in ranks and any(kind is not None and kind.error for kind in kinds):
        other = {"mean": "sum", "sum": "mean"}[way.setting.terms.reduction]
        yield f"the error is the {way.setting.terms.reduction} over the inputs (the reduction may be {other} instead)"
    unknown = [name for name, kind in zip(_names(way, kinds), kinds, strict=True) if kind is None]
    if unknown and any(kinds):
        yield f"not checked: {', '.join(unknown)}, which is no result known here"


def _names(way: Way, kinds: Sequence[Kind | None]) -> list[str]:
    """The results by their own names, those in the return statement, or their places."""
    outcomes = [outcome for _, outcome in way.tried.values() if isinstance(outcome, Returned)]
    results = [result.name for result in outcomes[0].results] if outcomes else [""] * len(kinds)
    hints = way.setting.callee.signature.returned
    hints = hints if len(hints) == len(kinds) else ("",) * len(kinds)
    return [
        escaped(own or hint or f"result {at}", 40) for at, (own, hint) in enumerate(zip(results, hints, strict=True))
    ]
