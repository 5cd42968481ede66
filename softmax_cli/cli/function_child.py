"""The process in which a user's function runs. It is started for that, and ends with the process that started it.

Messages come on standard input and go to standard output; what the user's code prints goes to standard error, and
where it reads, there is nothing.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from ..checking.functions.calling import Call, Failed, call_here, error_message, error_place
from ..checking.functions.signature import describe
from .pipe_messages import Message, receive, send


def serve(path: str, name: str) -> None:
    """Import a file, say what the function in it is, and call it as often as it is asked for."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    source, sink = _streams()
    waiting: queue.Queue[Message] = queue.Queue()
    threading.Thread(target=_listen, args=(source, waiting), daemon=True).start()
    try:
        module = _imported(path)
    except BaseException as error:
        send(sink, {"failed": error_message(error), "place": error_place(error)})
        return
    try:
        f = _found(module, name)
    except LookupError:
        own = [n for n, v in vars(module).items() if callable(v) and getattr(v, "__module__", "") == module.__name__]
        send(sink, {"missing": name, "there": own})
        return
    send(sink, {"signature": asdict(describe(f))})
    while True:
        header, arrays = waiting.get()
        values = {**dict(zip(header["names"], arrays, strict=True)), **header["numbers"]}
        outcome = call_here(f, Call(header["expression"], values, header["tensors"]))
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):
                stream.flush()
        if isinstance(outcome, Failed):
            send(sink, asdict(outcome))
        else:
            results = outcome.results
            send(sink, {"names": [r.name for r in results], "changed": outcome.changed}, [r.array for r in results])


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output, moved to where the user's code does not find them."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        os.dup2(nothing, 1)
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


def _listen(source: BinaryIO, waiting: queue.Queue[Message]) -> None:
    """Take in what is asked, and end this process with the one that asks, whatever the user's code is doing."""
    with suppress(EOFError, OSError):
        while True:
            waiting.put(receive(source))
    os._exit(0)


def _imported(path: str) -> ModuleType:
    """The module in a file, imported as `python` would run it: its folder first among the places of other modules."""
    file = Path(path).resolve()
    sys.argv = [path]
    sys.path.insert(0, str(file.parent))
    name = file.stem if file.stem.isidentifier() and file.stem not in sys.modules else "checked_function"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _found(module: ModuleType, name: str) -> Callable[..., Any]:
    """A function by its name, or that of a class and of a function in it."""
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise LookupError
        found = getattr(found, part)
    if not callable(found):
        raise LookupError
    return found  # type: ignore[no-any-return]
