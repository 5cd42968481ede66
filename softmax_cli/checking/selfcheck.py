"""Our own Jacobians, computed again by ways that share as little as possible with the closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import jacobian
from ..core.arrays import Array, checked
from ..core.layer import Layer, evaluate
from ..core.twofold import UNIT
from ..errors import InputError
from .agreement import Agreement, SelfReport

Indices = NDArray[np.intp]

WORK = 1 << 21  # complex exponentials; beyond that a sample of the entries is checked
BLOCK = 1 << 17  # of them at once
TINY = float(np.finfo(np.float64).tiny)

# What each way reaches. Chain: one product of two doubles each of a few roundoffs, and exact zeros.
CHAIN = 1e-14
# Complex step: the gap zₖ − zₜ is rounded, at most 1400 where a normal double comes out: 1400 u = 1.6e-13.
COMPLEX = 1e-12
# The step itself. A truncation error of its square is lost in roundoff; no smaller than it must be, so
# that it pushes only entries below 1e-298 out of range.
STEP = 1e-9


def self_check(x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None) -> SelfReport:
    """Compare the closed forms of dS/dZ, dZ/dW and dL/dW at x (J,), W (J, K), b (K,) with

        chain                the dense product dS/dZ · dZ/dW
        complex step         Im hₜ(z + iε) / ε on hₜ = 1 / Σₖ exp(zₖ − zₜ), from which nothing is subtracted
        central differences  (h(W + η) − h(W − η)) / 2η in ordinary arithmetic

    Where that would be long, at a fixed sample of the entries; the note says so.
    InputError for x, W or b that are not finite real numbers of shapes that fit, for many inputs,
    or if a logit overflows.

    >>> from softmax_cli import self_check
    >>> bool(self_check([1.0, 2.0], [[0.5, 0.0], [0.0, 0.5]]))
    True
    """
    x, W, b = checked(x, W, b)
    if x.ndim == 2:  # said before they are evaluated
        raise InputError(
            f"the tool is checked at one input at a time: x holds {len(x)}",
            "give one of them with -x, or a line for each with --jsonl",
        )
    layer, _ = evaluate(x, W, b)
    weights = np.asarray(W, dtype=np.float64)
    bias = np.zeros(weights.shape[1]) if b is None else np.asarray(b, dtype=np.float64)
    with np.errstate(all="ignore"):
        return SelfReport((*_of_logits(layer), *_of_weights(layer, weights, bias)))


def _of_logits(layer: Layer) -> Iterator[Agreement]:
    K = layer.h.shape[1]
    t, _ = _sample(layer.h[0], 1)
    closed = jacobian.softmax_structure(layer, True).entries(0, t, t)
    spread = _Spread("dS/dZ", [f"h[{r}]" for r in t], [f"z[{i}]" for i in t], closed, K * K)
    stepped = complex_step(layer, np.eye(K)[t] if K <= 4096 else _one_hot(t, K), t)
    yield spread.relative("complex step", stepped, COMPLEX, TINY / STEP)
    steepness = float(np.abs(layer.z).max())
    eta = np.full(len(t), _difference_step(steepness))
    differenced = np.empty((len(t), len(t)))
    for at, i in enumerate(t):
        up, down = layer.z[0].copy(), layer.z[0].copy()
        up[i] += eta[at]
        down[i] -= eta[at]
        differenced[:, at] = (plain_softmax(up)[t] - plain_softmax(down)[t]) / (up[i] - down[i])
    yield spread.differences(differenced, layer.h[0, t, None], eta, np.ones(len(t)), steepness)


def _of_weights(layer: Layer, W: Array, b: Array) -> Iterator[Agreement]:
    (J, K), x = W.shape, layer.x[0]
    t, inputs = _sample(layer.h[0], J)
    i, j = (a.ravel() for a in np.meshgrid(t, inputs, indexing="ij"))
    columns = i * J + j
    names = [f"W[{a},{c}]" for a, c in zip(j, i, strict=True)]
    linear = jacobian.linear_structure(layer.x, K, True)
    closed_z = linear.entries(0, t, columns)
    closed_h = jacobian.layer_structure(layer, True).entries(0, t, columns)
    of_z = _Spread("dZ/dW", [f"z[{r}]" for r in t], names, closed_z, K * K * J)
    of_h = _Spread("dL/dW", [f"h[{r}]" for r in t], names, closed_h, K * K * J)

    # zᵢ changes by what x @ E is, E being 1 at the weight and 0 elsewhere: no formula for dZ/dW is used.
    directions = np.concatenate([x @ E for E in _unit_weights(i, j, J, K)])
    steepness = float((np.abs(x) @ np.abs(W) + np.abs(b)).max())
    eta = np.clip(_difference_step(steepness) / np.abs(x[j]), None, 1e300)
    z_slope, h_slope = np.empty(closed_z.shape), np.empty(closed_h.shape)
    done = 0
    for E in _unit_weights(i, j, J, K):
        part = slice(done, done + len(E))
        step = E * eta[part, None, None]
        up, down = W + step, W - step
        width = (up - down)[np.arange(len(E)), j[part], i[part]]
        z_up, z_down = x @ up + b, x @ down + b
        z_slope[:, part] = ((z_up - z_down)[:, t] / width[:, None]).T
        h_slope[:, part] = ((plain_softmax(z_up) - plain_softmax(z_down))[:, t] / width[:, None]).T
        done += len(E)

    size = np.abs(x[j])
    yield of_z.relative("complex step", directions[:, t].T, 4 * UNIT, 0.0)
    yield of_z.differences(z_slope, np.ones((len(t), 1)), eta, size, steepness)
    product = jacobian.softmax_structure(layer, True, t).dense() @ linear.entries(0, np.arange(K), columns)
    yield of_h.relative("chain", product, CHAIN, K * TINY * max(1.0, float(size.max())))
    floor = TINY / STEP * max(1.0, float(size.max()))
    yield of_h.relative("complex step", complex_step(layer, directions, t), COMPLEX, floor)
    yield of_h.differences(h_slope, layer.h[0, t, None], eta, size, steepness)


# --- the other ways ----------------------------------------------------------------------------


def complex_step(layer: Layer, directions: Array, outputs: Indices) -> Array:
    """∂hₜ along each direction of the logits: (C, K) → (outputs, C).

    hₜ = exp(−m) / Σₖ exp(zₖ − zₜ − m), with m the largest gap, so that nothing overflows. For the
    largest output the gap to itself is 0 exactly, real and imaginary, and its 1 has no derivative to cancel.
    """
    z, low = layer.z[0], layer.low[0]
    gap = (z - z[outputs, None]) + (low - low[outputs, None])
    top = gap.max(axis=1)
    result = np.empty((len(outputs), len(directions)))
    block = max(1, BLOCK // gap.size)
    for a in range(0, len(directions), block):
        d = directions[a : a + block]
        longest = np.abs(d).max(axis=1)
        longest[longest == 0] = 1.0
        moved = d / longest[:, None] * STEP
        s = np.exp((gap - top[:, None])[:, None, :] + 1j * (moved - moved[:, outputs].T[:, :, None])).sum(axis=2)
        result[:, a : a + block] = (1 / s).imag / STEP * np.exp(-top)[:, None] * longest
    return result


def plain_softmax(z: Array) -> Array:
    """The softmax as anybody writes it, shifted by the largest logit."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    h: Array = e / e.sum(axis=-1, keepdims=True)
    return h


