"""A progress bar on standard error, for work that is long enough to see."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import cleanup

PATIENCE = 0.7  # seconds of silence


@contextmanager
def progress(total: int, what: str, on: bool = True) -> Iterator[Callable[[int], None]]:
    """A function to call with the bytes done since the last call. The bar appears after PATIENCE
    seconds if standard error is a terminal, and goes when the work ends."""
    if not on or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    started = time.monotonic()
    done = 0
    bar: Any = None

    def advance(step: int) -> None:
        nonlocal done, bar
        done += step
        if bar is None and time.monotonic() - started > PATIENCE:
            bar = _bar(what, total)
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)

    with cleanup.needed():  # the bar hides the cursor
        try:
            yield advance
        finally:
            if bar is not None:
                bar.stop()


def _bar(what: str, total: int) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )  # fmt: skip

    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(24), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr), transient=True,
    )  # fmt: skip
    bar.start()
    bar.add_task(what, total=total)
    return bar
