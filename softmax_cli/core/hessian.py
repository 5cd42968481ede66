"""d²E/dW², the Hessian of a cross-entropy in the weights, as a structure that makes any block of its rows.

    d²E/dW² = Σₙ wₙsₙ·(dS/dZ)ₙ ⊗ xₙxₙᵀ/(T·norm) + λI      row and column i·J + j belong to W[j, i]

E is convex in z = Wᵀx, which is linear in W, so that this is the Gauss-Newton matrix as well; without class weights
and λ it is the Fisher matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .arrays import Array, Layout, real_array
from .layer import Layer, evaluate
from .logit_gradient import of_change
from .objective import Objective, Options, Reduction, objective
from .split_exponent import Apart, expanded, product, scaled, times
from .twofold import two_product
from .twofold_sums import Sum, added, over_count, sum_of_products

BLOCK_BYTES = 1 << 20  # of rows that are made at once
TERM_BYTES = 1 << 24  # of terms that are held at once


@dataclass(frozen=True)
class Hessian:
    """d²E/dW² of a layer at N inputs: weights (N,) are wₙsₙ/(T·norm). With reduction "none" each input has its own, and
    `each` says so; `single` drops the leading axis."""

    layer: Layer
    weights: Apart
    l2: float
    each: bool
    single: bool

    has_tensor = False

    @property
    def made_of(self) -> tuple[Array, ...]:
        """What is finite if every entry is: but a row that is not is refused when it is made."""
        return (self.weights.significand,)

    @property
    def per_output(self) -> int:
        """How many rows, and columns, belong to one output: J."""
        return int(self.layer.x.shape[1])

    @property
    def columns(self) -> int:
        """How many columns there are: K·J."""
        return int(self.layer.h.shape[1] * self.layer.x.shape[1])

    @property
    def outputs(self) -> NDArray[np.intp]:
        """Its rows, all of them."""
        return np.arange(self.columns)

    def shape(self, layout: Layout = "numerator") -> tuple[int, ...]:
        """(K·J, K·J), with N in front for the Hessians of N inputs. It is symmetric, and so has one layout."""
        n = self.columns
        return (len(self.layer.h), n, n) if self.each and not self.single else (n, n)

    def blocks(self, layout: Layout = "numerator", limit: int = BLOCK_BYTES) -> Iterator[Array]:
        """All of it as consecutive blocks of whole rows, of about `limit` bytes."""
        K, J = self.layer.h.shape[1], self.layer.x.shape[1]
        step = max(1, min(J, limit // (8 * K * J)))
        for n in range(len(self.layer.h) if self.each else 1):
            for i in range(K):
                for j in range(0, J, step):
                    yield self.rows(n, i, slice(j, min(j + step, J)))

    def dense(self, layout: Layout = "numerator") -> Array:
        """The whole array."""
        out: Array = np.empty(self.shape())
        flat, at = out.reshape(-1, out.shape[-1]), 0
        for block in self.blocks():
            flat[at : at + len(block)] = block
            at += len(block)
        return out

    def entries(self, n: int, rows: ArrayLike, columns: ArrayLike) -> Array:
        """Some entries of the matrix, of that of input n where each has its own."""
        wanted, J = np.asarray(rows), self.per_output
        out = np.empty((len(wanted), np.size(columns)))
        for at, row in enumerate(wanted.tolist()):
            out[at] = self.rows(n, row // J, slice(row % J, row % J + 1))[0, np.asarray(columns)]
        return out

    def rows(self, n: int, i: int, inputs: slice) -> Array:
        """The rows of the weights W[inputs, i], of input n where each has its own: (…, K·J)."""
        K, J = self.layer.h.shape[1], self.layer.x.shape[1]
        total: Sum | None = None
        first, last = (n, n + 1) if self.each else (0, len(self.layer.h))
        step = max(1, TERM_BYTES // (8 * K * J))
        for a in range(first, last, step):
            some = slice(a, min(a + step, last))
            part = self.layer.inputs(some)
            with np.errstate(all="ignore"):
                w, power = self.weights
                factor = Apart(w[some] * (1.0 - 2.0 * part.tail), None if power is None else power[some])
                slope = scaled(_slopes(part, i), factor)
                for right in _times_inputs(slope, part.x):
                    more = sum_of_products(part.x[:, inputs], right)
                    total = more if total is None else added(total, more)
        assert total is not None
        with np.errstate(all="ignore"):
            out = over_count(total, 1.0)
        if self.l2:
            own = np.arange(len(out))
            out[own, i * J + own + (inputs.start or 0)] += self.l2
        if not np.isfinite(out).all():
            raise InputError("d²E/dW² is too large for double precision (beyond ±1.8e308)")
        return out


def _slopes(layer: Layer, i: int) -> Apart:
    """Row i of diag(h) − h hᵀ at each input, (N, K)."""
    h, complement = layer.apart()
    own = _column(h, i)
    slope = product(own, Apart(-h.significand, h.power))
    diagonal = product(own, _column(complement, i))
    significand = slope.significand.copy()
    significand[:, i] = diagonal.significand[:, 0]
    if slope.power is None and diagonal.power is None:
        return Apart(significand)
    power = np.zeros(significand.shape, np.int32) if slope.power is None else slope.power.copy()
    power[:, i] = 0 if diagonal.power is None else diagonal.power[:, 0]
    return Apart(significand, power)


def _column(a: Apart, i: int) -> Apart:
    return Apart(a.significand[:, i : i + 1], None if a.power is None else a.power[:, i : i + 1])


def _times_inputs(c: Apart, x: Array) -> tuple[Apart, Apart]:
    """cₙᵢxₙⱼ in column i·J + j, without a rounding error, as the sum of two: c (N, K), x (N, J) → (N, K·J) each.
    So the Hessian is symmetric to the last bit."""
    (N, K), J = c.significand.shape, x.shape[1]
    power = None if c.power is None else np.repeat(c.power, J, axis=1)
    hi, lo = two_product(np.broadcast_to(c.significand[:, :, None], (N, K, J)).copy(), x[:, None, :].copy())
    return Apart(hi.reshape(N, K * J), power), Apart(lo.reshape(N, K * J), power)


def hessian_structure(layer: Layer, goal: Objective, single: bool) -> Hessian:
    """The Hessian of an error of a layer."""
    N = len(layer.h)
    s = np.ones(N) if isinstance(goal.part, np.ndarray) else goal.part.total()
    factor = goal.factor(layer.temperature, goal.norm, N, times=2)
    weights = scaled(Apart(s[:, None]), factor)
    weights = Apart(weights.significand[:, 0], None if weights.power is None else weights.power[:, 0])
    each = goal.reduction == "none"
    return Hessian(layer, weights, goal.l2, each, single or not each)


def hessian(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    *,
    target: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    class_weights: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    ignore: int | None = None,
    l2: float = 0.0,
    reduction: Reduction = "mean",
    temperature: float = 1.0,
    mask: Any = None,
) -> Array:
    """d²E/dW² = Σₙ wₙsₙ·(dS/dZ)ₙ ⊗ xₙxₙᵀ/(T·norm) + λI, of the error E of `loss_gradient`.

    x (J,) or (N, J), W (J, K), b (K,) → (K·J, K·J), and (N, K·J, K·J) for N inputs with reduction "none". Row and
    column i·J + j belong to W[j, i]. `target` is needed only where class weights, smoothing under them, or ignored
    rows depend on it: otherwise s = 1 whatever it is. It is the Gauss-Newton matrix, and without class weights and λ
    the Fisher matrix. An entry is within 1e-15 relative for one input, and of Σₙ of its terms' sizes for many.
    InputError as in `loss_gradient`.

    >>> from softmax_cli import hessian
    >>> hessian([2.0], [[0.0, 0.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    options = Options(target, None, label_smoothing, class_weights, sample_weights, ignore, l2, reduction)
    return _structure(x, W, b, options, temperature, mask).dense()


def hvp(
    x: ArrayLike,
    W: ArrayLike,
    V: ArrayLike,
    b: ArrayLike | None = None,
    *,
    target: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    class_weights: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    ignore: int | None = None,
    l2: float = 0.0,
    reduction: Reduction = "mean",
    temperature: float = 1.0,
    mask: Any = None,
) -> Array:
    """d²E/dW² · v for a change V of W, that is the change of dE/dW, in O(J·K) for each input.

    V (J, K) → (J, K), and (N, J, K) for N inputs with reduction "none"; the rest as in `hessian`.

    >>> from softmax_cli import hvp
    >>> hvp([2.0], [[0.0, 0.0]], [[1.0, 0.0]])
    array([[ 1., -1.]])
    """
    options = Options(target, None, label_smoothing, class_weights, sample_weights, ignore, l2, reduction)
    found = _structure(x, W, b, options, temperature, mask)
    V = real_array("V", V, 2)
    if V.shape != (expected := (found.layer.x.shape[1], found.layer.h.shape[1])):
        raise InputError(f"V has shape {V.shape}, where that of W, {expected}, is expected")
    with np.errstate(all="ignore"):
        change = scaled(of_change(found.layer, V), found.weights)
        if found.each:
            product = times(expanded(change, 1), found.layer.x[:, :, None]) + found.l2 * V
            product = product[0] if found.single else product
        else:
            product = over_count(sum_of_products(found.layer.x, change), 1.0) + found.l2 * V
    if not np.isfinite(product).all():
        raise InputError("d²E/dW² · v is too large for double precision (beyond ±1.8e308)")
    return product


def _structure(
    x: ArrayLike, W: ArrayLike, b: ArrayLike | None, options: Options, temperature: float, mask: Any
) -> Hessian:
    layer, single = evaluate(x, W, b, temperature=temperature, mask=mask)
    return hessian_structure(layer, goal_of(options, layer, single), single)


def goal_of(options: Options, layer: Layer, single: bool) -> Objective:
    """The error that a Hessian is of: without a target, s = 1. InputError where s depends on it."""
    N, K = layer.h.shape
    return objective(with_target(options, layer, single), N, K, single, layer.mask)


def with_target(options: Options, layer: Layer, single: bool) -> Options:
    """The options of the error with any target, where none is given and none is needed. InputError where s depends on
    it."""
    if options.target is None:
        if options.class_weights is not None or options.ignore is not None:
            name = "class_weights" if options.class_weights is not None else "ignore"
            raise InputError(f"the Hessian depends on the target where there is {name}: give target")
        stand_in = layer.complement.argmin(axis=1)
        return Options(
            int(stand_in[0]) if single else stand_in, None, options.label_smoothing, None,
            options.sample_weights, None, options.l2, options.reduction,
        )  # fmt: skip
    return options
