"""The mistakes people make in a softmax layer's gradient, each as an exchange of one part of the right formula."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from ..core.arrays import Array
from ..core.softmax import softmax
from .formula import Formula, Rows


def sign_flipped(f: Formula) -> Formula:
    """Every entry times −1."""
    return f.but(factor=-f.factor)


def row_major_weights(f: Formula) -> Formula:
    """Columns in the order of W.ravel(): column j·K + i is W[j, i], not column i·J + j."""
    return f.but(row_major=True)


def missing_input(f: Formula) -> Formula:
    """The factor xⱼ left out: hₜ(δᵢₜ − hᵢ), or δᵢₜ for dZ/dW, whatever j."""
    return f.but(input_missing=True)


def missing_diagonal(f: Formula) -> Formula:
    """δ forgotten: −hₜhᵢ on the diagonal too."""
    return f.but(slope=lambda h, complement: (-h, -h))


def zero_diagonal(f: Formula) -> Formula:
    """The case i = t never written: −hₜhᵢ off the diagonal, 0 on it."""
    return f.but(slope=lambda h, complement: (np.zeros_like(h), -h))


def delta_everywhere(f: Formula) -> Formula:
    """δ forgotten as an index and kept as a 1: hₜ(1 − hᵢ) everywhere."""
    return f.but(slope=lambda h, complement: (complement, complement))


def diagonal_only(f: Formula) -> Formula:
    """Softmax treated elementwise, like a sigmoid: hₜ(1 − hₜ) on the diagonal, 0 off it."""
    return f.but(slope=lambda h, complement: (complement, np.zeros_like(h)))


def missing_outer_product(f: Formula) -> Formula:
    """− h hᵀ forgotten: hₜ on the diagonal, 0 off it."""
    return f.but(slope=lambda h, complement: (np.ones_like(h), np.zeros_like(h)))


def outer_product_added(f: Formula) -> Formula:
    """+ h hᵀ where − h hᵀ belongs."""
    return f.but(slope=lambda h, complement: (1.0 + h, h))


def diagonal_flipped(f: Formula) -> Formula:
    """− hₜ(1 − hₜ) on the diagonal, the rest right."""
    return f.but(slope=lambda h, complement: (-complement, -h))


def off_diagonal_added(f: Formula) -> Formula:
    """+ hₜhᵢ where − hₜhᵢ belongs, and the diagonal right."""
    return f.but(slope=lambda h, complement: (complement, h))


def log_softmax(f: Formula) -> Formula:
    """The derivative of ln h, δᵢₜ − hᵢ, without the factor hₜ."""
    return f.but(logarithm=True)


def missing_softmax(f: Formula) -> Formula:
    """The softmax left out of the chain: dE/dh in the place of dE/dz, or dz/dW in the place of dh/dW."""
    if f.of == "weight-grad":
        return f.but(softmax_missing=True)
    return f.but(logarithm=True, slope=lambda h, complement: (np.ones_like(h), np.zeros_like(h)))


def missing_bias(f: Formula) -> Formula:
    """The layer without its bias, softmax(Wᵀx)."""
    return f.but(b=np.zeros_like(f.b))


def out_in_weights(f: Formula) -> Formula | None:
    """W read transposed: softmax(Wx + b), everything after it right. Square W only."""
    return f.but(W=f.W.T) if f.W.shape[0] == f.W.shape[1] else None


def out_in_weights_as_stored(f: Formula) -> Formula | None:
    """The same with the columns in the order of the array that was read, as differentiating softmax(W @ x + b)
    by W itself gives them. Square W only."""
    return f.but(W=f.W.T, row_major=True) if f.W.shape[0] == f.W.shape[1] else None


def softmax_over_inputs(f: Formula) -> Formula:
    """The softmax along an axis that the outputs do not lie on: over the inputs of W·x[:, None], then
    summed, or over the batch axis of a single input. Each output is then normalised by itself: h = 1,
    and D = I − 1."""
    return f.but(outputs=lambda x, W, b: (np.ones((len(x), len(b))), np.zeros((len(x), len(b)))))


def softmax_over_batch(f: Formula) -> Formula | None:
    """The softmax along the batch axis: each output is normalised over the inputs. Several inputs only."""

    def outputs(x: Array, W: Array, b: Array) -> tuple[Array, Array]:
        h, complement, _ = softmax(np.ascontiguousarray((x @ W + b).T))
        return h.T, complement.T

    return f.but(outputs=outputs) if len(f.x) > 1 else None


def input_along_outputs(f: Formula) -> Formula | None:
    """softmax((W * x).sum(axis=0) + b): x runs along the outputs of W. Square W only."""
    if f.W.shape[0] != f.W.shape[1]:
        return None
    return f.but(outputs=lambda x, W, b: softmax(x * W.sum(axis=0) + b)[:2])


def summed_over_outputs(f: Formula) -> Formula | None:
    """softmax((W * x[:, None]).sum(axis=1) + b): the products are summed over the outputs. Square W only."""
    if f.W.shape[0] != f.W.shape[1]:
        return None
    return f.but(outputs=lambda x, W, b: softmax(x * W.sum(axis=1) + b)[:2])


def unshifted(f: Formula, dtype: DTypeLike) -> Formula:
    """exp(z) / Σ exp(z) without taking the largest logit off first, in a precision: inf/inf = nan for the
    outputs that overflow, 0 for the others (and 0/0 = nan if all underflow)."""

    def naive(x: Array, W: Array, b: Array) -> tuple[Array, Array]:
        e = np.exp((x @ W + b).astype(dtype))
        h = (e / e.sum(axis=1, keepdims=True)).astype(np.float64)
        return h, 1.0 - h

    return f.but(outputs=naive)


def logits_not_shifted(f: Formula) -> Formula:
    """`unshifted` in double precision: logits past 709."""
    return unshifted(f, np.float64)


def logits_not_shifted_single(f: Formula) -> Formula:
    """`unshifted` in single precision: logits past 88."""
    return unshifted(f, np.float32)


def scaled(f: Formula, theirs: Rows) -> Formula | None:
    """Every entry times one constant, found as the median ratio over the large entries of a row, and
    of those over the ones that a cancellation left their digits, if there are any."""
    part = f.strongest()
    ours, seen = f.rows(part), theirs(part)
    with np.errstate(all="ignore"):
        large = np.abs(ours) >= 0.1 * np.abs(ours).max()
        whole = large & (f.cancelling(part, 1.0)[0] <= 1e3 * np.abs(ours))
        large = whole if whole.any() else large
        if not ours[large].any():
            return None
        constant = float(np.median(seen[large] / ours[large]))
    return f.but(factor=f.factor * constant) if math.isfinite(constant) and constant else None
