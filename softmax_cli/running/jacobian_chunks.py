"""A Jacobian that is written to a zarr store by workers: each makes some chunks of it, and writes them itself."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.masks import Mask
from ..core.one_blas_thread import one_blas_thread
from ..errors import InputError
from ..reading.problem import Problem
from ..wording import shown
from ..writing.files import reason
from ..writing.formats.zarr import array_in, chunk_places, fill_chunks
from ..writing.jacobian_result import Asked, batch_and_dense
from .worker_pools import Each

TASKS = 4  # for each worker, at least, where there are so many chunks
MOST = 8  # chunks that a worker is given at once: a layer is evaluated once for all of them


class Goal(NamedTuple):
    """The layer, what is wanted of it, and the store that it goes to, by its path here, with its shape and chunks."""

    W: Array
    b: Array | None
    temperature: float
    asked: Asked
    store: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]


class Chunks(NamedTuple):
    """Some consecutive chunks of a store, and the rows of the Jacobians that they hold, along the last axis."""

    first: int
    stop: int
    rows: tuple[int, int]


def fill_by(each: Each, array: Any, problem: Problem, asked: Asked, workers: int) -> Iterator[int]:
    """Have workers write the Jacobian to an array in a folder: the bytes that are written, as they come."""
    store, x, mask = str(array.store.root), np.asarray(problem.x), problem.mask
    goal = Goal(problem.W, problem.b, problem.temperature, asked, os.path.abspath(store), array.shape, array.chunks)
    tasks = _tasks(array.shape, array.chunks, workers)
    per_input = math.prod(array.shape[1:-1])
    calls: list[tuple[Goal, Array, Mask | None, Chunks]] = []
    for task in tasks:
        if problem.single:
            calls.append((goal, x, mask, task))
            continue
        n, behind = task.rows[0] // per_input, -(-task.rows[1] // per_input)
        rows = task.rows[0] - n * per_input, task.rows[1] - n * per_input
        of_these = mask[n:behind] if mask is not None and mask.ndim == 2 else mask
        calls.append((goal, x[n:behind], of_these, task._replace(rows=rows)))
    for _, done in each(write_chunks, calls, [f"chunk {task.first}" for task in tasks]):
        yield int(done)


def _tasks(shape: tuple[int, ...], chunks: tuple[int, ...], workers: int) -> list[Chunks]:
    """All chunks, some consecutive ones together. Those of a row that is cut stay together."""
    places = list(chunk_places(shape, chunks))
    in_row = -(-shape[-1] // chunks[-1])
    step = in_row * max(1, min(MOST // in_row, len(places) // in_row // (TASKS * workers)))
    edges = [int(np.ravel_multi_index([s.start for s in at[:-1]], shape[:-1])) for at in places]
    edges.append(math.prod(shape[:-1]))
    stops = [min(a + step, len(places)) for a in range(0, len(places), step)]
    return [Chunks(a, b, (edges[a], edges[b])) for a, b in zip([0, *stops], stops, strict=False)]


def write_chunks(goal: Goal, x: Array, mask: Mask | None, task: Chunks) -> int:
    """Write some chunks of the Jacobians at `x`, and give the bytes of them: each in a folder of this worker's own, and
    whole when it is moved to the store. The folder's name begins as that of the store, with which it is removed if
    this process is killed."""
    if not os.path.isdir(goal.store):
        raise InputError(
            f"a worker finds no folder {shown(goal.store)}", "the path of -o is to be the same for all workers"
        )
    own, done = f"{goal.store}.{os.urandom(6).hex()}.part", 0
    try:
        with one_blas_thread():
            batch, _ = batch_and_dense(Problem(x, goal.W, goal.b, temperature=goal.temperature, mask=mask), goal.asked)
            os.mkdir(own)
            array = array_in(own, goal.shape, goal.chunks, {})
            places = islice(chunk_places(goal.shape, goal.chunks), task.first, task.stop)
            for written in fill_chunks(array, batch.part(goal.asked.layout, *task.rows), places):
                _move_chunks(own, goal.store)
                done += written
    except OSError as error:
        raise InputError(f"cannot write to {shown(goal.store)}: {reason(goal.store, error)}") from None
    finally:
        shutil.rmtree(own, ignore_errors=True)
    return done


def _move_chunks(own: str, store: str) -> None:
    """Move what is in the folder of chunks to that of the store. OSError where the store was given up meanwhile."""
    os.stat(store)
    for folder, _, names in os.walk(os.path.join(own, "c")):
        there = os.path.join(store, os.path.relpath(folder, own))
        for name in names:
            os.makedirs(there, exist_ok=True)
            os.replace(os.path.join(folder, name), os.path.join(there, name))
