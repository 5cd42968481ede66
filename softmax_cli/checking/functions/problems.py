"""Problems made to break a function.

All numbers are multiples of 1/8, so they are short in print, single precision holds them exactly, and a right function
is right on every problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...core.arrays import Array
from ...core.layer import forward
from .calling import Value
from .roles import OFF

Rank = Literal["one", "many"]  # x (J,), or (N, J)
OF_MANY = ("J = K", "K = 2", "ties", "soft targets", "mask")  # problems that take more outputs than one
OF_ONE_OUTPUT = {"J < K": "J < N", "J > K": "J > N", "N = J = K": "N = J"}  # what they are called there
IGNORED = -100  # a target whose row does not count, where a function takes such a thing


@dataclass(frozen=True)
class Problem:
    """x (J,) or (N, J), W (J, K) and b (K,) with what an error needs: class indices y, or probabilities shaped like h,
    and u = dE/dh shaped like h. `options` are those of the error that are not what they are by default; `own` says that
    it is the user's. If `binary` it is a binary classifier's: what the first of its two outputs has is 0, and what a
    function is given is of the second."""

    title: str
    x: Array
    W: Array
    b: Array
    y: NDArray[Any]
    u: Array
    options: Mapping[str, Value] = field(default_factory=dict)
    single_precision: bool = False
    own: bool = False
    binary: bool = False

    @property
    def rank(self) -> Rank:
        return "one" if self.x.ndim == 1 else "many"

    @property
    def inputs(self) -> int | None:
        return None if self.x.ndim == 1 else len(self.x)

    @property
    def size(self) -> int:
        return self.x.size + self.weights.size

    @property
    def weights(self) -> Array:
        """W as the function is given it."""
        return self.W[:, 1:] if self.binary else self.W

    def values(self, roles: frozenset[str], reduction: str) -> dict[str, Value]:
        """What a function that takes these roles is given, in its precision."""
        z, h = forward(self.x, self.W, self.b)
        K = self.W.shape[1]
        onehot = self.y if self.y.dtype.kind == "f" else (self.y[..., None] == np.arange(K)).astype(np.float64)
        plain = {
            **OFF, "ignore": IGNORED,
            "mask": np.zeros(K, dtype=bool), "class_weights": np.ones(K), "sample_weights": np.ones(self.inputs or 1),
        }  # fmt: skip
        every: dict[str, Any] = {
            "x": self.x, "W": self.W, "b": self.b, "z": z, "h": h, "y": self.y, "onehot": onehot, "u": self.u,
            "reduction": reduction, **plain, **self.options,
        }  # fmt: skip
        wanted = {*roles, *self.options, *(["onehot"] if "y" in roles else [])}
        if self.binary:
            every |= {name: every[name][..., 1:] for name in ("W", "b", "z", "h", "u")}
            every |= {"y": self.y if onehot is not self.y else self.y[..., 1]}
        return {name: self._passed(every[name]) for name in every if name in wanted}

    def _passed(self, value: Any) -> Value:
        """A value in the precision of the problem; one class index is a number."""
        if not isinstance(value, np.ndarray):
            return value  # type: ignore[no-any-return]
        if value.dtype.kind == "f":
            return value.astype(np.float32 if self.single_precision else np.float64)
        if value.dtype.kind == "b":
            return value
        return int(value) if value.ndim == 0 else value.astype(np.int64)


def _eighths(rng: np.random.Generator, *shape: int, size: float = 2.0) -> Array:
    return rng.integers(-int(8 * size), int(8 * size) + 1, size=shape) / 8.0


def posed(title: str, x: Array, W: Array, b: Array) -> Problem:
    """The user's own problem, of numbers that are given, with targets all over the outputs and a dE/dh of eighths."""
    lead, K = x.shape[:-1], W.shape[1]
    y = np.asarray((np.arange(lead[0] if lead else 1) * 2 + 1) % K).reshape(lead)
    return Problem(title, x, W, b, y, _eighths(np.random.default_rng([*lead, K]), *lead, K), own=True)


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


