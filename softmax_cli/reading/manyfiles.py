"""Files that a folder or a pattern names, in the order of their names."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence

from ..errors import InputError
from ..wording import shown
from .sources import SUFFIXES
from .zarrchunks import is_store

TEXT = (".txt", ".dat")  # suffixes of tables and of prints, beside those that tell a format


def names_many(value: str) -> bool:
    """Whether a value names a folder, or files by a pattern."""
    if value.lstrip()[:1] in ("[", "{") or os.path.isfile(value) or is_store(value):
        return False
    return os.path.isdir(value) or glob.has_magic(value)


def files_named(values: Sequence[str], option: str) -> tuple[list[str], list[str]]:
    """Every file that the values name, once, and those in folders that are no file of numbers by their suffix. What is
    hidden is no file here. InputError for a folder or a pattern that names none."""
    found: dict[str, None] = {}
    passed_over: dict[str, None] = {}
    for value in values:
        if not names_many(value):
            found[_spelt(value)] = None
            continue
        folder = os.path.isdir(value)
        files = sorted(_below(value) if folder else glob.glob(value, recursive=True))
        files = [file for path in files for file in (sorted(_below(path)) if names_many(path) else [path])]
        fitting = [file for file in files if is_result(file) or not folder]
        if not fitting:
            empty = f"the folder {shown(value)} holds no file of numbers"
            raise InputError(f"{option}: {empty if folder else f'no file is named like {shown(value)}'}")
        found |= dict.fromkeys(map(_spelt, fitting))
        passed_over |= dict.fromkeys(_spelt(file) for file in files if file not in fitting)
    return list(found), list(passed_over)


def _spelt(path: str) -> str:
    """The path of a file with the system's own separator: Windows takes / as well, and a file has one name here."""
    return path.replace("/", os.sep) if os.path.exists(path) else path


def is_result(path: str) -> bool:
    """Whether a path is a file of numbers, or a store of them, by its suffix."""
    return os.path.splitext(path)[1].lower() in (*SUFFIXES, *TEXT) or is_store(path)


def _below(folder: str) -> Iterator[str]:
    """The files in a folder, and in those in it."""
    for entry in os.scandir(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not is_store(entry.path):
            yield from _below(entry.path)
        else:
            yield entry.path
