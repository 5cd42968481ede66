"""Who does the work: this process, processes of its own, or a Dask cluster. Each gives a function `each`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Thread
from typing import Any

from ..core import cpus
from ..errors import InputError
from ..wording import shown

Calls = Sequence[tuple[Any, ...]]  # the first of each is the same: the layer and the error
Each = Callable[[Callable[..., Any], Calls, Sequence[str]], Iterator[tuple[int, Any]]]  # f(*call) as it comes; names

Note = Callable[[str], object]

TRIES = 5  # times that processes may be lost
MOST = 61 if sys.platform == "win32" else 1024  # processes, of which Windows waits for no more at once


def engine(workers: str | None, note: Note = lambda text: None) -> AbstractContextManager[Each]:
    """The engine that a number of processes or the address of a cluster names; this process unless given. A `note` is
    taken of what a user should know meanwhile."""
    if workers is None:
        return nullcontext(_here)
    if "://" in workers:
        from .cluster import cluster

        return cluster(workers, note)
    return _processes(count_of(workers))


def count_of(workers: str | None) -> int:
    """How many workers there will be, as far as that is known before. InputError for what names none."""
    if workers is None:
        return 1
    if "://" in workers:
        return 16
    if not (workers.isascii() and workers.isdecimal() and 0 < int(workers[:9]) <= 1024):
        raise InputError(
            f"--workers is {shown(workers)}, where a number of processes or an address, tcp://host:8786, is expected"
        )
    return int(workers)


def _here(work: Callable[..., Any], calls: Calls, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
    for n, call in enumerate(calls):
        yield n, work(*call)


@contextmanager
def _processes(count: int) -> Iterator[Each]:
    """So many processes, each of one thread. Where one is lost, what is not done is done by new ones."""
    before = set(multiprocessing.active_children())
    pools: list[ProcessPoolExecutor] = []

    def each(work: Callable[..., Any], calls: Calls, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
        left, lost = dict(enumerate(calls)), 0
        while left:
            try:
                with _signals_left_to_us():
                    if not pools:
                        pools.append(
                            ProcessPoolExecutor(min(count, MOST), multiprocessing.get_context("spawn"), _begin)
                        )
                    futures = {pools[0].submit(work, *call): n for n, call in left.items()}
                for n, value in _as_they_come(futures):
                    del left[n]
                    yield n, value
            except BrokenProcessPool:
                pools.pop().shutdown(wait=False, cancel_futures=True)
                lost += 1
                if lost == TRIES:
                    where = shown(names[min(left)])
                    raise InputError(
                        f"workers were ended {TRIES} times: {len(left)} of {len(calls)} are not done, first {where}",
                        "they may take more memory than there is: try fewer --workers",
                    ) from None

    try:
        yield each
    except BaseException:
        ours = set(multiprocessing.active_children()) - before
        for child in ours:
            child.kill()
        for child in ours:  # what they wrote may then be removed
            child.join()
        raise
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)


def _as_they_come(futures: dict[Future[Any], int]) -> Iterator[tuple[int, Any]]:
    for future in as_completed(list(futures)):
        yield futures.pop(future), future.result()


def _begin() -> None:
    """A worker leaves interrupts to the process that started it, ends with that, and uses one processor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    Thread(target=end_with_parent, daemon=True).start()
    cpus.limit(1)


@contextmanager
def _signals_left_to_us() -> Iterator[None]:
    """What is started meanwhile has the signals blocked that a terminal sends to all of its processes: it ends with
    this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