def of_one_output(problem: Problem) -> Problem:
    """A problem for a binary classifier, which has one output, in the place of one for a softmax."""
    y = np.arange(1, problem.y.size + 1).reshape(problem.y.shape) % 2
    options = {name: v[:2] if name == "class_weights" else v for name, v in problem.options.items()}  # type: ignore[index]
    return replace(
        problem, title=OF_ONE_OUTPUT.get(problem.title, problem.title), W=_second(problem.W), b=_second(problem.b),
        y=np.where(problem.y == IGNORED, IGNORED, y), u=_second(problem.u), options=options, binary=True,
    )  # fmt: skip


def _second(values: Array) -> Array:
    """The last of the outputs as the second of two, the first of which has 0."""
    return np.stack([np.zeros_like(values[..., -1]), values[..., -1]], axis=-1)


def first(rank: Rank, bias: bool, binary: bool = False) -> Problem:
    """The problem that shows how a function is called and what it returns: no two of its sizes are equal."""
    problem = made("J < K", None if rank == "one" else 4, 3, 5, bias=bias)
    return of_one_output(problem) if binary else problem


def battery(
    rank: Rank, bias: bool, options: Sequence[str] = (), soft: bool = False, binary: bool = False
) -> Iterator[Problem]:
    """The problems of one rank that come after the first: the ordinary ones, the extreme, and one for each of the
    `options` that a function takes, and for `soft` targets. Without a bias b is zero."""
    every = _of_softmax(rank, bias, options, soft)
    return (of_one_output(problem) for problem in every if problem.title not in OF_MANY) if binary else every


def _of_softmax(rank: Rank, bias: bool, options: Sequence[str], soft: bool) -> Iterator[Problem]:
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
    if soft:
        plain = made("soft targets", N, 2, 3, seed=6, bias=bias)
        yield replace(plain, y=np.take(np.array([[0.25, 0.5, 0.25], [0.0, 0.125, 0.875]]), plain.y % 2, axis=0))
    yield from _optional(N, bias, options)


def _optional(N: int | None, bias: bool, options: Sequence[str]) -> Iterator[Problem]:
    """A problem for each option, and one for all of them. What weighs inputs against each other takes many."""
    plain = made("", N, 2, 3, seed=7, bias=bias)
    values: dict[str, Value] = {
        "temperature": 2.5, "label_smoothing": 0.125, "l2": 0.25,
    }  # fmt: skip
    if N is not None:
        values |= {"class_weights": np.array([0.5, 2.0, 1.25]), "sample_weights": np.array([1.0, 0.25, 3.0, 0.5])}
        values |= {"ignore": IGNORED}
    if "mask" in options:  # of the outputs, True where one is left out, which is no target
        mask = np.array([False, True, False])
        yield replace(plain, title="mask", y=np.where(plain.y == 1, 2, plain.y), options={"mask": mask})
    offered = {option: values[option] for option in options if option in values}
    for option, value in offered.items():
        yield _with_options(plain, option.replace("_", " "), {option: value})
    if len(offered) > 1:
        yield _with_options(plain, "all options", offered)


def _with_options(plain: Problem, title: str, options: Mapping[str, Value]) -> Problem:
    y = np.where(np.arange(plain.y.size) == 1, IGNORED, plain.y) if "ignore" in options else plain.y
    return replace(plain, title=title, y=y, options=options)


def _extreme(N: int | None, bias: bool) -> Iterator[Problem]:
    """Logits that are equal, far beyond exp, far apart, as those of trained weights are, and next to nothing."""
    plain = made("ties", N, 2, 4, bias=bias)
    yield replace(plain, W=np.repeat(plain.W[:, :2], 2, axis=1), b=np.repeat(plain.b[:2], 2))
    large = made("large logits", N, 2, 3, seed=3, bias=bias)
    yield replace(large, W=large.W + 1000.0 * np.sign(large.x.reshape(-1, 2)[0])[:, None])
    yield replace(
        large, title="large negative logits", W=large.W - 1000.0 * np.sign(large.x.reshape(-1, 2)[0])[:, None]
    )
    wide = made("saturated", N, 2, 3, seed=46, bias=bias)
    yield replace(wide, W=16.0 * wide.W, y=np.asarray(forward(wide.x, 16.0 * wide.W, wide.b).h.argmax(axis=-1)))
    tiny = made("tiny inputs", N, 2, 3, seed=5, bias=bias)
    yield replace(tiny, x=tiny.x * 2.0**-30)
