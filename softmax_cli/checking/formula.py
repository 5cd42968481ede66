"""A result of the layer, right or mistaken, as something that makes its rows.

It is put together from a few exchangeable parts:

    h = outputs(formula)                          the softmax
    D[t, i] = hₜ · (on[t] if i = t else off[i])   dh/dz · T; right: on = 1 − h, off = −h; of ln h without hₜ
    c = −ỹ, or u∘h                                what weights the rows: −hₜ·∂E/∂hₜ, for a target or an upstream u
    d[i] = cᵢ·on[i] + (Σc − cᵢ)·off[i]            dE/dz · T·norm/w

and what follows the logits: times v[j] = x[j] for W, times W for x, summed over the inputs for W and b. A mistake
exchanges one part. So two mistakes at once are one applied after the other, and no wrong matrix has to be held whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from ..core.layer import evaluate, evaluate_logits
from ..core.masks import Mask
from ..core.objective import objective
from .curvature import curvature_rows
from .goal import Goal, goal_of
from .quantities import Quantity

Rows = Callable[[slice], Array]  # some rows of a matrix in numerator layout
Indices = NDArray[np.intp]
Part = slice | Indices  # which rows

AFTER_LOGITS = {  # no part of dE/dz
    "factor", "reshaped", "clip", "row_major", "input_missing", "backward", "order", "bias_decay", "l1", "columns"
}  # fmt: skip


def softmax_outputs(f: Formula) -> tuple[Array, Array]:
    """h and 1 − h: (N, K) each."""
    how: dict[str, Any] = {"temperature": f.temperature, "mask": f.mask}
    layer, _ = evaluate(f.x, f.W, f.b, **how) if f.z is None else evaluate_logits(f.z, **how)
    return layer.h, layer.complement


def softmax_slope(h: Array, complement: Array) -> tuple[Array, Array]:
    """δ − h, as its diagonal and what stands off it."""
    return complement, -h


@dataclass(frozen=True)
class Formula:
    """A result of the layer at N inputs, right or mistaken, as something that makes its rows.

    x (N, J), W (J, K), b (K,); or the logits z (N, K), with J = 0. Rows are those of the matrices of all inputs one
    below the other, in numerator layout; a vector is a matrix of one column.
    """

    quantity: Quantity
    x: Array
    W: Array
    b: Array
    z: Array | None = None
    goal: Goal | None = None
    temperature: float = 1.0
    mask: Mask | None = None
    outputs: Callable[[Formula], tuple[Array, Array]] = softmax_outputs
    slope: Callable[[Array, Array], tuple[Array, Array]] = softmax_slope
    by_output: bool = True  # row t of D is multiplied by h[t]
    softmax_missing: bool = False
    input_missing: bool = False
    row_major: bool = False
    order: Indices | None = None  # the outputs that the result has, in their order; all, unless it says otherwise
    reshaped: bool = False  # dE/dW, made (K, J), was reshaped to (J, K)
    backward: Callable[[Array], Array] = lambda W: W  # the weights that lead back to the inputs
    plus: Array | None = None  # added to dE/dz of each input (N, K), before 1/T and its weight
    bias_decay: float = 0.0  # dE/db has so many times b
    l1: float = 0.0  # dE/dW has so many times the sign of W
    columns: Indices | None = None  # of a Jacobian in W, the inputs that are made alone
    clip: float = np.inf  # the size that no entry exceeds
    factor: float = 1.0

    def but(self, **changes: Any) -> Formula:
        """The formula with a part exchanged. The softmax is evaluated again only if it may differ."""
        made: Formula = object.__new__(Formula)  # without __init__, which takes longer than most mistakes
        made.__dict__.update({name: self.__dict__[name] for name in FIELDS})
        made.__dict__.update(changes)
        if changes.keys() <= AFTER_LOGITS and "logit_gradient" in self.__dict__:
            made.__dict__["logit_gradient"] = self.logit_gradient
        if not changes.keys() & {"x", "W", "b", "z", "temperature", "mask", "outputs"}:
            made.__dict__["_evaluated"] = self._evaluated
        return made

    def times(self, c: float) -> Formula:
        """Every entry times c, those of the L2 term as well."""
        decay = self.decay
        if not decay or self.goal is None:
            return self.but(factor=c * self.factor, bias_decay=c * self.bias_decay, l1=c * self.l1)
        return self.but(factor=c * self.factor, l1=c * self.l1, goal=self.goal._replace(l2=c * decay))

    @property
    def decay(self) -> float:
        """The λ whose λW, or λI, is added to what `factor` multiplies."""
        return self.goal.l2 if self.goal is not None and self.quantity.by in ("W", "WW") else 0.0

    @property
    def sizes(self) -> tuple[int, int, int]:
        """N, J and K."""
        N, J = self.x.shape
        return N, J, len(self.b)

    @property
    def apart(self) -> bool:
        """Whether each input has a matrix of its own."""
        return self.quantity.apart(self.goal is not None and self.goal.summed)

    @property
    def logits(self) -> Array:
        """z in ordinary arithmetic."""
        return self.x @ self.W + self.b if self.z is None else self.z

    @property
    def open_logits(self) -> Array:
        """z/T in ordinary arithmetic, −∞ where an output is left out."""
        z = self.logits / self.temperature
        return z if self.mask is None else np.where(self.mask, -np.inf, z)

    @property
    def h(self) -> Array:
        return self._evaluated[0]

    @cached_property
    def _evaluated(self) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            return self.outputs(self)

    @cached_property
    def derivative(self) -> tuple[Array, Array, Array]:
        """What multiplies each row of D, and on and off of its diagonal: (N, K) each."""
        h = self.h
        if self.quantity.of == "z":
            return np.ones_like(h), np.ones_like(h), np.zeros_like(h)
        weight = h if self.by_output else np.ones_like(h) if self.mask is None else np.where(self.mask, 0.0, 1.0)
        return weight / self.temperature, *self.slope(*self._evaluated)

    def with_options(self, **changes: Any) -> Formula:
        """The formula with other options of the error. InputError as in `objective`."""
        assert self.goal is not None
        N, _, K = self.sizes
        options = replace(self.goal.options, **changes)
        single = not self.goal.summed and N == 1
        return self.but(goal=goal_of(objective(options, N, K, single, self.mask), options, N, K, single))

    @cached_property
    def v(self) -> Array:
        """What a logit changes by for each unit of W[j, i]: x, (N, J)."""
        return np.ones_like(self.x) if self.input_missing else self.x

    @cached_property
    def logit_gradient(self) -> Array:
        """dE/dz (N, K)."""
        assert self.goal is not None
        weight, on, off = self.derivative
        with np.errstate(all="ignore"):
            upstream = -self.goal.y / self.h if self.goal.u is None else self.goal.u  # type: ignore[operator]
            upstream = np.where(self.h == 0.0, 0.0, upstream) if self.goal.u is None else upstream
            c = upstream * weight
            if self.goal.u is None and self.by_output:  # nothing is divided by an h that underflowed
                c = -self.goal.y / self.temperature  # type: ignore[operator]
            d = upstream / self.temperature if self.softmax_missing else c * on + others(c) * off
            d = d if self.plus is None else d + self.plus / self.temperature
            made: Array = d * self.goal.weights[:, None]
            return made

    @cached_property
    def loss(self) -> Array:
        """wₙ·(−Σₖ ỹₙₖ ln hₙₖ)/norm, (N,)."""
        assert self.goal is not None
        assert self.goal.y is not None
        terms = np.where(self.goal.y > 0.0, -self.goal.y * self.log_h, 0.0)
        made: Array = terms.sum(axis=1) * self.goal.weights
        return made

    @cached_property
    def log_h(self) -> Array:
        """ln h (N, K)."""
        h, complement = self._evaluated
        with np.errstate(all="ignore"):
            made: Array = np.where(h > 0.5, np.log1p(-complement), np.log(h))
            return made

    def rows(self, part: slice) -> Array:
        """Some rows of the matrix."""
        with np.errstate(all="ignore"):
            made = self.arranged(self._rows(slice(None) if self.reshaped else self.source(part)))
            if self.reshaped:
                made = made.T.reshape(made.shape)[part]
            return made if np.isinf(self.clip) else np.clip(made, -self.clip, self.clip)

    def source(self, part: slice) -> Part:
        """The rows that stand in the place of some, where the outputs are in another order."""
        if self.order is None or (self.quantity.is_gradient and self.quantity.by in ("W", "x")):
            return part
        (N, _, K), kept = self.sizes, len(self.order)
        n, t = np.divmod(np.arange((N if self.apart else 1) * kept)[part], kept)
        found: Indices = n * K + self.order[t]
        return found

    def shown(self, values: Array) -> Array:
        """Values of the outputs, along the last axis, as the result has them."""
        return values if self.order is None else values[..., self.order]

    @property
    def one_output(self) -> bool:
        """Whether the result has one of two outputs, as that of a binary classifier has."""
        return self.order is not None and len(self.order) < len(self.b)

    def arranged(self, made: Array) -> Array:
        """The columns in the order of the outputs, where these are columns."""
        columns = self.quantity.is_gradient and self.quantity.by == "W" and made.shape[1] > 1
        return self.shown(made) if columns else made

    def _rows(self, part: Part) -> Array:
        q = self.quantity
        with np.errstate(all="ignore"):
            if q.is_jacobian:
                n, t = self.places(part)
                weight, on, off = self.derivative
                D = off[n]
                D[np.arange(len(n)), t] = on[n, t]
                D *= self.factor * weight[n, t, None]
                v = self.v if self.columns is None else self.v[:, self.columns]
                return self.carried(part, D, v, self.backward(self.W))
            if q.is_hessian:
                return curvature_rows(self, part)
            if q.is_gradient:
                d = self.logit_gradient
                d = self.shown(d) if q.by == "x" else d
                made = self.factor * self.carried(part, d, self.v, self.backward(self.W))
                decay = self.decay
                if self.bias_decay and q.by == "b" and not self.apart:
                    return made + self.bias_decay * self.b[part, None]
                made = made + self.l1 * np.sign(self.W[part]) if self.l1 and q.by == "W" else made
                return made + decay * self.W[part] if decay else made
            return self.factor * self._value()[part]

    def _value(self) -> Array:
        """z, h, ln h or E as a column."""
        of = self.quantity.of
        if of != "E":
            value = self.h if of == "h" else self.logits if of == "z" else self.log_h
            return value.reshape(-1, 1)
        assert self.goal is not None
        decay = self.goal.l2 / 2 * (self.W * self.W).sum()
        made: Array = (self.loss if self.apart else self.loss.sum(keepdims=True))[:, None] + decay
        return made

    def places(self, part: Part) -> tuple[Indices, Indices]:
        """The input and the place in its matrix of some rows, where each input has one."""
        N, J, K = self.sizes
        height = self.quantity.height(J, K)
        n, r = np.divmod(np.arange(N * height)[part], height)
        return n, r

    def carried(self, part: Part, D: Array, v: Array, W: Array) -> Array:
        """From the logits to what the result is a derivative by: those rows of D (rows, K) of a Jacobian, or some rows
        of what dE/dz (N, K) makes."""
        by = self.quantity.by
        if self.quantity.is_jacobian:
            if by == "W":
                v = v[self.places(part)[0]]
                product: Array = D[:, None, :] * v[:, :, None] if self.row_major else D[:, :, None] * v[:, None, :]
                return product.reshape(len(D), -1)
            made: Array = D @ W.T if by == "x" else D
            return made
        if by in ("z", "x"):
            return (D if by == "z" else D @ W.T).reshape(-1, 1)[part]
        if not self.apart:
            total: Array = v[:, part].T @ D if by == "W" else D.sum(axis=0)[part, None]
            return total
        if by == "b":
            return D.reshape(-1, 1)[part]
        n, j = self.places(part)
        each: Array = v[n, j, None] * D[n]
        return each


FIELDS = tuple(field.name for field in fields(Formula))


def others(c: Array) -> Array:
    """Σ of the other entries of a row, for each."""
    rest: Array = c.sum(axis=1, keepdims=True) - c
    return rest
