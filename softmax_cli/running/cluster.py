"""The workers of a Dask cluster that runs at an address, as Dask's own client has it. The extra `cluster` is needed."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from threading import Event, Thread
from typing import Any

from ..core import cpus
from ..errors import InputError
from ..wording import shown
from .worker_pools import Calls, Each, Note

PATIENCE = 10  # seconds in which a scheduler answers
SILENCE = 2  # seconds without workers, before that is said
RETRIES = 2  # of a task that raises something else than InputError; Dask itself tries again what a lost worker had


@contextmanager
def cluster(address: str, note: Note) -> Iterator[Each]:
    """The workers at an address; the scheduler tries again what a lost one had. InputError where none answers. While it
    has no workers it is waited for, and a note says so."""
    distributed = _package(address)
    _reach(address)
    with _client(distributed, address) as client, _noting_no_workers(client, address, note):

        def each(work: Callable[..., Any], calls: Calls, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
            goal = client.submit(_itself, calls[0][0], pure=False)  # travels once, and is made again where it is lost
            left = {
                client.submit(_on_one_core, work, goal, *call[1:], pure=False, retries=RETRIES): n
                for n, call in enumerate(calls)
            }
            try:
                for future, value in distributed.as_completed(
                    list(left), loop=client.loop, with_results=True, raise_errors=False
                ):
                    _raise_what_is_an_error(value)
                    yield left.pop(future), value
            except (InputError, GeneratorExit):
                raise
            except Exception as error:  # whatever a worker raises, or Dask
                first = shown(names[min(left.values(), default=0)])
                raise _failed(error, f"{len(left)} of {len(calls)} tasks are not done, first {first}") from None

        yield each


@contextmanager
def _noting_no_workers(client: Any, address: str, note: Note) -> Iterator[None]:
    """Meanwhile, once a cluster is seen to have no workers for a while, a note says so, and not again."""
    over = Event()

    def watch() -> None:
        missed = 0
        while missed < SILENCE and not over.wait(1):
            try:
                missed = 0 if client.nthreads() else missed + 1
            except Exception:  # a scheduler that is lost is seen elsewhere
                return
        if not over.is_set():
            note(f"the cluster at {shown(address)} has no workers: waiting for one")

    Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _itself(value: Any) -> Any:
    return value


def _on_one_core(work: Callable[..., Any], *call: Any) -> Any:
    """A worker of a cluster has other threads for other tasks."""
    cpus.limit(1)
    return work(*call)


def _raise_what_is_an_error(value: Any) -> None:
    """What a task has raised comes as a value: alone, or with its type and place. Dask's executor is of no use here: it
    looks at the status of a future after its result has come, and takes that for an error where the worker was lost in
    between."""
    if isinstance(value, tuple):
        _, value, _ = value
    if isinstance(value, BaseException):
        raise value


def _package(address: str) -> Any:
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise InputError(
            f"--workers {shown(address)} needs the package distributed", "pip install 'softmax-jac[cluster]'"
        ) from None
    for name in logging.root.manager.loggerDict:
        if name.split(".")[0] in ("distributed", "tornado"):  # some write what was lost to standard error by themselves
            logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed


def _reach(address: str) -> None:
    """InputError unless a scheduler listens there, which speaks first unless it is to be encrypted: Dask itself would
    try for a long time, wait for an answer without end, and say less."""
    place = re.fullmatch(r"(tcp|tls)://(?:\[([^]]+)]|([^:/]+)):([0-9]{1,5})/?", address)
    if place is None:
        raise InputError(f"--workers is {shown(address)}, where tcp://host:8786 or tls://host:8786 is expected")
    try:
        with _connected(place[2] or place[3], int(place[4])) as connection:
            if place[1] == "tcp" and not connection.recv(1):
                raise InputError(f"no Dask scheduler is at {shown(address)}, or it expects tls://")
    except TimeoutError:
        raise InputError(
            f"no cluster answers at {shown(address)} within {PATIENCE} seconds",
            "a scheduler that expects certificates is named by tls://" if address.startswith("tcp://") else "",
        ) from None
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"no cluster answers at {shown(address)}: {shown(why[:1].lower() + why[1:], 200)}") from None


def _connected(host: str, port: int) -> socket.socket:
    """A connection, to a scheduler that may be starting just now."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, port), timeout=PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def _client(distributed: Any, address: str) -> Any:
    # Where a client is not made, Dask's own __del__ waits for the half that is there, and prints a traceback.
    Client = type("Client", (distributed.Client,), {"__del__": lambda self: None})
    try:
        if address.startswith("tls://") and distributed.Security().get_connection_args("client")["ssl_context"] is None:
            raise InputError(
                f"--workers {shown(address)} needs the certificates of this side",
                "they are distributed.comm.tls in Dask's configuration: ca-file, client.cert, client.key",
            )
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except InputError:
        raise
    except Exception as error:  # whatever the other side answers, and whatever is in Dask's configuration
        raise InputError(f"no cluster answers at {shown(address)}: {_first_line(error)}") from None


def _failed(error: BaseException, left: str) -> InputError:
    """What became of the work, by the first cause that is told."""
    cause: BaseException = error
    while (before := cause.__cause__ or cause.__context__) is not None:
        cause = before
    if isinstance(cause, CancelledError):
        return InputError(f"the scheduler of the cluster was lost, and {left}")
    advice = ""
    if isinstance(cause, ImportError | AttributeError):
        advice = "softmax-jac is to be installed on every worker, in the version that it has here"
    return InputError(f"the cluster failed, and {left}: {type(cause).__name__}: {_first_line(cause)}", advice)


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return shown(lines[0], 200)
