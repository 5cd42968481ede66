"""Dot products of any layer, as exact as those of a layer of few weights have to be.

[ORO]  T. Ogita, S. M. Rump, S. Oishi, Accurate sum and dot product,
       SIAM J. Sci. Comput. 26(6), 2005.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .exact_dot import exact_entries
from .twofold import TILE, dot_pairs, sure, two_sum


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
        hi, t = two_sum(hi, b[:, None])
        hi, lo = two_sum(hi, t + lo)
        size += np.abs(b[:, None])
    return hi.T.copy(), lo.T.copy(), sure(size, hi, lo, len(W)).T.copy()


def _negligible(x: Array, W: Array) -> NDArray[np.bool_]:
    """Where Wᵀx is 0, or less than a quarter of the smallest double, so that z is b as it is: (N, K)."""
    (_, e), (_, f) = np.frexp(np.abs(x).max(axis=1)), np.frexp(np.abs(W).max(axis=0))
    none = (x != 0.0).astype(np.float32) @ (W != 0.0).astype(np.float32) == 0.0
    less = e[:, None] + f + len(W).bit_length() <= -1076
    result: NDArray[np.bool_] = none | less
    return result
