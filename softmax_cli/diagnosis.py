"""Which known mistake, or which two, explain the whole of a wrong matrix."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from . import mistakes
from .core import InputError
from .mistakes import Formula, Of, Rows

TIGHT = 1e-6  # a diagnosis explains every entry at least this well, relative

Variant = Callable[[Formula], Formula | None]


class Mistake(NamedTuple):
    """A name, the matrices that go by it, the results it can spoil, and one line of advice."""

    name: str
    variants: tuple[Variant, ...]
    of: tuple[Of, ...]
    advice: str


_JACOBIANS: tuple[Of, ...] = ("softmax-grad", "layer-grad", "weight-grad")
_SOFTMAX: tuple[Of, ...] = ("forward", *_JACOBIANS)

# The likelier first. `scaled` is not among them: it has a constant to fit, so it is believed last.
KNOWN: tuple[Mistake, ...] = (
    Mistake(
        "logits-not-shifted",
        (mistakes.logits_not_shifted, mistakes.logits_not_shifted_single),
        _SOFTMAX,
        "exp overflowed: subtract the largest logit from every logit before exponentiating",
    ),
    Mistake(
        "sign-flipped",
        (mistakes.sign_flipped,),
        (*_SOFTMAX, "linear-grad"),
        "every entry has the opposite sign: look for a minus too many or too few",
    ),
    Mistake(
        "row-major-weights",
        (mistakes.row_major_weights,),
        ("linear-grad", "layer-grad"),
        "the columns run in the order of W.ravel(): swap the last two axes of the (K, J, K) array before reshaping it",
    ),
    Mistake(
        "missing-input",
        (mistakes.missing_input,),
        ("linear-grad", "layer-grad", "weight-grad"),
        "the factor x is missing: a logit changes by x[j] for each unit of W[j,i]",
    ),
    Mistake(
        "missing-diagonal",
        (mistakes.missing_diagonal, mistakes.zero_diagonal, mistakes.delta_everywhere),
        _JACOBIANS,
        "the case i = t is wrong: h[t] also grows with its own logit, by h[t]·(1 − h[t])",
    ),
    Mistake(
        "diagonal-only",
        (mistakes.diagonal_only,),
        _JACOBIANS,
        "softmax is not elementwise: every output also falls by h[t]·h[i] with each other logit i",
    ),
    Mistake(
        "missing-bias",
        (mistakes.missing_bias,),
        _SOFTMAX,
        "the bias is left out: add b to the logits before the softmax",
    ),
    Mistake(
        "out-in-weights",
        (mistakes.out_in_weights, mistakes.out_in_weights_as_stored),
        _SOFTMAX,
        "W was read transposed: W[j,i] is the weight from input j to output i, so the logits are Wᵀx + b",
    ),
    Mistake(
        "wrong-axis",
        (mistakes.softmax_over_inputs, mistakes.input_along_outputs, mistakes.summed_over_outputs),
        _SOFTMAX,
        "an axis of W is mixed up: sum x[j]·W[j,i] over the inputs j, then take the softmax over the outputs i",
    ),
)


# --- which of them was made --------------------------------------------------------------------


class Diagnosis(NamedTuple):
    """`view` is the position of the layout in which the mistakes explain the matrix."""

    view: int
    name: str
    advice: str


def diagnose(
    right: Formula, views: Sequence[Rows], parts: Sequence[slice], ours: Rows, **limits: float
) -> Diagnosis | None:
    """The mistake, or else the two, that explain a whole matrix in one of its views.

    `parts` are slices that cover the rows, `ours` makes rows of what is right, `limits` are as in `explains`.
    None if nothing explains it.
    """

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

    for known, variants, fitted in _candidates(right.of):
        base = made(variants)
        for at, theirs in enumerate(views):
            f = mistakes.scaled(base, theirs) if fitted and base is not None else base
            if f is None or not explains(f, theirs, parts, ours, 2 if fitted else 1, **limits):
                continue
            names = [m.name for m in known] + ["scaled"] * fitted
            advice = [m.advice for m in known] + [_scaled_advice(f.factor)] * fitted
            return Diagnosis(at, " + ".join(names), "; ".join(advice))
    return None


def _candidates(of: Of) -> Iterator[tuple[tuple[Mistake, ...], tuple[Variant, ...], bool]]:
    """Mistakes, a variant of each, and whether a constant is fitted as well: single mistakes first,
    then pairs; among each those with a constant last."""
    single = [(m, variant) for m in KNOWN if of in m.of for variant in m.variants]
    for m, variant in single:
        yield (m,), (variant,), False
    yield (), (), True
    # Next to nan another mistake cannot be seen.
    single = [(m, variant) for m, variant in single if m.name != "logits-not-shifted"]
    for (m, first), (n, second) in itertools.combinations(single, 2):
        if m is not n:
            yield (m, n), (first, second), False
    for m, variant in single:
        # A negative constant is `scaled` alone; and any uniform output is a multiple of h = 1.
        if m.name != "sign-flipped" and of != "forward":
            yield (m,), (variant,), True


def explains(
    f: Formula,
    theirs: Rows,
    parts: Sequence[slice],
    ours: Rows,
    needed: int,
    *,
    tolerance: float,
    unit: float,
    underflow: float,
) -> bool:
    """Whether a matrix is `f` in every entry, and `f` can be told from what is right.

    Relative `tolerance` with a floor of 8 `unit` of what cancels (both sides may lose 4) and `underflow`.
    Where `f` overflows, the matrix must; and it may wherever f's outputs do, for nan·0 is nan in a
    product of matrices. At least `needed` entries are not zero.
    """
    overflows, distinct, entries = not np.isfinite(f.h).all(), False, 0
    for part in parts:
        made, seen = f.rows(part), theirs(part)
        with np.errstate(all="ignore"):
            allowed = tolerance * np.abs(made) + (8 * unit * f.scale(part) + underflow)
            fits = np.abs(seen - made) <= allowed
            if overflows:
                fits |= ~np.isfinite(seen)
            if not fits.all():
                return False
            entries += int(np.count_nonzero(made))
            distinct = distinct or not (np.abs(made - ours(part)) <= 2 * allowed).all()
    return distinct and entries >= needed


def _scaled_advice(constant: float) -> str:
    inverse = 1 / constant
    batch = round(inverse) if math.isfinite(inverse) and abs(inverse) < 1e9 else 0
    if batch > 1 and abs(inverse - batch) < 1e-4 * batch:
        return f"every entry is {constant:.6g} times what it should be, as a mean over {batch} would make it"
    return f"every entry is {constant:.6g} times what it should be: look for a constant factor too many"
