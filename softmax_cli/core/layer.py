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

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .apart import Apart
from .arrays import Array, checked, real_array
from .exactdot import exact_entries
from .logarithm import log_of_one_and
from .masks import Mask, joined, mask_of, masked_array
from .small import small_layer
from .softmax import divided, softmax, softmax_apart
from .twofold import TILE, dot_pairs, sure, two_sum


class Forward(NamedTuple):
    """Logits z and probabilities h, both (K,), or (N, K) for N inputs."""

    z: Array
    h: Array


class Layer(NamedTuple):
    """The layer evaluated at N inputs.

    x is (N, J); the others are (N, K): the logits as the unevaluated sum z + low, before they are divided by the
    temperature; the probabilities h, and the complements 1 − h, which are never formed by subtraction from 1 for
    the largest output. tail (N,) is what rounding left of each denominator, relative to it: a
    probability is h·(1 − tail) to within 2.1 u. mask (N, K) is true where an output is left out.
    """

    x: Array
    z: Array
    low: Array
    h: Array
    complement: Array
    tail: Array
    temperature: float = 1.0
    mask: Mask | None = None

    def inputs(self, some: slice | NDArray[np.intp]) -> Layer:
        """The layer at some of the inputs."""
        mask = None if self.mask is None else self.mask[some]
        x, z, low, h, complement, tail = (part[some] for part in self[:6])
        return Layer(x, z, low, h, complement, tail, self.temperature, mask)

    def scaled(self) -> tuple[Array, Array]:
        """(z + low)/T as hi + lo; 0 where an output is left out."""
        z = self.z if self.mask is None else np.where(self.mask, 0.0, self.z)
        return divided(z, self.low, self.temperature)

    def log_h(self) -> Array:
        """ln hᵢ = (zᵢ − zₘ)/T − ln(1 + (1 − hₘ)/hₘ), m the largest output, (N, K): no two parts of opposite sign, and
        so all digits also where h underflows or is next to 1. −∞ where an output is left out."""
        hi, lo = self.scaled()
        m = self.complement.argmin(axis=1)[:, None]
        gap, t = two_sum(hi, -np.take_along_axis(hi, m, axis=1))
        t = t + (lo - np.take_along_axis(lo, m, axis=1))
        rest = np.take_along_axis(self.complement, m, axis=1) / np.take_along_axis(self.h, m, axis=1)
        log_h: Array = gap + (t - log_of_one_and(rest))
        return log_h if self.mask is None else np.where(self.mask, -np.inf, log_h)

    def apart(self) -> tuple[Apart, Apart]:
        """h and 1 − h with all their digits, however small they are."""
        return softmax_apart(*self.scaled(), self.h, self.complement, self.mask)


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


def evaluate(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    first: int = 0,
    *,
    temperature: float = 1.0,
    mask: Any = None,
) -> tuple[Layer, bool]:
    """Check x (J,) or (N, J), W (J, K) and b (K,), and evaluate the layer at a temperature T > 0 and with a mask, as
    in `forward`. The second result says whether x was a single input, whose results have no leading axis. Errors
    count inputs from `first`. InputError for what does not fit, or if a logit overflows."""
    hidden = None
    if b is not None:
        b, hidden = masked_array("b", b, 1)
    x, W, b = checked(x, W, b, first)
    single = x.ndim == 1
    rows = x[None, :] if single else x
    T, hidden = _temperature(temperature), _mask(mask, hidden, len(rows), W.shape[1])
    with np.errstate(all="ignore"):
        if single and T == 1.0 and hidden is None and (small := small_layer(x, W, b)) is not None:
            z, low, h, complement = np.array(small[0])[:, None, :]
            return Layer(rows, z, low, h, complement, np.array([small[1]])), True
        z, low = logits(rows, W, b, None if single else first)
        return _evaluated(rows, z, low, T, hidden), single


def evaluate_logits(z: ArrayLike, *, temperature: float = 1.0, mask: Any = None) -> tuple[Layer, bool]:
    """`evaluate` for logits that are given, z (K,) or (N, K), of which −∞ leaves its output out."""
    z, hidden = masked_array("z", z, 1, 2)
    rows = np.atleast_2d(z)
    T, hidden = _temperature(temperature), _mask(mask, hidden, *rows.shape)
    with np.errstate(all="ignore"):
        return _evaluated(np.empty((len(rows), 0)), rows, np.zeros_like(rows), T, hidden), z.ndim == 1


def evaluate_any(
    x: ArrayLike | None,
    W: ArrayLike | None,
    b: ArrayLike | None = None,
    *,
    z: ArrayLike | None = None,
    temperature: float = 1.0,
    mask: Any = None,
) -> tuple[Layer, bool]:
    """`evaluate`, or `evaluate_logits` where z is given. InputError for both or neither."""
    if z is not None:
        if x is not None or W is not None or b is not None:
            raise InputError("give z, or x, W and b, not both")
        return evaluate_logits(z, temperature=temperature, mask=mask)
    if x is None or W is None:
        raise InputError("give x and W, or the logits z")
    return evaluate(x, W, b, temperature=temperature, mask=mask)


def _temperature(T: float) -> float:
    if isinstance(T, float) and 0.0 < T < math.inf:
        return T
    T = float(real_array("temperature", T, 0))
    if not T > 0.0:
        raise InputError(f"temperature is {T:g}, where a number above 0 is expected")
    return T


def _mask(mask: Any, hidden: Mask | None, N: int, K: int) -> Mask | None:
    """What is left out, (N, K), or None."""
    if mask is None and hidden is None:
        return None
    every = joined(N, K, None if mask is None else mask_of(mask, N, K), hidden)
    return None if every is None else np.broadcast_to(every, (N, K))


def _evaluated(x: Array, z: Array, low: Array, T: float, mask: Mask | None) -> Layer:
    scaled, rest = divided(z, low, T)
    return Layer(x, z, low, *softmax(scaled, rest, mask), T, mask)


def forward(
    x: ArrayLike | None = None,
    W: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    z: ArrayLike | None = None,
    temperature: float = 1.0,
    mask: Any = None,
) -> Forward:
    """z = Wᵀx + b and h = softmax(z/T).

    x (J,), W (J, K), b (K,) → z (K,), h (K,); for x (N, J), (N, K) each. Or the logits z themselves, (K,) or
    (N, K), in the place of x, W and b. `mask` leaves outputs out (h = 0): indices, a list of them for each of N
    inputs, or booleans (K,) or (N, K); −∞ in b or z does the same. z is before T and mask, and correctly rounded.
    Every normal h is within 1e-15 relative of the exact value for the doubles given, for |z/T| up to 700.
    InputError for what is not finite real numbers or does not fit, or if a logit overflows.
    """
    layer, single = evaluate_any(x, W, b, z=z, temperature=temperature, mask=mask)
    return Forward(layer.z[0], layer.h[0]) if single else Forward(layer.z, layer.h)
