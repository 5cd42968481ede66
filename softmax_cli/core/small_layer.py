"""A layer of few weights at one input, in Python's own floats.

For a handful of numbers numpy's calls cost more than the arithmetic. Here every operation of `dots`
and `softmax.softmax` is done in the same order on one number at a time, and so gives the same bits.
"""

from __future__ import annotations

import math
from operator import add

from .arrays import Array
from .twofold import BIAS, LN2_HI, LN2_LO, LONG, PER_UNIT, POWER_HI, POWER_LO, SCALE, STEPS, split, sure, two_sum

Pair = tuple[float, float]

WEIGHTS = 64  # at most
_HI, _LO = POWER_HI.tolist(), POWER_LO.tolist()


def small_layer(x: Array, W: Array, b: Array | None) -> tuple[list[list[float]], float] | None:
    """z, low, h and 1 − h as lists of K, and the tail, as in `layer.Layer`, for x (J,), W (J, K) and b (K,);
    None where the layer is not small, or not of the kind that the fast logits are sure of."""
    J, K = W.shape
    if not (2 <= K < LONG and J * K <= WEIGHTS):
        return None
    xs, heads, tails = (part.tolist() for part in (x, *split(x)))
    columns, column_heads, column_tails = (part.T.tolist() for part in (W, *split(W)))
    logits = []
    for i in range(K):
        factors = zip(xs, heads, tails, columns[i], column_heads[i], column_tails[i], strict=True)
        logit = _logit([_product(*numbers) for numbers in factors], None if b is None else float(b[i]))
        if logit is None:
            return None
        logits.append(logit)
    return _softmax(logits)


def _product(a: float, ah: float, al: float, b: float, bh: float, bl: float) -> Pair:
    """`twofold.two_product`."""
    p = a * b
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


def _logit(terms: list[Pair], bias: float | None) -> Pair | None:
    """Σ terms + bias as hi + lo, or None where `dots._fast_logits` is not sure of it."""
    J = len(terms)
    size = max([abs(p) for p, _ in terms]) * J
    while (n := len(terms)) > 1:  # `twofold.sum_pairs`
        half, keep = n // 2, n - n // 2
        for at in range(half):
            (p, e), (q, f) = terms[at], terms[keep + at]
            s, r = two_sum(p, q)
            terms[at] = s, r + e + f
        del terms[keep:]
    hi, lo = two_sum(*terms[0])
    if bias is not None:
        hi, t = two_sum(hi, bias)
        hi, lo = two_sum(hi, t + lo)
        size += abs(bias)
    return (hi, lo) if sure(size, hi, lo, J) else None


def _softmax(logits: list[Pair]) -> tuple[list[list[float]], float]:
    """`softmax.softmax`."""
    m = max(range(len(logits)), key=lambda k: logits[k])  # by z, then by low
    zm, lowm = logits[m]
    scaled, left = [], []
    for k, (z, low) in enumerate(logits):
        gap, t = two_sum(z, -zm)
        gap, t = two_sum(gap, t + (low - lowm))
        e, rounded = (0.0, 0.0) if k == m else _exponential(gap, t)
        scaled.append(e)
        left.append(rounded)
    rest, tail = _sum(scaled)
    total = SCALE + rest
    tail += (rest - (total - SCALE)) + _added(left)
    scaled[m] = SCALE
    h = [e / total for e in scaled]
    complement = [1.0 - p for p in h]
    complement[m] = rest / total
    return [[z for z, _ in logits], [low for _, low in logits], h, complement], tail / total


def _exponential(a: float, low: float) -> Pair:
    """`twofold.exponentials`."""
    a = a if a > -752.0 else -752.0  # and where a is nan
    n = round(a * PER_UNIT)
    low = low if low > -1e-9 else -1e-9
    r = (a - n * LN2_HI) - n * LN2_LO + (low if low < 1e-9 else 1e-9)
    p = r + r * r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120))))
    hi = _HI[n & (STEPS - 1)]
    tail = _LO[n & (STEPS - 1)] + hi * p
    s = hi + tail
    two = math.ldexp(1.0, n // STEPS + BIAS - 1023)
    return s * two, (tail - (s - hi)) * two


def _sum(a: list[float]) -> Pair:
    """`twofold.sum_rows`."""
    sigma = math.ldexp(1.5, math.frexp(max(a))[1] + 27)
    head = [(v + sigma) - sigma for v in a]
    hi, lo = sum(head), _added([v - h for v, h in zip(a, head, strict=True)])
    s = hi + lo
    return s, lo - (s - hi)


def _added(a: list[float]) -> float:
    """`twofold.added_down`."""
    while (n := len(a)) > 1:
        keep = n - n // 2
        a = [*map(add, a[: n // 2], a[keep:]), *a[n // 2 : keep]]
    return a[0]
