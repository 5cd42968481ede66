"""Mistakes in the affine layer around the softmax: a sign, the input, the bias."""

from __future__ import annotations

import numpy as np

from ..formula import Formula
from .mistake import Mistake, by_weights, everything, gradient, of_logits, of_softmax


def sign_flipped(f: Formula) -> Formula:
    """Every entry times −1."""
    return f.times(-1.0)


def data_flipped(f: Formula) -> Formula | None:
    """The same of all but the L2 term."""
    return f.but(factor=-f.factor) if f.decay else None


def missing_input(f: Formula) -> Formula:
    """The factor xⱼ left out: hₜ(δᵢₜ − hᵢ), or δᵢₜ for dZ/dW, whatever j."""
    return f.but(input_missing=True)


def missing_bias(f: Formula) -> Formula:
    """The layer without its bias, softmax(Wᵀx)."""
    return f.but(b=np.zeros_like(f.b))


def missing_mask(f: Formula) -> Formula | None:
    """The softmax over all outputs."""
    return f.but(mask=None) if f.mask is not None and bool(f.mask.any()) else None


MISSING_MASK = Mistake(
    "missing-mask",
    (missing_mask,),
    of_softmax,
    "the mask is left out: an output that it leaves out has h = 0, and its logit is to be −∞ before the softmax",
)

SIGN = Mistake(
    "sign-flipped",
    (sign_flipped,),
    everything,
    "every entry has the opposite sign: look for a minus too many or too few",
)


SIGN_OF_DATA = Mistake(
    "sign-flipped",
    (data_flipped,),
    by_weights,
    "all but the L2 term has the opposite sign: look for a minus too many or too few",
)


def mean_for_sum(f: Formula) -> Formula | None:
    """A sum over the inputs where their mean is expected, or their mean for their sum."""
    N, goal = len(f.x), f.goal
    if goal is None or N < 2 or not goal.summed:
        return None
    return f.but(factor=f.factor * (N if goal.options.reduction == "mean" else 1.0 / N))


# Beside what has a number to fit; elsewhere this is a constant like any other.
MEAN_FOR_SUM = Mistake(
    "scaled",
    (mean_for_sum,),
    gradient,
    "a sum over the inputs and their mean are mistaken for each other",
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