def _difference_step(steepness: float) -> float:
    """Where the truncation error η² and the rounding error u(1 + |z|)/η of a difference balance."""
    return math.cbrt(UNIT * (1 + steepness))


# --- which entries -----------------------------------------------------------------------------


def _sample(h: Array, J: int) -> tuple[Indices, Indices]:
    """Outputs and inputs whose entries are checked: all of them if that is little work, else evenly spread
    ones, the largest output among them."""
    K = len(h)
    if K * K * J * K <= WORK and (J * K) ** 2 <= WORK << 3:
        return np.arange(K), np.arange(J)
    outputs = max(2, min(K, 16, math.isqrt(WORK // (4 * K))))
    inputs = max(1, min(J, WORK // (outputs * outputs * K), (1 << 24) // (outputs * K * J)))
    t = np.union1d(np.linspace(0, K - 1, min(K, outputs)).astype(np.intp), int(h.argmax()))
    return t, np.unique(np.linspace(0, J - 1, inputs).astype(np.intp))


def _one_hot(at: Indices, K: int) -> Array:
    rows = np.zeros((len(at), K))
    rows[np.arange(len(at)), at] = 1.0
    return rows


def _unit_weights(i: Indices, j: Indices, J: int, K: int) -> Iterator[Array]:
    """Changes of W by one at W[j, i], in blocks: (n, J, K)."""
    block = max(1, BLOCK // (J * K))
    for a in range(0, len(i), block):
        n = len(i[a : a + block])
        E = np.zeros((n, J, K))
        E[np.arange(n), j[a : a + block], i[a : a + block]] = 1.0
        yield E


# --- how far apart -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Spread:
    """The closed form at the entries checked, to be held against another way."""

    quantity: str
    rows: list[str]
    columns: list[str]
    closed: Array
    entries: int

    def relative(self, way: str, other: Array, tolerance: float, floor: float) -> Agreement:
        """Held to `tolerance` relative, but for what underflows on the way."""
        return self._agreement(way, other, tolerance, tolerance * np.abs(self.closed) + floor, floor, "")

    def differences(self, other: Array, values: Array, eta: Array, size: Array, steepness: float) -> Agreement:
        """Central differences with steps eta in a weight whose input is `size`: held to a tolerance of the
        `values` differenced, (outputs, 1). Entries smaller than that it cannot resolve."""
        way = "central differences"
        step = _difference_step(steepness)
        if step > 0.1:
            note = f"logits of size {steepness:.1g} leave differences no digit: not held to anything"
            return self._agreement(way, other, math.inf, np.full(other.shape, math.inf), math.inf, note)
        tolerance = 16 * step**2
        allowed = values * (tolerance / 2 * size + 8 * UNIT * (1 + steepness) / eta) + len(values) * TINY / eta
        hidden = np.count_nonzero((np.abs(self.closed) <= allowed) & (self.closed != 0))
        note = f"held to {tolerance:.0e} of the value differenced"
        if hidden:
            n = "1 entry is" if hidden == 1 else f"{hidden} entries are"
            note += f"; {n} smaller than that, which differences cannot resolve"
        return self._agreement(way, other, tolerance, allowed, 0.0, note)

    def _agreement(
        self, way: str, other: Array, tolerance: float, allowed: Array, floor: float, note: str
    ) -> Agreement:
        error = np.abs(other - self.closed)
        error[np.isnan(error)] = math.inf
        # Under the floor there is no relative error to speak of.
        relative = np.where(error <= floor, 0.0, error / np.abs(self.closed))
        failing = ~(error <= allowed)
        agrees = not failing.any()
        # The entry named is one that fails, if any does.
        r, c = np.unravel_index(int(np.where(failing | agrees, relative, -1.0).argmax()), relative.shape)
        if self.closed.size < self.entries:
            sampled = f"a sample of {self.closed.size} of {self.entries} entries"
            note = f"{sampled}; {note}" if note else sampled
        return Agreement(
            self.quantity,
            way,
            float(error[failing | agrees].max()),
            float(relative[r, c]),
            f"∂{self.rows[r]}/∂{self.columns[c]}",
            tolerance,
            agrees,
            note,
        )
