"""The three Jacobians of a softmax layer, as structures that make any block of themselves.

Each is a product of small vectors with some short blocks overwritten:

    entry [t, i·J + j] = −hₜ·(hᵢxⱼ)       for i ≠ t   (0 for dZ/dW)
                         diagonal[t, j]   for i = t

so the full matrix costs one pass over its own memory, and any block can be made alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from . import cpus
from .arrays import Array, Layout
from .layer import Layer
from .split_exponent import Apart, Powers, expanded, quotient, times
from .threads import ahead, shared, touch

LAYOUTS: tuple[Layout, ...] = get_args(Layout)

BLOCK_BYTES = 1 << 20  # a block that is still in the cache when it is written out
THREAD_BYTES = 1 << 24  # below this a second thread costs more than it saves
PART_BYTES = 1 << 22  # what a thread takes on at a time
LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Jacobian:
    """A Jacobian at N inputs, with respect to W (J, K), or to the logits (then J = 1 and `wrt_logits`).

    h (N, K), or None where everything off the diagonal blocks is zero; g (N, K, J), g[i, j] = hᵢxⱼ;
    diagonal (N, K, J). `outputs` are the rows t that are wanted. `single` drops the leading axis. Where h is
    so small that a double would lose digits of it, `power` (N, K) is not 0, and h·2^power stands for h.
    """

    h: Array | None
    g: Array
    diagonal: Array
    outputs: NDArray[np.intp]
    single: bool
    wrt_logits: bool = False
    power: Powers | None = None

    @property
    def made_of(self) -> tuple[Array, ...]:
        """What is finite if every entry is."""
        return self.g, self.diagonal

    @property
    def per_output(self) -> int:
        """How many columns belong to one output: J, or 1 for the logits."""
        return int(self.g.shape[2])

    @property
    def columns(self) -> int:
        """How many columns there are in numerator layout."""
        return int(self.g.shape[1] * self.g.shape[2])

    @property
    def has_tensor(self) -> bool:
        """Whether the tensor layout is one of three dimensions."""
        return not self.wrt_logits

    def shape(self, layout: Layout = "numerator") -> tuple[int, ...]:
        """The shape in a layout, R being the number of outputs wanted: numerator (R, K·J), its
        transpose denominator (K·J, R), or tensor (R, J, K); with N in front for N inputs. dS/dZ is
        (R, K), (K, R) and (R, K)."""
        N, K, J = self.g.shape
        R = len(self.outputs)
        tensor = (R, K) if self.wrt_logits else (R, J, K)
        shape = {"numerator": (R, K * J), "denominator": (K * J, R), "tensor": tensor}[layout]
        return shape if self.single else (N, *shape)

    def dense(self, layout: Layout = "numerator") -> Array:
        """The whole array in a layout, each entry written once, on several cores where that pays."""
        out: Array = np.empty(self.shape(layout))
        full, source = out.reshape(self._axes(layout)), self._read_for(layout)
        if out.nbytes < THREAD_BYTES or cpus.count() == 1:
            source._fill(full, layout, (slice(None),) * 4)
            return out
        cut = 1 if len(self.g) == 1 else 0
        count = min(full.shape[cut], max(2, out.nbytes // PART_BYTES))
        edges = [full.shape[cut] * n // count for n in range(count + 1)]
        parts = [(slice(None),) * cut + (slice(a, b),) for a, b in itertools.pairwise(edges)]
        rest = (slice(None),) * (3 - cut)
        shared(parts, lambda part: touch(full[part]), lambda part: source._fill(full[part], layout, (*part, *rest)))
        return out

    def blocks(
        self, layout: Layout = "numerator", limit: int = BLOCK_BYTES, part: tuple[int, int] | None = None
    ) -> Iterator[Array]:
        """The array in a layout as consecutive blocks of its rows (its last axis): C-contiguous
        (rows, shape[-1]) arrays of about `limit` bytes, in order. The next block but one overwrites each.
        Of its rows from part[0] to before part[1] alone, if `part` is given."""
        axes = self._axes(layout)
        width = axes[3] if layout != "numerator" else axes[2] * axes[3]
        leading = axes[:2] if layout == "numerator" else axes[:3]
        rows = max(1, limit // (8 * width))
        parts, source = list(_tiles(leading, rows, *(part or (0, math.prod(leading))))), self._read_for(layout)
        buffers = [np.empty(min(rows, math.prod(leading)) * width) for _ in parts[:2]]

        def fill(number: int) -> Array:
            where = (*parts[number], *(slice(0, n) for n in axes[len(leading) :]))
            shape = tuple(s.stop - s.start for s in where)
            out = buffers[number % 2][: math.prod(shape)]
            source._fill(out.reshape(shape), layout, where)
            return out.reshape(-1, width)

        return ahead(fill, len(parts))

    def entries(self, n: int, rows: ArrayLike, columns: ArrayLike) -> Array:
        """The entries of input n in the given rows (positions in `outputs`) and columns of the numerator layout."""
        r, c = np.asarray(rows), np.asarray(columns)
        t, (i, j) = self.outputs[r], np.divmod(c, self.g.shape[2])
        off = np.zeros((len(r), len(c))) if self.h is None else self._outside((n, t), self.g[n, i, j][None])
        return np.where(t[:, None] == i, self.diagonal[n, t[:, None], j], off)

    def rows(self, part: slice) -> Array:
        """Some rows of the matrices in numerator layout of all inputs, one below the other."""
        n, r = np.divmod(np.arange(len(self.g) * len(self.outputs))[part], len(self.outputs))
        t = self.outputs[r]
        out = np.zeros_like(self.g[n]) if self.h is None else self._outside((n, t), self.g[n])
        out[np.arange(len(n)), t] = self.diagonal[n, t]
        return out.reshape(len(n), -1)

    def _outside(self, at: Any, g: Array, out: Array | None = None) -> Array:
        """−h·g of the rows `at`, what is outside of their own blocks; 0, and not −0, where h is 0."""
        assert self.h is not None
        h, more = self.h[at], (..., *(None,) * (g.ndim - self.h[at].ndim))
        with np.errstate(all="ignore"):
            found: Array = np.multiply(-h[more], g, out)
            if self.power is not None and (apart := self.power[at] != 0).any():
                found[apart] = np.ldexp(found[apart], self.power[at][apart][more])
        if not h.all():
            found[h == 0.0] = 0.0
        return found

    def _axes(self, layout: Layout) -> tuple[int, int, int, int]:
        N, K, J = self.g.shape
        R = len(self.outputs)
        return {"numerator": (N, R, K, J), "denominator": (N, K, J, R), "tensor": (N, R, J, K)}[layout]

    def _read_for(self, layout: Layout) -> Jacobian:
        """The same with g in the order in which a layout reads it."""
        if layout != "tensor" or self.h is None or len(self.outputs) == 1:
            return self
        return replace(self, g=np.ascontiguousarray(self.g.swapaxes(1, 2)).swapaxes(1, 2))

    def _fill(self, out: Array, layout: Layout, where: tuple[slice, ...]) -> None:
        """Write the part `where` of the four-dimensional array in a layout to `out`."""
        order = {"numerator": (0, 1, 2, 3), "denominator": (0, 3, 1, 2), "tensor": (0, 1, 3, 2)}[layout]
        view = out.transpose(order)  # always [input, row, i, j]
        n, r, i, j = (where[a] for a in order)
        t = self.outputs[r]
        if self.h is None:
            view[...] = 0.0
        else:
            self._outside((n, t), self.g[n, None, i, j], view)
        if i == slice(None):
            view[:, np.arange(len(t)), t] = self.diagonal[n][:, t, j]
        else:
            row = np.flatnonzero((t >= i.start) & (t < i.stop))
            view[:, row, t[row] - i.start] = self.diagonal[n][:, t[row], j]


def _tiles(shape: tuple[int, ...], limit: int, first: int, stop: int) -> Iterator[tuple[slice, ...]]:
    """Cut the elements `first` to `stop` − 1 of an index space, in C order, into consecutive parts of at most `limit`
    elements, each contiguous."""
    if len(shape) == 1:
        for a in range(first, stop, limit):
            yield (slice(a, min(a + limit, stop)),)
        return
    inner = math.prod(shape[1:])
    while first < stop:
        a, rest = divmod(first, inner)
        whole = 0 if rest else min(limit, stop - first) // inner
        if whole:
            yield slice(a, a + whole), *(slice(0, n) for n in shape[1:])
        else:
            for more in _tiles(shape[1:], limit, rest, min(inner, stop - a * inner)):
                yield slice(a, a + 1), *more
        first = min(stop, (a + max(1, whole)) * inner)


def chosen(outputs: ArrayLike | None, K: int) -> NDArray[np.intp]:
    """Indices of outputs, all unless given. InputError for one that does not exist."""
    if outputs is None:
        return np.arange(K)
    wanted = np.asarray(outputs, dtype=np.intp)
    for t in wanted:
        if not 0 <= t < K:
            raise InputError(f"output {t} does not exist: there are {K} outputs, 0 to {K - 1}")
    return wanted


def softmax_structure(layer: Layer, single: bool, outputs: ArrayLike | None = None, log: bool = False) -> Jacobian:
    """dS/dZ: −hₜhᵢ/T, and hₜ(1 − hₜ)/T on the diagonal; or of ln h."""
    return _structure(layer, np.ones((len(layer.h), 1)), single, outputs, wrt_logits=True, log=log)


def linear_structure(x: Array, K: int, single: bool, outputs: ArrayLike | None = None) -> Jacobian:
    """dZ/dW: x in the columns of the row's own weights, zero elsewhere. x (N, J)."""
    blocks = np.broadcast_to(x[:, None, :], (len(x), K, x.shape[1]))
    return Jacobian(None, blocks, blocks, chosen(outputs, K), single)


