"""The mistakes people make in a softmax layer's gradient, each as the matrix that it makes.

A result of the layer is put together from a few exchangeable parts:

    h = outputs(x, W, b)                          the softmax
    D[t, i] = hₜ · (on[t] if i = t else off[i])   its derivative in the logits; right: on = 1 − h, off = −h
    entry [t, i·J + j] = factor · D[t, i] · v[j]  right: factor = 1, v = x

and a mistake exchanges one part. So two mistakes at once are one applied after the other, and no
wrong matrix has to be held whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from .core import Array, evaluate

Of = Literal["forward", "softmax-grad", "linear-grad", "layer-grad", "weight-grad"]
Rows = Callable[[slice], Array]  # some rows of a matrix in numerator layout


def softmax_outputs(x: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """h and 1 − h."""
    layer, _ = evaluate(x, W, b)
    return layer.h[0], layer.complement[0]


def softmax_slope(h: Array, complement: Array) -> tuple[Array, Array]:
    """δ − h, as its diagonal and what stands off it."""
    return complement, -h


@dataclass(frozen=True)
class Formula:
    """A result of the layer at one input, right or mistaken, as something that makes its rows.

    x (J,), W (J, K), b (K,), upstream (K,) or target for "weight-grad". The matrix is (K, 1) for "forward",
    (K, K), (K, K·J), or (J, K) for "weight-grad".
    """

    of: Of
    x: Array
    W: Array
    b: Array
    upstream: Array | None = None
    target: int | None = None
    outputs: Callable[[Array, Array, Array], tuple[Array, Array]] = softmax_outputs
    slope: Callable[[Array, Array], tuple[Array, Array]] = softmax_slope
    input_missing: bool = False
    row_major: bool = False
    factor: float = 1.0

    def but(self, **changes: Any) -> Formula:
        """The formula with a part exchanged. The softmax is evaluated again only if it may differ."""
        made = replace(self, **changes)
        if not changes.keys() & {"W", "b", "outputs"}:
            made.__dict__["_evaluated"] = self._evaluated
        return made

    @cached_property
    def h(self) -> Array:
        return self._evaluated[0]

    @cached_property
    def _evaluated(self) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            return self.outputs(self.x, self.W, self.b)

    @cached_property
    def _parts(self) -> tuple[Array, Array, Array, Array]:
        """What multiplies the row, on and off of the diagonal (K,), and v (J,)."""
        K = self.W.shape[1]
        v = np.ones_like(self.x) if self.input_missing else self.x
        if self.of == "linear-grad":
            return np.ones(K), np.ones(K), np.zeros(K), v
        return self.h, *self.slope(*self._evaluated), np.ones(1) if self.of == "softmax-grad" else v

    @cached_property
    def _logit_gradient(self) -> tuple[Array, Array]:
        """dE/dz (K,), and the size of the terms it is the difference of."""
        h, on, off, _ = self._parts
        if self.upstream is None:
            at = np.arange(len(h)) == self.target
            return -np.where(at, on, off), at.astype(np.float64)
        u = self.upstream * h
        return off * (u.sum() - u) + u * on, h * (np.abs(self.upstream) + np.abs(u).sum())

    def rows(self, part: slice) -> Array:
        """Some rows of the matrix."""
        with np.errstate(all="ignore"):
            if self.of == "forward":
                return self.factor * self.h[part, None]
            weight, on, off, v = self._parts
            if self.of == "weight-grad":
                return self.factor * (v[part, None] * self._logit_gradient[0])
            t = np.arange(len(weight))[part]
            D = np.tile(off, (len(t), 1))
            D[np.arange(len(t)), t] = on[t]
            D *= self.factor * weight[t, None]
            if self.row_major:
                return (D[:, None, :] * v[:, None]).reshape(len(t), -1)
            return (D[:, :, None] * v).reshape(len(t), -1)

    def scale(self, part: slice) -> Array:
        """The size of what is subtracted to make each entry in ordinary arithmetic, which cannot
        tell a result under a few roundoffs of it from zero: hₜ|xⱼ| in the diagonal block, where 1 − hₜ
        is formed, and zero elsewhere, where nothing cancels."""
        with np.errstate(all="ignore"):
            if self.of in ("forward", "linear-grad"):
                return np.zeros((1, 1))
            weight, _, _, v = self._parts
            size = abs(self.factor) * np.abs(v)
            if self.of == "weight-grad":
                return size[part, None] * self._logit_gradient[1]
            t = np.arange(len(weight))[part]
            D = np.zeros((len(t), len(weight)))
            D[np.arange(len(t)), t] = weight[t]
            if self.row_major:
                return (D[:, None, :] * size[:, None]).reshape(len(t), -1)
            return (D[:, :, None] * size).reshape(len(t), -1)

    def strongest(self) -> slice:
        """Rows that hold the largest entry."""
        if self.of == "forward":
            return slice(None)
        weight, on, off, v = self._parts
        if self.of == "weight-grad":
            at = int(np.abs(v).argmax())
        else:
            at = int(np.argmax(np.abs(weight) * np.maximum(np.abs(on), np.abs(off).max())))
        return slice(at, at + 1)


# --- the mistakes ------------------------------------------------------------------------------


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
    return f.but(outputs=lambda x, W, b: (np.ones_like(b), np.zeros_like(b)))


def input_along_outputs(f: Formula) -> Formula | None:
    """softmax((W * x).sum(axis=0) + b): x runs along the outputs of W. Square W only."""
    if f.W.shape[0] != f.W.shape[1]:
        return None
    return f.but(outputs=lambda x, W, b: softmax_outputs(np.ones_like(x), W * x, b))


def summed_over_outputs(f: Formula) -> Formula | None:
    """softmax((W * x[:, None]).sum(axis=1) + b): the products are summed over the outputs. Square W only."""
    if f.W.shape[0] != f.W.shape[1]:
        return None
    return f.but(outputs=lambda x, W, b: softmax_outputs(np.ones_like(x), (W * x[:, None]).T, b))


def unshifted(f: Formula, dtype: DTypeLike) -> Formula:
    """exp(z) / Σ exp(z) without taking the largest logit off first, in a precision: inf/inf = nan for the
    outputs that overflow, 0 for the others (and 0/0 = nan if all underflow)."""

    def naive(x: Array, W: Array, b: Array) -> tuple[Array, Array]:
        e = np.exp((x @ W + b).astype(dtype))
        h = (e / e.sum()).astype(np.float64)
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
    large = np.abs(ours) >= 0.1 * np.abs(ours).max()
    whole = large & (f.scale(part) <= 1e3 * np.abs(ours))
    large = whole if whole.any() else large
    if not ours[large].any():
        return None
    with np.errstate(all="ignore"):
        constant = float(np.median(seen[large] / ours[large]))
    return f.but(factor=f.factor * constant) if math.isfinite(constant) and constant else None
