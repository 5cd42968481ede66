"""A result of the layer, right or mistaken, as something that makes its rows.

It is put together from a few exchangeable parts:

    h = outputs(x, W, b)                          the softmax
    D[t, i] = hₜ · (on[t] if i = t else off[i])   its derivative in the logits; right: on = 1 − h, off = −h
    entry [t, i·J + j] = factor · D[t, i] · v[j]  right: factor = 1, v = x

at each of N inputs, and a mistake exchanges one part. So two mistakes at once are one applied after the other, and no
wrong matrix has to be held whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from ..core.layer import evaluate

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
    def _logit_gradient(self) -> Array:
        """dE/dz (N, K)."""
        h, on, off, _ = self._parts
        if self.target is not None:
            at = np.arange(h.shape[1]) == self.target[:, None]
            if self.softmax_missing:
                return np.where(at, -1.0 / h, 0.0)
            chosen: Array = -np.where(at, on, off)
            return chosen / self.h[at][:, None] if self.logarithm else chosen
        assert self.upstream is not None
        if self.softmax_missing:
            return self.upstream
        u = self.upstream * h
        d: Array = off * (u.sum(axis=1, keepdims=True) - u) + u * on
        return d

    def rows(self, part: slice) -> Array:
        """Some rows of the matrix."""
        with np.errstate(all="ignore"):
            if self.of == "forward":
                return self.factor * self.h.reshape(-1, 1)[part]
            weight, on, off, v = self._parts
            if self.of == "weight-grad":
                return self.factor * self._weighted(part, v, self._logit_gradient)
            n, t = self._places(part)
            D = off[n]
            D[np.arange(len(n)), t] = on[n, t]
            D *= self.factor * weight[n, t, None]
            return self._by_weight(D, v[n])

    # --- what ordinary arithmetic makes of an entry: from the terms of that entry alone ---

    @cached_property
    def logit_errors(self) -> Array:
        """By how many roundoffs, relative, the product of two outputs may be off in ordinary arithmetic, (N, 1): the
        few of the softmax, and for each of four logits twice those of its terms, which many are added up."""
        with np.errstate(all="ignore"):
            steepness = (np.abs(self.x) @ np.abs(self.W) + np.abs(self.b)).max(axis=1, keepdims=True)
            errors: Array = 8.0 + 8.0 * steepness
            return errors

    def relative_errors(self, part: slice) -> Array:
        """`logit_errors` of the inputs that make each entry, weighted by the sizes of what they bring to it."""
        errors = self.logit_errors
        if self.of == "weight-grad" and self.count:
            v, d = np.abs(self._parts[3]), np.abs(self._logit_gradient)
            with np.errstate(all="ignore"):
                top = v.max() * d.max()
                weighted, plain = self._weighted(part, v / top, errors * d), self._weighted(part, v / top, d)
                average: Array = np.where(plain > 0.0, weighted / plain, errors.min())
                return average
        height = self.x.shape[1] if self.of == "weight-grad" else self.W.shape[1]
        of_each: Array = errors[np.arange(len(errors) * height)[part] // height]
        return of_each

    def cancelling(self, part: slice, unit: float) -> tuple[Array, Array]:
        """The sizes of the terms whose difference or sum an entry is, times the roundoff `unit`, and what ordinary
        arithmetic of that roundoff may lose to them.

        That is hₜ|xⱼ| in the diagonal block of a Jacobian, where 1 − hₜ is formed, and zero elsewhere, where nothing
        cancels. In dE/dz it is 1 at the target, or hᵢ(|uᵢ| + Σₖ hₖ|uₖ|) for an upstream gradient; where gradients are
        summed, their sizes as well.
        """
        with np.errstate(all="ignore"):
            weight, _, _, v = self._parts
            size = unit * abs(self.factor) * np.abs(v)  # the roundoff first, so that no product overflows
            if self.of == "weight-grad":
                terms, lost = self._subtracted()
                if len(size) > 1 and self.count:
                    d = np.abs(self._logit_gradient)
                    terms, lost = terms + d, lost + self.logit_errors * d
                return self._weighted(part, size, terms), self._weighted(part, size, lost)
            if self.of in ("forward", "linear-grad"):
                return np.zeros((1, 1)), np.zeros((1, 1))
            n, t = self._places(part)
            D = np.zeros((len(n), weight.shape[1]))
            D[np.arange(len(n)), t] = weight[n, t]
            diagonal = self._by_weight(D, size[n])
            return diagonal, 4.0 * diagonal

    def _subtracted(self) -> tuple[Array, Array]:
        """The sizes of the terms of dE/dz (N, K), and the roundoffs that they may cost."""
        h = self.h
        if self.softmax_missing:
            return np.zeros_like(h), np.zeros_like(h)
        if self.target is not None:
            at = (np.arange(h.shape[1]) == self.target[:, None]).astype(np.float64)
            return at, 4.0 * at
        assert self.upstream is not None
        u = self.upstream
        terms = h * (np.abs(u) + (h * np.abs(u)).sum(axis=1, keepdims=True))
        apart = np.abs(u - (h * u).sum(axis=1, keepdims=True))
        spread = h * (apart + (h * apart).sum(axis=1, keepdims=True))
        return terms, 4.0 * terms + self.logit_errors * spread

    def underflowing(self, part: slice, tiny: float) -> Array:
        """What an entry may be off by where a factor of it is below `tiny` and so lost, or the entry itself is."""
        size = np.abs(self.x)
        if self.of == "weight-grad":
            most = np.full(self.h.shape, tiny)
            if self.upstream is not None:
                u = np.abs(tiny * self.upstream)
                most = np.maximum(
                    most, u + (self.h * u).sum(axis=1, keepdims=True) + self.h * u.max(axis=1, keepdims=True)
                )
            return tiny + self._weighted(part, size, most)
        if self.of != "layer-grad":
            return np.full((1, 1), tiny)
        n, _ = self._places(part)
        return self._by_weight(np.full((len(n), self.W.shape[1]), tiny), np.maximum(size[n], 1.0))

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
                at = int((np.abs(v) * np.abs(self._logit_gradient).max(axis=1, keepdims=True)).argmax())
        else:
            slope = np.maximum(np.abs(on), np.abs(off).max(axis=1, keepdims=True))
            at = int((np.abs(weight) * slope * largest[:, None]).argmax())
        return slice(at, at + 1)
