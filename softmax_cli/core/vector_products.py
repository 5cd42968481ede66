"""Products with dL/dW that never form it: the gradient of an error in the weights, vjp and jvp."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from .arrays import Array, real_array
from .layer import evaluate
from .logit_gradient import of_change
from .loss_gradient import loss_gradient
from .objective import Reduction as Reduction
from .split_exponent import doubles


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

    >>> from softmax_cli import weight_gradient
    >>> weight_gradient([1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]], target=0)
    array([[-0.5,  0.5],
           [-1. ,  1. ]])
    """
    return gradient_and_loss(x, W, b, upstream=upstream, target=target, reduction=reduction)[0]


def cross_entropy(
    x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None, *, target: ArrayLike, reduction: Reduction = "mean"
) -> Array:
    """E = −ln hₜ for the class index t = `target`: () for x (J,); for x (N, J) and target (N,), the
    mean or sum, (), or with reduction "none" (N,). InputError as in `weight_gradient`.

    >>> from softmax_cli import cross_entropy
    >>> round(float(cross_entropy([1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]], target=0)), 6)
    0.693147
    """
    loss = loss_gradient(x, W, b, target=target, reduction=reduction, wrt=()).loss
    assert loss is not None
    return loss


def vjp(x: ArrayLike, W: ArrayLike, u: ArrayLike, b: ArrayLike | None = None) -> Array:
    """uᵀ dL/dW, shaped like W, in O(J·K) instead of O(J·K²).

    x (J,), W (J, K), u (K,), b (K,) → (J, K); for x (N, J) and u (N, K) → (N, J, K). Every entry whose
    size hᵢ|xⱼ|·Σₖ hₖ|uᵢ − uₖ| is a normal double is within 1e-15 of that size. InputError as in `weight_gradient`.

    >>> from softmax_cli import vjp
    >>> vjp([1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]], [1.0, 0.0])
    array([[ 0.25, -0.25],
           [ 0.5 , -0.5 ]])
    """
    return weight_gradient(x, W, b, upstream=u, reduction="none")


def jvp(x: ArrayLike, W: ArrayLike, V: ArrayLike, b: ArrayLike | None = None) -> Array:
    """dL/dW · v for a change V of W, that is the change of h: hᵢ(dzᵢ − Σₖ hₖdzₖ) with dz = Vᵀx.

    x (J,), W (J, K), V (J, K), b (K,) → (K,); for x (N, J) → (N, K). Every entry whose size
    hᵢ·Σₖ hₖ|dzᵢ − dzₖ| is a normal double is within 1e-15 of that size, whatever cancels or overflows on the
    way. InputError for x, W, b or V that are not finite real numbers or do not fit, and for a result that overflows.

    >>> from softmax_cli import jvp
    >>> jvp([1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]])
    array([ 0.25, -0.25])
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
    found = loss_gradient(x, W, b, target=target, upstream=upstream, reduction=reduction, wrt=("W",), on_rows=on_rows)
    assert found.dE_dW is not None
    return found.dE_dW, found.loss
