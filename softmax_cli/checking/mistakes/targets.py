"""Mistakes with the targets of the error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arrays import Array
from ..formula import Formula, Indices
from .mistake import Mistake, Variant, gradient, of_error


def _targets(change: Callable[[Array], Array]) -> Variant:
    """Other targets in the place of the right ones."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or f.goal.y is None:
            return None
        y = change(f.goal.y)
        return None if np.array_equal(y, f.goal.y) else f.but(goal=f.goal._replace(y=y))

    return mistaken


def _by_class(y: Array) -> Array:
    return y[np.argsort(y.argmax(axis=1), kind="stable")]


def _indexed(change: Callable[[Array, Indices], Array]) -> Variant:
    """h, from which is taken what `change` makes of the targets, (N, K) and as indices, in the place of y."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or f.goal.y is None or not f.goal.hard or f.quantity.by is None:
            return None
        y, t = f.goal.y, f.goal.y.argmax(axis=1)
        if (y.sum(axis=1) != 1.0).any():
            return None
        taken = change(y, t)
        return None if taken.shape != y.shape or np.array_equal(taken, y) else f.but(plus=y - taken)

    return mistaken


def _rows_of(y: Array, t: Indices) -> Array:
    """d[t] -= 1: 1 is taken off every entry of the rows that the targets number."""
    taken = np.zeros_like(y)
    taken[t[t < len(y)]] = 1.0
    return taken if (t < len(y)).all() else np.empty(0)


def _columns_of(y: Array, t: Indices) -> Array:
    """d[:, t] -= 1: 1 is taken off every class that is some input's target, for all inputs."""
    taken = np.zeros_like(y)
    taken[:, t] = 1.0
    return taken


TARGETS = (
    Mistake(
        "targets-off-by-one",
        (_targets(lambda y: np.roll(y, 1, axis=1)), _targets(lambda y: np.roll(y, -1, axis=1))),
        of_error,
        "every target is the class next to the right one: classes are counted from 0",
    ),
    Mistake(
        "targets-out-of-order",
        (
            _targets(lambda y: y[::-1]),
            _targets(lambda y: np.roll(y, 1, axis=0)),
            _targets(lambda y: np.roll(y, -1, axis=0)),
            _targets(_by_class),
        ),
        of_error,
        "the targets are in another order than the inputs",
    ),
    Mistake(
        "targets-as-numbers",
        (_indexed(lambda y, t: np.broadcast_to(t[:, None].astype(np.float64), y.shape)),),
        gradient,
        "the number of the target class is taken off every output: take 1 off that of the target, as one-hot rows do",
    ),
    Mistake(
        "targets-as-rows",
        (_indexed(_rows_of),),
        gradient,
        "1 is taken off whole rows, d[t] -= 1: take it off the target of each row, d[np.arange(N), t] -= 1",
    ),
    Mistake(
        "targets-as-columns",
        (_indexed(_columns_of),),
        gradient,
        "1 is taken off whole columns, d[:, t] -= 1: take it off the target of each row, d[np.arange(N), t] -= 1",
    ),
)
