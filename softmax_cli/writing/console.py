"""A console of the right width, on standard output or in a file."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from rich.console import Console
from rich.table import Table

from ..errors import InputError
from .files import target


def console_for(stream: IO[str]) -> Console:
    """A console as wide as the terminal, or as COLUMNS says, or 80."""
    size = os.terminal_size((80, 25))
    if stream.isatty():
        with suppress(OSError):
            size = os.get_terminal_size(stream.fileno())
    width = _from_environment("COLUMNS") or size.columns or 80
    height = _from_environment("LINES") or size.lines or 25
    return Console(
        file=stream, width=width, height=height, highlight=False, markup=False, emoji=False, soft_wrap=True,
        color_system="auto" if stream is sys.stdout else None,
        legacy_windows=None if stream.isatty() else False,  # which Rich takes a pipe for, and makes a column narrower
    )  # fmt: skip


def _from_environment(name: str) -> int:
    """A size in characters, or 0 if there is none: what Rich makes of ² is an exception."""
    value = os.environ.get(name, "")
    return int(value) if re.fullmatch(r"[0-9]{1,6}", value) else 0


def on_console(output: str | None, draw: Callable[[Console], None]) -> None:
    """Draw on standard output, or into a file."""
    if output in (None, "-"):
        if sys.stdout is None:
            raise InputError("standard output is closed")
        draw(console_for(sys.stdout))
        sys.stdout.flush()
        return
    with target(output) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
        draw(console_for(text))
        text.detach()


def print_whole(console: Console, table: Table) -> None:
    """Print a table as wide as it needs to be, even where the console is narrower."""
    wide = console.options.update(max_width=10**6, width=10**6)
    width = console.width
    console.width = max(width, table.__rich_measure__(console, wide).maximum)
    console.print(table, no_wrap=True)
    console.width = width
