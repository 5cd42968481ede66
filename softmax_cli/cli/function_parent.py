"""A user's function in a process of its own, as the user, with a limit on the time of each call."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..checking.functions.calling import Call, Callee, Failed, Outcome, Result, Returned
from ..checking.functions.signature import Parameter, Signature
from ..errors import InputError
from ..wording import escaped, quoted, shown
from ..writing import cleanup
from .pipe_messages import Message, receive, send

CODE = (
    "import sys; sys.path.append(sys.argv[1]); from softmax_cli.cli.function_child import serve; serve(*sys.argv[2:])"
)


@contextmanager
def callee_in(path: str, name: str, limit: float) -> Iterator[Callee]:
    """The function `name` in the file at `path`. A process that crashes, or takes longer than `limit` seconds for a
    call, is ended, and the next call has a new one. InputError where the file cannot be imported, or has no such
    function."""
    with cleanup.needed():
        worker = _Worker(path, name, limit)
        try:
            yield Callee(worker.start(), worker.call)
        finally:
            worker.end()


class _Worker:
    """The process, and the messages that came from it: None at their end."""

    def __init__(self, path: str, name: str, limit: float) -> None:
        self.path, self.name, self.limit = path, name, limit
        self.process: subprocess.Popen[bytes] | None = None
        self.came: queue.Queue[Message | None] = queue.Queue()

    def start(self) -> Signature:
        """Start the process and have it import the file, however long that takes."""
        self.came = queue.Queue()
        command = [sys.executable, "-P", "-c", CODE, str(Path(__file__).parents[2]), self.path, self.name]
        errors = None if _has_standard_error() else subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        assert self.process.stdout is not None
        threading.Thread(target=_listen, args=(self.process.stdout, self.came), daemon=True).start()
        message = self.came.get()
        if message is None:
            raise InputError(f"cannot import {shown(self.path)}: the interpreter {self.end()}")
        header, _ = message
        if "failed" in header:
            place = f" ({header['place']})" if header["place"] else ""
            raise InputError(f"cannot import {shown(self.path)}: {header['failed']}{place}")
        if "missing" in header:
            there = ", ".join(escaped(name, 40) for name in header["there"][:20])
            raise InputError(
                f"{shown(self.path)} has no function {quoted(self.name)}", f"it has {there}" if there else ""
            )
        return _signature(header["signature"])

    def call(self, call: Call) -> Outcome:
        """Make a call, in a new process if the last one is gone."""
        if self.process is None:
            try:
                self.start()
            except InputError as error:
                return Failed("crashed", str(error))
        assert self.process is not None
        assert self.process.stdin is not None
        arrays = {name: v for name, v in call.values.items() if isinstance(v, np.ndarray)}
        numbers = {name: v for name, v in call.values.items() if name not in arrays}
        header = {"expression": call.expression, "tensors": call.tensors, "names": list(arrays), "numbers": numbers}
        with suppress(OSError):  # of a process that has just ended
            send(self.process.stdin, header, list(arrays.values()))
        try:
            message = self.came.get(timeout=min(self.limit, threading.TIMEOUT_MAX))
        except queue.Empty:
            self.end()
            return Failed("too slow", f"it took longer than {self.limit:g} s, and was ended")
        if message is None:
            return Failed("crashed", f"the interpreter {self.end()}")
        try:
            return _outcome(*message)
        except (KeyError, TypeError, ValueError):  # the user's code may have written it
            self.end()
            return Failed("crashed", "what came back is no result")

    def end(self) -> str:
        """End the process, and say how it ended if it did so by itself."""
        if self.process is None:
            return "ended"
        process, self.process = self.process, None
        for stream in (process.stdin, process.stdout):
            with suppress(OSError, AttributeError):
                stream.close()  # type: ignore[union-attr]
        try:
            status = process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        return f"was ended by {_signal_name(-status)}" if status < 0 else f"ended with status {status}"


def _listen(source: IO[bytes], came: queue.Queue[Message | None]) -> None:
    """Take in what a process says, until it says no more, or something that is no message."""
    try:
        while True:
            came.put(receive(source))
    except (EOFError, OSError):
        came.put(None)
    except Exception:  # whatever the bytes are
        came.put(({}, []))


def _outcome(header: dict[str, Any], arrays: list[NDArray[Any]]) -> Outcome:
    """What a process says of a call, escaped where it is text."""
    if "verdict" in header:
        verdict, message, place = (escaped(header[name], 400) for name in ("verdict", "message", "place"))
        return Failed(verdict, message, place)
    pairs = zip(header["names"], arrays, strict=True)
    return Returned(tuple(Result(escaped(name, 40), array) for name, array in pairs), tuple(header["changed"]))


def _has_standard_error() -> bool:
    """Whether there is one that the user's code may write to."""
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError):
        return False
    return True


def _signal_name(number: int) -> str:
    import signal

    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _signature(said: dict[str, Any]) -> Signature:
    parameters = said["parameters"]
    return Signature(
        name=said["name"],
        parameters=None if parameters is None else tuple(Parameter(**p) for p in parameters),
        returned=tuple(said["returned"]),
        tensors=tuple(said["tensors"]),
        autograd=said["autograd"],
        makes_object=said["makes_object"],
        known=tuple(said["known"]),
    )
