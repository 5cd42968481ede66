"""Products with dL/dW that never form it: the gradient of an error in the weights, vjp and jvp."""

from __future__ import annotations

import itertools
import math
import mmap
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .apart import Apart, doubles, expanded, times
from .arrays import Array, Rows, real_array
from .layer import Layer, evaluate
from .logitgradient import Targets, losses, of_change, of_target, of_upstream
from .sums import added, divided, sum_of_products

Reduction = Literal["mean", "sum", "none"]

ROWS_BYTES = 1 << 23  # inputs taken at once from a data set
LOSS_TOO_LARGE = "the loss is too large for double precision (beyond ±1.8e308)"


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

    For one input every normal entry is within 1e-15 relative for a target, and within
    1e-15·hᵢ|xⱼ|·Σₖ hₖ|uᵢ − uₖ| for an upstream gradient. Over inputs it is within 1e-15 of the sum of these
    sizes: the sum is formed in twice the working precision. No factor's underflow or overflow costs a digit.
    InputError for x, W or b that are not finite real numbers of shapes that fit, for an upstream or
    target that does not fit, or for both or neither.
    """
    return gradient_and_loss(x, W, b, upstream=upstream, target=target, reduction=reduction)[0]


def cross_entropy(
    x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None, *, target: ArrayLike, reduction: Reduction = "mean"
) -> Array:
    """E = −ln hₜ for the class index t = `target`: () for x (J,); for x (N, J) and target (N,), the
    mean or sum, (), or with reduction "none" (N,). InputError as in `weight_gradient`."""
    _check_reduction(reduction)
    layer, single = evaluate(x, W, b)
    with np.errstate(all="ignore"):
        loss = _finite_losses(losses(layer, _targets(target, layer, single)))
    return np.asarray(loss[0] if single else loss if reduction == "none" else _total([loss], reduction))


def vjp(x: ArrayLike, W: ArrayLike, u: ArrayLike, b: ArrayLike | None = None) -> Array:
    """uᵀ dL/dW, shaped like W, in O(J·K) instead of O(J·K²).

    x (J,), W (J, K), u (K,), b (K,) → (J, K); for x (N, J) and u (N, K) → (N, J, K). Every entry whose
    size hᵢ|xⱼ|·Σₖ hₖ|uᵢ − uₖ| is a normal double is within 1e-15 of that size. InputError as in `weight_gradient`.
    """
    return weight_gradient(x, W, b, upstream=u, reduction="none")


def jvp(x: ArrayLike, W: ArrayLike, V: ArrayLike, b: ArrayLike | None = None) -> Array:
    """dL/dW · v for a change V of W, that is the change of h: hᵢ(dzᵢ − Σₖ hₖdzₖ) with dz = Vᵀx.

    x (J,), W (J, K), V (J, K), b (K,) → (K,); for x (N, J) → (N, K). Every entry whose size
    hᵢ·Σₖ hₖ|dzᵢ − dzₖ| is a normal double is within 1e-15 of that size, whatever cancels or overflows on the
    way. InputError for x, W, b or V that are not finite real numbers or do not fit, and for a result that overflows.
    """
    layer, single = evaluate(x, W, b)
    V = real_array("V", V, 2)
    expected = (layer.x.shape[1], layer.h.shape[1])
    if V.shape != expected:
        raise InputError(f"V has shape {V.shape}, where that of W, {expected}, is expected")
    with np.errstate(all="ignore"):
        dh = doubles(of_change(layer, V))
    if not np.isfinite(dh).all():
        raise InputError("the change of h is too large for double precision (beyond ±1.8e308)")
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

    x may be a memory map, or `Rows` that are left in a file: a block of it is in memory at a time. `on_rows` hears how
    many inputs each block had.
    """
    if (upstream is None) == (target is None):
        raise InputError(
            "give upstream or target, not both"
            if target is not None
            else "every column of dL/dW sums to zero, because the outputs sum to one: the gradient of an error "
            "needs the upstream gradient dE/dh, or a target class for the cross-entropy"
        )
    _check_reduction(reduction)
    if not isinstance(x, np.ndarray | Rows) or x.size == 0:
        x = real_array("x", x, 1, 2)
    if x.ndim == 2 and reduction != "none":
        return _over_blocks(x, W, b, upstream, target, reduction, on_rows)
    layer, single = evaluate(x, W, b)
    gradient, loss = _each(layer, single, upstream, target)
    on_rows(len(layer.x))
    return (gradient[0], None if loss is None else loss[0]) if single else (gradient, loss)


def _each(
    layer: Layer, single: bool, upstream: ArrayLike | None, target: ArrayLike | None
) -> tuple[Array, Array | None]:
    """dE/dW (N, J, K) and, for a target, E (N,)."""
    with np.errstate(all="ignore"):
        d, loss = _logit_gradient(layer, single, upstream, target)
        return _in_range(times(expanded(d, 1), layer.x[:, :, None])), loss


