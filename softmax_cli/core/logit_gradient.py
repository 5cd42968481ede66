"""dE/dz, the gradient of an error in the logits, for each input: what dE/dW, vjp and jvp are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .careful_dots import dots
from .exact_dot import exact_dots_apart
from .layer import Layer
from .split_exponent import NONE, Apart, Powers, exponent, product
from .twofold import UNIT, UNIT_SQUARED, sum_rows, two_sum

Gaps = tuple[Array, Array, Powers]  # (hi + lo)·2^power


def of_upstream(layer: Layer, u: Array) -> Apart:
    """dE/dz for u = dE/dh: hᵢ(uᵢ − Σₖ hₖuₖ), within 1e-15·hᵢ·Σₖ hₖ|uᵢ − uₖ|. (N, K) → (N, K)."""
    m = _median(layer.h, u)
    s, e = np.frexp(u)
    e[u == 0.0] = NONE
    power = np.maximum(e, np.take_along_axis(e, m, axis=1))  # of the larger of the two: no difference overflows
    middle = np.ldexp(np.take_along_axis(s, m, axis=1), np.take_along_axis(e, m, axis=1) - power)
    return _centred(layer, (*two_sum(np.ldexp(s, e - power), -middle), power))


def of_change(layer: Layer, V: Array) -> Apart:
    """The change of h with W along V: hᵢ(dzᵢ − Σₖ hₖdzₖ) for dz = Vᵀx, within 1e-15·hᵢ·Σₖ hₖ|dzᵢ − dzₖ|.
    V (J, K) → (N, K)."""
    dz, low = dots(layer.x, V, None)
    m = _median(layer.h, dz)
    gap, t = two_sum(dz, -np.take_along_axis(dz, m, axis=1))
    gap, t = two_sum(gap, t + (low - np.take_along_axis(low, m, axis=1)))
    power = np.zeros(gap.shape, dtype=np.int32)
    J = len(V)
    size = np.abs(layer.x).max(axis=1, keepdims=True) * np.abs(V).max(axis=0) * J
    size = np.maximum(size, np.take_along_axis(size, m, axis=1))
    bound = size * (8 * (J.bit_length() + 3) ** 2 * UNIT_SQUARED) + J * 2.0**-1069
    unsure = ~(bound <= np.abs(gap) * (UNIT / 8))  # of the difference, though both are known to twice the precision
    unsure[np.arange(len(m)), m[:, 0]] = False
    gap[np.arange(len(m)), m[:, 0]] = t[np.arange(len(m)), m[:, 0]] = 0.0
    n, i = np.nonzero(unsure)
    x = layer.x[n]
    terms = np.concatenate((x, x), axis=1), np.concatenate((V.T[i], -V.T[m[n, 0]]), axis=1)
    gap[n, i], t[n, i], power[n, i] = exact_dots_apart(*terms, np.zeros(terms[0].shape, dtype=np.int32))
    return _centred(layer, (gap, t, power))


def _median(h: Array, u: Array) -> NDArray[np.intp]:
    """The output of the weighted median of u, (N, 1). No other reference makes Σₖ hₖ|uₖ − uₘ|, and so the error,
    smaller; where one output has more than half, it is that output, and its large hₘ multiplies nothing."""
    order = np.argsort(u, axis=1, kind="stable")
    mass = np.cumsum(np.take_along_axis(h, order, axis=1), axis=1)
    middle = (mass >= mass[:, -1:] / 2).argmax(axis=1)[:, None]
    return np.take_along_axis(order, middle, axis=1)


def _centred(layer: Layer, gaps: Gaps) -> Apart:
    """hᵢ(uᵢ − Σₖ hₖuₖ) as hᵢ((uᵢ − uₘ) − Σₖ hₖ(uₖ − uₘ)) from the gaps u − uₘ to the median."""
    h, _ = layer.apart()
    gap, rest, power = gaps
    terms = h.significand * gap
    places = power if h.power is None else power + h.power
    most = exponent(terms, places).max(axis=1, keepdims=True)  # the largest term is brought to size 1
    mean, left = sum_rows(np.ldexp(terms, places - most))
    left += np.add.reduce(np.ldexp(h.significand * rest, places - most), axis=1) - mean * layer.tail
    larger = np.maximum(exponent(gap, power), most)
    down, mean_down = power - larger, most - larger
    difference = np.ldexp(gap, down) - np.ldexp(mean[:, None], mean_down)
    difference += np.ldexp(rest, down) - np.ldexp(left[:, None], mean_down)
    return product(h, Apart(difference, larger))
