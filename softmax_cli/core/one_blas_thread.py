"""The library that numpy multiplies matrices with, kept to one thread while threads of ours work.

Its own threads spin while they wait for each other: small products in a loop become ten times slower on a busy machine.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_turn = threading.RLock()  # a signal handler may come in the middle
_inside: list[Any] = []  # one entry for everybody who asked; the first holds what was before


@functools.cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products in one thread each, until the last of those who asked for it has left."""
    with _turn:
        _inside.append(None if _inside else _libraries().limit(limits=1))
    try:
        yield
    finally:
        with _turn:
            before = _inside.pop()
            if not _inside:
                before.restore_original_limits()