def _logit_gradient(
    layer: Layer, single: bool, upstream: ArrayLike | None, target: ArrayLike | None
) -> tuple[Apart, Array | None]:
    """dE/dz (N, K) and, for a target, E (N,)."""
    if target is None:
        return of_upstream(layer, _upstream(upstream, layer, single)), None
    t = _targets(target, layer, single)
    return of_target(layer, t), _finite_losses(losses(layer, t))


# --- a data set --------------------------------------------------------------------------------


def _over_blocks(
    x: NDArray[Any] | Rows,
    W: ArrayLike,
    b: ArrayLike | None,
    upstream: ArrayLike | None,
    target: ArrayLike | None,
    reduction: Reduction,
    on_rows: Callable[[int], object],
) -> tuple[Array, Array | None]:
    N = len(x)
    weights = real_array("upstream", upstream, 1, 2) if target is None else _array("target", target)
    if weights.ndim == 0 or len(weights) != N:
        name, got = ("upstream", f"shape {weights.shape}") if target is None else ("target", f"{weights.size} entries")
        raise InputError(f"{name} has {got}, where one for each of {N} inputs is expected")
    total, found = None, []
    for start, rows in row_blocks(x):
        layer, _ = evaluate(rows, W, b, start)
        part = weights[start : start + len(rows)]
        with np.errstate(all="ignore"):
            d, loss = _logit_gradient(layer, False, *((part, None) if target is None else (None, part)))
            more = sum_of_products(layer.x, d)
            total = more if total is None else added(total, more)
        if loss is not None:
            found.append(loss)
        on_rows(len(rows))
    assert total is not None
    with np.errstate(all="ignore"):
        gradient = divided(total, N if reduction == "mean" else 1)
    return _in_range(gradient), None if target is None else np.asarray(_total(found, reduction))


def row_blocks(x: NDArray[Any] | Rows) -> Iterator[tuple[int, NDArray[Any]]]:
    """The inputs in blocks, with the index of the first. Pages of a file that is mapped to be read are given
    back after each block."""
    step = max(1, ROWS_BYTES // (8 * x.shape[1]))
    source: Any = x
    while isinstance(source, np.ndarray):
        source = source.base
    read_only = isinstance(x, np.memmap) and x.mode == "r" and isinstance(source, mmap.mmap)
    for a in range(0, len(x), step):
        yield a, x[a : a + step]
        if read_only and hasattr(mmap, "MADV_DONTNEED"):
            source.madvise(mmap.MADV_DONTNEED)


def _total(found: list[Array], reduction: Reduction) -> float:
    """The sum or mean of all losses, rounded once. InputError if it overflows."""
    try:
        total = math.fsum(itertools.chain.from_iterable(loss.tolist() for loss in found))
    except OverflowError:
        raise InputError(LOSS_TOO_LARGE) from None
    return total / (sum(map(len, found)) if reduction == "mean" else 1)


# --- what may come in --------------------------------------------------------------------------


def _upstream(upstream: ArrayLike | None, layer: Layer, single: bool) -> Array:
    u = real_array("upstream", upstream, 1, 2)
    expected = layer.h.shape[1:] if single else layer.h.shape
    if u.shape != expected:
        raise InputError(f"upstream has shape {u.shape}, where that of h, {expected}, is expected")
    return u.reshape(layer.h.shape)


def _array(name: str, value: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError:
        raise InputError(f"{name} is ragged: its rows differ in length") from None


def _targets(target: ArrayLike, layer: Layer, single: bool) -> Targets:
    N, K = layer.h.shape
    t = _array("target", target)
    if t.dtype.kind not in "iuf" or not (np.isfinite(t) & (t == np.floor(t))).all():
        raise InputError("target holds something else than whole numbers: it is a class index, from 0")
    if t.shape != (() if single else (N,)):
        wanted = "one class index" if single else f"one class index for each of {N} inputs"
        raise InputError(f"target has shape {t.shape}, where {wanted} is expected")
    wrong = t[(t < 0) | (t >= K)]
    if wrong.size:
        raise InputError(f"target {wrong.flat[0]:.15g} does not exist: there are {K} outputs, 0 to {K - 1}")
    return t.reshape(N).astype(np.intp)


def _check_reduction(reduction: str) -> None:
    if reduction not in get_args(Reduction):
        raise InputError(f"reduction is {reduction!r}, where one of {', '.join(get_args(Reduction))} is expected")


def _finite_losses(loss: Array) -> Array:
    if not np.isfinite(loss).all():
        raise InputError(LOSS_TOO_LARGE)
    return loss


def _in_range(gradient: Array) -> Array:
    if not np.isfinite(gradient).all():
        raise InputError("dE/dW is too large for double precision (beyond ±1.8e308)")
    return gradient
