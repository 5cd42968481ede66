"""The softmax layer h = softmax(Wᵀx + b), evaluated to the last digits. Numpy alone.

An ordinary dot product leaves an absolute error of about u·Σ|xⱼWⱼᵢ| in a logit, and an absolute error
in a logit is a relative error in a probability. So the logits, their gaps and the exponentials are
formed in twice the working precision (`twofold`; u is the unit roundoff, 2⁻⁵³), and what is rounded is
rounded once: z is correctly rounded, h is within 4.1 u of the exact value, and an entry of a Jacobian within
7.1 u, or 8e-16.

    [ORO]  T. Ogita, S. M. Rump, S. Oishi, Accurate sum and dot product,
           SIAM J. Sci. Comput. 26(6), 2005.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .apart import Apart
from .arrays import Array, checked
from .exactdot import exact_entries
from .small import small_layer
from .softmax import softmax, softmax_apart
from .twofold import TILE, dot_pairs, sure, two_sum


class Forward(NamedTuple):
    """Logits z and probabilities h, both (K,), or (N, K) for N inputs."""

    z: Array
    h: Array


class Layer(NamedTuple):
    """The layer evaluated at N inputs.

    x is (N, J); the others are (N, K): the logits as the unevaluated sum z + low, the
    probabilities h, and the complements 1 − h, which are never formed by subtraction from 1 for
    the largest output. tail (N,) is what rounding left of each denominator, relative to it: a
    probability is h·(1 − tail) to within 2.1 u.
    """

    x: Array
    z: Array
    low: Array
    h: Array
    complement: Array
    tail: Array

    def inputs(self, some: slice) -> Layer:
        """The layer at some of the inputs."""
        return Layer(*(part[some] for part in self))

    def apart(self) -> tuple[Apart, Apart]:
        """h and 1 − h with all their digits, however small they are."""
        return softmax_apart(self.z, self.low, self.h, self.complement)


def logits(x: Array, W: Array, b: Array | None, first: int | None = None) -> tuple[Array, Array]:
    """z = Wᵀx + b as `dots` gives it. InputError names a logit that overflows, and its input, counted from
    `first`, if there is one."""
    hi, lo = dots(x, W, b)
    if not np.isfinite(hi).all():
        r, c = np.argwhere(~np.isfinite(hi))[0]
        row = "" if first is None else f" of input {first + r}"
        raise InputError(f"z[{c}]{row} is too large for double precision (beyond ±1.8e308)")
    return hi, lo


def dots(x: Array, W: Array, b: Array | None) -> tuple[Array, Array]:
    """Wᵀx + b as the unevaluated sum hi + lo: x (N, J), W (J, K), b (K,) → (N, K) each.

    hi is the exact sum, correctly rounded, however much its terms cancel, underflow or overflow on the way, and
    infinite where it is out of range. hi + lo is within u/4 of it, or within 2⁻¹⁰⁰ of its size.
    """
    (N, J), K = x.shape, W.shape[1]
    k = max(1, min(K, TILE // J))
    n = max(1, TILE // (J * k))
    if n >= N and k == K:
        hi, lo, certain = _fast_logits(x, W, b)
    else:
        hi, lo, certain = np.empty((N, K)), np.empty((N, K)), np.empty((N, K), dtype=bool)
        for r in range(0, N, n):
            for c in range(0, K, k):
                at = np.s_[r : r + n, c : c + k]
                hi[at], lo[at], certain[at] = _fast_logits(x[at[0]], W[:, at[1]], None if b is None else b[at[1]])
    if not certain.all():
        nothing = ~certain & _negligible(x, W)
        np.copyto(hi, 0.0 if b is None else b, where=nothing)
        lo[nothing] = 0.0
        certain |= nothing
        rows, columns = np.nonzero(~certain)
        hi[rows, columns], lo[rows, columns] = exact_entries(x, W, b, rows, columns)
    return hi, lo


def _fast_logits(x: Array, W: Array, b: Array | None) -> tuple[Array, Array, NDArray[np.bool_]]:
    """The logits by `dot_pairs` as hi + lo, and where that is sure to be as exact as `logits` promises."""
    hi, lo, size = dot_pairs(x, W)
    if b is not None:
        hi, t = two_sum(hi, b)
        hi, lo = two_sum(hi, t + lo)
        size += np.abs(b)
    return hi, lo, sure(size, hi, lo, len(W))


def _negligible(x: Array, W: Array) -> NDArray[np.bool_]:
    """Where Wᵀx is 0, or less than a quarter of the smallest double, so that z is b as it is: (N, K)."""
    (_, e), (_, f) = np.frexp(np.abs(x).max(axis=1)), np.frexp(np.abs(W).max(axis=0))
    none = (x != 0.0).astype(np.float32) @ (W != 0.0).astype(np.float32) == 0.0
    less = e[:, None] + f + len(W).bit_length() <= -1076
    result: NDArray[np.bool_] = none | less
    return result


def evaluate(x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None, first: int = 0) -> tuple[Layer, bool]:
    """Check x (J,) or (N, J), W (J, K) and b (K,), and evaluate the layer. The second result says
    whether x was a single input, whose results have no leading axis. Errors count inputs from
    `first`. InputError as in `checked`, or if a logit overflows."""
    x, W, b = checked(x, W, b, first)
    single = x.ndim == 1
    rows = x[None, :] if single else x
    with np.errstate(all="ignore"):
        if single and (small := small_layer(x, W, b)) is not None:
            z, low, h, complement = np.array(small[0])[:, None, :]
            return Layer(rows, z, low, h, complement, np.array([small[1]])), True
        z, low = logits(rows, W, b, None if single else first)
        return Layer(rows, z, low, *softmax(z, low)), single


def forward(x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None) -> Forward:
    """z = Wᵀx + b and h = softmax(z).

    x (J,), W (J, K), b (K,) → z (K,), h (K,); for x (N, J), (N, K) each. Every normal entry is
    within 1e-15 relative of the exact value for the doubles given, for logits up to ±700.
    InputError for x, W or b that are not finite real numbers of shapes that fit, or if a logit
    overflows.
    """
    layer, single = evaluate(x, W, b)
    return Forward(layer.z[0], layer.h[0]) if single else Forward(layer.z, layer.h)
