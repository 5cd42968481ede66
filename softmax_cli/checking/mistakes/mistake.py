"""What a mistake is: a name, the formulas that go by it, the results it can spoil, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ..formula import Formula, Rows
from ..precision import FLOAT32
from ..quantities import Quantity
from ..roundoff import logit_errors

Variant = Callable[[Formula], Formula | None]  # None where it cannot be made


class Fitted(NamedTuple):
    """A formula with a number that was fitted to the matrix, and the line of advice that names it."""

    formula: Formula
    advice: str


class Fit(NamedTuple):
    """A mistake with a number in it, which `fit` finds from the rows of the matrix. If that is `costly`, it is tried
    with a flipped sign, and with no other mistake. `scale` finds the constant that every entry was multiplied by as
    well, where both can be told."""

    name: str
    spoils: Callable[[Quantity], bool]
    fit: Callable[[Formula, Rows], Fitted | None]
    costly: bool = False
    scale: Callable[[Formula, Rows], float | None] | None = None


class Mistake(NamedTuple):
    """`spoils` says of a result whether the mistake can be made in it. `advice` is one line; `instead` has lines for
    where it has to be put differently: by "target" or "upstream", by a layout, or by the key of a result."""

    name: str
    variants: tuple[Variant, ...]
    spoils: Callable[[Quantity], bool]
    advice: str
    instead: Mapping[str, str] = MappingProxyType({})

    def advice_for(self, words: set[str]) -> str:
        """The line for a result that goes by these words."""
        return next((text for word, text in self.instead.items() if word in words), self.advice)


def seen_beside(f: Formula, right: Formula) -> Formula | None:
    """`f`, whose outputs are made in single precision, where they are off by more than that precision makes of them."""
    with np.errstate(all="ignore"):
        allowed = FLOAT32.unit * logit_errors(right) * right.h + FLOAT32.tiny
        return None if (np.abs(f.h - right.h) <= allowed).all() else f


def freedom(f: Formula) -> int:
    """How many numbers of a result of the softmax are free: its outputs sum to 1, and of a sum over inputs there are
    no more than its rank has."""
    N, J, K = f.sizes
    by = f.quantity.by
    if f.quantity.key == "loss":
        return N if f.apart else 1
    if f.apart:
        return N * min(J, K - 1) if by == "x" else N * (K - 1)
    return (min(N, J) if by == "W" else 1) * (K - 1)


def everything(q: Quantity) -> bool:
    """Every result."""
    return True


def of_softmax(q: Quantity) -> bool:
    """What the softmax is evaluated for."""
    return q.of != "z"


def of_slope(q: Quantity) -> bool:
    """What the derivative of the softmax goes into."""
    return q.of != "z" and q.by is not None


def of_jacobian(q: Quantity) -> bool:
    """A Jacobian of the outputs, or of their logarithms."""
    return q.of != "z" and q.is_jacobian


def of_logits(q: Quantity) -> bool:
    """What the values of the logits go into."""
    return q.of != "z" or q.by is None


def of_error(q: Quantity) -> bool:
    """The error, and its derivatives."""
    return q.of_error


def gradient(q: Quantity) -> bool:
    """A derivative of the error."""
    return q.is_gradient


def by_weights(q: Quantity) -> bool:
    """A derivative in the weights."""
    return q.by in ("W", "WW")


def by_bias(q: Quantity) -> bool:
    """A derivative of the error in the bias."""
    return q.is_gradient and q.by == "b"


def outputs_themselves(q: Quantity) -> bool:
    """The outputs h."""
    return q.key == "h"


def outputs_or_gradient(q: Quantity) -> bool:
    """The outputs h, or what follows from them and the targets."""
    return q.key == "h" or q.is_gradient


def loss_itself(q: Quantity) -> bool:
    """The error."""
    return q.key == "loss"
