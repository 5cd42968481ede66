"""The softmax layer h = softmax(Wᵀx + b), evaluated to the last digits. Numpy alone.

An ordinary dot product leaves an absolute error of about u·Σ|xⱼWⱼᵢ| in a logit, and an absolute error
in a logit is a relative error in a probability. So the logits, their gaps and the exponentials are
formed in twice the working precision (`logits`, `twofold`; u is the unit roundoff, 2⁻⁵³), and what is rounded is
rounded once: z is correctly rounded, h is within 4.1 u of the exact value, and an entry of a Jacobian within
7.1 u, or 8e-16.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .arrays import Array, checked, real_array
from .logarithm import log_of_one_and
from .logits import Weights
from .masks import Mask, joined, mask_of, masked_array
from .sliced_products import SLICES, Cut, cut_rows
from .small_layer import small_layer
from .softmax import over_temperature, softmax, softmax_apart
from .split_exponent import Apart
from .threads import in_order
from .twofold import two_sum

ROWS = 1 << 18  # numbers in a block of inputs: threads hinder each other where they compute for less than 20 µs at once
SOME = 1 << 16  # logits, or fewer, of a block, where that is enough to be worth its calls
MOST_ROWS = 4096  # in a block
SEVERAL = 1 << 22  # multiplications from which on more than one thread pays


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
        return over_temperature(z, self.low, self.temperature)

    def log_h(self, outputs: NDArray[np.intp] | None = None) -> Array:
        """ln hᵢ = (zᵢ − zₘ)/T − ln(1 + (1 − hₘ)/hₘ), m the largest output, (N, K): no two parts of opposite sign, and
        so all digits also where h underflows or is next to 1. −∞ where an output is left out. For one of the `outputs`
        (N,) of each input, (N, 1)."""
        hi, lo = self.scaled()
        first = np.arange(0, hi.size, hi.shape[1])  # where each row begins in the flat array
        m = first + self.complement.argmin(axis=1)
        shown = (first if outputs is None else first + outputs)[:, None]
        z, low = (hi, lo) if outputs is None else (hi.take(shown), lo.take(shown))
        gap, t = two_sum(z, -hi.take(m)[:, None])
        t = t + (low - lo.take(m)[:, None])
        log_h: Array = gap + (t - log_of_one_and(self.complement.take(m) / self.h.take(m))[:, None])
        if self.mask is None:
            return log_h
        return np.where(self.mask if outputs is None else self.mask.take(shown), -np.inf, log_h)

    def apart(self) -> tuple[Apart, Apart]:
        """h and 1 − h with all their digits, however small they are."""
        return softmax_apart(*self.scaled(), self.h, self.complement, self.mask)


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
    T, hidden = checked_temperature(temperature), _mask(mask, hidden, len(rows), W.shape[1])
    with np.errstate(all="ignore"):
        if single and T == 1.0 and hidden is None and (small := small_layer(x, W, b)) is not None:
            z, low, h, complement = np.array(small[0])[:, None, :]
            return Layer(rows, z, low, h, complement, np.array([small[1]])), True
        return at_inputs(rows, Weights(W, b), None if single else first, T, hidden), single


def evaluate_logits(z: ArrayLike, *, temperature: float = 1.0, mask: Any = None) -> tuple[Layer, bool]:
    """`evaluate` for logits that are given, z (K,) or (N, K), of which −∞ leaves its output out."""
    z, hidden = masked_array("z", z, 1, 2)
    rows = np.atleast_2d(z)
    T, hidden = checked_temperature(temperature), _mask(mask, hidden, *rows.shape)
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


def checked_temperature(T: float) -> float:
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


def at_inputs(x: Array, weights: Weights, first: int | None, T: float, mask: Mask | None) -> Layer:
    """The layer at the inputs x (N, J), in blocks on all cores. InputError names a logit that overflows, and its input,
    counted from `first`, if there is one."""
    N, K = len(x), weights.W.shape[1]
    block = block_rows(weights)
    if block >= N:
        return _of_logits(x, *weights.logits(x), first, T, mask)
    z, low, h, complement, tail = (np.empty(shape) for shape in ((N, K), (N, K), (N, K), (N, K), N))
    step = block * max(1, min(16, N // (4 * block)))

    def work(a: int) -> None:
        with np.errstate(all="ignore"):
            hidden = None if mask is None else mask[a : a + step]
            number = None if first is None else first + a
            for some, part, _ in in_blocks(x[a : a + step], weights, number, T, hidden):
                at = slice(a + some.start, a + some.stop)
                for whole, found in zip((z, low, h, complement, tail), part[1:6], strict=True):
                    whole[at] = found

    for _ in in_order(work, range(0, N, step), N * weights.W.size >= SEVERAL):
        pass
    return Layer(x, z, low, h, complement, tail, T, mask)


def block_rows(weights: Weights) -> int:
    """How many inputs at once: they stay in the cache, and the weights are worth it."""
    J, K = map(int, weights.W.shape)
    rows = 1 << int(math.log2(max(1, min(ROWS // J, SOME // K), min(K, 512))))
    return max(1, min(rows, MOST_ROWS, ROWS // J, 2 * ROWS // K))


def in_blocks(
    x: Array, weights: Weights, first: int | None, T: float, mask: Mask | None, slices: bool = False
) -> Iterator[tuple[slice, Layer, Iterator[tuple[slice, Cut]]]]:
    """x (N, J) block by block: which inputs, the layer there, and these inputs in slices, some of them at a time, until
    the next block: `slices` says that these are asked for."""
    step, (J, K) = block_rows(weights), weights.W.shape
    several = max(1, min(16, SOME // (step * K))) if weights.kept else 1  # what follows the products is done for those
    share = slices and several == 1  # the slices that the logits are made of are still there
    most = min(step, len(x))
    room = np.empty((SLICES + 1, most, J)) if slices else weights.room(most)
    for a in range(0, len(x), step * several):
        some = slice(a, min(a + step * several, len(x)))
        cut = cut_rows(x[some], weights.bits, room) if share else None
        z, low = weights.logits(x[some], cut, room)
        start = None if first is None else first + a
        layer = _of_logits(x[some], z, low, start, T, None if mask is None else mask[some])
        yield some, layer, iter([(slice(None), cut)]) if cut is not None else _pieces(x[some], weights.bits, room)


def _pieces(x: Array, bits: int, room: Array) -> Iterator[tuple[slice, Cut]]:
    """The inputs in slices, as many at a time as there is room for."""
    for a in range(0, len(x), room.shape[1]):
        some = slice(a, a + room.shape[1])
        yield some, cut_rows(x[some], bits, room)


def _of_logits(x: Array, z: Array, low: Array, first: int | None, T: float, mask: Mask | None) -> Layer:
    if not np.isfinite(z).all():
        r, c = np.argwhere(~np.isfinite(z))[0]
        row = "" if first is None else f" of input {first + r}"
        raise InputError(f"z[{c}]{row} is too large for double precision (beyond ±1.8e308)")
    return _evaluated(x, z, low, T, mask)


def _evaluated(x: Array, z: Array, low: Array, T: float, mask: Mask | None) -> Layer:
    scaled, rest = over_temperature(z, low, T)
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

    >>> from softmax_cli import forward
    >>> forward([1.0, 2.0], [[0.5, 0.0], [0.0, 0.5]]).h.round(3)
    array([0.378, 0.622])
    """
    layer, single = evaluate_any(x, W, b, z=z, temperature=temperature, mask=mask)
    return Forward(layer.z[0], layer.h[0]) if single else Forward(layer.z, layer.h)