def layer_structure(layer: Layer, single: bool, outputs: ArrayLike | None = None, log: bool = False) -> Jacobian:
    """dL/dW: −hₜ(hᵢxⱼ)/T, and (1 − hₜ)(hₜxⱼ)/T in the diagonal blocks; or of ln h. hᵢxⱼ comes first: the product
    of two probabilities may underflow where the entry does not."""
    return _structure(layer, layer.x, single, outputs, wrt_logits=False, log=log)


def _structure(
    layer: Layer, x: Array, single: bool, outputs: ArrayLike | None, wrt_logits: bool, log: bool
) -> Jacobian:
    """hᵢxⱼ takes in the tail of both denominators of an entry, h's and that of its other factor. Of ln h, hₜ is 1,
    and the other factor of the diagonal is xⱼ."""
    with np.errstate(all="ignore"):
        h, complement = layer.apart()
        g = times(expanded(quotient(h, layer.temperature), 2), x[:, None, :])
        g -= g * ((1.0 if log else 2.0) * layer.tail)[:, None, None]
        np.minimum(np.maximum(g, -LARGEST, out=g), LARGEST, out=g)  # where x is the largest double, and h rounded up
        np.negative(np.subtract(0.0, g, out=g), out=g)  # 0 as −0, so that −h·0 is not
        diagonal = times(expanded(complement, 2), g) + 0.0
        if log:
            diagonal = times(expanded(quotient(complement, layer.temperature), 2), x[:, None, :])
            diagonal -= diagonal * layer.tail[:, None, None]
            rows = np.ones(layer.h.shape) if layer.mask is None else np.where(layer.mask, 0.0, 1.0)
            h, diagonal = Apart(rows), diagonal * rows[:, :, None] + 0.0
    return Jacobian(h.significand, g, diagonal, chosen(outputs, g.shape[1]), single, wrt_logits, h.power)
