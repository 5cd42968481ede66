"""Mistakes in the affine layer around the softmax: a sign, the input, the bias."""

from __future__ import annotations

import numpy as np

from ..formula import Formula
from .mistake import Mistake, by_weights, everything, of_logits


def sign_flipped(f: Formula) -> Formula:
    """Every entry times −1."""
    return f.but(factor=-f.factor)


def missing_input(f: Formula) -> Formula:
    """The factor xⱼ left out: hₜ(δᵢₜ − hᵢ), or δᵢₜ for dZ/dW, whatever j."""
    return f.but(input_missing=True)


def missing_bias(f: Formula) -> Formula:
    """The layer without its bias, softmax(Wᵀx)."""
    return f.but(b=np.zeros_like(f.b))


SIGN = Mistake(
    "sign-flipped",
    (sign_flipped,),
    everything,
    "every entry has the opposite sign: look for a minus too many or too few",
)

MISSING_INPUT = Mistake(
    "missing-input",
    (missing_input,),
    by_weights,
    "the factor x is missing: a logit changes by x[j] for each unit of W[j,i]",
)

MISSING_BIAS = Mistake(
    "missing-bias",
    (missing_bias,),
    of_logits,
    "the bias is left out: add b to the logits before the softmax",
)
