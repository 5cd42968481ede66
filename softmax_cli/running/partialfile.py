"""Sums of a part of a data set in a .npz file: no pickles, bounded, and checked when they are read."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from ..core.exact_sums import ExactSum
from ..core.mergeable import PARTS, Sums
from ..errors import InputError
from ..reading.npzfile import NpzFile
from ..reading.sources import read_bytes
from ..wording import shown

FORMAT, VERSION = "softmax-jac sums", 1
MOST = 1 << 24  # shards in a file, and characters of a name


class Covered(NamedTuple):
    """Some rows of a shard that the sums cover: from `first`; `digest` is the SHA-256 of x and of all beside it."""

    name: str
    first: int
    rows: int
    digest: str


class Partial(NamedTuple):
    """Sums, and what of a data set they cover."""

    sums: Sums
    shards: tuple[Covered, ...] = ()


def packed(partial: Partial) -> bytes:
    """The bytes of a partial as a .npz file."""
    total, file = partial.sums, BytesIO()
    about = {
        "format": FORMAT, "version": VERSION, "rows": total.rows, "shape": total.shape, "of": dict(total.of),
        "shards": [shard._asdict() for shard in partial.shards],
    }  # fmt: skip
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "weight": np.array([*total.weight, 0.0]),
    }
    for name, part in total.totals.items():
        arrays |= {f"{name}.parts": part.parts, f"{name}.left": part.left}
    np.savez(file, **arrays)
    return file.getvalue()


def unpacked(data: bytes, source: str) -> Partial:
    """A partial from the bytes of a .npz file. InputError for anything else."""
    archive = NpzFile(io.BytesIO(data), len(data), source)
    if "about" not in archive.keys:
        raise InputError(f"{source} holds no sums of loss-grad --partial")
    arrays = {name: archive.value(name) for name in sorted(set(archive.keys))}
    about = _about(arrays.pop("about"), source)
    try:
        shape, weight = (int(about["shape"][0]), int(about["shape"][1])), arrays.pop("weight")
        total = Sums(_whole(about["rows"], 1), shape, tuple(weight.tolist()[:-1]), _totals(arrays, *shape), about["of"])
        shards = tuple(
            Covered(_text(s["name"]), _whole(s["first"], 0), _whole(s["rows"], 1), _text(s["digest"]))
            for s in about["shards"]
        )
        sound = (
            weight.dtype == np.float64 and weight.ndim == 1 and np.isfinite(weight).all() and (weight[:1] >= 0.0).all()
            and all(_text(total.of[key]) for key in PARTS)
            and (not shards or sum(shard.rows for shard in shards) == total.rows)
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        sound = False
    if not sound:
        raise InputError(f"{source} holds damaged sums")
    return Partial(total, shards)


def _about(text: np.ndarray[Any, Any], source: str) -> dict[str, Any]:
    try:
        about = json.loads(text.tobytes().decode()) if text.dtype == np.uint8 and text.size <= MOST * 8 else None
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise InputError(f"{source} holds no sums of loss-grad --partial")
    if about.get("version") != VERSION:
        raise InputError(f"{source} holds sums of another version of the format, where {VERSION} is expected")
    return about


def _totals(arrays: dict[str, np.ndarray[Any, Any]], J: int, K: int) -> dict[str, ExactSum]:
    shapes = {"loss": (1,), "dE_db": (K,), "dE_dW": (K, J)}
    names = [name for name in shapes if name != "loss" or "loss.parts" in arrays]
    totals = {name: ExactSum(arrays.pop(f"{name}.parts"), arrays.pop(f"{name}.left")) for name in names}
    for name, total in totals.items():
        if total.parts.shape != (3, *shapes[name]) or total.left.shape != shapes[name]:
            raise ValueError
        if total.parts.dtype != np.float64 or total.left.dtype != np.float64 or (total.left < 0.0).any():
            raise ValueError
    if arrays:
        raise ValueError
    return {name: ExactSum(total.parts.copy(), total.left.copy()) for name, total in totals.items()}


def _whole(value: Any, least: int) -> int:
    if type(value) is not int or not least <= value < 2**63:
        raise ValueError
    return value


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > MOST:
        raise ValueError
    return value


def merged(partials: Sequence[tuple[str, Partial]], repeats: bool = False) -> Partial:
    """All of them together, each with the name of where it is from. InputError where two do not belong together, or
    unless `repeats`, cover the same shard."""
    (source, total), *rest = partials
    seen: dict[tuple[int, str], tuple[str, Covered]] = {}
    for name, partial in partials:
        for shard in partial.shards:
            before = seen.setdefault((shard.rows, shard.digest), (name, shard))
            if before[1] is not shard and not repeats:
                raise InputError(
                    f"{shown(name)} and {shown(before[0])} hold the same inputs twice: {shown(shard.name)} and "
                    f"{shown(before[1].name)}, {shard.rows} rows",
                    "add --allow-repeats if they are to count twice",
                )
    for name, partial in rest:
        try:
            total = Partial(total.sums + partial.sums, total.shards + partial.shards)
        except InputError as error:
            raise InputError(f"{shown(source)} and {shown(name)}: {error}", error.advice) from None
    return total


def save_sums(sums: Sums, file: str | os.PathLike[str]) -> None:
    """Write `sums` to `file`, in the .npz format. OSError where it cannot be written.

    >>> from softmax_cli import load_sums, save_sums, sums
    >>> save_sums(sums([[1.0], [2.0]], [[0.0, 0.0]], target=[0, 1]), "part.npz")
    >>> load_sums("part.npz").rows
    2
    """
    data, path = packed(Partial(sums)), os.fspath(file)
    beside = f"{path}.{os.urandom(6).hex()}.tmp"
    try:
        with open(beside, "xb") as stream:
            stream.write(data)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def load_sums(file: str | os.PathLike[str]) -> Sums:
    """The sums in `file`, which `save_sums` wrote, or the command loss-grad --partial. Nothing in it is executed, and
    all of it is checked. InputError for a file that cannot be read, or holds something else.

    >>> from softmax_cli import InputError, load_sums
    >>> try:
    ...     load_sums("part.npz")
    ... except InputError as error:
    ...     print(error)
    sums: no such file: part.npz
    """
    return read_partial(os.fspath(file)).sums


def read_partial(path: str) -> Partial:
    """The partial in a file. InputError as in `load_sums`."""
    return unpacked(read_bytes(path, "sums"), shown(path))
