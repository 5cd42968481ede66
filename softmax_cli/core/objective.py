"""The error E of a softmax layer, from the options that people have: what is checked, and one formula for dE/dz.

    E = Σₙ wₙ·(−Σₖ ỹₙₖ ln hₙₖ)/norm + λ/2·‖W‖²      for a target (`targets` says what ỹ is)
    dE/dz = wₙ·(sₙhₙ − ỹₙ)/(T·norm)                  for a target
    dE/dz = wₙ·hₙ∘(uₙ − Σₖ hₙₖuₙₖ)/(T·norm)          for an upstream gradient u = dE/dh

The conventions are those of torch.nn.CrossEntropyLoss where it has them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .arrays import Array, real_array
from .layer import Layer
from .logit_gradient import of_upstream
from .masks import Mask
from .split_exponent import Apart, normalized
from .targets import Classes, Index, Probabilities, smoothed_classes, smoothed_rows
from .twofold import two_product

Reduction = Literal["mean", "sum", "none"]

TERMS = 1 << 16  # that are numbers of Python at once
SUM_TOLERANCE = 1e-6  # a row of probabilities may be off 1 by this much


@dataclass(frozen=True)
class Options:
    """The error that is asked for, as it is given. `ignore` is a target whose rows do not count; `l2` is λ. `first` is
    the number that messages give the first row."""

    target: ArrayLike | None = None
    upstream: ArrayLike | None = None
    label_smoothing: float = 0.0
    class_weights: ArrayLike | None = None
    sample_weights: ArrayLike | None = None
    ignore: int | None = None
    l2: float = 0.0
    reduction: Reduction = "mean"
    first: int = 0


@dataclass(frozen=True)
class Objective:
    """The error over N rows. `part` is the target or the upstream gradient (N, K); `weights` (N,) are wₙ, zero for
    rows that are ignored, or None where all are 1; `norm` is what a sum over the rows is divided by. `counted` (N,) is
    c_target(n), or None where all are 1."""

    part: Classes | Probabilities | Array
    weights: Array | None
    norm: float
    l2: float
    reduction: Reduction
    counted: Array | None = None

    def rows(self, some: slice) -> Objective:
        """The error over some of the rows."""
        part = self.part[some] if isinstance(self.part, np.ndarray) else self.part.rows(some)
        return replace(self, part=part, weights=None if self.weights is None else self.weights[some], counted=None)

    def weight(self, N: int) -> tuple[float, ...]:
        """Σₙ wₙc_target(n) over all of its N rows, as doubles that add up to it exactly."""
        terms = _terms(self.weights, self.counted)
        return (float(N),) if terms is None else exactly(terms)

    def residual_and_cost(self, layer: Layer) -> tuple[Apart, Array | None]:
        """s·h − ỹ or h∘(u − Σₖ hₖuₖ), (N, K), and for a target wₙ·(−Σₖ ỹₙₖ ln hₙₖ), (N,), 0 where wₙ is. InputError
        if that is out of range."""
        if isinstance(self.part, np.ndarray):
            return of_upstream(layer, self.part), None
        cost = self.part.cost(layer)
        if self.weights is not None:
            cost = np.where(self.weights == 0.0, 0.0, cost * self.weights)  # the target of an ignored row may be masked
        if not np.isfinite(cost).all():
            raise InputError("the loss is too large for double precision (beyond ±1.8e308)")
        h, complement = layer.apart()
        h = h._replace(significand=h.significand - h.significand * layer.tail[:, None])
        return self.part.residual(h, complement), cost

    def factor(self, T: float, norm: float, N: int, times: int = 1) -> Apart:
        """wₙ/(T·norm), (N,), rounded once; with T² for two `times`."""
        (t, of_T), (m, of_norm) = math.frexp(T), math.frexp(norm)
        w, power = np.frexp(np.ones(N) if self.weights is None else self.weights)
        p, e = two_product(np.full(1, t**times), np.full(1, m))
        q = w / p
        return normalized(q - q * (e / p), power - (times * of_T + of_norm))


def objective(options: Options, N: int, K: int, single: bool, mask: Mask | None = None) -> Objective:
    """The error, checked, over N rows of K outputs; `single` says that the one row is an input of its own, which has no
    reduction. `mask` (K,) or (N, K) is true where an output is left out.

    InputError for neither or both of target and upstream, what does not fit, negative weights, probabilities that do
    not sum to 1, a target that is masked, options that mean nothing for the kind of target, and rows none of which
    counts under the mean.
    """
    _check_reduction(options.reduction)
    reduction: Reduction = "none" if single else options.reduction
    smoothing = _number("label_smoothing", options.label_smoothing, 0.0, 1.0)
    l2 = _number("l2", options.l2, 0.0, math.inf)
    if l2 and reduction == "none" and not single:
        raise InputError("l2 belongs to the error of all rows, and with reduction none each row stands alone")
    c = _weights("class_weights", options.class_weights, K, "output")
    w = _weights("sample_weights", options.sample_weights, N, "input")
    if options.target is None or options.upstream is not None:
        part: Classes | Probabilities | Array = _upstream(options, N, K, single)
        counted = None
    elif (t := _target(options.target, single, K)).ndim == (0 if single else 1):
        t, ignored = _indices(t, N, K, options, mask)
        if ignored is not None:
            w = np.where(ignored, 0.0, 1.0 if w is None else w)
        part = _classes(t, K, smoothing, c, mask)
        counted = None if c is None else c[t]
    else:
        if options.ignore is not None:
            raise InputError("ignore names a class index, and the target holds probabilities")
        y = _probabilities(t, N, K, single, mask, options.first)
        part = Probabilities(smoothed_rows(y, smoothing, c, None if mask is None else ~mask))
        counted = None
    return Objective(part, w, _norm(reduction, N, w, counted), l2, reduction, counted)


def _norm(reduction: Reduction, N: int, w: Array | None, counted: Array | None) -> float:
    """Σₙ wₙc_target(n) for the mean, otherwise 1."""
    if reduction != "mean":
        return 1.0
    terms = _terms(w, counted)
    if terms is None:
        return float(N)
    norm = math.fsum(itertools.chain.from_iterable(terms[a : a + TERMS].tolist() for a in range(0, N, TERMS)))
    if norm == 0.0:
        raise InputError(
            "no input counts: all are ignored or have weight 0, and their mean is none",
            "take their sum, which is 0: reduction sum",
        )
    return norm


def _terms(w: Array | None, counted: Array | None) -> Array | None:
    return counted if w is None else w if counted is None else w * counted


def exactly(terms: Array | Sequence[float]) -> tuple[float, ...]:
    """Doubles, the largest first, that add up to exactly the sum of the terms. InputError if it is out of range."""
    parts: list[float] = []
    for a in range(0, len(terms), TERMS):
        some, parts = [*parts, *np.asarray(terms[a : a + TERMS]).tolist()], []
        try:
            while rest := math.fsum([*some, *(-part for part in parts)]):
                if not math.isfinite(rest):
                    raise OverflowError
                parts.append(rest)
        except (OverflowError, ValueError):
            raise InputError("the weights add up to more than a double holds (beyond 1.8e308)") from None
    return tuple(parts)


def _classes(t: Index, K: int, smoothing: float, c: Array | None, mask: Mask | None) -> Classes | Probabilities:
    if mask is None or mask.ndim == 1 or smoothing == 0.0:
        shown = None if mask is None or mask.ndim > 1 else ~mask
        return smoothed_classes(t, K, smoothing, c, shown)
    one_hot = np.zeros((len(t), K))
    one_hot[np.arange(len(t)), t] = 1.0
    return Probabilities(smoothed_rows(one_hot, smoothing, c, ~mask))


# --- what may come in --------------------------------------------------------------------------


def _check_reduction(reduction: str) -> None:
    if reduction not in get_args(Reduction):
        raise InputError(f"reduction is {reduction!r}, where one of {', '.join(get_args(Reduction))} is expected")


def _number(name: str, value: Any, low: float, high: float) -> float:
    number = float(real_array(name, value, 0))
    if not low <= number <= high:
        wanted = f"a number from {low:g} to {high:g}" if high < math.inf else f"a number from {low:g}"
        raise InputError(f"{name} is {number:g}, where {wanted} is expected")
    return number


def _weights(name: str, value: ArrayLike | None, count: int, of: str) -> Array | None:
    if value is None:
        return None
    weights = real_array(name, value, 0, 1).reshape(-1)
    if len(weights) != count:
        got = f"{len(weights)} {'entry' if len(weights) == 1 else 'entries'}"
        raise InputError(f"{name} has {got}, where one for each {of}, {count}, is expected")
    if (weights < 0.0).any():
        at = int((weights < 0.0).argmax())
        raise InputError(f"{name}[{at}] is {weights[at]:.15g}, where a weight, 0 or more, is expected")
    return weights


def _upstream(options: Options, N: int, K: int, single: bool) -> Array:
    if options.upstream is None:
        raise InputError(
            "every column of dL/dW sums to zero, because the outputs sum to one: the gradient of an error "
            "needs the upstream gradient dE/dh, or a target class for the cross-entropy"
        )
    if options.target is not None:
        raise InputError("give upstream or target, not both")
    given = {"label_smoothing": options.label_smoothing or None, "class_weights": options.class_weights}
    for name, value in {**given, "ignore": options.ignore}.items():
        if value is not None:
            raise InputError(f"{name} belongs to a target, and an upstream gradient is given")
    u = real_array("upstream", options.upstream, 1, 2, first=options.first)
    expected = (K,) if single else (N, K)
    if u.shape != expected:
        raise InputError(f"upstream has shape {u.shape}, where that of h, {expected}, is expected")
    return u.reshape(N, K)


def _target(value: ArrayLike, single: bool, K: int) -> NDArray[Any]:
    try:
        t = np.asarray(value)
    except ValueError:
        raise InputError("target is ragged: its rows differ in length") from None
    if t.dtype.kind not in "iuf":
        raise InputError(f"target holds {t.dtype}, where class indices or probabilities are expected")
    if t.ndim > 2:
        raise InputError(f"target has shape {t.shape}, where class indices or rows of probabilities are expected")
    index = single and t.shape == (1,) and not (K == 1 and t[0] == 1)  # of one output, 1 is the probability
    return t.reshape(()) if index else t


def _indices(t: NDArray[Any], N: int, K: int, options: Options, mask: Mask | None) -> tuple[Index, Mask | None]:
    """Class indices (N,), and which are ignored; those are given an index that exists."""
    if t.shape not in ((), (N,)) or (t.ndim == 0 and N != 1):
        raise InputError(
            f"target has {t.size} {'entry' if t.size == 1 else 'entries'}, where one for each of {N} inputs is expected"
        )
    t = t.reshape(N)
    if t.dtype.kind == "f" and not (np.isfinite(t) & (t == np.floor(t))).all():
        raise InputError("target holds something else than whole numbers: it is a class index, from 0")
    ignored = None if options.ignore is None else t == options.ignore
    counts = np.ones(N, bool) if ignored is None else ~ignored
    wrong = counts & ((t < 0) | (t >= K))
    if wrong.any():
        at = int(wrong.argmax())
        row = f" of input {at + options.first}" if N > 1 else ""
        advice = (
            f"leave rows of that target out with ignore={t[at]:.15g}, on the command line --ignore {t[at]:.15g}"
            if t[at] < 0
            else ""
        )
        raise InputError(f"target {t[at]:.15g}{row} does not exist: there are {K} outputs, 0 to {K - 1}", advice)
    index = (t if ignored is None else np.where(counts, t, 0)).astype(np.intp, copy=False)
    if mask is not None:
        hidden = np.broadcast_to(mask, (N, K))[np.arange(N), index] & counts
        if hidden.any():
            at = int(hidden.argmax())
            row = f" of input {at + options.first}" if N > 1 else ""
            raise InputError(f"target {index[at]}{row} is masked: its probability is 0")
    return index, ignored


def _probabilities(t: NDArray[Any], N: int, K: int, single: bool, mask: Mask | None, first: int) -> Array:
    expected = (K,) if single else (N, K)
    if t.shape != expected:
        raise InputError(
            f"target has shape {t.shape}, where probabilities of shape {expected}, or class indices, are expected"
        )
    y = real_array("target", t, 1, 2, first=first).reshape(N, K)
    row = "" if single else "input {}: "
    if (y < 0.0).any():
        n, k = np.argwhere(y < 0.0)[0]
        raise InputError(f"{row.format(n + first)}target[{k}] is {y[n, k]:.15g}, where a probability is expected")
    sums = y.sum(axis=1)
    if (np.abs(sums - 1.0) > SUM_TOLERANCE).any():
        n = int(np.abs(sums - 1.0).argmax())
        raise InputError(
            f"{row.format(n + first)}the probabilities of target sum to {sums[n]:.9g}, where 1 is expected"
        )
    if mask is not None and (hidden := (y > 0.0) & mask).any():
        n, k = np.argwhere(hidden)[0]
        raise InputError(
            f"{row.format(n + first)}target[{k}] is {y[n, k]:.15g}, and output {k} is masked: its probability is 0"
        )
    return y
