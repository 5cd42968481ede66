"""Who does the work: this process, processes of its own, or a Dask cluster. Each gives a function `each`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from threading import Thread
from typing import Any

from ..core import cpus
from ..errors import InputError
from ..wording import shown

Calls = Sequence[tuple[Any, ...]]
Each = Callable[[Callable[..., Any], Calls, Sequence[str]], Iterator[tuple[int, Any]]]  # f(*call) as it comes; names

TRIES = 5  # times that processes may be lost
MOST = 61 if sys.platform == "win32" else 1024  # processes, of which Windows waits for no more at once


def engine(workers: str | None) -> AbstractContextManager[Each]:
    """The engine that a number of processes or the address of a cluster names; this process unless given."""
    if workers is None:
        return nullcontext(_here)
    if "://" in workers:
        return _cluster(workers)
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
            if not pools:
                context = multiprocessing.get_context("spawn")
                pools.append(ProcessPoolExecutor(min(count, MOST), context, _begin))
            try:
                with _no_interrupts():
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
        for child in set(multiprocessing.active_children()) - before:
            child.kill()
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
def _no_interrupts() -> Iterator[None]:
    """What is started meanwhile has SIGINT blocked, until it says what it does about it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _cluster(address: str) -> Iterator[Each]:
    """The workers of a Dask cluster that runs at an address; its scheduler tries again what a lost worker had."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise InputError(
            f"--workers {shown(address)} needs the package distributed", "pip install 'softmax-jac[cluster]'"
        ) from None
    try:
        client = distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"no cluster answers at {shown(address)}: {shown(first, 200)}") from None
    with client:
        executor: Executor = client.get_executor(retries=2)

        def each(work: Callable[..., Any], calls: Calls, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
            futures = {executor.submit(work, *call): n for n, call in enumerate(calls)}
            try:
                yield from _as_they_come(futures)
            except distributed.KilledWorker as error:
                raise InputError(f"workers of the cluster were lost: {shown(str(error), 200)}") from None
            finally:
                for future in futures:
                    future.cancel()

        yield each
