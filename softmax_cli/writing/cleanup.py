"""Whether anything has to be put in order before the process may end."""

from collections.abc import Iterator
from contextlib import contextmanager

_open = 0


@contextmanager
def needed() -> Iterator[None]:
    """While this is open, a signal ends the run by an exception, so that what is begun can be cleaned up."""
    global _open
    _open += 1
    try:
        yield
    finally:
        _open -= 1


def is_needed() -> bool:
    return _open > 0
