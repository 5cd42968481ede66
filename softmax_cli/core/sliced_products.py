"""Matrix products without a rounding error, at the price of BLAS. Numpy alone.

Both factors are cut into slices of few bits. The product of two slices is an ordinary matrix product of small whole
numbers, times a power of two: nothing is rounded in it, so that it has the same bits in any order, on any number of
threads and with any BLAS that multiplies and adds. The few products are added in twice the working precision. A row
of x is cut as if it were alone, and so is a column of W: an entry of the product depends on nothing else.

    [OOOR] K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, Error-free transformations of matrix multiplication by using
           fast routines of matrix multiplication and its applications, Numer. Algorithms 59, 2012.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .twofold import quick_two_sum, two_sum

Powers = NDArray[np.int32]

SLICES, MORE = 4, 8  # of a factor; the products of slices p and q with p + q below that are formed
BITS = 21
CACHED = 1 << 15  # numbers that are cut at once, while they stay in the cache
TOGETHER = 256  # columns that are multiplied with at once: BLAS is slow where there are few
EXTREME = 250  # beyond this power of two of a row or column a product may overflow or underflow


class Cut(NamedTuple):
    """Rows (n, J), or columns (J, K) as rows (K, J), each divided by 2^power, which makes it at most 1, and cut into
    slices.

    parts[k] holds multiples of 2^(1 − bits·(k+1)) of at most 2^(−bits·k), and the parts up to k leave at most
    2^(−bits·(k+1)). Slices that are all zero are left out at the end. `rest` is what all slices but the last leave.
    `size` is 2^power, 0 for a row or column of zeros, and infinite where the power is extreme, so that nothing that is
    multiplied by it passes for sure. `whole` says that two slices are known to hold all of it.
    """

    parts: Array
    rest: Array
    power: Powers
    size: Array
    whole: bool = False


def bits_for(terms: int, slices: int = SLICES) -> int:
    """Bits of a slice such that a sum of so many products of slices is exact, and a sum of `slices` such sums:
    the products are whole numbers of at most 2^(2·bits − 2), and all of them add up to at most 2⁵³. BITS at most, so
    that sums over many rows of the same slices are exact as well."""
    return min(BITS, (55 - (terms - 1).bit_length() - (slices - 1).bit_length()) // 2)


def slices_of(rest: Array, parts: Sequence[Array], bits: int) -> Iterator[Array]:
    """The slices of `rest`, numbers of at most 1, one by one, each made in one of the parts; fewer than these if
    nothing is left. What all but the last leave stays in `rest`. [OOOR]: adding and subtracting 1.5·2^(q+52) rounds to
    multiples of 2^q."""
    for k, part in enumerate(parts):
        sigma = 1.5 * 2.0 ** (53 - bits * (k + 1))
        np.add(rest, sigma, part)
        np.subtract(part, sigma, part)
        if k + 1 < len(parts):
            np.subtract(rest, part, rest)
        yield part
        if k + 1 < len(parts) and not (rest.flat[0] or rest.any()):
            return


def cut(room: Array, bits: int) -> int:
    """Cut room[-1] into the slices room[0], room[1], …, as many as there is room for: how many there are."""
    return len(list(slices_of(room[-1], list(room[:-1]), bits)))


def scaled_rows(x: Array, out: Array) -> tuple[Powers, Array]:
    """Write each row of x (n, J), divided by its power of two, to `out`: power and size, as in `Cut`."""
    power, size = _sizes(np.abs(x, out).max(axis=1))
    np.multiply(x, np.ldexp(1.0, -power)[:, None], out)
    return power, size


def cut_rows(x: Array, bits: int, room: Array) -> Cut:
    """x (n, J) cut row by row, into kept memory (slices + 1, ≥ n, J)."""
    room = room[:, : len(x)]
    power, size = scaled_rows(x, room[-1])
    parts = room[: cut(room, bits)]
    whole = len(parts) <= 2 and np.count_nonzero(sum(parts[1:], parts[0])) == np.count_nonzero(x)  # none became 0
    return Cut(parts, room[-1], power, size, whole)


def cut_columns(W: Array, bits: int, slices: int = SLICES) -> Cut:
    """W (J, K) cut column by column, some columns at a time."""
    power, size = _sizes(_largest_in_columns(W))
    scale, room, used = np.ldexp(1.0, -power), np.zeros((slices + 1, *W.T.shape)), 1
    for some in row_steps(W.T):
        np.multiply(W.T[some], scale[some, None], room[-1, some])
        used = max(used, cut(room[:, some], bits))
    return Cut(room[:used], room[-1], power, size)


def row_steps(W: Array) -> list[slice]:
    """Rows of a matrix, some at a time, that stay in the cache."""
    step = max(1, CACHED // W.shape[1])
    return [slice(a, a + step) for a in range(0, len(W), step)]


def _largest_in_columns(W: Array) -> Array:
    found: Array = functools.reduce(np.maximum, (np.abs(W[some]).max(axis=0) for some in row_steps(W)))
    return found


def _sizes(largest: Array) -> tuple[Powers, Array]:
    power = np.maximum(np.frexp(largest)[1], -1000)
    size = np.where(np.abs(power) > EXTREME, np.inf, np.ldexp(1.0, power))
    return power, np.where(largest == 0.0, 0.0, size)


def level_sums(parts: Iterable[Array], columns: Cut, out: Array) -> None:
    """out[l] = Σ over p + q = l of columns.parts[q] · parts[p]ᵀ, exactly, `parts` being those of rows: out
    (slices, K, n)."""
    (slices, K, n), together = out.shape, max(1, TOGETHER // out.shape[1])
    turned, flat = columns.parts.reshape(-1, columns.parts.shape[2]), out.reshape(-1, n)
    spare = np.empty((min(together, slices) * K, n))
    flat[len(turned) :] = 0.0
    for p, part in enumerate(parts):
        stop = min(len(turned), (slices - p) * K)
        for a in range(0, stop, together * K):
            some, to = turned[a : min(stop, a + together * K)], flat[a + p * K :]
            if p == 0:
                np.matmul(some, part.T, to[: len(some)])
            else:
                np.add(to[: len(some)], np.matmul(some, part.T, spare[: len(some)]), to[: len(some)])


def level_sums_of_rows(x: Array, columns: Cut, bits: int, room: Array, out: Array) -> Array:
    """The level sums of x (m, J), to out (slices, K, m), and the sizes of its rows, as in `Cut`. Some rows are cut at a
    time, each slice in the place of the one before: the last two of room (·, n, J) hold that, and what is left."""
    m, n, size = len(x), room.shape[1], np.empty(len(x))
    for a in range(0, m, n):
        some = slice(a, min(a + n, m))
        part, rest = room[-2:, : some.stop - a]
        _, size[some] = scaled_rows(x[some], rest)
        made = out if n >= m else np.empty((*out.shape[:2], len(rest)))
        level_sums(slices_of(rest, [part] * len(out), bits), columns, made)
        if made is not out:
            out[:, :, some] = made
    return size


def sizes_of_one(x: Array, W: Array) -> tuple[Powers, Array]:
    """Power and size, as in `Cut`, of each column of W (J, K) and of x (J,): (K + 1,) each."""
    return _sizes(np.append(_largest_in_columns(W), np.abs(x).max()))


def level_sums_of_one(x: Array, W: Array, power: Powers, bits: int, out: Array) -> None:
    """Add the level sums of x (J,) and W (J, K), parts of a vector and a matrix of these powers, to out (slices, K).
    The slices of W, each as large as W, are not kept."""
    K, slices = W.shape[1], len(out)
    scale, steps = np.ldexp(1.0, -power), row_steps(W)
    kept = np.empty((slices + 1, len(x[steps[0]]), K + 1))
    for some in steps:
        room = kept[:, : len(x[some])]
        np.multiply(W[some], scale[:K], room[-1, :, :K])
        np.multiply(x[some], scale[K], room[-1, :, K])
        parts = room[: cut(room, bits)]
        left = parts[:, :, K].copy()
        for q, part in enumerate(parts):
            products = left[: slices - q] @ part[:, :K]
            out[q : q + len(products)] += products


def quick_sum(levels: Array) -> tuple[Array, Array]:
    """Σ of four levels (4, ·), the largest first, as hi + lo, within 2u²|hi| and what `left_out_at_most` says: levels 2
    and 3 are so small that a rounding error of theirs is lost in that."""
    hi, lo = quick_two_sum(levels[1], levels[2] + levels[3])
    hi, e = two_sum(levels[0], hi)
    return quick_two_sum(hi, e + lo)


def careful_sum(levels: Array) -> tuple[Array, Array, Array]:
    """Σ levels down the first axis, the largest first, as hi + lo, and how much was rounded off at most."""
    hi, lo, lost = levels[-1], np.zeros(levels.shape[1:]), np.zeros(levels.shape[1:])
    for level in levels[-2::-1]:
        hi, e = two_sum(level, hi)
        lo, r = two_sum(lo, e)
        lost += np.abs(r)
    return *two_sum(hi, lo), lost


def left_out_at_most(terms: int, bits: int) -> float:
    """A bound on what four slices leave out of an entry, relative to the sizes of its row and column. The products
    p + q ≥ 4 make five terms, x₀·(what four slices leave of w), x₁·(what three leave), …; a sixth is for quick_sum."""
    return 6.0 * terms * 2.0 ** (-SLICES * bits)


def left_out(rows: Cut, columns: Cut, slices: int) -> Array:
    """A bound on what any number of slices leave out of each entry of the scaled product, by the largest number of
    each slice in each row and column: 0 where nothing is left."""
    of_rows, of_columns = _largest(rows, slices), _largest(columns, slices)
    below = np.add.accumulate(of_columns[::-1], axis=0)[::-1]  # what the slices from q on hold at most
    bound: Array = of_rows[slices][:, None] * below[0]
    for p in range(slices):
        bound = bound + of_rows[p][:, None] * below[slices - p]
    terms: int = rows.rest.shape[1]
    return bound * (terms * (1.0 + 2.0**-40))


def _largest(a: Cut, slices: int) -> Array:
    """The largest number of each slice, and of what the last one leaves, in each row or column: (slices + 1, ·)."""
    out = np.zeros((slices + 1, len(a.power)))
    for k, part in enumerate(a.parts):
        out[k] = np.abs(part).max(axis=1)
    if len(a.parts) == slices:
        out[slices] = np.abs(a.rest - a.parts[-1]).max(axis=1)
    return out
