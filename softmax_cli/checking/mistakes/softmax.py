"""Mistakes in the softmax and in its derivative hₜ(δ − hᵢ)."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from ...core.arrays import Array
from ...core.softmax import softmax
from ..formula import Formula
from .mistake import Mistake, of_slope, of_softmax, outputs_or_gradient, outputs_themselves, seen_beside


def missing_diagonal(f: Formula) -> Formula:
    """δ forgotten: −hₜhᵢ on the diagonal too."""
    return f.but(slope=lambda h, complement: (-h, -h))


def zero_diagonal(f: Formula) -> Formula:
    """The case i = t never written: −hₜhᵢ off the diagonal, 0 on it."""
    return f.but(slope=lambda h, complement: (np.zeros_like(h), -h))


def delta_everywhere(f: Formula) -> Formula:
    """δ forgotten as an index and kept as a 1: hₜ(1 − hᵢ) everywhere."""
    return f.but(slope=lambda h, complement: (complement, complement))


def diagonal_flipped(f: Formula) -> Formula:
    """− hₜ(1 − hₜ) on the diagonal, the rest right."""
    return f.but(slope=lambda h, complement: (-complement, -h))


def off_diagonal_added(f: Formula) -> Formula:
    """+ hₜhᵢ where − hₜhᵢ belongs, and the diagonal right."""
    return f.but(slope=lambda h, complement: (complement, h))


def diagonal_only(f: Formula) -> Formula:
    """Softmax treated elementwise, like a sigmoid: hₜ(1 − hₜ) on the diagonal, 0 off it."""
    return f.but(slope=lambda h, complement: (complement, np.zeros_like(h)))


def missing_outer_product(f: Formula) -> Formula:
    """− h hᵀ forgotten: hₜ on the diagonal, 0 off it."""
    return f.but(slope=lambda h, complement: (np.ones_like(h), np.zeros_like(h)))


def outer_product_added(f: Formula) -> Formula:
    """+ h hᵀ where − h hᵀ belongs."""
    return f.but(slope=lambda h, complement: (1.0 + h, h))


def of_the_logarithm(f: Formula) -> Formula | None:
    """The derivative of ln h, δ − hᵢ, where that of h belongs; or the other way round."""
    return f.but(by_output=not f.by_output)


def missing_softmax(f: Formula) -> Formula:
    """The softmax left out of the chain: dE/dh in the place of dE/dz, or dz/dW in the place of dh/dW."""
    if f.quantity.is_gradient:
        return f.but(softmax_missing=True)
    return f.but(by_output=False, slope=lambda h, complement: (np.ones_like(h), np.zeros_like(h)))


def unshifted(f: Formula, dtype: DTypeLike) -> Formula:
    """exp(z) / Σ exp(z) without taking the largest logit off first, in a precision: inf/inf = nan for the
    outputs that overflow, 0 for the others (and 0/0 = nan if all underflow)."""

    def naive(f: Formula) -> tuple[Array, Array]:
        e = np.exp(f.open_logits.astype(dtype))
        h = (e / e.sum(axis=1, keepdims=True)).astype(np.float64)
        return h, 1.0 - h

    return f.but(outputs=naive)


def logits_not_shifted(f: Formula) -> Formula:
    """`unshifted` in double precision: logits past 709."""
    return unshifted(f, np.float64)


def logits_not_shifted_single(f: Formula) -> Formula | None:
    """`unshifted` in single precision: logits past 88."""
    return seen_beside(unshifted(f, np.float32), f)


def elementwise_slope(f: Formula) -> Formula:
    """h·(1 − h), the diagonal of dh/dz, in the place of h."""
    h = np.multiply(*f.outputs(f))
    return f.but(outputs=lambda _: (h, 1.0 - h))


def negated(f: Formula) -> Formula | None:
    """softmax(−z), its derivative taken as that of softmax(z)."""
    if f.mask is not None:
        return None
    return f.but(outputs=lambda f: softmax(np.ascontiguousarray(-f.logits / f.temperature))[:2])


def negated_throughout(f: Formula) -> Formula | None:
    """softmax(−z), and its own derivative in W or x."""
    made = negated(f) if f.quantity.is_gradient and f.quantity.by in ("W", "x") else None
    return None if made is None else made.but(factor=-made.factor)


def logits_for_outputs(f: Formula) -> Formula | None:
    """z in the place of h."""
    return (
        f.but(outputs=lambda f: (f.logits / f.temperature, 1.0 - f.logits / f.temperature)) if f.mask is None else None
    )


LOGITS = Mistake(
    "missing-softmax",
    (logits_for_outputs,),
    outputs_or_gradient,
    "the logits stand in the place of h: apply the softmax to them",
    {"one output": "the logits stand in the place of h: apply the sigmoid to them"},
)
ELEMENTWISE = Mistake(
    "diagonal-only",
    (elementwise_slope,),
    outputs_themselves,
    "this is h·(1 − h), the diagonal of dS/dZ: the derivative of the softmax is the matrix diag(h) − h hᵀ",
)
NEGATED = Mistake(
    "logits-negated",
    (negated, negated_throughout),
    of_softmax,
    "the softmax is that of −z: take exp(z), without the minus",
)
NOT_SHIFTED = Mistake(
    "logits-not-shifted",
    (logits_not_shifted, logits_not_shifted_single),
    of_softmax,
    "exp overflowed: subtract the largest logit from every logit before exponentiating",
)

DERIVATIVE = (
    Mistake(
        "missing-diagonal",
        (missing_diagonal, zero_diagonal),
        of_slope,
        "the case i = t is wrong: h[t] also grows with its own logit, by h[t]·(1 − h[t])",
        {"target": "the right class is left out: dE/dz is h − y, with y one at the target and zero elsewhere"},
    ),
    Mistake(
        "missing-diagonal",
        (delta_everywhere,),
        of_slope,
        "δ is taken for 1 everywhere: where i ≠ t the derivative is −h[t]·h[i], without the 1",
        {"target": "1 is taken off every class: take it off that of the target alone"},
    ),
    Mistake(
        "sign-flipped",
        (diagonal_flipped,),
        of_slope,
        "the diagonal alone has the opposite sign: where i = t it is +h[t]·(1 − h[t])",
        {"target": "the column of the target alone has the opposite sign: there dE/dz is h − 1, elsewhere h"},
    ),
    Mistake(
        "sign-flipped",
        (off_diagonal_added,),
        of_slope,
        "what stands off the diagonal has the opposite sign: where i ≠ t it is −h[t]·h[i]",
        {"target": "all but the column of the target has the opposite sign: there dE/dz is h − 1, elsewhere h"},
    ),
    Mistake(
        "diagonal-only",
        (diagonal_only,),
        of_slope,
        "softmax is not elementwise: every output also falls by h[t]·h[i] with each other logit i",
    ),
    Mistake(
        "missing-outer-product",
        (missing_outer_product, outer_product_added),
        of_slope,
        "− h hᵀ is missing or added: dS/dZ is diag(h) − h hᵀ",
        {
            "target": "− h hᵀ is missing or added in dS/dZ = diag(h) − h hᵀ: dE/dz is h − y, not −y or −h − y",
            "upstream": "− h hᵀ is missing or added in dS/dZ = diag(h) − h hᵀ: dE/dz[i] is h[i]·(u[i] − Σ h·u)",
        },
    ),
    Mistake(
        "log-softmax",
        (of_the_logarithm,),
        of_slope,
        "this is the derivative of ln h: multiply row t by h[t]",
        {
            "target": "dE/dh = −y/h was multiplied by the derivative of ln h: by that of h, dE/dz is h − y",
            "upstream": "dE/dh was multiplied by the derivative of ln h: multiply row t of it by h[t]",
            "ln h": "this is the derivative of h: divide row t by h[t]",
        },
    ),
    Mistake(
        "missing-softmax",
        (missing_softmax,),
        of_slope,
        "the softmax is left out: these are the derivatives of the logits, to be multiplied by dS/dZ",
        {
            "target": "the softmax is left out of the chain: dE/dz is h − y, not dE/dh = −y/h",
            "upstream": "the softmax is left out of the chain: dE/dz[i] is h[i]·(u[i] − Σ h·u), not u itself",
        },
    ),
)
