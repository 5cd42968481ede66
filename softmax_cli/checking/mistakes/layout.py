"""Mistakes in how the weights, and what is derived by them, are laid out in memory."""

from __future__ import annotations

import numpy as np

from ..formula import Formula
from ..quantities import Quantity
from .mistake import Mistake, by_weights, of_logits


def row_major_weights(f: Formula) -> Formula:
    """Columns in the order of W.ravel(): column j·K + i is W[j, i], not column i·J + j."""
    return f.but(row_major=True)


def out_in_weights(f: Formula) -> Formula | None:
    """W read transposed: softmax(Wx + b), everything after it right. Square W only."""
    return f.but(W=f.W.T) if f.W.shape[0] == f.W.shape[1] else None


def out_in_weights_as_stored(f: Formula) -> Formula | None:
    """The same with the columns in the order of the array that was read, as differentiating softmax(W @ x + b)
    by W itself gives them. Square W only."""
    return f.but(W=f.W.T, row_major=True) if f.W.shape[0] == f.W.shape[1] else None


def reshaped(f: Formula) -> Formula | None:
    """dE/dW made outputs × inputs, and reshaped to (J, K) where a transposition was due. Where J = K that is only
    transposed."""
    J, K = f.W.shape
    whole = not f.apart or len(f.x) == 1
    return f.but(reshaped=True) if whole and 1 < J != K > 1 and f.quantity.is_gradient else None


def backward_by_transposed(f: Formula) -> Formula | None:
    """dE/dx = Wᵀ · dE/dz. Square W only."""
    return f.but(backward=lambda W: W.T) if f.W.shape[0] == f.W.shape[1] else None


def backward_without_weights(f: Formula) -> Formula | None:
    """dE/dx = dE/dz. Square W only."""
    return f.but(backward=lambda W: np.eye(len(W))) if f.W.shape[0] == f.W.shape[1] else None


def by_inputs(q: Quantity) -> bool:
    """A derivative in the inputs."""
    return q.by == "x"


def by_weights_of_one_input(q: Quantity) -> bool:
    """A Jacobian in the weights, or a Hessian."""
    return (q.is_jacobian and q.by == "W") or q.is_hessian


ROW_MAJOR = Mistake(
    "row-major-weights",
    (row_major_weights,),
    by_weights_of_one_input,
    "the columns run in the order of W.ravel(): swap the last two axes of the (K, J, K) array before reshaping it",
    {"tensor": "the weights are stored outputs × inputs: swap the last two axes, [t, j, i] being ∂h[t]/∂W[j,i]"},
)

RESHAPED = Mistake(
    "reshaped",
    (reshaped,),
    by_weights,
    "it was made outputs × inputs and reshaped to (J, K): transpose it instead",
)

BACKWARD = (
    Mistake(
        "transposed-backward",
        (backward_by_transposed,),
        by_inputs,
        "W is transposed on the way back: dE/dx is W · dE/dz, of W (J, K)",
    ),
    Mistake(
        "missing-weights",
        (backward_without_weights,),
        by_inputs,
        "this is the derivative in the logits: multiply it by W to reach the inputs",
    ),
)

TRANSPOSED_WEIGHTS = Mistake(
    "out-in-weights",
    (out_in_weights, out_in_weights_as_stored),
    of_logits,
    "W was read transposed: W[j,i] is the weight from input j to output i, so the logits are Wᵀx + b",
)
