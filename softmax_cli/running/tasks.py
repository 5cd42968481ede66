"""What a worker does: it reads its rows itself, and gives back sums, as the bytes of a partial, or whole numbers."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core.arrays import Array
from ..core.integer_sums import Places
from ..core.mergeable import Sums, sums, whole_numbers
from ..core.one_blas_thread import one_blas_thread
from ..errors import InputError
from ..wording import shown
from .partialfile import Covered, Partial, packed
from .shards import Piece, rows_in


class Goal(NamedTuple):
    """The layer and the error, as `sums` takes them, without what each input has of its own. `hashed` says whether the
    rows are to be known again."""

    W: Array
    b: Array | None
    options: dict[str, Any]
    hashed: bool = False


def summed(goal: Goal, pieces: Sequence[Piece]) -> bytes:
    """The sums over some pieces, packed."""
    total: Sums | None = None
    covered = []
    with one_blas_thread():
        for piece in pieces:
            found = _named(piece, lambda: sums(W=goal.W, b=goal.b, **_given(goal, piece)))  # noqa: B023
            total = found if total is None else total + found
            if goal.hashed:
                covered.append(Covered(piece.shard.x, piece.first, piece.rows, _digest(piece)))
    assert total is not None
    return packed(Partial(total, tuple(covered)))


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
