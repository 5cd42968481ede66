"""The Jacobian with respect to the inputs: dh/dx and, of ln h, d ln h/dx.

    ∂hₜ/∂xⱼ = hₜ·cₜⱼ/T,   ∂ ln hₜ/∂xⱼ = cₜⱼ/T,   cₜⱼ = W[j, t] − Σᵢ hᵢW[j, i] = Σᵢ hᵢ(W[j, t] − W[j, i])

The sum may cancel, and what is left is as exact as the hᵢ in it. It is formed around the weighted median of W[j, :]
from exponentials in twice the precision, with a bound on its error; where the bound is too large beside the sum, it
is formed again from exponentials of 40 digits, and the few sums that cancel even then from as many digits as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import Array, Layout
from .exact_dot import exact_entries
from .layer import Layer
from .logits import CLOSE, FEW
from .split_exponent import Apart, expanded, times
from .twofold import SCALE, UNIT, exponentials, sum_rows, two_product, two_sum

ENTRIES = 1 << 18  # that are formed at once
ENOUGH = UNIT  # what a sum may be off by, relative
DIGITS = 40
MOST_DIGITS = 2000  # a sum that is 0 to so many digits is 0


class Weighted(NamedTuple):
    """Exponentials hi + lo of the scaled logits, each known to within `error`, relative, or `floor`, absolutely: (n, K)
    and (n,)."""

    hi: Array
    lo: Array
    error: Array
    floor: Array


@dataclass(frozen=True)
class InputJacobian:
    """dL/dx at N inputs, or of ln h, for the outputs wanted: (R, J) each, with N in front unless `single`."""

    layer: Layer
    W: Array
    b: Array | None
    outputs: NDArray[np.intp]
    single: bool
    log: bool

    per_output = 1
    has_tensor = False

    @property
    def made_of(self) -> tuple[Array, ...]:
        """What is finite if every entry is."""
        return (self._values,)

    @property
    def columns(self) -> int:
        """How many columns there are in numerator layout: J."""
        return len(self.W)

    def shape(self, layout: Layout = "numerator") -> tuple[int, ...]:
        """(R, J), or (J, R) in denominator layout, with N in front for N inputs."""
        R, J = len(self.outputs), len(self.W)
        shape = (J, R) if layout == "denominator" else (R, J)
        return shape if self.single else (len(self.layer.h), *shape)

    def dense(self, layout: Layout = "numerator") -> Array:
        """The whole array."""
        values = self._values if layout != "denominator" else np.ascontiguousarray(np.swapaxes(self._values, 1, 2))
        return values.reshape(self.shape(layout))

    def blocks(self, layout: Layout = "numerator", part: tuple[int, int] | None = None) -> Iterator[Array]:
        """All of it, as one block of rows; or those from part[0] to before part[1]."""
        dense = self.dense(layout)
        yield dense.reshape(-1, dense.shape[-1])[slice(*(part or (None,)))]

    def entries(self, n: int, rows: ArrayLike, columns: ArrayLike) -> Array:
        """The entries of input n in the given rows (positions in `outputs`) and columns."""
        some: Array = self._values[n][np.ix_(np.asarray(rows), np.asarray(columns))]
        return some

    @cached_property
    def _values(self) -> Array:
        return by_inputs(self.layer, self.W, self.b, self.outputs, self.log)


def by_inputs(layer: Layer, W: Array, b: Array | None, outputs: NDArray[np.intp], log: bool) -> Array:
    """∂hₜ/∂xⱼ, or of ln hₜ, for the outputs t: (N, R, J)."""
    N, (J, K) = len(layer.h), W.shape
    out = np.empty((N, len(outputs), J))
    step = max(1, ENTRIES // (J * K))
    with np.errstate(all="ignore"):
        for a in range(0, N, step):
            some = slice(a, min(a + step, N))
            out[some] = _block(layer.inputs(some), W, b, outputs, log)
    return out


def _block(layer: Layer, W: Array, b: Array | None, outputs: NDArray[np.intp], log: bool) -> Array:
    c, sure = _slopes(layer, W, _fast(layer, W, b), outputs)
    rows = np.flatnonzero(~sure.all(axis=(1, 2)))
    unsure: list[tuple[int, int, int]] = []
    if rows.size:
        some = layer.inputs(rows)
        better, good = _slopes(some, W, _careful(some, W, b), outputs)
        c[rows] = np.where(sure[rows], c[rows], better)
        unsure = [(int(rows[n]), int(r), int(j)) for n, r, j in np.argwhere(~good & ~sure[rows])]
    out = c / layer.temperature
    if not log:
        h, _ = layer.apart()
        h = h._replace(significand=h.significand - h.significand * layer.tail[:, None])
        out = times(expanded(Apart(*(None if part is None else part[:, outputs] for part in h)), 2), out)  # type: ignore[arg-type]
    if layer.mask is not None:
        out[layer.mask[:, outputs]] = 0.0
        unsure = [(n, r, j) for n, r, j in unsure if not layer.mask[n, outputs[r]]]
    for n, r, j in unsure:
        out[n, r, j] = _exact(layer, W, b, n, int(outputs[r]), j, log)
    return out


def _slopes(layer: Layer, W: Array, e: Weighted, outputs: NDArray[np.intp]) -> tuple[Array, NDArray[np.bool_]]:
    """cₜⱼ (n, R, J), and where it is within `ENOUGH` of the exact value."""
    order = np.argsort(W, axis=1, kind="stable")
    mass = np.cumsum(layer.h[:, order], axis=2)  # (n, J, K)
    at = (mass >= mass[:, :, -1:] / 2).argmax(axis=2)
    j = np.arange(len(W))
    middle = W[j, order[j, at]]  # (n, J)
    gap, rest = two_sum(W[None], -middle[:, :, None])
    hi, lo = np.broadcast_to(e.hi[:, None, :], gap.shape).copy(), e.lo[:, None, :]
    p, r = two_product(hi, gap)
    mean, left = sum_rows(p)
    left = left + np.add.reduce(r + (lo * gap + hi * rest), axis=2)
    size = np.add.reduce(np.abs(p), axis=2)
    total, below = sum_rows(e.hi)
    below = below + np.add.reduce(e.lo, axis=1)
    g, g_rest = gap[:, :, outputs], rest[:, :, outputs]
    q, s = two_product(g, np.broadcast_to(total[:, None, None], g.shape).copy())
    value, t = two_sum(q, -mean[:, :, None])
    value = value + (t + (s + (g * below[:, None, None] + g_rest * total[:, None, None]) - left[:, :, None]))
    all_sizes = np.abs(q) + size[:, :, None]
    largest = np.abs(gap).max(axis=2)[:, :, None]
    bound = all_sizes * (e.error[:, None, None] + W.shape[1] * 2.0**-100) + largest * e.floor[:, None, None]
    c = value / total[:, None, None]
    c = c - c * (below / total)[:, None, None]
    sure = (bound <= ENOUGH * np.abs(value)) & np.isfinite(c)
    return np.swapaxes(c, 1, 2), np.swapaxes(sure | ((all_sizes == 0.0) & np.isfinite(c)), 1, 2)


def _fast(layer: Layer, W: Array, b: Array | None) -> Weighted:
    """The exponentials that the layer is made of."""
    hi, lo = layer.scaled()
    m = layer.complement.argmin(axis=1)[:, None]
    gap, t = two_sum(hi, -np.take_along_axis(hi, m, axis=1))
    gap, t = two_sum(gap, t + (lo - np.take_along_axis(lo, m, axis=1)))
    e, left = exponentials(np.fmin(gap, 0.0), np.where(gap > 0.0, 0.0, t))
    if layer.mask is not None:
        e[layer.mask] = left[layer.mask] = 0.0
    if W.size > FEW:
        logit = (CLOSE + 2.0**-100 * np.abs(layer.z).max(axis=1)) / layer.temperature
    else:  # no less than Σⱼ|xⱼWⱼᵢ| + |bᵢ|, and no matrix product, whose bits are those of the processor
        J = len(W)
        size = (np.abs(layer.x) * np.abs(W).max(axis=1)).max(axis=1) * J + (0.0 if b is None else np.abs(b).max())
        depth = J.bit_length() + 3
        logit = size / layer.temperature * (8 * depth * depth * UNIT**2)
    return Weighted(e, left, 0.04 * UNIT + 2.0 * logit, np.full(len(e), 2.0**-1020) * (gap < -740.0).any(axis=1))


def _careful(layer: Layer, W: Array, b: Array | None) -> Weighted:
    """Exponentials of 40 digits, of logits that are as exact."""
    from decimal import Decimal, localcontext

    N, K = layer.h.shape
    rows, columns = (part.ravel() for part in np.indices((N, K)))
    hi, lo = (part.reshape(N, K) for part in exact_entries(layer.x, W, b, rows, columns))
    m = layer.complement.argmin(axis=1)
    e, rest = np.zeros((N, K)), np.zeros((N, K))
    with localcontext() as context:
        context.prec = DIGITS + 10
        T = Decimal(layer.temperature)
        for n in range(N):
            top = Decimal(float(hi[n, m[n]])) + Decimal(float(lo[n, m[n]]))
            for k in range(K):
                if layer.mask is None or not layer.mask[n, k]:
                    value = ((Decimal(float(hi[n, k])) + Decimal(float(lo[n, k])) - top) / T).exp() * int(SCALE)
                    e[n, k] = float(value)
                    rest[n, k] = float(value - Decimal(e[n, k]))
    size = np.abs(hi).max(axis=1) / layer.temperature
    return Weighted(e, rest, 2.0**-98 * (1.0 + size), np.full(N, 2.0**-1000) * (e < 2.0**-1000).any(axis=1))


def _exact(layer: Layer, W: Array, b: Array | None, n: int, t: int, j: int, log: bool) -> float:
    """One entry, from as many digits as it takes."""
    from decimal import Decimal, localcontext
    from fractions import Fraction

    shown = [k for k in range(W.shape[1]) if layer.mask is None or not layer.mask[n, k]]
    T = Fraction(layer.temperature)
    x = [Fraction(v) for v in layer.x[n].tolist()]
    z = {
        k: (sum(a * Fraction(w) for a, w in zip(x, W[:, k].tolist(), strict=True)) + Fraction(0 if b is None else b[k]))
        / T
        for k in shown
    }
    top = max(z.values())
    digits = DIGITS * 2
    while True:
        with localcontext() as context:
            context.prec, context.Emin, context.Emax = digits, -(10**9), 10**9
            gaps = {k: z[k] - top for k in shown}
            e = {k: (Decimal(gap.numerator) / Decimal(gap.denominator)).exp() for k, gap in gaps.items()}
            total = sum(e.values(), Decimal(0))
            terms = [e[k] * (Decimal(float(W[j, t])) - Decimal(float(W[j, k]))) for k in shown]
            value, size = sum(terms, Decimal(0)), sum(map(abs, terms), Decimal(0))
            if abs(value) > size * Decimal(10) ** (25 - digits):
                value = value / total / Decimal(layer.temperature)
                return float(value if log else value * e[t] / total)
        if digits > MOST_DIGITS:
            return 0.0
        digits *= 3
