"""The softmax layer h = softmax(Wᵀx + b), evaluated to the last digits. Numpy alone.

An ordinary dot product leaves an absolute error of about u·Σ|xⱼWⱼᵢ| in a logit, and an absolute error
in a logit is a relative error in a probability. So the logits are formed in twice the working
precision (u is the unit roundoff, 2⁻⁵³):

    [ORO]  T. Ogita, S. M. Rump, S. Oishi, Accurate sum and dot product,
           SIAM J. Sci. Comput. 26(6), 2005: TwoSum, TwoProduct, Dot2.
    [BHH]  P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and
           softmax functions, IMA J. Numer. Anal. 41(4), 2021: the shifted softmax.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

UNIT = 2.0**-53
TILE = 1 << 15  # products handled at once: they and their error terms stay in the cache
SPLIT = np.uint64(0xFFFFFFFFF8000000)  # keeps the sign, the exponent and 26 bits of a significand


class InputError(ValueError):
    """Something the caller can mend. `advice` says how, where more than the message is needed."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class Forward(NamedTuple):
    """Logits z and probabilities h, both (K,), or (N, K) for N inputs."""

    z: Array
    h: Array


class Layer(NamedTuple):
    """The layer evaluated at N inputs.

    x is (N, J); the others are (N, K): the logits as the unevaluated sum z + low, the
    probabilities h, and the complements 1 − h, which are never formed by subtraction from 1 for
    the largest output. tail (N,) is what rounding left of each denominator, relative to it.
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


# --- arithmetic in twice the working precision -------------------------------------------------


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """s = fl(a + b) and r with s + r = a + b exactly. [ORO] algorithm 3.1 (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def split(a: Array) -> tuple[Array, Array]:
    """a = hi + lo exactly, each of 27 bits or fewer, by masking bits: unlike [ORO] 3.2 (Dekker),
    which multiplies by 2²⁷ + 1, it never overflows. `a` must be contiguous."""
    hi: Array = (a.view(np.uint64) & SPLIT).view(np.float64)
    return hi, a - hi


def two_product(a: Array, a_split: tuple[Array, Array], b: Array) -> tuple[Array, Array]:
    """p = fl(a·b) and e with p + e = a·b, exactly where e does not underflow. [ORO] 3.3 (Veltkamp)."""
    p = a * b
    (ah, al), (bh, bl) = a_split, split(b)
    e = ah * bh
    np.subtract(p, e, out=e)
    e -= al * bh
    e -= ah * bl
    np.subtract(al * bl, e, out=e)
    return p, e


def sum_pairs(p: Array, e: Array) -> tuple[Array, Array]:
    """Σp + Σe down the first axis as hi + lo, in ⌈log₂ n⌉ levels of TwoSum. Overwrites p and e.

    The order of the additions depends on the length of that axis alone, so that a batch gives
    every row the bits that the row would get on its own.
    """
    while (n := len(p)) > 1:
        half, keep = n // 2, n - n // 2
        s, r = two_sum(p[:half], p[keep:])
        r += e[:half]
        r += e[keep:]
        if half == keep:
            p, e = s, r
        else:
            p[:half], e[:half] = s, r
            p, e = p[:keep], e[:keep]
    return two_sum(p[0], e[0])


def sum_rows(a: Array) -> tuple[Array, Array]:
    """Σₖ aₖ along the last axis as hi + lo. S. M. Rump, T. Ogita, S. Oishi, Accurate floating-point
    summation I, SIAM J. Sci. Comput. 31(1), 2008, ExtractVector: the leading 26 bits of the terms add
    up without error in any order, for up to 2²⁷ terms, and what is left matters 2²⁶ times less."""
    _, exponent = np.frexp(np.abs(a).max(axis=-1, keepdims=True))
    sigma = np.ldexp(1.5, exponent + 27)
    head = (a + sigma) - sigma
    hi, lo = np.add.reduce(head, axis=-1), np.add.reduce(a - head, axis=-1)
    s: Array = hi + lo
    return s, lo - (s - hi)


def dot_pairs(x: Array, W: Array) -> tuple[Array, Array, Array]:
    """xW as hi + lo, and Σⱼ|xⱼWⱼᵢ|. [ORO] Dot2, summed pairwise; x (n, J), W (J, k) → (n, k) each."""
    a = np.ascontiguousarray(x.T)[:, :, None]
    p, e = two_product(a, split(a), np.ascontiguousarray(W)[:, None, :])
    size = np.add.reduce(np.abs(p), axis=0)
    return *sum_pairs(p, e), size


def exact_logit(x: Array, w: Array, b: float) -> tuple[float, float]:
    """Σⱼ xⱼwⱼ + b as hi + lo, hi correctly rounded, in integers: for the rare logit that cancels,
    underflows or overflows beyond what Dot2 can promise. OverflowError if hi is out of range."""
    unit = 1 << 1074  # every double is a whole number of 2⁻¹⁰⁷⁴
    total = 0
    for a, c in ((b, 1.0), *zip(x.tolist(), w.tolist(), strict=True)):
        (n, d), (m, f) = a.as_integer_ratio(), c.as_integer_ratio()
        total += n * (unit // d) * m * (unit // f)
    hi = total / unit**2
    n, d = hi.as_integer_ratio()
    return hi, (total - n * (unit**2 // d)) / unit**2


# --- the layer ---------------------------------------------------------------------------------


def logits(x: Array, W: Array, b: Array | None, first: int | None = None) -> tuple[Array, Array]:
    """z = Wᵀx + b as the unevaluated sum hi + lo: x (N, J), W (J, K), b (K,) → (N, K) each.

    hi is within a unit roundoff of the exact logit, relative, however much its terms cancel, and
    lo carries what hi leaves to well under UNIT absolutely. InputError names a logit that overflows,
    and its input, counted from `first`, if there is one.
    """
    (N, J), K = x.shape, W.shape[1]
    k = max(1, min(K, TILE // J))
    n = max(1, TILE // (J * k))
    if n >= N and k == K:
        hi, lo, sure = _fast_logits(x, W, b)
    else:
        hi, lo, sure = np.empty((N, K)), np.empty((N, K)), np.empty((N, K), dtype=bool)
        for r in range(0, N, n):
            for c in range(0, K, k):
                at = np.s_[r : r + n, c : c + k]
                hi[at], lo[at], sure[at] = _fast_logits(x[at[0]], W[:, at[1]], None if b is None else b[at[1]])
    if not sure.all():
        for r, c in np.argwhere(~sure):
            used = (x[r] != 0) & (W[:, c] != 0)
            try:
                hi[r, c], lo[r, c] = exact_logit(x[r, used], W[used, c], 0.0 if b is None else float(b[c]))
            except OverflowError:
                row = "" if first is None else f" of input {first + r}"
                raise InputError(f"z[{c}]{row} is too large for double precision (beyond ±1.8e308)") from None
    return hi, lo


def _fast_logits(x: Array, W: Array, b: Array | None) -> tuple[Array, Array, NDArray[np.bool_]]:
    """The logits by `dot_pairs` as hi + lo, and where that is sure to be as exact as `logits` promises."""
    hi, lo, size = dot_pairs(x, W)
    if b is not None:
        hi, t = two_sum(hi, b)
        hi, lo = two_sum(hi, t + lo)
        size += np.abs(b)
    # [ORO] corollary 4.7 for a tree of this depth; and an underflow may cost a product its error term.
    J = len(W)
    bound = size * (4 * (J.bit_length() + 3) ** 2 * UNIT**2) + J * 2.0**-1070
    return hi, lo, bound <= np.minimum(1.0, np.abs(hi)) * (UNIT / 4)


def softmax(z: Array, low: Array | None = None) -> tuple[Array, Array, Array]:
    """hᵢ = exp(zᵢ) / Σₖ exp(zₖ), 1 − h and the tail of `Layer`, for logits z + low: (N, K) → (N, K)
    twice and (N,).

    With m the largest output, every gap zᵢ − zₘ is formed in twice the precision and its low part
    folded in as exp(hi)(1 + lo). 1 − hₘ is Σ_{k≠m} exp(zₖ − zₘ) over the same denominator; the others
    are at most ½, where 1 − h loses nothing. [BHH] for the shift.
    """
    low = np.zeros_like(z) if low is None else low
    rows, m = np.arange(len(z)), z.argmax(axis=1)
    gap, t = _gaps(z, low, rows, m)
    if gap.max() > 0.0:  # the largest are equal but for their low parts
        m = np.where(z == z.max(axis=1, keepdims=True), low, -np.inf).argmax(axis=1)
        gap, t = _gaps(z, low, rows, m)
    e = np.exp(gap)
    e += e * np.fmax(t, -1.0)  # t is nan where the gap is −inf, and e is 0 there
    e[rows, m] = 0.0
    rest, left = sum_rows(e)
    total = 1.0 + rest
    left += rest - (total - 1.0)
    e[rows, m] = 1.0
    h = e / total[:, None]
    complement = 1.0 - h
    complement[rows, m] = rest / total
    return h, complement, left / total


def _gaps(z: Array, low: Array, rows: NDArray[np.intp], m: NDArray[np.intp]) -> tuple[Array, Array]:
    """(z + low) − (zₘ + lowₘ) as hi + lo, −inf where it overflows."""
    gap, t = two_sum(z, -z[rows, m][:, None])
    return two_sum(gap, np.fmax(t + (low - low[rows, m][:, None]), -np.inf))


def evaluate(x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None, first: int = 0) -> tuple[Layer, bool]:
    """Check x (J,) or (N, J), W (J, K) and b (K,), and evaluate the layer. The second result says
    whether x was a single input, whose results have no leading axis. Errors count inputs from
    `first`. InputError as in `checked`, or if a logit overflows."""
    x, W, b = checked(x, W, b, first)
    single = x.ndim == 1
    rows = x[None, :] if single else x
    with np.errstate(all="ignore"):
        z, low = logits(rows, W, b, None if single else first)
        return Layer(rows, z, low, *softmax(z, low)), single


def forward(x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None) -> Forward:
    """z = Wᵀx + b and h = softmax(z).

    x (J,), W (J, K), b (K,) → z (K,), h (K,); for x (N, J), (N, K) each. Every normal entry is
    within 1e-15 relative of the exact value for the doubles given, for logits up to ±700.
    InputError as in `checked`, or if a logit overflows.
    """
    layer, single = evaluate(x, W, b)
    return Forward(layer.z[0], layer.h[0]) if single else Forward(layer.z, layer.h)


# --- what may come in --------------------------------------------------------------------------


def real_array(name: str, value: Any, *dims: int, first: int = 0) -> Array:
    """`value` as contiguous float64 with one of `dims` dimensions; InputError if it is anything else
    than finite real numbers, or empty. Errors count the rows of a matrix from `first`."""
    try:
        a = np.asarray(value)
    except ValueError:
        raise InputError(f"{name} is ragged: its rows differ in length") from None
    if a.dtype.kind not in "fiu":
        raise InputError(f"{name} holds {a.dtype}, where real numbers are expected")
    if a.ndim not in dims:
        wanted = " or ".join({0: "a number", 1: "a vector", 2: "a matrix", 3: "three-dimensional"}[d] for d in dims)
        raise InputError(f"{name} has shape {a.shape}, where {wanted} is expected")
    if a.size == 0:
        raise InputError(f"{name} is empty (shape {a.shape})")
    with np.errstate(over="ignore"):
        a = np.ascontiguousarray(a, dtype=np.float64)
    if not np.isfinite(a).all():
        at = np.unravel_index(int(np.argmin(np.isfinite(a))), a.shape)
        place = (at[0] + first, *at[1:]) if at else at
        raise InputError(f"{name}[{','.join(str(i) for i in place)}] is {a[at]}, where a finite number is expected")
    return a


def checked(x: ArrayLike, W: ArrayLike, b: ArrayLike | None, first: int = 0) -> tuple[Array, Array, Array | None]:
    """x (J,) or (N, J), W (J, K) and b (K,) or None as float64. InputError for what is not finite
    real numbers, empty, or of shapes that do not fit."""
    x, W = real_array("x", x, 1, 2, first=first), real_array("W", W, 2)
    J, K = W.shape
    if x.shape[-1] != J:
        entries = f"{x.shape[-1]} {'entry' if x.shape[-1] == 1 else 'entries'}"
        raise InputError(
            f"W has {J} {'row' if J == 1 else 'rows'} but x has {entries}{' an input' if x.ndim == 2 else ''}",
            "W is (inputs, outputs): transpose it if it is stored outputs × inputs" if x.shape[-1] == K else "",
        )
    if b is not None:
        b = real_array("b", b, 1)
        if b.shape != (K,):
            raise InputError(f"b has {len(b)} {'entry' if len(b) == 1 else 'entries'} but W has {K} columns")
    return x, W, b
