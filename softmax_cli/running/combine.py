"""One result of many tasks: their sums, checked, added up as they come, and settled where a sum leaves a doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from ..core.integer_sums import Places
from ..core.mergeable import Again
from ..errors import InputError
from .partialfile import Covered, Partial, unpacked
from .shards import Piece
from .tasks import Goal, summed, summed_again
from .worker_pools import Each


def gathered(
    each: Each, goal: Goal, tasks: Sequence[tuple[Piece, ...]], on_rows: Callable[[int], object] = lambda n: None
) -> Partial:
    """The sums over all tasks, with the shards that they cover, if the goal says that they are to be known again."""
    total: Partial | None = None
    for n, data in each(summed, [(goal, pieces) for pieces in tasks], _names(tasks)):
        found = unpacked(data, "what a worker returned")
        if found.sums.rows != sum(piece.rows for piece in tasks[n]):
            raise InputError("what a worker returned is of other rows than it was given")
        total = found if total is None else Partial(total.sums + found.sums, total.shards + found.shards)
        on_rows(found.sums.rows)
    assert total is not None
    return Partial(total.sums, _whole_shards(total.shards))


def again_by(each: Each, goal: Goal, tasks: Sequence[tuple[Piece, ...]]) -> Again:
    """What adds up entries in doubt anew, from the shards."""

    def again(name: str, i: Places, j: Places) -> Iterator[list[int]]:
        for _, totals in each(summed_again, [(goal, pieces, name, i, j) for pieces in tasks], _names(tasks)):
            if len(totals) != len(i) or any(type(number) is not int for number in totals):
                raise InputError("what a worker returned is not what it was asked for")
            yield totals

    return again


def _names(tasks: Sequence[tuple[Piece, ...]]) -> list[str]:
    return [pieces[0].shard.x for pieces in tasks]


def _whole_shards(pieces: Sequence[Covered]) -> tuple[Covered, ...]:
    """The shards that come in pieces, each as one."""
    by_name: dict[str, list[Covered]] = {}
    for piece in sorted(pieces, key=lambda piece: (piece.name, piece.first)):
        by_name.setdefault(piece.name, []).append(piece)
    return tuple(
        Covered(name, 0, sum(p.rows for p in some), sha256("".join(p.digest for p in some).encode()).hexdigest())
        for name, some in by_name.items()
    )
