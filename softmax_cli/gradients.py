"""Products with dL/dW that never form it: the gradient of an error in the weights, vjp and jvp."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .core import TILE, Array, InputError, Layer, dot_pairs, evaluate, logits, real_array, sum_rows, two_sum

Reduction = Literal["mean", "sum", "none"]
Targets = NDArray[np.intp]

ROWS_BYTES = 1 << 23  # inputs taken at once from a data set


def weight_gradient(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    *,
    upstream: ArrayLike | None = None,
    target: ArrayLike | None = None,
    reduction: Reduction = "mean",
) -> Array:
    """dE/dW[j, i] = Σₜ uₜ ∂hₜ/∂W[j, i]: dL/dW weighted by an upstream gradient and shaped like W.

    Give one of `upstream` u = dE/dh, (K,), or `target`, a class index t, for the cross-entropy
    E = −ln hₜ. x (J,), W (J, K), b (K,) → (J, K). For x (N, J), upstream (N, K) or target (N,), the
    reduction "mean" or "sum" over the inputs → (J, K), or "none" → (N, J, K).

    Every entry is within 1e-15 relative for a target, and within 1e-15·hᵢ|xⱼ|·Σₖ hₖ|uᵢ − uₖ| for an
    upstream gradient, unless an hₖuₖ underflows. Sums over inputs are formed in twice the working
    precision. InputError as in `core.checked`, for an upstream or target that does not fit, or for both or neither.
    """
    return gradient_and_loss(x, W, b, upstream=upstream, target=target, reduction=reduction)[0]


def cross_entropy(
    x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None, *, target: ArrayLike, reduction: Reduction = "mean"
) -> Array:
    """E = −ln hₜ for the class index t = `target`: () for x (J,); for x (N, J) and target (N,), the
    mean or sum, (), or with reduction "none" (N,). InputError as in `weight_gradient`."""
    layer, single = evaluate(x, W, b)
    loss = losses(layer, _targets(target, layer, single))
    return np.asarray(loss[0] if single else _reduced(loss, reduction))


def vjp(x: ArrayLike, W: ArrayLike, u: ArrayLike, b: ArrayLike | None = None) -> Array:
    """uᵀ dL/dW, shaped like W, in O(J·K) instead of O(J·K²).

    x (J,), W (J, K), u (K,), b (K,) → (J, K); for x (N, J) and u (N, K) → (N, J, K).
    InputError as in `weight_gradient`.
    """
    return weight_gradient(x, W, b, upstream=u, reduction="none")


def jvp(x: ArrayLike, W: ArrayLike, V: ArrayLike, b: ArrayLike | None = None) -> Array:
    """dL/dW · v for a change V of W, that is the change of h: hᵢ(dzᵢ − Σₖ hₖdzₖ) with dz = Vᵀx.

    x (J,), W (J, K), V (J, K), b (K,) → (K,); for x (N, J) → (N, K). InputError as in `core.checked`.
    """
    layer, single = evaluate(x, W, b)
    V = real_array("V", V, 2)
    expected = (layer.x.shape[1], layer.h.shape[1])
    if V.shape != expected:
        raise InputError(f"V has shape {V.shape}, where that of W, {expected}, is expected")
    with np.errstate(all="ignore"):
        dh = layer.h * centred(layer.h, *logits(layer.x, V, None))
    return dh[0] if single else dh


def gradient_and_loss(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    *,
    upstream: ArrayLike | None = None,
    target: ArrayLike | None = None,
    reduction: Reduction = "mean",
    on_rows: Callable[[int], object] = lambda n: None,
) -> tuple[Array, Array | None]:
    """`weight_gradient`, and for a target `cross_entropy`, in one pass over blocks of inputs.

    x may be a memory map: a block of it is in memory at a time. `on_rows` hears how many inputs
    each block had.
    """
    if (upstream is None) == (target is None):
        raise InputError(
            "give upstream or target, not both"
            if target is not None
            else "every column of dL/dW sums to zero, because the outputs sum to one: the gradient of an error "
            "needs the upstream gradient dE/dh, or a target class for the cross-entropy"
        )
    if reduction not in get_args(Reduction):
        raise InputError(f"reduction is {reduction!r}, where one of {', '.join(get_args(Reduction))} is expected")
    if np.ndim(x) != 2 or reduction == "none":
        layer, single = evaluate(x, W, b)
        gradient, loss = _each(layer, single, upstream, target)
        on_rows(len(layer.x))
        return (gradient[0], None if loss is None else loss[0]) if single else (gradient, loss)
    return _over_blocks(x, W, b, upstream, target, reduction, on_rows)


# --- one input at a time -----------------------------------------------------------------------


def centred(h: Array, u: Array, low: Array | None = None) -> Array:
    """uᵢ − Σₖ hₖuₖ for u + low: (N, K) → (N, K).

    Formed around the weighted median uₘ as (uᵢ − uₘ) − Σₖ hₖ(uₖ − uₘ). No other reference makes
    Σₖ hₖ|uₖ − uₘ|, and so the error, smaller; where one output has more than half, it is that output,
    and its large hₘ multiplies nothing.
    """
    rows = np.arange(len(u))
    order = np.argsort(u, axis=1)
    mass = np.cumsum(np.take_along_axis(h, order, axis=1), axis=1)
    m = order[rows, (mass >= mass[:, -1:] / 2).argmax(axis=1)]
    gap = u - u[rows, m, None]
    if low is not None:
        gap, rest = two_sum(u, -u[rows, m, None])
        gap += rest + (low - low[rows, m, None])
    delta, _ = sum_rows(h * gap)
    return gap - delta[:, None]


def _each(
    layer: Layer, single: bool, upstream: ArrayLike | None, target: ArrayLike | None
) -> tuple[Array, Array | None]:
    """dE/dW (N, J, K) and, for a target, E (N,)."""
    if target is not None:
        t = _targets(target, layer, single)
        return layer.x[:, :, None] * _logit_gradient(layer, t)[:, None, :], losses(layer, t)
    with np.errstate(all="ignore"):
        v = centred(layer.h, _upstream(upstream, layer, single))
        # hᵢxⱼ first where |v| ≤ 1, hᵢv first elsewhere: then only the result itself can underflow.
        large = np.abs(v) > 1.0
        first, last = np.where(large, layer.h * v, layer.h), np.where(large, 1.0, v)
        gradient = layer.x[:, :, None] * first[:, None, :] * last[:, None, :]
    return _in_range(gradient), None


def _logit_gradient(layer: Layer, t: Targets) -> Array:
    """dE/dz of the cross-entropy: h, and −(1 − hₜ) at the target."""
    d, rows = layer.h.copy(), np.arange(len(t))
    d[rows, t] = -layer.complement[rows, t]
    return d


def losses(layer: Layer, t: Targets) -> Array:
    """−ln hₜ as ln(1 + rest) + (zₘ − zₜ), with m the largest output and rest = (1 − hₘ)/hₘ: (N,)."""
    rows, m = np.arange(len(t)), layer.complement.argmin(axis=1)
    gap = (layer.z[rows, m] - layer.z[rows, t]) + (layer.low[rows, m] - layer.low[rows, t])
    loss: Array = np.log1p(layer.complement[rows, m] / layer.h[rows, m]) + gap
    return loss


# --- a data set --------------------------------------------------------------------------------


def _over_blocks(
    x: Any,
    W: ArrayLike,
    b: ArrayLike | None,
    upstream: ArrayLike | None,
    target: ArrayLike | None,
    reduction: Reduction,
    on_rows: Callable[[int], object],
) -> tuple[Array, Array | None]:
    N = len(x)
    weights = real_array("upstream", upstream, 1, 2) if target is None else np.asarray(target)
    if weights.ndim == 0 or len(weights) != N:
        name, got = ("upstream", f"shape {weights.shape}") if target is None else ("target", f"{weights.size} entries")
        raise InputError(f"{name} has {got}, where one for each of {N} inputs is expected")
    hi = lo = np.zeros(np.shape(W))
    total: list[float] = []
    for start, rows in _row_blocks(x):
        layer, _ = evaluate(rows, W, b, start)
        part = weights[start : start + len(rows)]
        with np.errstate(all="ignore"):
            if target is None:
                d = layer.h * centred(layer.h, _upstream(part, layer, False))
            else:
                t = _targets(part, layer, False)
                d = _logit_gradient(layer, t)
                total += _exact_sum(losses(layer, t).tolist())
            step = max(1, TILE // max(1, hi.size))
            for a in range(0, len(rows), step):
                s, e, _ = dot_pairs(layer.x[a : a + step].T, d[a : a + step])
                hi, r = two_sum(hi, s)
                lo = lo + (r + e)
        on_rows(len(rows))
    count = N if reduction == "mean" else 1
    return _in_range((hi + lo) / count), None if target is None else np.asarray(math.fsum(total) / count)


def _row_blocks(x: Any) -> Iterator[tuple[int, Array]]:
    """The inputs in blocks, with the index of the first. A memory map is mapped again for every
    block, so that the pages read before are given back."""
    step = max(1, ROWS_BYTES // (8 * x.shape[1])) if isinstance(x, np.ndarray) else len(x)
    for a in range(0, len(x), step):
        rows = x[a : a + step]
        if isinstance(x, np.memmap):
            at = x.offset + a * x.shape[1] * x.itemsize
            rows = np.array(np.memmap(x.filename, x.dtype, "r", at, rows.shape))  # type: ignore[call-overload]
        yield a, rows


def _exact_sum(values: list[float]) -> list[float]:
    total = math.fsum(values)
    return [total, math.fsum([*values, -total])]


def _reduced(loss: Array, reduction: Reduction) -> Array | float:
    if reduction == "none":
        return loss
    return math.fsum(loss.tolist()) / (len(loss) if reduction == "mean" else 1)


# --- what may come in --------------------------------------------------------------------------


def _upstream(upstream: ArrayLike | None, layer: Layer, single: bool) -> Array:
    u = real_array("upstream", upstream, 1, 2)
    expected = layer.h.shape[1:] if single else layer.h.shape
    if u.shape != expected:
        raise InputError(f"upstream has shape {u.shape}, where that of h, {expected}, is expected")
    return u.reshape(layer.h.shape)


def _targets(target: ArrayLike, layer: Layer, single: bool) -> Targets:
    N, K = layer.h.shape
    t = np.asarray(target)
    if t.dtype.kind not in "iuf" or not np.all(t == np.floor(t)):
        raise InputError("target holds something else than whole numbers: it is a class index, from 0")
    if t.shape != (() if single else (N,)):
        wanted = "one class index" if single else f"one class index for each of {N} inputs"
        raise InputError(f"target has shape {t.shape}, where {wanted} is expected")
    wrong = t[(t < 0) | (t >= K)]
    if wrong.size:
        raise InputError(f"target {int(wrong.flat[0])} does not exist: there are {K} outputs, 0 to {K - 1}")
    return t.reshape(N).astype(np.intp)


def _in_range(gradient: Array) -> Array:
    if not np.isfinite(gradient).all():
        raise InputError("dE/dW is too large for double precision (beyond ±1.8e308)")
    return gradient
