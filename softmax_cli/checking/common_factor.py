"""One constant that every entry was multiplied by: found, and put in words."""

from __future__ import annotations

import math

import numpy as np

from ..core.arrays import Array
from . import roundoff
from .formula import Formula, Rows
from .mistakes.mistake import Fitted


def scaled(f: Formula, theirs: Rows) -> Fitted | None:
    """Every entry times one constant, or every one but for its L2 term."""
    part = _strongest(f)
    ours, seen = f.rows(part), theirs(part)
    c = _constant(f, part, ours, seen)
    made = None if c is None else f.times(c)
    if (f.decay or f.bias_decay) and (
        c := _constant(f, part, *(a - f.but(factor=0.0).rows(part) for a in (ours, seen)))
    ) is not None:
        rest = f.but(factor=c * f.factor)
        if made is None or _away(rest, part, seen) < _away(made, part, seen):
            return Fitted(rest, advice(rest, "all but the L2 term"))
    return None if made is None else Fitted(made, advice(made))


def _away(f: Formula, part: slice, seen: Array) -> float:
    return float(np.nan_to_num(np.abs(f.rows(part) - seen), nan=np.inf).max())


def _constant(f: Formula, part: slice, ours: Array, seen: Array) -> float | None:
    """The median ratio over the large entries of a row, and of those over the ones that a cancellation left their
    digits, if there are any."""
    with np.errstate(all="ignore"):
        large = np.abs(ours) >= 0.1 * np.abs(ours).max()
        whole = large & (roundoff.cancelling(f, part, 1.0)[0] <= 1e3 * np.abs(ours))
        large = whole if whole.any() else large
        if not ours[large].any():
            return None
        constant = float(np.median(seen[large] / ours[large]))
    return constant if math.isfinite(constant) and constant else None


def _strongest(f: Formula) -> slice:
    """Rows that hold the largest entry, or one near it."""
    q = f.quantity
    largest = np.abs(f.v).max(axis=1) if f.v.size else np.ones(len(f.v))
    if q.is_jacobian:
        weight, on, off = f.derivative
        slope = np.maximum(np.abs(on), np.abs(off).max(axis=1, keepdims=True))
        size = np.abs(weight) * slope * (largest[:, None] if q.by == "W" else 1.0)
    elif q.is_gradient and q.by == "W":
        size = np.abs(f.v).sum(axis=0) if not f.apart else np.abs(f.v) * np.abs(f.logit_gradient).max(axis=1)[:, None]
    elif q.is_hessian:
        weight, on, _ = f.derivative
        size = np.einsum("ni,nj->ij", np.abs(weight * on), f.v * f.v)
    else:
        return slice(None)
    at = int(size.argmax())
    return slice(at, at + 1)


def advice(f: Formula, which: str = "every entry") -> str:
    """What the constant may be."""
    digits = 6 if abs(f.factor - 1) > 1e-5 else 12
    if f.quantity.key == "h":
        return f"the outputs sum to {f.factor:.{digits}g}, not to 1: divide by the sum of the exponentials"
    said = f"{which} is {f.factor:.{digits}g} times what it should be"
    N, c, inverse = len(f.x), abs(f.factor), abs(1 / f.factor)
    minus = "a minus too many or too few, and " if f.factor < 0.0 else ""
    reduction = None if f.goal is None or not f.goal.summed else f.goal.options.reduction
    if N > 1 and reduction == "mean" and abs(c - N) < 1e-4 * N:
        return f"{said}: {minus}a sum over the {N} inputs, where their mean is expected"
    if N > 1 and reduction == "sum" and abs(inverse - N) < 1e-4 * N:
        return f"{said}: {minus}a mean over the {N} inputs, where their sum is expected"
    T = f.temperature
    if T != 1.0 and abs(f.factor - T * T) < 1e-6 * T * T:
        return f"{said}, T²: distillation weighs its loss so, and that of one error has no such factor"
    batch = round(inverse) if math.isfinite(inverse) and abs(inverse) < 1e9 else 0
    over = f"the {batch} outputs as well" if batch == f.h.shape[1] and f.goal is not None else str(batch)
    mean = f", such as a mean over {over} would make" if batch > 1 and abs(inverse - batch) < 1e-3 else ""
    return f"{said}: look for {minus}a constant factor too many{mean}{_or_wrong_outputs(f)}"


def alike(f: Formula) -> bool:
    """Whether other probabilities make a multiple of the same matrix: all pairs hₜhᵢ are alike."""
    K = f.h.shape[1]
    return len(f.x) == 1 and (K == 2 or (K > 2 and bool(np.ptp(f.h) <= 1e-9 * f.h.max())))


def _or_wrong_outputs(f: Formula) -> str:
    if f.quantity.by is None or f.quantity.of == "z" or not alike(f):
        return ""
    return ", or wrong probabilities h, which look the same here: check them with --of forward"
