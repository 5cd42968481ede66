"""What a worker does: it reads its rows itself, and gives back sums, as the bytes of a partial, or whole numbers."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.integer_sums import Places
from ..core.mergeable import Sums, sums, whole_numbers
from ..core.one_blas_thread import one_blas_thread
from ..errors import InputError
from ..wording import shown
from .partialfile import Covered, Partial, packed
from .shards import Piece, rows_in, together


class Goal(NamedTuple):
    """The layer and the error, as `sums` takes them, without what each input has of its own. `hashed` says whether the
    rows are to be known again."""

    W: Array
    b: Array | None
    options: dict[str, Any]
    hashed: bool = False


def try_options(goal: Goal, upstream: bool) -> None:
    """InputError for options of the error that no input goes with, before work begins."""
    J, K = goal.W.shape
    hidden = np.zeros(K, np.bool_) if goal.b is None else np.isneginf(goal.b)
    if goal.options.get("mask") is not None:
        hidden = hidden | goal.options["mask"]
    side = {"upstream": np.zeros((1, K))} if upstream else {"target": [int(hidden.argmin())]}
    sums(np.zeros((1, J)), goal.W, goal.b, **side, **goal.options)


def summed(goal: Goal, pieces: Sequence[Piece]) -> bytes:
    """The sums over some pieces, packed."""
    with one_blas_thread():
        total = reduce(operator.add, (found for some in together(pieces) for found in _sums(goal, some)))
    hashed = pieces if goal.hashed else ()
    return packed(Partial(total, tuple(Covered(p.shard.x, p.first, p.rows, _digest(p)) for p in hashed)))


def _sums(goal: Goal, pieces: Sequence[Piece]) -> Iterator[Sums]:
    """The sums over some pieces: of all of them at once, unless something in one of them is refused."""
    if len(pieces) > 1:
        given = [_given(goal, piece) for piece in pieces]
        try:
            rows: dict[str, Any] = {
                key: np.concatenate([one[key] for one in given]) for key in ("x", *pieces[0].shard.beside)
            }
            yield sums(W=goal.W, b=goal.b, **goal.options, **rows)
            return
        except InputError:  # each alone, which names it
            pass
    for piece in pieces:
        yield _named(piece, lambda: sums(W=goal.W, b=goal.b, **_given(goal, piece)))  # noqa: B023


def summed_again(goal: Goal, pieces: Sequence[Piece], name: str, i: Places, j: Places) -> list[int]:
    """Entries of a sum over some pieces, as whole numbers in units of 2^UNIT."""
    totals = [0] * len(i)
    with one_blas_thread():
        for piece in pieces:
            more = whole_numbers(name, i, j, W=goal.W, b=goal.b, **_given(goal, piece))
            totals = list(map(operator.add, totals, more))
    return totals


def _given(goal: Goal, piece: Piece) -> dict[str, Any]:
    rows = piece.first, piece.rows, piece.shard.rows
    beside = {key: rows_in(path, *rows) for key, path in piece.shard.beside.items()}
    return {"x": rows_in(piece.shard.x, *rows), **beside, **goal.options, "first": piece.first}


def _named(piece: Piece, work: Any) -> Sums:
    try:
        found: Sums = work()
        return found
    except InputError as error:
        raise InputError(f"{shown(piece.shard.x)}: {error}", error.advice) from None


def _digest(piece: Piece) -> str:
    found, rows = hashlib.sha256(), (piece.first, piece.rows, piece.shard.rows)
    for key, path in (("x", piece.shard.x), *sorted(piece.shard.beside.items())):
        array = rows_in(path, *rows)
        found.update(f"{key} {array.dtype.str} {array.shape};".encode())
        found.update(array.data)
    return found.hexdigest()
