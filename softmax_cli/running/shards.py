"""A data set in shards: .npy files of inputs, and the files of what goes beside each of them."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..reading.npyfile import LONGEST_HEADER, Header, array_in, read_header
from ..wording import counted, shown

PIECE_BYTES = 32 << 20  # of inputs as doubles that are in memory at once
TASK_BYTES = 64 << 20  # of inputs that a worker is given at once, unless that leaves another worker idle
TASKS = 4  # for each worker, at least, where there are so many pieces


class Shard(NamedTuple):
    """A file of inputs (rows, J), and under the name of the option's key what has one entry for each of them."""

    x: str
    beside: Mapping[str, str]
    rows: int
    columns: int


class Piece(NamedTuple):
    """Some rows of a shard: `rows` of them, from `first`."""

    shard: Shard
    first: int
    rows: int


def is_many(value: str | None) -> bool:
    """Whether the value of an option names a folder, or files by a pattern."""
    if value is None or value.lstrip()[:1] in ("[", "{") or os.path.isfile(value):
        return False
    return glob.has_magic(value) or os.path.isdir(value)


def files_of(value: str, option: str) -> list[str]:
    """The .npy files that a pattern, a folder or a path names, in the order of their names."""
    if os.path.isdir(value):
        found = sorted(os.path.join(value, name) for name in os.listdir(value) if name.lower().endswith(".npy"))
        if not found:
            raise InputError(f"{option}: the folder {shown(value)} holds no .npy file")
        return found
    if value == "-":
        raise InputError(f"{option}: standard input is no .npy file, and workers read their shards themselves")
    if not is_many(value):
        return [value]
    if found := sorted(glob.glob(value)):
        return found
    raise InputError(f"{option}: no file is named like {shown(value)}")


def option_of(key: str) -> str:
    """What a key is called on the command line."""
    return "-x" if key == "x" else f"--{key.replace('_', '-')}"


def read_shards(x: str, beside: Mapping[str, str], called: Callable[[str], str] = option_of) -> list[Shard]:
    """The shards that `x` names, each with what `beside` names by the keys target, upstream and sample_weights: paired
    in the order of names. Headers alone are read. InputError where counts or shapes do not fit; it has each key as it
    is `called`."""
    paths = files_of(x, called("x"))
    shards: list[Shard] = []
    first: dict[str, tuple[int, ...]] = {}
    others = {key: files_of(value, called(key)) for key, value in beside.items()}
    for key, named in others.items():
        if len(named) != len(paths):
            raise InputError(
                f"{called('x')} names {counted(len(paths), 'shard')} and {called(key)} {len(named)}, which are paired "
                "in the order of their names"
            )
        _refuse_mispaired(paths, named)
    for n, path in enumerate(paths):
        header = _header(path, called("x"), (2,))
        rows, columns = header.shape
        if shards and columns != shards[0].columns:
            raise InputError(
                f"{shown(path)} has {counted(columns, 'column')}, where {shown(paths[0])} has {shards[0].columns}"
            )
        for key, named in others.items():
            shape = _header(named[n], called(key), (1,) if key == "sample_weights" else (1, 2)).shape
            if shape[0] != rows:
                raise InputError(f"{shown(named[n])} has {counted(shape[0], 'row')}, where {shown(path)} has {rows}")
            if first.setdefault(key, shape[1:]) != shape[1:]:
                raise InputError(f"{shown(named[n])} has shape {shape}, and {shown(named[0])} another kind of rows")
        where = {key: os.path.abspath(named[n]) for key, named in others.items()}
        shards.append(Shard(os.path.abspath(path), where, rows, columns))
    return shards


def _refuse_mispaired(paths: Sequence[str], others: Sequence[str]) -> None:
    """InputError where the files of both sides have the same numbers in their names, but in another order: part-10
    comes before part-2, and labels-02 before labels-10."""
    ours, theirs = ([_number(name) for name in names] for names in (paths, others))
    if ours == theirs or None in ours or len(set(ours)) < len(ours) or set(ours) != set(theirs):
        return
    n = next(n for n, number in enumerate(ours) if number != theirs[n])
    raise InputError(
        f"{shown(paths[n])} is paired with {shown(others[n])}, in the order of their names",
        "write their numbers with as many digits on both sides",
    )


def _number(path: str) -> int | None:
    """The last number in a file's name."""
    found = re.findall(r"[0-9]{1,18}", os.path.splitext(os.path.basename(path))[0])
    return int(found[-1]) if found else None


def tasks_of(shards: Sequence[Shard], workers: int) -> list[tuple[Piece, ...]]:
    """All rows of the shards in pieces, and these in groups of about the same size, some for each worker."""
    total = sum(8 * shard.rows * shard.columns for shard in shards)
    most = min(TASK_BYTES, max(1, total // (TASKS * workers)))
    tasks: list[tuple[Piece, ...]] = []
    size = most
    for shard in shards:
        step = max(1, PIECE_BYTES // (8 * shard.columns))
        for first in range(0, shard.rows, step):
            piece = Piece(shard, first, min(step, shard.rows - first))
            if size >= most:
                tasks.append(())
                size = 0
            tasks[-1] = (*tasks[-1], piece)
            size += 8 * piece.rows * shard.columns
    return tasks


def together(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces in groups of no more than PIECE_BYTES: many small ones at once cost as little as a large one."""
    some: list[Piece] = []
    size = 0
    for piece in pieces:
        bytes = 8 * piece.rows * piece.shard.columns
        if some and size + bytes > PIECE_BYTES:
            yield some
            some, size = [], 0
        some.append(piece)
        size += bytes
    if some:
        yield some


def rows_in(path: str, first: int, rows: int, whole: int) -> NDArray[Any]:
    """Rows of a .npy file of `whole` rows. InputError where it cannot be read, or is not what it was."""
    with _opened(path, "a shard") as file:
        header = _read_header(file, path)
        if header.shape[0] != whole:
            raise InputError(f"{shown(path)} was changed while it was read")
        width = header.dtype.itemsize * int(np.prod(header.shape[1:]))
        file.seek(header.start + first * width)
        data = file.read(rows * width)
    if len(data) != rows * width:
        raise InputError(f"{shown(path)} was cut short while it was read")
    return array_in(data, Header(header.dtype, False, (rows, *header.shape[1:]), 0))


def _opened(path: str, option: str) -> Any:
    try:
        if not stat.S_ISREG(mode := os.stat(path).st_mode) and not stat.S_ISDIR(mode):
            raise InputError(f"{option}: {shown(path)} is no regular file, and shards are read more than once")
        return open(path, "rb")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "not a file name"
        raise InputError(f"{option}: cannot read {shown(path)}: {why[:1].lower()}{why[1:]}") from None


def _read_header(file: Any, path: str) -> Header:
    try:
        return read_header(file.read(LONGEST_HEADER + 12), os.fstat(file.fileno()).st_size, shown(path))
    except InputError as error:
        other = "" if path.lower().endswith(".npy") else "shards are .npy files"
        raise InputError(str(error), error.advice or other) from None


def _header(path: str, option: str, dims: tuple[int, ...]) -> Header:
    with _opened(path, option) as file:
        header = _read_header(file, path)
    if len(header.shape) not in dims:
        wanted = "one input a row" if dims == (2,) else "one entry or one row for each input"
        raise InputError(f"{shown(path)} has shape {header.shape}, where {wanted} is expected")
    if header.fortran and len(header.shape) > 1:
        raise InputError(
            f"{shown(path)} is stored column by column, and shards are read by rows",
            "save it with numpy.save(file, numpy.ascontiguousarray(x))",
        )
    return header
