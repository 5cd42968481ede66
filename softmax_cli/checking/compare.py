"""Compare somebody's gradient with ours, entry by entry, and say what went wrong with it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import jacobian
from ..core.arrays import Array
from ..core.gradients import Reduction, weight_gradient
from ..core.layer import evaluate
from ..errors import InputError
from .diagnosis import TIGHT, diagnose
from .formula import Formula, Of, Rows
from .selfcheck import Agreement, finite, self_check
from .submitted import given, label, views

__all__ = ["Agreement", "Difference", "Of", "Report", "compare", "self_check"]

BLOCK = 1 << 18  # entries compared at once
WORST = 5
RTOL = 1e-6  # what an entry may be off by, relative, unless the caller says otherwise
ROUNDOFFS = 4  # what ordinary arithmetic loses to a subtraction, in units of the terms subtracted
SINGLE = 1e-4  # what single precision may be off by, relative
SINGLE_ADVICE = "all are within 1e-4 of what is right: for single precision, that is what --rtol 1e-4 allows"
LOST_ADVICE = "entries were lost to cancellation: sum 1 − h from the other outputs instead of subtracting h from 1"


@dataclass(frozen=True)
class Difference:
    """An entry that differs. `row` and `column` index the numerator layout ((J, K) for "weight-grad", column 0 for
    "forward") of `input`, None where there is one input; `relative` is infinite where ours is zero, and nan where
    theirs is."""

    row: int
    column: int
    label: str
    theirs: float
    ours: float
    absolute: float
    relative: float
    input: int | None = None


@dataclass(frozen=True)
class Report:
    """What `compare` found: of `entries`, `differing` differ and `lost_to_cancellation` are counted apart."""

    of: Of
    agrees: bool
    layout: str
    differing: int
    entries: int
    lost_to_cancellation: int
    worst: tuple[Difference, ...]
    diagnosis: str | None
    advice: str | None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON holds it: None where a number is not finite."""
        result = asdict(self)
        worst = [finite(asdict(d)) for d in self.worst]
        result["worst"] = [{k: v for k, v in d.items() if k != "input" or v is not None} for d in worst]
        return result


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
    rtol: float = RTOL,
    strict: bool = False,
) -> Report:
    """Compare `theirs` with h, dS/dZ, dZ/dW, dL/dW or dE/dW at x (J,), W (J, K), b (K,), entry by entry.

    `theirs` may be in any layout of the result, and the one that fits best is reported:

        "forward"                    "vector" (K,)
        "softmax-grad"               "numerator" (K, K)
        "linear-grad", "layer-grad"  "numerator" (K, K·J), "denominator" (K·J, K), "tensor" (K, J, K)
        "weight-grad"                "in-out" (J, K), "out-in" (K, J); takes upstream or target

    For x (N, J) all but "weight-grad" have a leading axis N, and so has that if its `reduction` is "none".
    An entry agrees if it is within rtol·|ours|, whatever its size. One that differs by no more than
    4 units roundoff (of theirs' own precision) times hₜ|xⱼ|, what 1 − hₜ was subtracted from, is counted as lost to
    cancellation instead, unless `strict`. nan and inf are allowed in `theirs` and differ; None is nan.
    If known mistakes explain the whole matrix, `diagnosis` names them, joined by " + ".

    InputError for x, W or b that are not finite real numbers of shapes that fit, for a shape of
    `theirs` that fits no layout, and for what `weight_gradient` refuses.
    """
    if of not in get_args(Of):
        raise InputError(f"of is {of!r}, where one of {', '.join(get_args(Of))} is expected")
    if not 0 <= rtol < 1:
        raise InputError(f"rtol is {rtol}, where a number from 0 up to 1 is expected")
    right, ours, single = _expected(of, x, W, b, upstream, target, reduction)
    matrix, info = given(theirs)
    N, (J, K) = len(right.x), right.W.shape
    apart = not (single or right.count)
    fits = views(matrix, of, N if apart else None, J, K)
    height = J if of == "weight-grad" else K
    rows = height * (N if apart else 1)
    parts = _parts(rows, matrix.size // rows)
    # What underflows in theirs' precision; in single and double some frameworks flush subnormals to zero.
    tiny = float(info.tiny if info.bits >= 32 else info.smallest_subnormal)
    unit = float(info.eps) / 2

    tallies = [_tally(v.rows, ours, right, parts, rtol=rtol, unit=unit, tiny=tiny, strict=strict) for v in fits]
    best = min(range(len(fits)), key=lambda at: tallies[at].differing)
    found = None
    if tallies[best].differing:
        limits = {"tolerance": max(rtol, TIGHT, min(1e3 * unit, 1e-2)), "unit": unit, "tiny": tiny}
        found = diagnose(right, fits, parts, ours, **limits)
        best = best if found is None else found.view
    tally = tallies[best]
    advice = None
    if found is not None:
        advice = found.advice
    elif tally.lost > 0 and tally.differing == (tally.lost if strict else 0):
        advice = LOST_ADVICE
    elif tally.worst and rtol < SINGLE and all(d[5] <= SINGLE for d in tally.worst):
        advice = SINGLE_ADVICE
    return Report(
        of=of,
        agrees=tally.differing == 0,
        layout=fits[best].layout,
        differing=tally.differing,
        entries=matrix.size,
        lost_to_cancellation=0 if strict else tally.lost,
        worst=tuple(_difference(of, J, height if apart else None, entry) for entry in tally.worst),
        diagnosis=None if found is None else found.name,
        advice=advice,
    )


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


def _tally(
    theirs: Rows,
    ours: Rows,
    right: Formula,
    parts: Sequence[slice],
    *,
    rtol: float,
    unit: float,
    tiny: float,
    strict: bool,
) -> Tally:
    differing, lost = 0, 0
    worst: list[Entry] = []
    for part in parts:
        seen, expected = theirs(part), ours(part)
        with np.errstate(all="ignore"):
            error = np.abs(seen - expected)
            differs = ~(error <= rtol * np.abs(expected) + tiny * right.magnified(part))
            if not differs.any():
                continue
            cancelled = differs & (error <= ROUNDOFFS * unit * right.scale(part))
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
