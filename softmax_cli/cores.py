"""Work on all cores. numpy releases the interpreter while it computes, so threads are enough."""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from .twofold import Array

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")

HUGE_PAGE = 1 << 18  # doubles
PATIENCE = 1e-3  # seconds, in which a part is touched if its memory is at hand
UNLOCKED = 500  # numpy lets other threads run while it assigns more elements than this


def shared(parts: Iterable[T], first: Callable[[T], object], then: Callable[[T], object]) -> None:
    """then(part) for every part, on whichever core is free, and before it first(part) in this thread,
    unless that keeps another core waiting."""
    from queue import Empty, SimpleQueue

    left, ready = deque(parts), SimpleQueue[T | None]()

    def work() -> None:
        while True:
            try:
                part = ready.get(timeout=PATIENCE)
            except Empty:
                if (part := _taken(left.pop)) is None:
                    continue
            if part is None:
                return
            then(part)

    others: list[Future[None]] = []
    try:
        with suppress(RuntimeError):  # no thread is to be had
            for _ in range((os.cpu_count() or 1) - 1):
                others.append(_helpers().submit(work))
        while (part := _taken(left.popleft)) is not None:
            first(part)
            ready.put(part)
    finally:  # an interrupt must not leave a thread waiting
        left.clear()
        for _ in range(len(others) + 1):
            ready.put(None)
    work()
    for other in others:
        if not other.cancel():  # it has begun; one that is late is not needed
            other.result()


def _taken(end: Callable[[], T]) -> T | None:
    try:
        return end()
    except IndexError:  # none is left
        return None


def touch(part: Array) -> None:
    """Have the system provide the memory of a contiguous part that is to be written: its huge pages, if it has such.

    One thread does so for all: it is given the pages that it has just set free, where another core may be
    given one that a virtual machine must first get from its host, which takes longer than all the others.
    """
    flat = part.reshape(-1)
    count = -(-flat.size // HUGE_PAGE)
    width = flat.size // count
    flat[: count * width].reshape(count, width)[:, : UNLOCKED // count + 1] = 0.0


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    """Threads for the other cores, kept from one matrix to the next."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1))


if hasattr(os, "register_at_fork"):  # threads do not come along
    os.register_at_fork(after_in_child=_helpers.cache_clear)


def ahead(make: Callable[[int], T], count: int) -> Iterator[T]:
    """make(0), make(1), …, each made on another core while the caller uses the one before."""
    if count == 1:
        yield make(0)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as other:
        try:
            coming = other.submit(make, 0)
        except RuntimeError:  # no thread is to be had
            yield from map(make, range(count))
            return
        for number in range(1, count):
            ready, coming = coming.result(), other.submit(make, number)
            yield ready
        yield coming.result()
