"""Work on all cores. numpy releases the interpreter while it computes, so threads are enough."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from . import cpus
from .arrays import Array
from .one_blas_thread import one_blas_thread

T = TypeVar("T")
R = TypeVar("R")

HUGE_PAGE = 1 << 18  # doubles
PAUSE, PAUSES = 1e-4, 10  # seconds, and how often a core waits so long for a part before it takes one that is not ready
UNLOCKED = 500  # numpy lets other threads run while it assigns more elements than this


def shared(parts: Iterable[T], first: Callable[[T], object], then: Callable[[T], object]) -> None:
    """then(part) for every part, on whichever core is free, and before it first(part) in this thread,
    unless that keeps another core waiting."""
    left, ready = deque(parts), deque[T]()  # no locks: an interrupt must not leave one taken
    count = len(left)
    finished: SimpleQueue[BaseException | None] = SimpleQueue()

    def work() -> None:  # it ends when nothing is left, also where an interrupt has left it alone
        pauses = 0
        while True:
            part = _taken(ready.popleft)
            if part is None and left and pauses < PAUSES:
                pauses += 1
                time.sleep(PAUSE)
                continue
            if part is None and (part := _taken(left.pop)) is None:
                return
            pauses = 0
            try:
                then(part)
                finished.put(None)
            except BaseException as error:
                left.clear()
                finished.put(error)
                return

    for _ in range(min(_helpers(), cpus.count() - 1)):
        _asked.put(work)
    while (part := _taken(left.popleft)) is not None:
        first(part)
        ready.append(part)
    work()
    for _ in range(count):
        if (error := finished.get()) is not None:
            raise error


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


_asked: SimpleQueue[Callable[[], None]] = SimpleQueue()  # unlike a pool's, it may be filled by a signal handler too
_threads: list[Thread] = []  # kept from one matrix to the next: to start one takes longer than 1 MB
_starting = False


def _helpers() -> int:
    """How many threads do what is asked, for the other cores; they are started if there are too few."""
    global _starting
    missing = max(1, cpus.count() - 1) - len(_threads)
    if missing > 0 and not _starting:  # a signal handler may be here while a start that it interrupts holds its locks
        _starting = True
        try:
            for _ in range(missing):
                thread = Thread(target=_serve, args=(_asked,), daemon=True)
                thread.start()
                _threads.append(thread)
        except RuntimeError:  # no thread is to be had
            pass
        finally:
            _starting = False
    return len(_threads)


def _serve(asked: SimpleQueue[Callable[[], None]]) -> None:
    while True:
        with suppress(BaseException):  # whoever asked has been told of it
            asked.get()()


def _forget_threads() -> None:
    global _asked, _starting
    _asked, _starting = SimpleQueue(), False
    _threads.clear()


if hasattr(os, "register_at_fork"):  # threads do not come along
    os.register_at_fork(after_in_child=_forget_threads)


def ahead(make: Callable[[int], T], count: int) -> Iterator[T]:
    """make(0), make(1), …, each made on another core while the caller uses the one before."""
    if count == 1 or not _helpers():
        yield from map(make, range(count))
        return
    made: SimpleQueue[T | BaseException] = SimpleQueue()

    def ask(number: int) -> None:
        def work() -> None:
            try:
                made.put(make(number))
            except BaseException as error:
                made.put(error)

        _asked.put(work)

    ask(0)
    for number in range(count):
        block = made.get()
        if isinstance(block, BaseException):
            raise block
        if number + 1 < count:
            ask(number + 1)
        yield block


def in_order(work: Callable[[T], R], parts: Iterable[T], several: bool = True) -> Iterator[R]:
    """work(part) for every part, in order, on as many cores as there are; on this one alone unless `several`.

    The first part, in that order, that fails ends it with its error. BLAS keeps to one thread where there are several.
    """
    if not several:
        yield from map(work, parts)
        return
    waiting: deque[_Task[T, R]] = deque()
    with one_blas_thread():
        most = min(_helpers(), cpus.count() - 1) + 2  # those in work, and one that is done or waits
        try:
            for part in parts:
                waiting.append(task := _Task(work, part))
                if most > 2:
                    _asked.put(task.run)
                if len(waiting) == most:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            for task in waiting:
                _taken(task.left.pop)


def _first(waiting: deque[_Task[T, R]]) -> R:
    """The result of the first task. While another core is at work on it, this one does those after it."""
    for task in tuple(waiting):
        if not waiting[0].done.empty():
            break
        task.run()
    return waiting.popleft().result()


class _Task(Generic[T, R]):
    """work(part), done by whoever comes first: another core, or the one that waits for the result."""

    def __init__(self, work: Callable[[T], R], part: T) -> None:
        self.work = work
        self.left = deque([part])  # no lock: see `shared`
        self.done: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def run(self) -> None:
        """Do it, if it is left to do."""
        if (part := _taken(self.left.pop)) is not None:
            try:
                self.done.put((True, self.work(part)))
            except BaseException as error:
                self.done.put((False, error))
                if not isinstance(error, Exception):  # an interrupt, which does not wait for its turn
                    raise

    def result(self) -> R:
        """What it gives; its error is raised."""
        self.run()
        right, value = self.done.get()
        if not right:
            raise value
        return value  # type: ignore[no-any-return]
