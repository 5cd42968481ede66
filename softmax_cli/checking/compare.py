"""Compare a gradient with ours, entry by entry, and say what went wrong with it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import jacobian
from ..core.arrays import Array
from ..core.gradients import Reduction, weight_gradient
from ..core.layer import evaluate
from ..errors import InputError
from .diagnosis import TIGHT, Diagnosis, diagnose
from .formula import Formula, Of, Rows
from .precision import FLOAT16, FLOAT32, FLOAT64, Precision, precision_of
from .report import Difference, Report
from .submitted import Layout, View, label, real_matrix, views

BLOCK = 1 << 18  # entries compared at once
WORST = 5
RTOL = 1e-6  # what an entry may be off by, relative, unless the caller or its precision says otherwise
ROUNDED = 2  # what a number rounded to half precision may be off by, in units roundoff
LOST = 8  # something cancels where the terms of an entry are so many times as large as it is
CURE = "sum 1 − h from the other outputs instead of subtracting h from 1"
CURE_OF_A_SUM = "their terms nearly cancel, and take more digits to be added up than this precision has"


def compare(
    theirs: ArrayLike,
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    *,
    of: Of = "layer-grad",
    upstream: ArrayLike | None = None,
    target: ArrayLike | None = None,
    reduction: Reduction = "mean",
    layout: Layout | None = None,
    rtol: float | None = None,
    strict: bool = False,
) -> Report:
    """Compare `theirs` with h, dS/dZ, dZ/dW, dL/dW or dE/dW at x (J,), W (J, K), b (K,), entry by entry.

    The shape of `theirs` tells its layout; where it fits several (dE/dW of a square W), it is the one that `layout`
    names, or else the first of these:

        "forward"                    "vector" (K,)
        "softmax-grad"               "numerator" (K, K)
        "linear-grad", "layer-grad"  "numerator" (K, K·J), "denominator" (K·J, K), "tensor" (K, J, K)
        "weight-grad"                "in-out" (J, K), "out-in" (K, J); takes upstream or target

    For x (N, J) all but "weight-grad" have a leading axis N, and so has that if its `reduction` is "none".

    An entry agrees if it is within rtol·|ours|, whatever its size. Unless given, rtol is 1e-6; for numbers in single
    precision what its arithmetic makes of the logits, up to 1e-4; in half precision 2 units roundoff, 1e-3 for float16
    and 8e-3 for bfloat16. The precision is that of the type of `theirs`, or the narrower one to which all of it was
    rounded. Where an entry is the difference of much larger terms, one that differs by no more than ordinary
    arithmetic in that precision may lose to them is counted as lost to cancellation instead, unless `strict`.
    nan and inf are allowed in `theirs` and differ; None is nan.
    If known mistakes explain the whole matrix, `diagnosis` names them, joined by " + ".

    InputError for x, W or b that are not finite real numbers of shapes that fit, for a shape of
    `theirs` that fits no layout, and for what `weight_gradient` refuses.
    """
    if of not in get_args(Of):
        raise InputError(f"of is {of!r}, where one of {', '.join(get_args(Of))} is expected")
    if rtol is not None and not 0 <= rtol < 1:
        raise InputError(f"rtol is {rtol}, where a number from 0 up to 1 is expected")
    right, ours, single = _expected(of, x, W, b, upstream, target, reduction)
    matrix = real_matrix(theirs)
    N, (J, K) = len(right.x), right.W.shape
    apart = not (single or right.count)
    fits = views(matrix, of, N if apart else None, J, K, layout)
    height = J if of == "weight-grad" else K
    rows = height * (N if apart else 1)
    parts = _parts(rows, matrix.size // rows)
    precision, wider = precision_of(matrix)

    allowance = Allowance(right, precision, wider, rtol)
    tally = _tally(fits[0].rows, ours, right, parts, allowance, strict)
    found = _diagnosed(right, fits, parts, ours, precision, rtol) if tally.differing else None
    return Report(
        of=of,
        agrees=tally.differing == 0,
        layout=fits[0].layout,
        precision=precision.name,
        differing=tally.differing,
        entries=matrix.size,
        lost_to_cancellation=0 if strict else tally.lost,
        worst=tuple(_difference(of, J, height if apart else None, entry) for entry in tally.worst),
        diagnosis=None if found is None else found.name,
        advice=_advice(right, precision, rtol, tally, strict) if found is None else found.advice,
    )


def _diagnosed(
    right: Formula, fits: Sequence[View], parts: Sequence[slice], ours: Rows, precision: Precision, rtol: float | None
) -> Diagnosis | None:
    """The mistake that explains the matrix as well as if it was only rounded, or else computed, in its precision."""
    unit = precision.unit
    tries = [(TIGHT, unit)] if precision.bits > FLOAT16.bits else [(ROUNDED * unit, 0.0)]
    if precision is not FLOAT64:
        tries.append((precision.loose, unit))
    for tolerance, roundoff in tries:
        limits = {"tolerance": max(rtol or 0.0, tolerance), "unit": roundoff, "tiny": precision.tiny}
        if (found := diagnose(right, fits, parts, ours, **limits)) is not None:
            return found
    return None


def _advice(right: Formula, precision: Precision, rtol: float | None, tally: Tally, strict: bool) -> str | None:
    """What may have happened where no mistake was found."""
    if tally.lost > 0 and tally.differing == (tally.lost if strict else 0):
        subtracted = right.of != "weight-grad" or (right.target is not None and len(right.x) == 1)
        return f"entries were lost to cancellation: {CURE if subtracted else CURE_OF_A_SUM}"
    if tally.worst and (rtol or 0.0) < precision.loose and all(d[5] <= precision.loose for d in tally.worst):
        name = "single" if precision.bits > FLOAT16.bits else "half"
        said = f"{precision.loose:.0e}".replace("e-0", "e-")
        return f"all are within {said} of what is right: for {name} precision, that is what --rtol {said} allows"
    return None


# --- what is right -----------------------------------------------------------------------------


def _expected(
    of: Of,
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None,
    upstream: ArrayLike | None,
    target: ArrayLike | None,
    reduction: Reduction,
) -> tuple[Formula, Rows, bool]:
    """The right formula, for what it says of cancellation and for mistakes to be made in it; the rows of
    the matrix, to the last digit; and whether there is one input, with no axis for it."""
    layer, single = evaluate(x, W, b)
    weights = np.asarray(W, dtype=np.float64)
    N, K = layer.h.shape
    bias = np.zeros(K) if b is None else np.asarray(b, dtype=np.float64)
    right = Formula(of, layer.x, weights, bias)
    if of == "weight-grad":
        gradient = weight_gradient(x, W, b, upstream=upstream, target=target, reduction=reduction)
        flat = gradient.reshape(-1, K)
        right = replace(
            right,
            upstream=None if upstream is None else np.asarray(upstream, dtype=np.float64).reshape(N, K),
            target=None if target is None else np.asarray(target).reshape(N).astype(np.intp),
            count={"mean": N, "sum": 1, "none": 0}["sum" if single else reduction],
        )
        return right, lambda part: flat[part], single
    if upstream is not None or target is not None:
        raise InputError(f"upstream and target belong to weight-grad: {of} depends on neither")
    if of == "forward":
        h = layer.h.reshape(-1, 1)
        return right, lambda part: h[part], single
    structure = {
        "softmax-grad": lambda: jacobian.softmax_structure(layer, single),
        "linear-grad": lambda: jacobian.linear_structure(layer.x, K, single),
        "layer-grad": lambda: jacobian.layer_structure(layer, single),
    }[of]()
    return right, lambda part: structure.rows(part), single


# --- the comparison ----------------------------------------------------------------------------


def _parts(height: int, width: int) -> list[slice]:
    """Slices over all rows: a short one first, so that a formula which does not fit is soon dismissed."""
    step, edges = max(1, BLOCK // width), [0, min(height, max(1, 4096 // width))]
    while edges[-1] < height:
        edges.append(min(height, edges[-1] + step))
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


Entry = tuple[int, int, float, float, float, float]  # row, column, theirs, ours, absolute, relative


class Tally(NamedTuple):
    differing: int
    lost: int
    worst: list[Entry]


class Allowance(NamedTuple):
    """What an entry may be off by, in a precision or by the `rtol` that was asked for."""

    right: Formula
    precision: Precision
    wider: bool  # the numbers are stored wider than they are
    rtol: float | None

    def relative(self, part: slice, ours: Array) -> Array | float:
        if self.rtol is not None:
            return self.rtol
        if self.precision is FLOAT64:
            return RTOL
        if self.precision is FLOAT32:
            most = np.minimum(self.precision.unit * self.right.relative_errors(part), self.precision.loose)
            allowed: Array | float = np.maximum(RTOL, most)
        else:
            allowed = ROUNDED * self.precision.unit
        # What the precision holds as it is would not have been rounded.
        return np.where(self.precision.holds(ours), RTOL, allowed) if self.wider else allowed


def _tally(
    theirs: Rows, ours: Rows, right: Formula, parts: Sequence[slice], allowance: Allowance, strict: bool
) -> Tally:
    unit, tiny = allowance.precision.unit, allowance.precision.tiny
    differing, lost = 0, 0
    worst: list[Entry] = []
    for part in parts:
        seen, expected = theirs(part), ours(part)
        with np.errstate(all="ignore"):
            error = np.abs(seen - expected)
            allowed = allowance.relative(part, expected) * np.abs(expected)
            differs = ~(error <= allowed + right.underflowing(part, tiny))
            if not differs.any():
                continue
            terms, losses = right.cancelling(part, unit)
            cancelled = differs & (error <= losses) & (terms >= LOST * unit * np.abs(expected))
        lost += int(np.count_nonzero(cancelled))
        if not strict:
            differs &= ~cancelled
        differing += int(np.count_nonzero(differs))
        worst += _largest(part.start, differs, seen, expected, error)
        worst = sorted(worst, key=_badness)[:WORST]
    return Tally(differing, lost, worst)


def _badness(entry: Entry) -> tuple[float, float, int, int]:
    row, column, _, _, absolute, relative = entry
    return (*(-math.inf if math.isnan(v) else -v for v in (relative, absolute)), row, column)  # type: ignore[return-value]


def _largest(first: int, differs: NDArray[np.bool_], theirs: Array, ours: Array, error: Array) -> Iterator[Entry]:
    """The worst entries of a block: by relative error, then absolute, then place."""
    rows, columns = np.nonzero(differs)
    absolute = error[rows, columns]
    with np.errstate(all="ignore"):
        relative = absolute / np.abs(ours[rows, columns])
    keys = np.nan_to_num(relative, nan=np.inf, posinf=np.inf)
    sizes = np.nan_to_num(absolute, nan=np.inf, posinf=np.inf)
    for _ in range(min(WORST, len(keys))):
        at = int(np.argmax(np.where(keys == keys.max(), sizes, -1.0)))
        r, c = int(rows[at]), int(columns[at])
        yield first + r, c, float(theirs[r, c]), float(ours[r, c]), float(absolute[at]), float(relative[at])
        keys[at] = -1.0


def _difference(of: Of, J: int, height: int | None, entry: Entry) -> Difference:
    """The entry in a row; where `height` rows belong to each input, they are counted through."""
    row, column, theirs, ours, absolute, relative = entry
    n, row = (None, row) if height is None else divmod(row, height)
    name = label(of, J, row, column) if n is None else f"input {n}: {label(of, J, row, column)}"
    return Difference(row, column, name, theirs, ours, absolute, relative, n)
