"""What the outputs should be: class indices or rows of probabilities, smoothed and weighted.

A target enters an error only through ỹ = c∘((1−ε)·y + ε/K) and s = Σₖ ỹₖ, c the class weights and ε the label
smoothing. dE/dz is s·h − ỹ, formed as (s − ỹᵢ)hᵢ − ỹᵢ(1 − hᵢ), where nothing cancels that need not: s − ỹᵢ is
summed from the other ỹₖ, as 1 − hᵢ is from the other hₖ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .layer import Layer
from .masks import Mask
from .split_exponent import Apart, difference, product
from .twofold import sum_rows, two_product, two_sum

Index = NDArray[np.intp]


class Pair(NamedTuple):
    """An unevaluated sum hi + lo."""

    hi: Array
    lo: Array

    def value(self) -> Array:
        return self.hi + self.lo


@dataclass(frozen=True)
class Classes:
    """One class index a row: t (N,). `on` (K,) is c(1−ε), what the class itself gets beside its share.
    `share` (K,) is cε/K, and `others` (K,) is Σ_{k≠i} of it; None where nothing is smoothed."""

    t: Index
    on: Array | None = None
    share: Array | None = None
    others: Array | None = None

    def rows(self, some: slice) -> Classes:
        """The targets of some of the rows."""
        return replace(self, t=self.t[some])

    def residual(self, h: Apart, complement: Apart) -> Apart:
        """s·h − ỹ, for h and 1 − h, (N, K)."""
        row = np.arange(len(self.t))
        on = np.ones(len(self.t)) if self.on is None else self.on[self.t]
        if self.on is None and h.power is None and complement.power is None:
            d = h.significand.copy()
            d[row, self.t] = -complement.significand[row, self.t]
            return Apart(d)
        others, own = np.broadcast_to(on[:, None], h.significand.shape), np.zeros(h.significand.shape)
        if self.share is not None and self.others is not None:
            others, own = others + self.others, own + self.share
            others[row, self.t] = self.others[self.t]
            own[row, self.t] += on
            return _residual(others, own, h, complement)
        d, power = h.significand * others, h.power
        d[row, self.t] = -on * complement.significand[row, self.t]
        if power is not None or complement.power is not None:
            power = np.zeros(d.shape, np.int32) if power is None else power.copy()
            power[row, self.t] = 0 if complement.power is None else complement.power[row, self.t]
        return Apart(d, power)

    def total(self) -> Array:
        """s (N,)."""
        on = np.ones(len(self.t)) if self.on is None else self.on[self.t]
        return on if self.share is None or self.others is None else on + self.share[self.t] + self.others[self.t]

    def cost(self, layer: Layer) -> Array:
        """−Σₖ ỹₖ ln hₖ (N,)."""
        on = 1.0 if self.on is None else self.on[self.t]
        if self.share is None:
            return -on * layer.log_h(self.t)[:, 0]
        log_h = layer.log_h()
        cost: Array = -on * log_h[np.arange(len(self.t)), self.t] + _weighted(self.share, log_h)
        return cost


@dataclass(frozen=True)
class Probabilities:
    """A row of ỹ for each input, (N, K)."""

    y: Array

    def rows(self, some: slice) -> Probabilities:
        """The targets of some of the rows."""
        return Probabilities(self.y[some])

    def residual(self, h: Apart, complement: Apart) -> Apart:
        """s·h − ỹ, for h and 1 − h, (N, K)."""
        return _residual(sum_of_others(Pair(self.y, np.zeros_like(self.y))), self.y, h, complement)

    def total(self) -> Array:
        """s (N,)."""
        hi, lo = sum_rows(self.y)
        return hi + lo

    def cost(self, layer: Layer) -> Array:
        """−Σₖ ỹₖ ln hₖ (N,)."""
        return _weighted(self.y, layer.log_h())


def _residual(others: Array, y: Array, h: Apart, complement: Apart) -> Apart:
    """(s − ỹᵢ)hᵢ − ỹᵢ(1 − hᵢ)."""
    if h.power is None and complement.power is None:
        return Apart(others * h.significand - y * complement.significand)
    return difference(product(h, Apart(others)), product(complement, Apart(y)))


def _weighted(y: Array, log_h: Array) -> Array:
    """−Σₖ yₖ ln hₖ (N,), a term being 0 where y is."""
    with np.errstate(invalid="ignore"):
        terms = np.where(y == 0.0, 0.0, -y * log_h)
    hi, lo = sum_rows(terms)
    total: Array = hi + lo
    return total


def smoothed_classes(t: Index, K: int, smoothing: float, class_weights: Array | None, shown: Mask | None) -> Classes:
    """Class indices with label smoothing and class weights (K,). The smoothing is spread over the outputs
    that are `shown` (K,), all unless given."""
    if smoothing == 0.0 and class_weights is None:
        return Classes(t)
    c = np.ones(K) if class_weights is None else class_weights
    on = _times(Pair(*two_sum(np.ones(K), np.full(K, -smoothing))), c).value()
    if smoothing == 0.0:
        return Classes(t, on)
    share = _times(_shares(smoothing, np.ones(K, np.bool_) if shown is None else shown), c)
    return Classes(t, on, share.value(), sum_of_others(share))


def smoothed_rows(y: Array, smoothing: float, class_weights: Array | None, shown: Mask | None) -> Array:
    """ỹ = c∘((1−ε)·y + ε/K) for rows of probabilities y (N, K), each entry rounded once."""
    if smoothing == 0.0:
        return y if class_weights is None else y * class_weights
    kept = Pair(*two_sum(np.ones(1), np.full(1, -smoothing)))
    hi, lo = two_product(np.broadcast_to(kept.hi, y.shape), y)
    share = _shares(smoothing, np.ones(y.shape, bool) if shown is None else np.broadcast_to(shown, y.shape))
    hi, rest = two_sum(hi, share.hi)
    mixed = Pair(*two_sum(hi, rest + (lo + kept.lo * y + share.lo)))
    return mixed.value() if class_weights is None else _times(mixed, np.broadcast_to(class_weights, y.shape)).value()


def sum_of_others(a: Pair) -> Array:
    """Σ_{k≠i} aₖ along the last axis, for a ≥ 0, in whatever sizes: the sum less aᵢ, but where aᵢ is the largest
    the sum of what is left."""
    a_hi, a_lo = np.atleast_2d(a.hi), np.atleast_2d(a.lo)
    hi, lo = sum_rows(a_hi)
    lo = lo + np.add.reduce(a_lo, axis=-1)
    s, r = two_sum(hi[:, None], -a_hi)
    out = s + (r + (lo[:, None] - a_lo))
    row, top = np.arange(len(a_hi)), a_hi.argmax(axis=-1)
    rest, rest_lo = a_hi.copy(), a_lo.copy()
    rest[row, top] = rest_lo[row, top] = 0.0
    hi, lo = sum_rows(rest)
    out[row, top] = hi + (lo + np.add.reduce(rest_lo, axis=-1))
    shaped: Array = out.reshape(a.hi.shape)
    return shaped


def _times(a: Pair, c: Array) -> Pair:
    hi, lo = two_product(a.hi, c)
    return Pair(*two_sum(hi, lo + a.lo * c))


def _shares(smoothing: float, shown: Mask) -> Pair:
    """ε over the number of outputs that are shown, for each of them."""
    count = shown.sum(axis=-1, keepdims=True).astype(np.float64)
    hi = smoothing / count
    p, e = two_product(hi, count)
    lo = ((smoothing - p) - e) / count
    return Pair(np.where(shown, hi, 0.0), np.where(shown, lo, 0.0))
