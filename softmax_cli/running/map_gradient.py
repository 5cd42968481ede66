"""The gradient of a data set in shards on anything that has a `map`."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import real_array
from ..core.loss_gradient import LossGradient
from ..core.masks import mask_of
from ..core.mergeable import checked_end
from ..errors import InputError
from ..wording import counted
from .combine import again_by, gathered
from .shards import read_shards, tasks_of
from .tasks import Goal, try_options
from .worker_pools import Calls, Each

Map = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]  # as the built-in map has it
WORKERS = 16  # for so many there are tasks enough; a map does not say how many it has


def shards_gradient(
    x: str | os.PathLike[str],
    W: ArrayLike,
    b: ArrayLike | None = None,
    *,
    target: str | os.PathLike[str] | None = None,
    upstream: str | os.PathLike[str] | None = None,
    sample_weights: str | os.PathLike[str] | None = None,
    label_smoothing: float = 0.0,
    class_weights: ArrayLike | None = None,
    ignore: int | None = None,
    l2: float = 0.0,
    reduction: Literal["mean", "sum"] = "mean",
    temperature: float = 1.0,
    mask: Any = None,
    map: Map = builtins.map,
) -> LossGradient:
    """The loss E, None for an upstream gradient, and dE/dW (J, K) and dE/db (K,), over a data set in .npy files:

        E = Σₙ lossₙ/norm + λ/2·‖W‖²,  dE/dW = Σₙ xₙ ⊗ dₙ/norm + λW,  dE/db = Σₙ dₙ/norm

    x names the files of inputs, one a row, by a pattern, a folder or a path; `target` or `upstream`, and
    `sample_weights`, name as many, paired in the order of names. W (J, K), b (K,), λ = `l2`, and the options of the
    error are those of `loss_gradient`, which gives the same bits for all the inputs at once; a mask is (K,).

    `map` does the work, called as the built-in one is: that of a concurrent.futures executor or a multiprocessing pool,
    of `distributed.Client(…).get_executor()`, of an mpi4py pool. What works reads its files itself, by the paths that
    they have here. InputError as in `loss_gradient`, naming the shard, and for files that do not fit.

    >>> import numpy as np, tempfile
    >>> from softmax_cli import shards_gradient
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/x-0.npy", [[1.0]])
    ...     np.save(f"{folder}/x-1.npy", [[2.0], [5.0]])
    ...     np.save(f"{folder}/t-0.npy", [0])
    ...     np.save(f"{folder}/t-1.npy", [1, 1])
    ...     shards_gradient(f"{folder}/x-*.npy", [[0.0, 0.0]], target=f"{folder}/t-*.npy").dE_dW
    array([[ 1., -1.]])
    """
    checked_end(l2, reduction)
    weights = real_array("W", W, 2)
    sides = {"target": target, "upstream": upstream, "sample_weights": sample_weights}
    if (target is None) == (upstream is None):
        raise InputError("one of target and upstream is expected, as files of as many rows as x has")
    named = {key: os.fspath(value) for key, value in sides.items() if value is not None}
    shards = read_shards(os.fspath(x), named, called=str)
    if shards[0].columns != len(weights):
        entries = counted(shards[0].columns, "entry", "entries")
        raise InputError(f"W has {counted(len(weights), 'row')} but x has {entries} an input")
    options = {
        "label_smoothing": label_smoothing, "class_weights": class_weights, "ignore": ignore,
        "temperature": temperature,
        "mask": None if mask is None else mask_of(mask, 1, weights.shape[1]),
    }  # fmt: skip
    goal = Goal(weights, None if b is None else np.asarray(b), options)
    try_options(goal, upstream is not None)
    each, tasks = _each(map), tasks_of(shards, WORKERS)
    found = gathered(each, goal, tasks)
    return found.sums.exact_gradient(weights if l2 else None, l2, reduction, again_by(each, goal, tasks))


def _each(map: Map) -> Each:
    def each(work: Callable[..., Any], calls: Calls, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
        yield from enumerate(map(partial(_called, work), list(calls)))

    return each


def _called(work: Callable[..., Any], call: tuple[Any, ...]) -> Any:
    return work(*call)
