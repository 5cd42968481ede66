"""What may have been done to a matrix: a mistake, two of them, one with a number that is fitted; the simplest first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .formula import Formula
from .mistakes.layer import MEAN_FOR_SUM, SIGN, mean_for_sum
from .mistakes.mistake import Fit, Mistake, Variant
from .mistakes.registry import FITTED

MOST_WORK = 1e8  # numbers formed for all pairs, beyond which a mistake is tried with a sign, a factor or a layout only
OVERFLOWING = ("logits-not-shifted", "batch-maximum")
ALONE = ("diagonal-only", "missing-softmax", "missing-outer-product")  # what leaves only the column of the target
ORDERED = ("targets-off-by-one", "targets-out-of-order")  # which other targets take in
WITHOUT_SOFTMAX = {"sign-flipped", "row-major-weights", "missing-input"}


class Candidate(NamedTuple):
    """Mistakes, a variant of each, whether a constant or another number is fitted as well, and the position of the
    layout."""

    known: tuple[Mistake, ...]
    variants: tuple[Variant, ...]
    scaled: bool = False
    fit: Fit | None = None
    view: int = 0

    @property
    def size(self) -> tuple[int, bool]:
        """How much it assumes: first how many mistakes, then whether a number is fitted."""
        fitted = self.scaled + (self.fit is not None)
        return len(self.known) + fitted + bool(self.view), fitted > 0

    @property
    def needed(self) -> int:
        """How many numbers it has to explain. Among so many pairs one fits two by chance."""
        if len(self.known) + self.scaled + (self.fit is not None) + bool(self.view) > 1:
            return 3
        return 2 if self.scaled or self.fit else 1


def candidates(right: Formula, possible: Sequence[tuple[Mistake, Variant]], views: int) -> Iterator[Candidate]:
    """What may have been made: one mistake first, then two; among each those with a constant last."""
    single = [((m,), (variant,)) for m, variant in possible]
    for known, variants in single:
        yield Candidate(known, variants)
    for at in range(1, views):
        yield Candidate((), (), view=at)
    fits = [fit for fit in FITTED if fit.spoils(right.quantity)]
    if fits and right.quantity.by == "W":
        yield from (Candidate((), (), fit=fit) for fit in fits if fit.name == "clipped")
    yield Candidate((), (), scaled=True)
    for fit in fits:
        yield Candidate((), (), fit=fit)
    # Next to nan another mistake cannot be seen.
    single = [(known, variants) for known, variants in single if known[0].name not in OVERFLOWING]
    if len(single) ** 2 / 2 * right.h.size <= MOST_WORK:
        for last, ((n,), second) in enumerate(single):  # what is made of the second is shared
            for (m,), first in single[:last]:
                if _together(m, n):
                    yield Candidate((m, n), first + second)
    else:
        signs = [(known, variants) for known, variants in single if known[0] is SIGN]
        for ((m,), first), ((n,), second) in itertools.product(signs, single):
            if _together(m, n):
                yield Candidate((m, n), first + second)
    for at in range(1, views):
        for known, variants in single:
            yield Candidate(known, variants, view=at)
    # A negative constant is `scaled` alone; any uniform output is a multiple of h = 1; and a gradient of one input in
    # the column of the target alone is a multiple of any other.
    alone = () if right.goal is None or right.goal.y is None or len(right.x) > 1 else ALONE
    for known, variants in single:
        if known[0] is not SIGN and known[0].name not in alone and right.quantity.by is not None:
            yield Candidate(known, variants, scaled=True)
    for at in range(1, views):
        yield from (Candidate((), (), fit=fit, view=at) for fit in fits if fit.name == "clipped")
        yield Candidate((), (), scaled=True, view=at)
        yield from (Candidate((), (), fit=fit, view=at) for fit in fits if fit.name != "clipped")
    for fit in fits:
        if fit.scale is not None:
            yield Candidate((), (), scaled=True, fit=fit)
    for fit in fits if mean_for_sum(right) is not None else ():
        yield Candidate((MEAN_FOR_SUM,), MEAN_FOR_SUM.variants, fit=fit)
    if len(single) * len(fits) * right.W.size * len(right.x) <= MOST_WORK:
        for (known, variants), fit in itertools.product(single, fits):
            if known[0] is SIGN or not (fit.costly or (known[0].name in ORDERED and fit.name == "other-targets")):
                yield Candidate(known, variants, fit=fit)


def _together(m: Mistake, n: Mistake) -> bool:
    """Whether two mistakes can be made at once. Where the softmax is left out, nothing can be wrong with it; and one
    along an axis of length 1, twice, would make 1/K of all outputs, which has likelier causes."""
    names = {m.name, n.name}
    if names == {"softmax-twice", "wrong-axis"}:
        return False
    return len(names) == 2 and ("missing-softmax" not in names or not names.isdisjoint(WITHOUT_SOFTMAX))
