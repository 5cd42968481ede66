"""Another error than the cross-entropy, or another function than the softmax before it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arrays import Array
from ..formula import Formula
from .mistake import Mistake, Variant, gradient, of_error, of_softmax


def squared(factor: Callable[[int], float]) -> Variant:
    """The derivative of a constant times Σ(h − y)²."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or f.goal.y is None or f.quantity.by is None:
            return None
        u = factor(f.h.shape[1]) * (f.h - f.goal.y)
        return f.but(goal=f.goal._replace(y=None, u=u))

    return mistaken


def without_logarithm(f: Formula) -> Formula | None:
    """E = −Σ ỹ h: of what takes logarithms, and was given the outputs themselves."""
    if f.goal is None or f.goal.y is None or f.quantity.is_hessian:
        return None
    if f.quantity.key == "loss":
        h = np.exp(f.h)
        return f.but(outputs=lambda _: (h, 1.0 - h))
    return f.but(goal=f.goal._replace(y=None, u=-f.goal.y))


def binary(factor: Callable[[int], float]) -> Variant:
    """A constant times −Σ (y ln h + (1 − y) ln(1 − h))."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or not f.goal.hard or f.goal.y is None or f.quantity.by is None or f.mask is not None:
            return None
        if f.one_output:  # it is what is right
            return None
        h, complement = f.outputs(f)
        with np.errstate(all="ignore"):
            u = np.where(f.goal.y == 1.0, -1.0 / h, 1.0 / complement)
        return f.but(goal=f.goal._replace(y=None, u=u), factor=factor(h.shape[1]) * f.factor)

    return mistaken


def sigmoid(f: Formula) -> Formula | None:
    """A sigmoid of each logit in the place of their softmax; h − y stays."""
    if f.one_output:
        return None

    def outputs(f: Formula) -> tuple[Array, Array]:
        z = f.open_logits
        return 1.0 / (1.0 + np.exp(-z)), 1.0 / (1.0 + np.exp(z))

    return f.but(outputs=outputs)


OTHER_ERRORS = (
    Mistake(
        "squared-error",
        tuple(squared(c) for c in (lambda K: 1.0, lambda K: 2.0, lambda K: 1.0 / K, lambda K: 2.0 / K)),
        gradient,
        "this is the derivative of the squared error Σ(h − y)²: that of the cross-entropy is h − y in the logits",
    ),
    Mistake(
        "missing-logarithm",
        (without_logarithm,),
        of_error,
        "the error is made of h itself, E = −Σ y·h: give it ln h, as nll_loss and its like expect",
    ),
    Mistake(
        "binary-cross-entropy",
        (binary(lambda K: 1.0), binary(lambda K: 1.0 / K)),
        gradient,
        "the error has (1 − y)·ln(1 − h) of every output as well: that is of independent sigmoids, not of a softmax",
    ),
    Mistake(
        "sigmoid",
        (sigmoid,),
        of_softmax,
        "each output is a sigmoid of its own logit: the softmax divides the exponentials by their sum",
    ),
)
