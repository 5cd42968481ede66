"""Who does the work: this process, processes of its own, or a Dask cluster. Each gives a function `each`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from threading import Thread
from typing import Any

from ..core import cpus
from ..errors import InputError
from ..wording import shown

Calls = Sequence[tuple[Any, ...]]  # the first of each is the same: the layer and the error
Each = Callable[[Callable[..., Any], Calls, Sequence[str]], Iterator[tuple[int, Any]]]  # f(*call) as it comes; names

Note = Callable[[str], object]

TRIES = 5  # times that processes may be lost
WAIT = 0.2  # seconds that an interrupt may wait
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
            futures: dict[Future[Any], int] = {}
            try:
                with _pool_watched(futures) as failed:
                    with _signals_left_to_us(), _started():
                        if not pools:
                            pools.append(_pool(min(count, MOST)))
                        for n, call in left.items():
                            futures[pools[0].submit(work, *call)] = n
                    if failed:  # before these were known
                        raise failed[0]
                    for future in _as_they_end(list(futures)):
                        n, value = futures.pop(future), future.result()
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
        for pool in pools:  # whose threads would otherwise be woken at exit by what they are closing
            with suppress(RuntimeError):  # there was no thread to be had
                pool.shutdown(cancel_futures=True)
        raise
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)


def _as_they_end(futures: Sequence[Future[Any]]) -> Iterator[Future[Any]]:
    """`as_completed`, which Ctrl-C ends: on Windows it interrupts no wait, and is answered after it."""
    left = set(futures)
    while left:
        with suppress(TimeoutError):
            for future in as_completed(left.copy(), WAIT):
                left.remove(future)
                yield future


def _pool(count: int) -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)
    if sys.version_info < (3, 11, 5):  # which waits for what nobody is left to read (gh-94777)
        pool._call_queue.cancel_join_thread()  # type: ignore[attr-defined]
    return pool


@contextmanager
def _started() -> Iterator[None]:
    """InputError where the system gives no more processes, or threads to look after them."""
    try:
        yield
    except BrokenProcessPool:
        raise
    except (OSError, RuntimeError) as error:
        raise _not_started(error) from None


def _not_started(error: BaseException) -> InputError:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return InputError(f"workers cannot be started: {why[:1].lower()}{why[1:]}", "try fewer --workers, or see ulimit -u")


@contextmanager
def _pool_watched(futures: dict[Future[Any], int]) -> Iterator[list[InputError]]:
    """The thread that hands out the work of a pool may itself find that no other thread is to be had, and ends; what it
    leaves would be waited for without end."""
    before, errors = threading.excepthook, list[InputError]()

    def fail(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_type is not RuntimeError:
            before(failed)
            return
        errors.append(_not_started(failed.exc_value or RuntimeError()))
        for future in list(futures):
            with suppress(InvalidStateError):
                future.set_exception(errors[0])

    threading.excepthook = fail
    try:
        yield errors
    finally:
        threading.excepthook = before


def _begin() -> None:
    """A worker leaves interrupts to the process that started it, ends with that, and uses one processor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    try:
        Thread(target=end_with_parent, daemon=True).start()
    except RuntimeError:  # no thread is to be had: this worker is lost, and in silence
        os._exit(1)
    cpus.limit(1)


@contextmanager
def _signals_left_to_us() -> Iterator[None]:
    """What is started meanwhile has the signals blocked that a terminal sends to all of its processes: it ends with
    this one. Windows blocks none, but what is started by a process that takes no notice of Ctrl-C takes none either."""
    if sys.platform == "win32":
        from ctypes import windll

        windll.kernel32.SetConsoleCtrlHandler(None, True)
        try:
            yield
        finally:
            windll.kernel32.SetConsoleCtrlHandler(None, False)
        return
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
