"""Compare a result with ours, entry by entry, and say what went wrong with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.objective import Options, Reduction
from ..errors import InputError
from .diagnosis import TIGHT, Diagnosis, Evidence, diagnose, partly
from .entry_differences import ROUNDED, Allowance, Entry, Tally, differences, parts_of, tally
from .expected import Setting, expected
from .formula import Formula
from .other_shapes import reading
from .precision import FLOAT16, FLOAT64, Precision, precision_of
from .printed import printed
from .quantities import Layout, Of, Quantity, quantity_named
from .regions import Grid
from .report import Difference, Explanation, Report
from .submitted import Sizes, real_matrix, views
from .wrong_places import MOST, Part, Seen, told

CURE = "sum 1 − h from the other outputs instead of subtracting h from 1"
CURE_OF_A_SUM = "their terms nearly cancel, and take more digits to be added up than this precision has"
ELSEWHERE = "take numbers of more digits, or other weights or inputs, at which the result is no smaller than its terms"


def compare(
    theirs: ArrayLike,
    x: ArrayLike | None = None,
    W: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    of: Of = "layer-grad",
    z: ArrayLike | None = None,
    upstream: ArrayLike | None = None,
    target: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    class_weights: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    ignore: int | None = None,
    l2: float = 0.0,
    reduction: Reduction = "mean",
    temperature: float = 1.0,
    mask: Any = None,
    layout: Layout | None = None,
    rtol: float | None = None,
    atol: float = 0.0,
    strict: bool = False,
) -> Report:
    """Compare `theirs` with a result of the layer at x (J,), W (J, K), b (K,), or at the logits z (K,), entry by entry.

    The shape of `theirs` tells its layout; where it fits several (dE/dW of a square W), it is the one that `layout`
    names, or else the first of these:

        z, h (or "forward"), log_h                "vector" (K,)
        dS_dZ ("softmax-grad"), dL_db             "numerator" (K, K)
        dZ_dW ("linear-grad"), dL_dW              "numerator" (K, K·J), "denominator" (K·J, K), "tensor" (K, J, K)
        ("layer-grad"), dL_dx                     "numerator" (K, J), "denominator" (J, K)
        dlogS_dZ, dlogL_dW, dlogL_db, dlogL_dx    the same of ln h, where (K, K) may be "denominator" too
        loss                                      "number" ()
        dE_dW ("loss-grad")                     "in-out" (J, K), "out-in" (K, J)
        dE_dz, dE_db (K,), dE_dx (J,)             "vector"
        d2E_dW2 ("hessian")                       "numerator" (K·J, K·J)

    For x (N, J) all have a leading axis N, but for the loss, dE_dW, dE_db and d2E_dW2, which have it if `reduction` is
    "none". The options of the error and of the layer are those of `loss_gradient`, and for d2E_dW2 of `hessian`.

    dE_dW may be a vector as well, row by row of its layout. Where the first of two outputs has weights and a bias of 0,
    as `--binary` makes it, z, h, log_h, dE_dz, dE_dW and dE_db may be those of the second alone: (J, 1), (1, J) or
    (J,), and one number in the place of two. The report says how it was read.

    An entry agrees if it is within rtol·|ours| + atol, whatever its size. Unless given, rtol is 1e-6; for numbers in
    single precision what its arithmetic makes of the logits, up to 1e-4; in half precision 2 units roundoff, 1e-3 for
    float16 and 8e-3 for bfloat16. The precision is that of the type of `theirs`, or the narrower one to which all of it
    was rounded. Where an entry is the difference of much larger terms, one that differs by no more than ordinary
    arithmetic in that precision may lose to them is counted as lost to cancellation instead, unless `strict`. Where
    nothing else is left that is not zero, whether they are right cannot be told, and the report is false.
    Where all numbers were printed with some decimals, the right ones agree rounded or cut there, unless `strict` or an
    rtol is given. nan and inf are allowed in `theirs` and differ; None is nan.
    If known mistakes explain the whole matrix, `diagnosis` names them, joined by " + ", and `others` are as simple and
    make the same matrix.

    InputError for x, W or b that are not finite real numbers of shapes that fit, for a shape of
    `theirs` that fits no layout, and for what `loss_gradient` refuses.

    >>> from softmax_cli import compare
    >>> print(compare([[0.25, -0.25], [-0.25, 0.25]], z=[0.0, 0.0], of="softmax-grad"))
    softmax-grad: agrees (numerator layout)
    """
    quantity = quantity_named(of)
    if rtol is not None and not 0 <= rtol < 1:
        raise InputError(f"rtol is {rtol}, where a number from 0 up to 1 is expected")
    if not 0 <= atol < math.inf:
        raise InputError(f"atol is {atol}, where a number from 0 is expected")
    options = Options(
        target, upstream, label_smoothing, class_weights, sample_weights, ignore, l2, reduction
    )  # fmt: skip
    right, ours, single = expected(quantity, Setting(x, W, b, z, temperature, mask, options))
    sizes = Sizes(*right.sizes, right.apart and not single)
    matrix, right, ours, sizes, read = reading(real_matrix(theirs), right, ours, sizes, layout)
    fits = views(matrix, quantity, of, sizes, layout)
    rows = quantity.height(sizes.J, sizes.K) * (sizes.N if sizes.apart else 1)
    parts = parts_of(rows, matrix.size // rows, summed=not right.apart)
    precision, wider = precision_of(matrix)

    allowance = Allowance(right, precision, wider, rtol, atol)
    found = tally(fits[0].rows, ours, parts, allowance, strict)
    as_printed = None
    if found.differing and rtol is None and not strict:
        as_printed = printed(matrix, fits[0].rows, ours, parts)
    if as_printed is not None:
        found = Tally(0, 0, [])
    mistakes: list[Diagnosis] = []
    where, worst = None, tuple(_difference(quantity, sizes, entry) for entry in found.worst)
    if found.differing:
        evidence = Evidence(right, ours, fits, parts)
        mistakes = _diagnosed(evidence, precision, rtol)
        if not mistakes and matrix.size <= MOST:
            where = _where(evidence, allowance, strict, worst[0].label)
    return Report(
        of=of,
        agrees=found.differing == 0 and not found.untold,
        layout=fits[0].layout,
        precision=precision.name,
        printed=as_printed,
        differing=found.differing,
        entries=matrix.size,
        lost_to_cancellation=0 if strict else found.lost,
        worst=worst,
        diagnosis=mistakes[0].name if mistakes else None,
        advice=mistakes[0].advice if mistakes else _advice(right, precision, rtol, found, strict),
        others=tuple(Explanation(*other) for other in mistakes[1:]),
        where=where,
        read=read,
    )


@np.errstate(all="ignore")  # what overflows on the way explains nothing, or is what the matrix has
def _diagnosed(evidence: Evidence, precision: Precision, rtol: float | None) -> list[Diagnosis]:
    """The mistakes that explain the matrix as well as if it was only rounded, or else computed, in its precision."""
    unit = precision.unit
    tries = [(TIGHT, unit)] if precision.bits > FLOAT16.bits else [(ROUNDED * unit, 0.0)]
    if precision is not FLOAT64:
        tries.append((precision.loose, unit))
    for tolerance, roundoff in tries:
        limits = {"tolerance": max(rtol or 0.0, tolerance), "rounding": ROUNDED * unit, "unit": roundoff}
        limits["tiny"] = precision.tiny
        if found := diagnose(evidence, **limits):
            return found
    return []


@np.errstate(all="ignore")
def _where(evidence: Evidence, allowance: Allowance, strict: bool, worst: str) -> str | None:
    """Where the matrix is wrong, from the whole of it beside what is right, with its wrong entries marked."""
    grid = Grid(evidence.right, evidence.views[0].layout)
    theirs, ours, wrong = [], [], []
    for part in evidence.parts:
        seen, expected = evidence.views[0].rows(part), evidence.ours(part)
        differs, cancelled, _ = differences(seen, expected, part, allowance)
        theirs.append(seen)
        ours.append(expected)
        wrong.append(differs if strict else differs & ~cancelled)
    precision = allowance.precision
    tolerance = max(allowance.rtol or 0.0, TIGHT if precision is FLOAT64 else precision.loose)

    def whole(blocks: list[Any]) -> Any:
        return np.concatenate(blocks).reshape(grid.shape)

    made = partly(evidence, tolerance=tolerance, unit=precision.unit, tiny=precision.tiny)
    parts = (Part(found.name, found.advice, entries.reshape(grid.shape)) for found, entries in made)
    return told(Seen(grid, whole(theirs), whole(ours), whole(wrong), tolerance, worst), parts)


def _advice(right: Formula, precision: Precision, rtol: float | None, found: Tally, strict: bool) -> str | None:
    """What may have happened where no mistake was found."""
    if found.untold:
        return ELSEWHERE
    if found.lost > 0 and found.differing == (found.lost if strict else 0):
        hard = right.goal is not None and right.goal.y is not None and len(right.x) == 1
        subtracted = hard or (right.quantity.is_jacobian and right.quantity.by != "x")
        return f"entries were lost to cancellation: {CURE if subtracted else CURE_OF_A_SUM}"
    if found.worst and (rtol or 0.0) < precision.loose and all(d[5] <= precision.loose for d in found.worst):
        name = "single" if precision.bits > FLOAT16.bits else "half"
        said = f"{precision.loose:.0e}".replace("e-0", "e-")
        return f"all are within {said} of what is right: for {name} precision, that is what --rtol {said} allows"
    return None


def _difference(quantity: Quantity, sizes: Sizes, entry: Entry) -> Difference:
    """The entry in a row; where each input has a matrix of its own, their rows are counted through."""
    row, column, theirs, ours, absolute, relative = entry
    n, row = divmod(row, quantity.height(sizes.J, sizes.K)) if sizes.apart else (None, row)
    name = quantity.label(sizes.J, row, column)
    return Difference(
        row, column, name if n is None else f"input {n}: {name}", theirs, ours, absolute, relative, n
    )  # fmt: skip
