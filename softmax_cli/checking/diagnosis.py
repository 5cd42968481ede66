"""Which known mistake, or which two, explain the whole of a wrong matrix."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from . import common_factor, roundoff
from .candidates import Candidate, candidates
from .formula import Formula, Indices, Rows
from .mistakes.mistake import Fit, Fitted, Variant
from .mistakes.registry import KNOWN
from .regions import Mask
from .submitted import View

TIGHT = 1e-6  # a diagnosis explains every entry at least this well, relative
FAR = 0.05  # of the largest entry, and certainly none of it
LITTLE = 1e-6
MOST_ALIKE = 3  # explanations that are named
MOST_PARTLY = 2e5  # numbers of W for each input, or entries, beyond which no mistake is tried in a part of a matrix
SAMPLE = 64  # inputs of a Jacobian in W, of many, that a mistake is tried on first
ZERO, ZERO_AT_MOST = 1e3, 0.02  # roundoffs, and how much, of the largest right entry that sums which are zero may leave
WITNESS = 100  # an entry is evidence if it is so many times what it may be off by
LEFT = 0.01  # of what a mistake changes, and rounding, that may be left unexplained: else it fits by chance

TOLD_APART = {"row-major-weights", "missing-input"}  # from a constant, whatever the outputs


class Evidence(NamedTuple):
    """What is right, as a formula and as rows of all digits; the matrix, in the layout it is to be in and in the others
    that its shape fits; and slices that cover the rows."""

    right: Formula
    ours: Rows
    views: Sequence[View]
    parts: Sequence[slice]

    @property
    def size(self) -> int:
        """How many entries the matrix has."""
        part = self.parts[0]
        return int(self.views[0].rows(part).size // max(1, part.stop - part.start) * self.parts[-1].stop)

    def columns(self) -> Indices | None:
        """Some of the inputs that a Jacobian in W is by, where these are many."""
        _, J, _ = self.right.sizes
        wide = self.right.quantity.is_jacobian and self.right.quantity.by == "W" and J > 2 * SAMPLE
        return np.linspace(0, J - 1, SAMPLE).astype(np.intp) if wide else None


class Diagnosis(NamedTuple):
    """Names of mistakes joined by " + ", and a line of advice."""

    name: str
    advice: str


def diagnose(evidence: Evidence, **limits: float) -> list[Diagnosis]:
    """The mistake, or else the two, that explain a whole matrix, and others as simple that make the same, three at
    most. One of two may be that it is laid out as another of its views than the first. `limits` are as in `explains`.
    Nothing if nothing explains it."""
    right = evidence.right

    @functools.lru_cache(maxsize=4)
    def made(variants: tuple[Variant, ...]) -> Formula | None:
        """The last variant first, and only the latest are kept: all of them would not fit beside a large data set."""
        if not variants:
            return right
        try:
            rest = made(variants[1:])
            f = None if rest is None else variants[0](rest)
            return f if f is None or f.h.size else None  # evaluated here, where its overflow is caught
        except InputError:  # the wrong logits overflow: not what made this matrix
            return None

    single = [(m, variant) for m in KNOWN if m.spoils(right.quantity) for variant in m.variants]
    single = [(m, variant) for m, variant in single if made((variant,)) is not None]
    plain = _loses_nothing(evidence, limits["unit"], limits["tiny"])
    told: dict[str, Diagnosis] = {}
    size = (0, False)
    for candidate in candidates(right, single, len(evidence.views)):
        if told and (candidate.size > size or len(told) == MOST_ALIKE):
            break
        if candidate.scaled and not {m.name for m in candidate.known} <= TOLD_APART and common_factor.alike(right):
            continue
        found = _fitted(candidate, made(candidate.variants), evidence.views[candidate.view].rows)
        if found is not None and explains(found.formula, evidence, candidate.view, candidate.needed, plain, **limits):
            said = _told(candidate, found, evidence.views[candidate.view].layout)
            told.setdefault(said.name, said)
            size = candidate.size
    return list(told.values()) or _blank(evidence, limits["unit"])


def _loses_nothing(evidence: Evidence, unit: float, tiny: float) -> bool:
    """Whether what may be lost to cancellation or underflow is nothing beside the largest of the first rows."""
    part = evidence.parts[0]
    with np.errstate(all="ignore"):
        lost = 2.0 * roundoff.cancelling(evidence.right, part, unit)[1]
        floor = (lost + roundoff.underflowing(evidence.right, part, tiny)).max()
        return bool(floor <= LITTLE * np.abs(evidence.ours(part)).max())


def _blank(evidence: Evidence, unit: float) -> list[Diagnosis]:
    """A matrix that holds nothing: nan alone, or zeros to within rounding where what is right is not zero."""
    theirs, largest, seen = evidence.views[0].rows, 0.0, 0.0
    for part in evidence.parts:
        block = np.abs(theirs(part))
        if not (np.isnan(block).all() or np.isfinite(block).all()):
            return []
        seen, largest = max(seen, float(block.max())), max(largest, float(np.abs(evidence.ours(part)).max()))
    if np.isnan(block).all() and seen == 0.0:
        return [Diagnosis("all-nan", "every entry is nan: look for 0/0, inf − inf or the logarithm of 0")]
    q = evidence.right.quantity
    if not seen <= min(ZERO * unit, ZERO_AT_MOST) * largest:
        return []
    why = ""
    if q.is_gradient:
        why = "the columns of dL/dW sum to zero, so its rows have to be weighted by dE/dh before they are added"
    if q.key == "dE_db":
        why = "dE/dz sums to zero over the outputs: sum it over the inputs of the batch, and over nothing else"
    return [Diagnosis("all-zero", f"every entry is zero: {why}" if why else "every entry is zero")]


def _fitted(candidate: Candidate, base: Formula | None, theirs: Rows) -> Fitted | None:
    """The formula of a candidate, with its number, if it has one."""
    if base is None or (not candidate.scaled and candidate.fit is None):
        return None if base is None else Fitted(base, "")
    if candidate.fit is not None and candidate.scaled:
        return _scaled_too(candidate.fit, base, theirs)
    if candidate.fit is not None:
        return candidate.fit.fit(base, theirs)
    return common_factor.scaled(base, theirs)


def _scaled_too(fit: Fit, base: Formula, theirs: Rows) -> Fitted | None:
    """A fit beside a constant."""
    c = None if fit.scale is None else fit.scale(base, theirs)
    if c is None or not np.isfinite(c) or c == 0.0:
        return None
    f = base.but(factor=base.factor * c)
    found = fit.fit(f, theirs)
    which = "all but the L2 term" if fit.name == "l2-term" else "every entry"
    return None if found is None else Fitted(found.formula, f"{common_factor.advice(f, which)}; {found.advice}")


def explains(
    f: Formula,
    evidence: Evidence,
    view: int,
    needed: int,
    plain: bool,
    *,
    tolerance: float,
    rounding: float,
    unit: float,
    tiny: float,
) -> bool:
    """Whether the matrix, in one of its views, is `f` in every entry, and can be told from what is right.

    Relative `tolerance`, with a floor of what both sides may lose to cancellation in arithmetic of roundoff `unit`,
    and of what underflows, `tiny`. At least `needed` entries stand well above that floor, or above it and fit without
    it: below it a matrix is anything. Of what `f` changes, little more than `rounding`, relative, is left. Where `f`
    overflows, the matrix must; and it may wherever f's outputs do, for nan·0 is nan in a product of matrices. Where the
    matrix is `plain`, nothing of size is lost, and what is far off soon dismissed.
    """
    overflows, distinct, witnesses, changed, left = not np.isfinite(f.h).all(), False, 0, 0.0, 0.0
    if plain and not overflows and not f.row_major and (columns := evidence.columns()) is not None:
        part = slice(0, 1)
        made, seen = f.but(columns=columns).rows(part), evidence.views[view].rows(part)
        seen = seen.reshape(len(f.b), -1)[:, columns].reshape(1, -1)
        with np.errstate(all="ignore"):
            if not np.abs(seen - made).max() <= FAR * np.abs(made).max():
                return False  # by a sample
    for part in evidence.parts:
        made, seen = f.rows(part), evidence.views[view].rows(part)
        with np.errstate(all="ignore"):
            if plain and not overflows and not np.abs(seen - made).max() <= FAR * np.abs(made).max():
                return False  # without a look at what it may lose
            floor = _floor(f, part, unit, tiny)
            allowed = tolerance * np.abs(made) + floor
            fits = np.abs(seen - made) <= allowed
            if overflows:
                fits |= ~np.isfinite(seen)
            if not fits.all():
                return False
            close = (np.abs(seen - made) <= tolerance * np.abs(made)) & (np.abs(made) > floor)
            witnesses += int(np.count_nonzero(~(np.abs(made) <= WITNESS * floor) | close))
            expected = evidence.ours(part)
            if view == 0:
                gap, rest = np.abs(made - expected), np.abs(seen - made) - rounding * np.abs(made)
                moved = ~(gap <= 2 * allowed)
                distinct = distinct or bool(moved.any())
                changed += np.sum(gap[moved] / allowed[moved])
                left += np.sum(np.maximum(rest[moved], 0.0) / allowed[moved])
            else:  # what it would be in the layout that is expected
                near = 2 * tolerance * np.abs(expected) + 2 * floor.max()
                distinct = distinct or not (np.abs(evidence.views[0].rows(part) - expected) <= near).all()
    return distinct and witnesses >= needed and not left > LEFT * changed


def _floor(f: Formula, part: slice, unit: float, tiny: float) -> Array:
    """What both sides may lose to cancellation, and to underflow."""
    lost: Array = 2.0 * roundoff.cancelling(f, part, unit)[1] + roundoff.underflowing(f, part, tiny)
    return lost


def partly(evidence: Evidence, *, tolerance: float, unit: float, tiny: float) -> Iterator[tuple[Diagnosis, Mask]]:
    """Each mistake that can be made alone, without another layout, and the entries that are as it makes them."""
    right = evidence.right
    if right.W.size * len(right.x) > MOST_PARTLY or evidence.size > MOST_PARTLY:
        return
    theirs = evidence.views[0]
    known = [(m, variant) for m in KNOWN if m.spoils(right.quantity) for variant in m.variants]
    alone = [Candidate((m,), (variant,)) for m, variant in known]
    for candidate in [*alone, Candidate((), (), scaled=True)]:
        try:
            base = candidate.variants[0](right) if candidate.variants else right
            found = None if base is None or not base.h.size else _fitted(candidate, base, theirs.rows)
        except InputError:
            continue
        if found is None:
            continue
        fits = []
        with np.errstate(all="ignore"):
            for part in evidence.parts:
                made = found.formula.rows(part)
                allowed = tolerance * np.abs(made) + _floor(found.formula, part, unit, tiny)
                fits.append(np.abs(theirs.rows(part) - made) <= allowed)
        yield _told(candidate, found, theirs.layout), np.concatenate(fits)


def _told(candidate: Candidate, found: Fitted, layout: str) -> Diagnosis:
    """The names and the lines of advice."""
    goal, q = found.formula.goal, found.formula.quantity
    words = {q.key, q.of, layout}
    if goal is not None:
        words.add("target" if goal.options.upstream is None else "upstream")
    if found.formula.one_output:
        words.add("one output")
    names = ["transposed"] * bool(candidate.view) + [m.name for m in candidate.known]
    advice = [_transposed_advice(layout)] * bool(candidate.view) + [m.advice_for(words) for m in candidate.known]
    names += ["scaled"] * candidate.scaled + ([] if candidate.fit is None else [candidate.fit.name])
    advice += [found.advice] if found.advice else []
    return Diagnosis(" + ".join(names), "; ".join(advice))


def _transposed_advice(layout: str) -> str:
    stored = {"in-out": "inputs × outputs, (J, K)", "out-in": "outputs × inputs, (K, J)"}.get(layout)
    laid_out = f"dE/dW is stored {stored}" if stored else f"it is in {layout} layout, the transpose of what is expected"
    return f"{laid_out}: transpose it, or say so with --layout {layout}"
