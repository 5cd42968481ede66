"""The mistakes people make in a softmax layer's gradient, each as the matrix that it makes.

A result of the layer is put together from a few exchangeable parts:

    h = outputs(x, W, b)                          the softmax
    D[t, i] = hₜ · (on[t] if i = t else off[i])   its derivative in the logits; right: on = 1 − h, off = −h
    entry [t, i·J + j] = factor · D[t, i] · v[j]  right: factor = 1, v = x

at each of N inputs, and a mistake exchanges one part. So two mistakes at once are one applied after the other, and no
wrong matrix has to be held whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .core import Array, evaluate, softmax

Of = Literal["forward", "softmax-grad", "linear-grad", "layer-grad", "weight-grad"]
Rows = Callable[[slice], Array]  # some rows of a matrix in numerator layout


def softmax_outputs(x: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """h and 1 − h: (N, K) each."""
    layer, _ = evaluate(x, W, b)
    return layer.h, layer.complement


def softmax_slope(h: Array, complement: Array) -> tuple[Array, Array]:
    """δ − h, as its diagonal and what stands off it."""
    return complement, -h


@dataclass(frozen=True)
class Formula:
    """A result of the layer at N inputs, right or mistaken, as something that makes its rows.

    x (N, J), W (J, K), b (K,); upstream (N, K) or target (N,) for "weight-grad", whose gradients are summed
    over the inputs and divided by `count`, or kept apart if `count` is 0. Rows are those of the matrices of
    all inputs one below the other: (N·K, 1) for "forward", (N·K, K), (N·K, K·J); (J, K), or apart (N·J, K), for
    "weight-grad".
    """

    of: Of
    x: Array
    W: Array
    b: Array
    upstream: Array | None = None
    target: NDArray[np.intp] | None = None
    count: int = 0
    outputs: Callable[[Array, Array, Array], tuple[Array, Array]] = softmax_outputs
    slope: Callable[[Array, Array], tuple[Array, Array]] = softmax_slope
    input_missing: bool = False
    softmax_missing: bool = False
    row_major: bool = False
    logarithm: bool = False
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
        """What multiplies the row, on and off of the diagonal (N, K), and v (N, J)."""
        ones = np.ones((len(self.x), self.W.shape[1]))
        v = np.ones_like(self.x) if self.input_missing else self.x
        if self.of == "linear-grad":
            return ones, ones, np.zeros_like(ones), v
        weight = ones if self.logarithm else self.h
        return weight, *self.slope(*self._evaluated), ones[:, :1] if self.of == "softmax-grad" else v

    @cached_property
    def _logit_gradient(self) -> tuple[Array, Array]:
        """dE/dz (N, K), and the size of the terms it is the difference of."""
        h, on, off, _ = self._parts
        if self.target is not None:
            at = np.arange(h.shape[1]) == self.target[:, None]
            if self.softmax_missing:
                return np.where(at, -1.0 / h, 0.0), np.zeros_like(h)
            return -np.where(at, on, off), at.astype(np.float64)
        assert self.upstream is not None
        if self.softmax_missing:
            return self.upstream, np.zeros_like(h)
        u = self.upstream * h
        size = h * (np.abs(self.upstream) + np.abs(u).sum(axis=1, keepdims=True))
        return off * (u.sum(axis=1, keepdims=True) - u) + u * on, size

    def rows(self, part: slice) -> Array:
        """Some rows of the matrix."""
        with np.errstate(all="ignore"):
            if self.of == "forward":
                return self.factor * self.h.reshape(-1, 1)[part]
            weight, on, off, v = self._parts
            if self.of == "weight-grad":
                return self.factor * self._weighted(part, v, self._logit_gradient[0])
            n, t = self._places(part)
            D = off[n]
            D[np.arange(len(n)), t] = on[n, t]
            D *= self.factor * weight[n, t, None]
            return self._by_weight(D, v[n])

    def scale(self, part: slice) -> Array:
        """The size of what is subtracted to make each entry in ordinary arithmetic, which cannot
        tell a result under a few roundoffs of it from zero: hₜ|xⱼ| in the diagonal block, where 1 − hₜ
        is formed, and zero elsewhere, where nothing cancels; and where gradients are summed, their sizes."""
        with np.errstate(all="ignore"):
            if self.of in ("forward", "linear-grad"):
                return np.zeros((1, 1))
            weight, _, _, v = self._parts
            size = abs(self.factor) * np.abs(v)
            if self.of == "weight-grad":
                d, terms = self._logit_gradient
                return self._weighted(part, size, terms + np.abs(d) if len(d) > 1 and self.count else terms)
            n, t = self._places(part)
            D = np.zeros((len(n), weight.shape[1]))
            D[np.arange(len(n)), t] = weight[n, t]
            return self._by_weight(D, size[n])

    def magnified(self, part: slice) -> Array:
        """By how much the factors of each entry may magnify what underflowed before them."""
        factor = 1.0 if self.upstream is None else max(1.0, float(np.abs(self.upstream).max()))
        size = factor * np.maximum(np.abs(self.x), 1.0)
        if self.of == "weight-grad":
            return self._weighted(part, size, np.ones((len(size), 1)))
        if self.of != "layer-grad":
            return np.ones((1, 1))
        n, _ = self._places(part)
        return self._by_weight(np.ones((len(n), self.W.shape[1])), size[n])

    def _places(self, part: slice) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The input and the output of each of some rows of a Jacobian."""
        K = self.W.shape[1]
        n, t = np.divmod(np.arange(len(self.x) * K)[part], K)
        return n, t

    def _by_weight(self, D: Array, v: Array) -> Array:
        """D[r, i]·v[r, j], the columns in the order of the Jacobian's or of W.ravel()."""
        product = D[:, None, :] * v[:, :, None] if self.row_major else D[:, :, None] * v[:, None, :]
        return product.reshape(len(D), -1)

    def _weighted(self, part: slice, v: Array, d: Array) -> Array:
        """Some rows of Σₙ v[n, j]·d[n, i] / count, or of the terms one below the other."""
        if self.count:
            return v[:, part].T @ d / self.count
        n, j = np.divmod(np.arange(v.size)[part], v.shape[1])
        return v[n, j, None] * d[n]

    def strongest(self) -> slice:
        """Rows that hold the largest entry, or one near it."""
        if self.of == "forward":
            return slice(None)
        weight, on, off, v = self._parts
        largest = np.abs(v).max(axis=1)
        if self.of == "weight-grad":
            if self.count:
                at = int(np.abs(v).sum(axis=0).argmax())
            else:
                at = int((np.abs(v) * np.abs(self._logit_gradient[0]).max(axis=1, keepdims=True)).argmax())
        else:
            slope = np.maximum(np.abs(on), np.abs(off).max(axis=1, keepdims=True))
            at = int((np.abs(weight) * slope * largest[:, None]).argmax())
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


def missing_outer_product(f: Formula) -> Formula:
    """− h hᵀ forgotten: hₜ on the diagonal, 0 off it."""
    return f.but(slope=lambda h, complement: (np.ones_like(h), np.zeros_like(h)))


def outer_product_added(f: Formula) -> Formula:
    """+ h hᵀ where − h hᵀ belongs."""
    return f.but(slope=lambda h, complement: (1.0 + h, h))


def off_diagonal_added(f: Formula) -> Formula:
    """+ hₜhᵢ where − hₜhᵢ belongs, and the diagonal right."""
    return f.but(slope=lambda h, complement: (complement, h))


def log_softmax(f: Formula) -> Formula:
    """The derivative of ln h, δᵢₜ − hᵢ, without the factor hₜ."""
    return f.but(logarithm=True)


def missing_softmax(f: Formula) -> Formula:
    """The softmax left out of the chain: dE/dh in the place of dE/dz."""
    return f.but(softmax_missing=True)


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
        whole = large & (f.scale(part) <= 1e3 * np.abs(ours))
        large = whole if whole.any() else large
        if not ours[large].any():
            return None
        constant = float(np.median(seen[large] / ours[large]))
    return f.but(factor=f.factor * constant) if math.isfinite(constant) and constant else None
