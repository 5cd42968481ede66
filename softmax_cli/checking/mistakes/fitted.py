"""Mistakes with a number in them that only the matrix tells: it is fitted by least squares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arrays import Array
from ...errors import InputError
from ..formula import Formula, Rows
from .mistake import Fit, Fitted, by_weights, freedom, gradient, of_error

EVERYTHING = slice(None)
FREE = 4  # numbers that are free at least where two are fitted


def _multiple(seen: Array, basis: Array) -> float:
    """The c for which c·basis is nearest to what was seen; nan if there is none."""
    with np.errstate(all="ignore"):
        size = np.abs(basis).max()
        b = basis / size
        return float((b * seen).sum() / (b * b).sum() / size) if size > 0.0 else np.nan


At = Callable[[Formula, float], Formula]  # a formula with a number in it, in which its entries are affine


def _affine(f: Formula, theirs: Rows, at: At) -> float:
    """The number c for which at(f, c) is nearest to the matrix; nan if there is none."""
    start, end, seen = at(f, 0.0).rows(EVERYTHING), at(f, 1.0).rows(EVERYTHING), theirs(EVERYTHING)
    if not (np.isfinite(start).all() and np.isfinite(end).all() and np.isfinite(seen).all()):
        return np.nan
    return _multiple(seen - start, end - start)


def _beside(
    fit: Callable[[Formula], At | None], free: Callable[[Formula], int]
) -> Callable[[Formula, Rows], float | None]:
    """The constant that the rest is multiplied by, of a matrix with so many free numbers."""

    def scale(f: Formula, theirs: Rows) -> float | None:
        at = fit(f)
        if at is None or free(f) < FREE:
            return None
        try:
            start, end = at(f, 0.0).rows(EVERYTHING).ravel(), at(f, 1.0).rows(EVERYTHING).ravel()
        except InputError:
            return None
        found = _solved(np.array([start, end - start]).T, theirs(EVERYTHING))
        return None if found is None else float(found[0])

    return scale


def l2(f: Formula, theirs: Rows) -> Fitted | None:
    """λW with another λ than the right one."""
    goal, at = f.goal, _with_l2(f)
    if goal is None or at is None:
        return None
    found = _affine(f, theirs, at)
    if not np.isfinite(found) or found == 0.0 or abs(found - goal.l2) <= 1e-9 * abs(found):
        return None
    term, second = ("λI", "second ") if f.quantity.is_hessian else ("λW", "")
    said = f"{term} with λ = {found:.6g} is in it"
    expected = f"where {goal.l2:.6g} is expected" if goal.l2 else "where no L2 term is expected"
    doubled = f": E has λ/2·‖W‖², whose {second}derivative is {term}" if goal.l2 and _near(found, 2.0 * goal.l2) else ""
    N = len(f.x)
    over = ": it is divided by the number of inputs" if goal.l2 and N > 1 and _near(found * N, goal.l2) else ""
    return Fitted(f.but(goal=goal._replace(l2=found)), f"{said}, {expected}{doubled or over}")


def _near(a: float, b: float) -> bool:
    return abs(a / b - 1.0) < 1e-6


def _with_l2(f: Formula) -> At | None:
    """It belongs to the error of all."""
    known = f.goal is not None and not f.reshaped and not (f.apart and len(f.x) > 1)
    return (lambda f, c: f.but(goal=f.goal._replace(l2=c))) if known else None  # type: ignore[union-attr]


def _smoothed(f: Formula) -> At | None:
    known = f.goal is not None and f.goal.y is not None
    return (lambda f, c: f.with_options(label_smoothing=c)) if known else None


def smoothing(f: Formula, theirs: Rows) -> Fitted | None:
    """Targets smoothed with another ε than the right one."""
    at = _smoothed(f)
    if at is None or f.goal is None:
        return None
    try:
        found = _affine(f, theirs, at)
        if not 1e-9 < found < 1.0:
            return None
        return Fitted(
            at(f, found),
            f"the targets are smoothed with ε = {found:.6g}, where {f.goal.options.label_smoothing:.6g} is expected",
        )
    except InputError:
        return None


def class_weights(f: Formula, theirs: Rows) -> Fitted | None:
    """The rows of each class counted by a weight of its own."""
    goal = f.goal
    if goal is None or goal.y is None or not goal.hard or f.reshaped:
        return None
    t, K = goal.y.argmax(axis=1), goal.y.shape[1]
    seen = theirs(EVERYTHING)
    present = np.unique(t)
    if len(present) < 2 or seen.size < 3 * len(present) or len(present) > 64:
        return None
    each = [
        f.but(goal=goal._replace(weights=np.where(t == k, goal.weights, 0.0), l2=0.0)).rows(EVERYTHING).ravel()
        for k in present
    ]
    c = _solved(np.array(each).T, seen - goal.l2 * f.shown(f.W) if goal.l2 and f.quantity.by == "W" else seen)
    if c is None or (c <= 1e-9 * c.max()).any() or np.ptp(c) <= 1e-6 * c.max():
        return None
    weights = np.ones(K)
    weights[present] = c
    shown = ", ".join(f"{v:.4g}" for v in c[:8]) + (", …" if len(c) > 8 else "")
    return Fitted(
        f.but(goal=goal._replace(weights=goal.weights * weights[t])),
        f"the rows are weighted by their classes, where no class weights are expected: {shown}",
    )


def _solved(A: Array, b: Array) -> Array | None:
    """Least squares; None if it does not tell."""
    if not (np.isfinite(A).all() and np.isfinite(b).all()):
        return None
    found, _, rank, _ = np.linalg.lstsq(A, b.ravel(), rcond=1e-9)
    return found.astype(np.float64) if rank == A.shape[1] else None


def one_sample(f: Formula, theirs: Rows) -> Fitted | None:
    """One of the inputs left out of the sum, or counted more than once."""
    goal = f.goal
    if goal is None or f.apart or len(f.x) < 2 or f.reshaped or f.quantity.by not in ("W", "b"):
        return None
    v = f.v if f.quantity.by == "W" else np.ones((len(f.x), 1))
    d = f.shown(f.logit_gradient)
    seen = theirs(EVERYTHING)
    N = len(f.x)
    for norm, rest in ((1.0, ""), (N / (N - 1.0), f", and the mean divided by {N - 1}")):
        r = seen / (f.factor * norm) - f.rows(EVERYTHING) / f.factor
        with np.errstate(all="ignore"):
            along = (((v @ r) if f.quantity.by == "W" else r.T) * d).sum(axis=1)
            sizes = (v * v).sum(axis=1) * (d * d).sum(axis=1)
            left = (r * r).sum() - along * along / sizes
            left[~np.isfinite(left)] = np.inf
        n = int(left.argmin())
        if not np.isfinite(left[n]):
            continue
        times = 1.0 + along[n] / sizes[n]
        if left[n] <= 1e-9 * (r * r).sum() and abs(times - round(times)) < 1e-5 and round(times) != 1:
            weights = goal.weights.copy()
            weights[n] *= round(times)
            said = f"input {n} is left out" if round(times) == 0 else f"input {n} is counted {round(times)} times"
            return Fitted(f.but(goal=goal._replace(weights=weights * norm)), f"{said}{rest}")
    return None


def beside_one_left_out(f: Formula, theirs: Rows) -> float | None:
    """The constant of a sum that one of the inputs is left out of."""
    if f.goal is None or f.apart or len(f.x) < 2 or f.reshaped or f.quantity.by != "W" or f.decay or freedom(f) < FREE:
        return None
    v, d, ours, seen = f.v, f.shown(f.logit_gradient), f.rows(EVERYTHING) / f.factor, theirs(EVERYTHING)
    with np.errstate(all="ignore"):
        of_ours, of_seen = (((v @ a) * d).sum(axis=1) for a in (ours, seen))
        along = (seen * ours).sum() - of_seen
        sizes = (ours * ours).sum() - 2.0 * of_ours + (v * v).sum(axis=1) * (d * d).sum(axis=1)
        explained = np.nan_to_num(along * along / sizes, nan=-1.0)
        n = int(explained.argmax())
        return float(along[n] / sizes[n] / f.factor)


def clipped_by_value(f: Formula, theirs: Rows) -> Fitted | None:
    """Entries cut at one size. Where hardly one is left, all have to have the right sign."""
    ours, theirs_all = f.rows(EVERYTHING), theirs(EVERYTHING)
    top = float(np.abs(theirs_all).max())
    cut = np.abs(ours) > top * (1 + 1e-6)
    if not np.isfinite(top) or top == 0.0 or np.count_nonzero(cut) < 2:
        return None
    if cut.mean() > 0.9 and (cut.size < FREE or (np.sign(theirs_all) != np.sign(ours)).any()):
        return None
    return Fitted(f.but(clip=top), f"the entries are clipped at ±{top:.6g}: check the gradient before it is clipped")


def clipped_by_norm(f: Formula, theirs: Rows) -> Fitted | None:
    """All entries made smaller by one factor, so that their norm is a round number."""
    ours, seen = f.rows(EVERYTHING), theirs(EVERYTHING)
    factor, norm = _multiple(seen, ours), float(np.sqrt((seen * seen).sum()))
    if not 0.0 < factor < 1.0 or float(f"{norm:.2g}") == 0.0 or abs(norm / float(f"{norm:.2g}") - 1.0) > 1e-6:
        return None
    return Fitted(
        f.but(factor=f.factor * factor), f"the gradient is clipped to norm {norm:.2g}: check it before it is clipped"
    )


FITS = (
    Fit("l2-term", by_weights, l2, scale=_beside(_with_l2, lambda f: f.shown(f.W).size)),
    Fit("label-smoothing", of_error, smoothing, scale=_beside(_smoothed, freedom)),
    Fit("one-sample", gradient, one_sample, scale=beside_one_left_out),
    Fit("class-weights", gradient, class_weights),
    Fit("clipped", gradient, clipped_by_value),
    Fit("clipped", gradient, clipped_by_norm),
)
