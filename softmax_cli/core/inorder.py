"""Work on many parts, on all cores, with the results in the order of the parts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from . import cpus
from .onethread import one_blas_thread

if TYPE_CHECKING:
    from concurrent.futures import Future

P = TypeVar("P")
R = TypeVar("R")

AHEAD = 2  # parts in work or waiting, for each core: what one holds in memory counts so often


def in_order(work: Callable[[P], R], parts: Iterable[P], several: bool = True) -> Iterator[R]:
    """work(part) for every part, in order, on as many cores as there are; on this one alone unless `several`.

    The first part, in that order, that fails ends it with its error. BLAS keeps to one thread meanwhile.
    """
    with one_blas_thread():
        if not several or cpus.count() == 1:
            yield from map(work, parts)
            return
        from concurrent.futures import ThreadPoolExecutor

        waiting: deque[Future[R]] = deque()
        left = iter(parts)
        with ThreadPoolExecutor(cpus.count()) as threads:  # of this call alone: a signal handler has its own
            try:
                for part in left:
                    try:
                        waiting.append(threads.submit(work, part))
                    except RuntimeError:  # no thread is to be had
                        while waiting:
                            yield waiting.popleft().result()
                        yield work(part)
                    if len(waiting) == AHEAD * cpus.count():
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
