"""The logarithm, by additions, multiplications and divisions alone: numpy's has other bits on other processors.

[Tang] P. T. P. Tang, Table-driven implementation of the logarithm function in IEEE
       floating-point arithmetic, ACM Trans. Math. Softw. 16(4), 1990.
"""

from __future__ import annotations

import functools

import numpy as np

from .arrays import Array

STEPS = 128  # of the table between 1 and 2
LN2_HI, LN2_LO = float.fromhex("0x1.62e42fefa38p-1"), float.fromhex("0x1.ef35793c7673p-45")


def log_of_one_and(r: Array) -> Array:
    """ln(1 + r) for 0 ≤ r < 2¹⁰⁰⁰, within 3 u relative.

    [Tang]: 1 + r = 2ⁿ·f with F = 1 + j/128 next to f, and ln f = ln F + 2·artanh((f − F)/(f + F)).
    """
    t = 1.0 + r
    left = np.where(r < 1.0, r - (t - 1.0), 1.0 - (t - r))  # what t is short of 1 + r
    f, n = np.frexp(t)
    f, n = 2.0 * f, n - 1
    j = np.rint((f - 1.0) * STEPS).astype(np.intp)
    F = 1.0 + j / STEPS
    near = (j == 0) & (n == 0)  # ln F is 0, and the digits of r are all that counts
    rise = np.where(near, r, (f - F) + np.ldexp(left, -n))
    s = rise / np.where(near, 2.0 + r, f + F)
    q = s * s
    log = 2.0 * s + 2.0 * s * (q * (1 / 3 + q * (1 / 5 + q * (1 / 7))))
    hi, lo = _table()
    return np.where(near, log, n * LN2_HI + (hi[j] + (lo[j] + n * LN2_LO + log)))


@functools.cache
def _table() -> tuple[Array, Array]:
    """ln(1 + j/128) as hi + lo for j = 0, …, 128, from whole numbers of 160 bits:
    ln((k + 1)/k) = 2·artanh(1/(2k + 1)), added up from k = 128."""
    one, total, hi, lo = 1 << 160, 0, [0.0], [0.0]
    for k in range(STEPS, 2 * STEPS):
        term, square, at = 2 * one // (2 * k + 1), (2 * k + 1) ** 2, 1
        while term:
            total += term // at
            term //= square
            at += 2
        hi.append(total / one)
        n, d = hi[-1].as_integer_ratio()
        lo.append((total - n * (one // d)) / one)
    return np.array(hi), np.array(lo)
