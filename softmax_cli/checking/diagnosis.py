"""Which known mistake, or which two, explain the whole of a wrong matrix."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from . import roundoff, scale
from .formula import Formula, Rows
from .mistakes.mistake import Mistake, Variant
from .mistakes.registry import KNOWN
from .submitted import View

TIGHT = 1e-6  # a diagnosis explains every entry at least this well, relative
WITNESS = 100  # an entry is evidence if it is so many times what it may be off by

ALONE = ("diagonal-only", "missing-softmax", "missing-outer-product")  # what leaves only the column of the target
WITHOUT_SOFTMAX = {"sign-flipped", "row-major-weights", "missing-input"}
TOLD_APART = {"row-major-weights", "missing-input"}  # from a constant, whatever the outputs


class Evidence(NamedTuple):
    """What is right, as a formula and as rows of all digits; the matrix, in the layout it is to be in and in the others
    that its shape fits; and slices that cover the rows."""

    right: Formula
    ours: Rows
    views: Sequence[View]
    parts: Sequence[slice]


class Diagnosis(NamedTuple):
    """Names of mistakes joined by " + ", and a line of advice."""

    name: str
    advice: str


class Candidate(NamedTuple):
    """Mistakes, a variant of each, whether a constant is fitted as well, and the position of the layout."""

    known: tuple[Mistake, ...]
    variants: tuple[Variant, ...]
    scaled: bool = False
    view: int = 0

    @property
    def needed(self) -> int:
        """How many numbers it has to explain. Among so many pairs one fits two by chance."""
        if len(self.known) + self.scaled + bool(self.view) > 1:
            return 3
        return 2 if self.scaled else 1


def diagnose(evidence: Evidence, **limits: float) -> Diagnosis | None:
    """The mistake, or else the two, that explain a whole matrix. One of them may be that it is laid out as another
    of its views than the first. `limits` are as in `explains`. None if nothing explains it."""
    right = evidence.right

    @functools.cache
    def made(variants: tuple[Variant, ...]) -> Formula | None:
        """The last variant first: those that evaluate the softmax again are last in KNOWN, and what is
        made of them shares it."""
        if not variants:
            return right
        try:
            rest = made(variants[1:])
            f = None if rest is None else variants[0](rest)
            return f if f is None or f.h.size else None  # evaluated here, where its overflow is caught
        except InputError:  # the wrong logits overflow: not what made this matrix
            return None

    for candidate in _candidates(right, len(evidence.views)):
        known, variants, scaled, at = candidate
        if scaled and not {m.name for m in known} <= TOLD_APART and scale.alike(right):
            continue
        base = made(variants)
        f = scale.scaled(base, evidence.views[at].rows) if scaled and base is not None else base
        if f is not None and explains(f, evidence, at, candidate.needed, **limits):
            return _told(candidate, f, evidence.views[at].layout)
    return None


def _candidates(right: Formula, views: int) -> Iterator[Candidate]:
    """What may have been made: one mistake first, then two; among each those with a constant last."""
    single = [((m,), (variant,)) for m in KNOWN if m.spoils(right.quantity) for variant in m.variants]
    for known, variants in single:
        yield Candidate(known, variants)
    for at in range(1, views):
        yield Candidate((), (), view=at)
    yield Candidate((), (), scaled=True)
    # Next to nan another mistake cannot be seen.
    single = [(known, variants) for known, variants in single if known[0].name != "logits-not-shifted"]
    for ((m,), first), ((n,), second) in itertools.combinations(single, 2):
        if _together(m, n):
            yield Candidate((m, n), first + second)
    for at in range(1, views):
        for known, variants in single:
            yield Candidate(known, variants, view=at)
    # A negative constant is `scaled` alone; any uniform output is a multiple of h = 1; and a gradient in the
    # column of the target alone is a multiple of any other.
    alone = () if right.goal is None or right.goal.y is None else ALONE
    for known, variants in single:
        if known[0].name not in ("sign-flipped", *alone) and right.quantity.by is not None:
            yield Candidate(known, variants, scaled=True)
    for at in range(1, views):
        yield Candidate((), (), scaled=True, view=at)


def _together(m: Mistake, n: Mistake) -> bool:
    """Whether two mistakes can be made at once. Where the softmax is left out, nothing can be wrong with it."""
    names = {m.name, n.name}
    return len(names) == 2 and ("missing-softmax" not in names or not names.isdisjoint(WITHOUT_SOFTMAX))


def explains(
    f: Formula, evidence: Evidence, view: int, needed: int, *, tolerance: float, unit: float, tiny: float
) -> bool:
    """Whether the matrix, in one of its views, is `f` in every entry, and can be told from what is right.

    Relative `tolerance`, with a floor of what both sides may lose to cancellation in arithmetic of roundoff `unit`,
    and of what underflows, `tiny`. At least `needed` entries stand well above that floor: below it a matrix is
    anything. Where `f` overflows, the matrix must; and it may wherever f's outputs do, for nan·0 is nan in a
    product of matrices.
    """
    overflows, distinct, witnesses = not np.isfinite(f.h).all(), False, 0
    for part in evidence.parts:
        made, seen = f.rows(part), evidence.views[view].rows(part)
        with np.errstate(all="ignore"):
            floor = 2.0 * roundoff.cancelling(f, part, unit)[1] + roundoff.underflowing(f, part, tiny)
            allowed = tolerance * np.abs(made) + floor
            fits = np.abs(seen - made) <= allowed
            if overflows:
                fits |= ~np.isfinite(seen)
            if not fits.all():
                return False
            witnesses += int(np.count_nonzero(~(np.abs(made) <= WITNESS * floor)))
            expected = evidence.ours(part)
            if view == 0:
                distinct = distinct or not (np.abs(made - expected) <= 2 * allowed).all()
            else:  # what it would be in the layout that is expected
                near = 2 * tolerance * np.abs(expected) + 2 * floor.max()
                distinct = distinct or not (np.abs(evidence.views[0].rows(part) - expected) <= near).all()
    return distinct and witnesses >= needed


def _told(candidate: Candidate, f: Formula, layout: str) -> Diagnosis:
    """The names and the lines of advice."""
    known, _, scaled, at = candidate
    q = f.quantity
    words = {q.key, q.of, layout}
    if f.goal is not None:
        words.add("target" if f.goal.u is None else "upstream")
    names = ["transposed"] * bool(at) + [m.name for m in known] + ["scaled"] * scaled
    advice = [_transposed_advice(layout)] * bool(at) + [m.advice_for(words) for m in known]
    return Diagnosis(" + ".join(names), "; ".join([*advice, scale.advice(f)] if scaled else advice))


def _transposed_advice(layout: str) -> str:
    stored = {"in-out": "inputs × outputs, (J, K)", "out-in": "outputs × inputs, (K, J)"}.get(layout)
    laid_out = f"dE/dW is stored {stored}" if stored else f"it is in {layout} layout, the transpose of what is expected"
    return f"{laid_out}: transpose it, or say so with --layout {layout}"
