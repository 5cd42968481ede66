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

AHEAD = 1  # parts that are done, or wait, beside those in work: what they hold is in memory as well


def in_order(work: Callable[[P], R], parts: Iterable[P], several: bool = True) -> Iterator[R]:
    """work(part) for every part, in order, on as many cores as there are; on this one alone unless `several`.

    The first part, in that order, that fails ends it with its error. BLAS keeps to one thread where there are several.
    """
    if not several:
        yield from map(work, parts)
        return
    with one_blas_thread():
        if cpus.count() == 1:
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
                    if len(waiting) == AHEAD + cpus.count():
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
