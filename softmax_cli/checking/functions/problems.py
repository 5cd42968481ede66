"""Problems made to break a function.

All numbers are multiples of 1/8, so they are short in print, single precision holds them exactly, and a right function
is right on every problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...core.arrays import Array
from ...core.layer import forward
from .calling import Value

Rank = Literal["one", "many"]  # x (J,), or (N, J)


@dataclass(frozen=True)
class Problem:
    """x (J,) or (N, J), W (J, K) and b (K,) with what an error needs: class indices y, and u = dE/dh shaped like h."""

    title: str
    x: Array
    W: Array
    b: Array
    y: NDArray[np.intp]
    u: Array
    single_precision: bool = False

    @property
    def rank(self) -> Rank:
        return "one" if self.x.ndim == 1 else "many"

    @property
    def inputs(self) -> int | None:
        return None if self.x.ndim == 1 else len(self.x)

    @property
    def size(self) -> int:
        return self.x.size + self.W.size

    def values(self, roles: frozenset[str], reduction: str) -> dict[str, Value]:
        """What a function that takes these roles is given, in its precision."""
        z, h = forward(self.x, self.W, self.b)
        onehot = np.eye(self.W.shape[1])[self.y]
        every: dict[str, Any] = {"x": self.x, "W": self.W, "b": self.b, "z": z, "h": h, "onehot": onehot, "u": self.u}
        precision = np.float32 if self.single_precision else np.float64
        values: dict[str, Value] = {
            name: value.astype(precision) for name, value in every.items() if name in roles or name == "onehot"
        }
        y: Value = int(self.y) if self.y.ndim == 0 else self.y.astype(np.int64)
        return values | ({"y": y} if "y" in roles else {}) | ({"reduction": reduction} if "reduction" in roles else {})


def _eighths(rng: np.random.Generator, *shape: int, size: float = 2.0) -> Array:
    return rng.integers(-int(8 * size), int(8 * size) + 1, size=shape) / 8.0


def posed(title: str, x: Array, W: Array, b: Array) -> Problem:
    """A problem of numbers that are given, with targets all over the outputs and an upstream gradient of eighths."""
    lead, K = x.shape[:-1], W.shape[1]
    y = np.asarray((np.arange(lead[0] if lead else 1) * 2 + 1) % K).reshape(lead)
    return Problem(title, x, W, b, y, _eighths(np.random.default_rng([*lead, K]), *lead, K))


def made(title: str, N: int | None, J: int, K: int, *, seed: int = 0, bias: bool = True, **changes: Any) -> Problem:
    """A problem of random eighths, its targets all over the outputs."""
    rng = np.random.default_rng([seed, N or 0, J, K])
    lead = () if N is None else (N,)
    x = _eighths(rng, *lead, J)
    W = _eighths(rng, J, K, size=1.0)
    b = _eighths(rng, K, size=1.0) if bias else np.zeros(K)
    y = np.asarray((np.arange(N or 1) * 2 + 1) % K).reshape(lead)
    u = _eighths(rng, *lead, K)
    return Problem(**{"title": title, "x": x, "W": W, "b": b, "y": y, "u": u, **changes})


def first(rank: Rank, bias: bool) -> Problem:
    """The problem that shows how a function is called and what it returns: no two of its sizes are equal."""
    return made("J < K", None if rank == "one" else 4, 3, 5, bias=bias)


def battery(rank: Rank, bias: bool) -> Iterator[Problem]:
    """The problems of one rank that come after the first, the ordinary ones before the extreme; without a bias b is
    zero."""
    N = None if rank == "one" else 4
    yield made("J = K", N, 4, 4, bias=bias)
    yield made("K = 2", N, 3, 2, bias=bias)
    yield made("J = 1", N, 1, 3, bias=bias)
    yield made("J > K", N, 6, 2, bias=bias)
    if rank == "many":
        yield made("N = 1", 1, 3, 4, bias=bias)
        yield made("N = J = K", 3, 3, 3, seed=1, bias=bias)
    yield from _extreme(N, bias)
    yield made("random", N and 16, 20, 10, bias=bias)
    yield made("single precision", N, 3, 5, seed=2, bias=bias, single_precision=True)


def _extreme(N: int | None, bias: bool) -> Iterator[Problem]:
    """Logits that are equal, far beyond exp, far apart, and next to nothing."""
    plain = made("ties", N, 2, 4, bias=bias)
    yield _with(plain, "ties", W=np.repeat(plain.W[:, :2], 2, axis=1), b=np.repeat(plain.b[:2], 2))
    large = made("large logits", N, 2, 3, seed=3, bias=bias)
    yield _with(large, "large logits", W=large.W + 1000.0 * np.sign(large.x.reshape(-1, 2)[0])[:, None])
    yield _with(large, "large negative logits", W=large.W - 1000.0 * np.sign(large.x.reshape(-1, 2)[0])[:, None])
    wide = made("saturated", N, 2, 3, seed=4, bias=bias)
    yield _with(wide, "saturated", W=16.0 * wide.W)
    tiny = made("tiny", N, 2, 3, seed=5, bias=bias)
    yield _with(tiny, "tiny inputs", x=tiny.x * 2.0**-30)


def _with(problem: Problem, title: str, **changes: Array) -> Problem:
    return Problem(**{**vars(problem), "title": title, **changes})
