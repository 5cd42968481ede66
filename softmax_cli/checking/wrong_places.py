"""Where a matrix is wrong that no one mistake explains: the most of it in the fewest words, and nothing of noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array
from ..wording import joined
from .regions import Grid, Mask, Region, smallest

MOST = 1 << 23  # entries of a matrix that is looked at as a whole
NAMED = 5  # multiples that are listed
SHOWN_BY = 3  # entries at least that a mistake in a part of the matrix is shown by
LEFT = 0.01  # of what was added or multiplied, that may be left
PLAIN = 1000  # one entry alone is a multiple of what it should be if that is a whole number so large, or 1 over it


class Seen(NamedTuple):
    """A matrix and what it should be, as grids, which entries of it are wrong, and the relative error that two numbers
    may have that are equal. `worst` is what the worst entry is called."""

    grid: Grid
    theirs: Array
    ours: Array
    wrong: Mask
    tolerance: float
    worst: str

    def equal(self, seen: Array, made: Array, moved: Array | float = np.inf) -> bool:
        """Whether all of some entries are what was made, which moved them by so much: not nearly, if that is little."""
        with np.errstate(all="ignore"):
            allowed = np.minimum(self.tolerance * np.abs(made), LEFT * np.abs(moved))
            return bool((np.abs(seen - made) <= allowed).all())

    def shows(self, entries: Mask) -> bool:
        """Whether these entries are evidence: many things leave zeros."""
        return int(np.count_nonzero(self.theirs[entries])) >= SHOWN_BY


class Part(NamedTuple):
    """A mistake by its name and advice, and the entries that are as it makes them."""

    name: str
    advice: str
    entries: Mask


def told(seen: Seen, mistakes: Iterable[Part]) -> str | None:
    """Where it is wrong, and what stands there; None where there is nothing short to say. `mistakes` are asked for
    only where no simple relation holds."""
    blank = ~seen.wrong & (seen.ours == 0.0)  # zeros are right whatever is wrong
    right = ~seen.wrong & ~blank
    wrong = smallest(seen.grid, seen.wrong, right) if right.any() else None
    what = "" if wrong is None else _what(seen, wrong)
    if wrong is not None and not what and np.count_nonzero(seen.wrong) >= SHOWN_BY:
        parts = [part for part in mistakes if seen.shows(part.entries & seen.wrong)]
        made = next((part for part in parts if part.entries[seen.wrong].all()), None)
        what = "" if made is None else f"{'are' if wrong.plural else 'is'} {made.name}: {made.advice}"
    elif wrong is None:
        parts = list(mistakes)
        if (explained := _all_but(seen, parts, blank)) is not None:
            return explained
    kept = smallest(seen.grid, right, seen.wrong) if np.count_nonzero(right) > 1 else None
    if kept is not None and (seen.wrong & kept.inside).any():
        kept = None  # it is not right
    if np.count_nonzero(seen.wrong) == 1 < seen.wrong.size and (wrong is None or not what or not wrong.in_a_word):
        what = _what(seen, Region(seen.worst, False, seen.wrong))
        return f"only {seen.worst} is wrong" + (f"; it {what}" if what else "")
    if wrong is not None and (kept is None or wrong.words - bool(what) <= kept.words):
        return f"all but {wrong.name} are right" + (f"; {wrong.name} {what}" if what else "")
    if kept is not None:
        return f"only {kept.name} {'are' if kept.plural else 'is'} right"
    return _multiples(seen)


def _all_but(seen: Seen, mistakes: Sequence[Part], blank: Mask) -> str | None:
    """A mistake that explains at least half of the matrix, and all but a region with a short name."""
    for part in mistakes:
        fits = part.entries & ~blank
        explained = int(np.count_nonzero(fits & seen.wrong))
        if explained < SHOWN_BY or not seen.shows(fits) or 2 * explained < int(np.count_nonzero(~blank)):
            continue
        rest = smallest(seen.grid, ~part.entries & ~blank, fits)
        if rest is not None:
            right = not (seen.wrong & rest.inside).any()
            which = f", which {'are' if rest.plural else 'is'} right," if right else ""
            return f"all but {rest.name}{which} are {part.name}: {part.advice}"
    return None


def _what(seen: Seen, region: Region) -> str:
    """What the wrong entries of a region are, beside what they should be, as a predicate; "" for nothing short."""
    be, they = ("are", "they") if region.plural else ("is", "it")
    theirs, ours = seen.theirs[seen.wrong], seen.ours[seen.wrong]
    if np.isnan(theirs).all():
        return f"{be} nan"
    if not np.isfinite(theirs).any():
        return f"{be} not finite"
    if not theirs.any():
        return f"{be} zero"
    if (c := _multiple(seen, theirs, ours)) is not None:
        return f"{be} {_times(c, they)}" if c != -1.0 else f"{'have' if region.plural else 'has'} the opposite sign"
    if region.axis is None or len(region.values) < 2:
        return _added(seen, theirs, ours, be, they)
    if len(region.values) == 2 and _exchanged(seen, region):
        return "are exchanged"
    if len(region.values) <= NAMED and (each := _each(seen, region.axis, region.values)) is not None:
        return f"are {joined([f'{c:.6g}' for c in each])} times what they should be"
    return _added(seen, theirs, ours, be, they)


def _times(c: float, they: str) -> str:
    return f"{c:.6g} {'times' if abs(c) > 1.0 else 'of'} what {they} should be"


def _multiple(seen: Seen, theirs: Array, ours: Array) -> float | None:
    """The c for which these are c·ours. One entry alone is one only of a whole number, or 1 over one."""
    at = int(np.abs(ours).argmax()) if len(ours) else 0
    if not len(ours) or ours[at] == 0.0:
        return None
    with np.errstate(all="ignore"):
        c = theirs[at] / ours[at]
        near = (np.round(c), 1.0 / np.round(1.0 / c))
        whole = [v for v in near if np.isfinite(v) and np.abs(c - v) <= 1e-6 * np.abs(v)]
    if not np.isfinite(c) or c == 0.0 or not seen.equal(theirs, c * ours, (c - 1.0) * ours):
        return None
    if len(ours) < 2 and not (whole and 1.0 / PLAIN <= abs(c) <= PLAIN):
        return None
    return float(whole[0] if whole else c)


def _added(seen: Seen, theirs: Array, ours: Array, be: str, they: str) -> str:
    """One number that was added to all of three entries or more."""
    c = float(np.median(theirs - ours))
    if len(theirs) < 3 or not np.isfinite(c) or not np.abs(ours).max() > 0.0 or not seen.equal(theirs, ours + c, c):
        return ""
    return f"{be} {abs(c):.6g} {'more' if c > 0 else 'less'} than {they} should be"


def _exchanged(seen: Seen, region: Region) -> bool:
    """Whether each of two values of an axis has what belongs to the other."""
    assert region.axis is not None
    first, second = region.values
    theirs = [np.take(seen.theirs, v, axis=region.axis) for v in (first, second)]
    ours = [np.take(seen.ours, v, axis=region.axis) for v in (second, first)]
    return theirs[0].size > 1 and all(seen.equal(a, b) for a, b in zip(theirs, ours, strict=True))


def _each(seen: Seen, axis: int, values: Sequence[int]) -> list[float] | None:
    """A multiple for each value of an axis; None if one has none, or they have no two entries each to show it."""
    found = []
    for v in values:
        theirs, ours = (np.take(a, v, axis=axis).ravel() for a in (seen.theirs, seen.ours))
        theirs, ours = theirs[ours != 0.0], ours[ours != 0.0]
        c = _multiple(seen, theirs, ours) if len(ours) > 1 else None
        if c is None:
            return None
        found.append(c)
    return found


def _multiples(seen: Seen) -> str | None:
    """What holds the whole matrix together if each value of an axis has a multiple of its own."""
    for axis, (letter, length) in enumerate(seen.grid.axes.items()):
        if length < 2:
            continue
        each = _each(seen, axis, range(length))
        if each is not None:
            shown = [f"{c:.6g}" for c in each[:NAMED]]
            said = joined(shown) if len(each) <= NAMED else f"{', '.join(shown)}, …"
            return f"{seen.grid.called(letter, range(length))[0]} are {said} times what they should be"
    return None
