"""The Jacobians of a softmax layer as whole arrays."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from .arrays import Array, checked, real_array
from .by_input import by_inputs
from .jacobian import layer_structure, linear_structure, softmax_structure
from .layer import Layer, evaluate, evaluate_any
from .masks import masked_array

Method = Literal["shortcut", "chain"]


def softmax_jacobian(
    x: ArrayLike | None = None,
    W: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    z: ArrayLike | None = None,
    log: bool = False,
    temperature: float = 1.0,
    mask: Any = None,
) -> Array:
    """dS/dZ = (diag(h) − h hᵀ)/T, formed without that subtraction; with `log`, d ln h/dz = (I − 1hᵀ)/T.

    x (J,), W (J, K), b (K,), or the logits z (K,) → (K, K); x (N, J) or z (N, K) → (N, K, K). Row t, column i is
    ∂hₜ/∂zᵢ. `temperature` and `mask` as in `forward`: the row and the column of a masked output are 0.
    InputError for what is not finite real numbers of shapes that fit, or if a logit overflows.

    >>> from softmax_cli import softmax_jacobian
    >>> softmax_jacobian(z=[0.0, 0.0])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    return softmax_structure(*evaluate_any(x, W, b, z=z, temperature=temperature, mask=mask), log=log).dense()


def linear_jacobian(x: ArrayLike, W: ArrayLike) -> Array:
    """dZ/dW = I ⊗ xᵀ.

    x (J,), W (J, K) → (K, K·J); x (N, J) → (N, K, K·J). Row t, column i·J + j is ∂zₜ/∂W[j, i].
    InputError for x, W or b that are not finite real numbers of shapes that fit.

    >>> from softmax_cli import linear_jacobian
    >>> linear_jacobian([1.0, 2.0], [[0.5, 0.0], [0.0, 0.5]])
    array([[1., 2., 0., 0.],
           [0., 0., 1., 2.]])
    """
    x, W, _ = checked(x, W, None)
    return linear_structure(np.atleast_2d(x), W.shape[1], x.ndim == 1).dense()


def layer_jacobian(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    method: Method = "shortcut",
    *,
    wrt: Literal["W", "b", "x"] = "W",
    log: bool = False,
    temperature: float = 1.0,
    mask: Any = None,
) -> Array:
    """dL/dW, the derivative of h = softmax((Wᵀx + b)/T) with respect to every weight; or dL/db, dL/dx.

    x (J,), W (J, K), b (K,) → (K, K·J) for W, (K, K) for b, (K, J) for x; with N in front for x (N, J).
    Row t, column i·J + j is ∂hₜ/∂W[j, i] = hₜ(δᵢₜ − hᵢ)xⱼ/T; column i is ∂hₜ/∂bᵢ = hₜ(δᵢₜ − hᵢ)/T; column j is
    ∂hₜ/∂xⱼ = hₜ(W[j, t] − Σᵢ hᵢW[j, i])/T. With `log`, the same of ln h: 1 in the place of hₜ. `temperature` and
    `mask` as in `forward`: rows and columns of a masked output are 0.

    "shortcut" writes these entries; "chain" multiplies the dense dS/dZ by the dense dZ/dW (or I, or Wᵀ), which
    costs K times the work and loses an entry whose hₜhᵢ underflows before xⱼ could restore it.
    InputError for x, W or b that are not finite real numbers of shapes that fit, if a logit
    overflows, or for another method or `wrt`.

    >>> from softmax_cli import layer_jacobian
    >>> layer_jacobian([1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]])
    array([[ 0.25,  0.5 , -0.25, -0.5 ],
           [-0.25, -0.5 ,  0.25,  0.5 ]])
    """
    if method not in get_args(Method):
        raise InputError(f"method is {method!r}, where 'shortcut' or 'chain' is expected")
    if wrt not in ("W", "b", "x"):
        raise InputError(f"wrt is {wrt!r}, where 'W', 'b' or 'x' is expected")
    layer, single = evaluate(x, W, b, temperature=temperature, mask=mask)
    if method == "chain":
        return chain_product(layer, real_array("W", W, 2), single, wrt, log=log)
    if wrt == "x":
        weights = real_array("W", W, 2)
        biases = None if b is None else masked_array("b", b, 1)[0]
        found = by_inputs(layer, weights, biases, np.arange(weights.shape[1]), log)
        return found[0] if single else found
    return (layer_structure if wrt == "W" else softmax_structure)(layer, single, log=log).dense()


def chain_product(
    layer: Layer, W: Array, single: bool, wrt: str = "W", outputs: ArrayLike | None = None, log: bool = False
) -> Array:
    """dL/dW = dS/dZ · dZ/dW, dL/db = dS/dZ or dL/dx = dS/dZ · Wᵀ as products of dense matrices, in numerator layout."""
    slopes = softmax_structure(layer, single, outputs, log=log).dense()
    if wrt == "b":
        return slopes
    right = W.T if wrt == "x" else linear_structure(layer.x, W.shape[1], single).dense()
    product: Array = slopes @ right
    return product
