"""Which known mistake, or which two, explain the whole of a wrong matrix."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from . import mistakes
from .formula import Formula, Of, Rows
from .submitted import View

TIGHT = 1e-6  # a diagnosis explains every entry at least this well, relative
WITNESS = 100  # an entry is evidence if it is so many times what it may be off by

Variant = Callable[[Formula], Formula | None]


class Mistake(NamedTuple):
    """A name, the matrices that go by it, the results it can spoil, and one line of advice: a general
    one, and those for a result or a layout where it has to be put differently."""

    name: str
    variants: tuple[Variant, ...]
    of: tuple[Of, ...]
    advice: str
    instead: Mapping[str, str] = MappingProxyType({})


_JACOBIANS: tuple[Of, ...] = ("softmax-grad", "layer-grad", "weight-grad")
_SOFTMAX: tuple[Of, ...] = ("forward", *_JACOBIANS)

_ALONE = ("diagonal-only", "missing-softmax", "missing-outer-product")  # what leaves only the column of the target

_WITHOUT_SOFTMAX = {"sign-flipped", "row-major-weights", "missing-input"}
_TOLD_APART = {"row-major-weights", "missing-input"}  # from a constant, whatever the outputs

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
        {"tensor": "the weights are stored outputs × inputs: swap the last two axes, [t, j, i] being ∂h[t]/∂W[j,i]"},
    ),
    Mistake(
        "missing-input",
        (mistakes.missing_input,),
        ("linear-grad", "layer-grad", "weight-grad"),
        "the factor x is missing: a logit changes by x[j] for each unit of W[j,i]",
    ),
    Mistake(
        "missing-diagonal",
        (mistakes.missing_diagonal, mistakes.zero_diagonal),
        _JACOBIANS,
        "the case i = t is wrong: h[t] also grows with its own logit, by h[t]·(1 − h[t])",
        {"target": "the right class is left out: dE/dz is h − y, with y one at the target and zero elsewhere"},
    ),
    Mistake(
        "missing-diagonal",
        (mistakes.delta_everywhere,),
        _JACOBIANS,
        "δ is taken for 1 everywhere: where i ≠ t the derivative is −h[t]·h[i], without the 1",
        {"target": "1 is taken off every class: take it off that of the target alone"},
    ),
    Mistake(
        "sign-flipped",
        (mistakes.diagonal_flipped,),
        _JACOBIANS,
        "the diagonal alone has the opposite sign: where i = t it is +h[t]·(1 − h[t])",
        {"target": "the column of the target alone has the opposite sign: there dE/dz is h − 1, elsewhere h"},
    ),
    Mistake(
        "sign-flipped",
        (mistakes.off_diagonal_added,),
        _JACOBIANS,
        "what stands off the diagonal has the opposite sign: where i ≠ t it is −h[t]·h[i]",
        {"target": "all but the column of the target has the opposite sign: there dE/dz is h − 1, elsewhere h"},
    ),
    Mistake(
        "diagonal-only",
        (mistakes.diagonal_only,),
        _JACOBIANS,
        "softmax is not elementwise: every output also falls by h[t]·h[i] with each other logit i",
    ),
    Mistake(
        "missing-outer-product",
        (mistakes.missing_outer_product, mistakes.outer_product_added),
        _JACOBIANS,
        "− h hᵀ is missing or added: dS/dZ is diag(h) − h hᵀ",
        {
            "target": "− h hᵀ is missing or added in dS/dZ = diag(h) − h hᵀ: dE/dz is h − y, not −y or −h − y",
            "weight-grad": "− h hᵀ is missing or added in dS/dZ = diag(h) − h hᵀ: dE/dz[i] is h[i]·(u[i] − Σ h·u)",
        },
    ),
    Mistake(
        "log-softmax",
        (mistakes.log_softmax,),
        _JACOBIANS,
        "this is the derivative of ln h: multiply row t by h[t]",
        {
            "target": "dE/dh = −y/h was multiplied by the derivative of ln h: by that of h, dE/dz is h − y",
            "weight-grad": "dE/dh was multiplied by the derivative of ln h: multiply row t of it by h[t]",
        },
    ),
    Mistake(
        "missing-softmax",
        (mistakes.missing_softmax,),
        _JACOBIANS,
        "the softmax is left out: these are the derivatives of the logits, to be multiplied by dS/dZ",
        {
            "target": "the softmax is left out of the chain: dE/dz is h − y, not dE/dh = −y/h",
            "weight-grad": "the softmax is left out of the chain: dE/dz[i] is h[i]·(u[i] − Σ h·u), not u itself",
        },
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
        (mistakes.softmax_over_batch,),
        _SOFTMAX,
        "the softmax runs along the batch: take it over the outputs of each input, along the last axis",
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
    """Names of mistakes joined by " + ", and a line of advice."""

    name: str
    advice: str


class Candidate(NamedTuple):
    """Mistakes, a variant of each, whether a constant is fitted as well, and the position of the layout."""

    known: tuple[Mistake, ...]
    variants: tuple[Variant, ...]
    scaled: bool = False
    view: int = 0


def diagnose(
    right: Formula, views: Sequence[View], parts: Sequence[slice], ours: Rows, **limits: float
) -> Diagnosis | None:
    """The mistake, or else the two, that explain a whole matrix. One of them may be that it is laid out as another
    of its views than the first.

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

    words = {right.of, "target"} if right.target is not None else {right.of}
    for candidate in _candidates(right, len(views)):
        known, variants, scaled, at = candidate
        if scaled and not {m.name for m in known} <= _TOLD_APART and _alike(right):
            continue
        layout, theirs = views[at]
        base = made(variants)
        # Among so many pairs one fits two numbers by chance.
        needed = 3 if len(known) + scaled + bool(at) > 1 else 2 if scaled else 1
        f = mistakes.scaled(base, theirs) if scaled and base is not None else base
        if f is None or not explains(f, theirs, parts, ours, views[0].rows if at else None, needed, **limits):
            continue
        names = ["transposed"] * bool(at) + [m.name for m in known] + ["scaled"] * scaled
        advice = [_transposed_advice(right.of, layout)] * bool(at) + [_advice(m, words | {layout}) for m in known]
        return Diagnosis(" + ".join(names), "; ".join(advice + [_scaled_advice(f)] * scaled))
    return None


def _candidates(right: Formula, views: int) -> Iterator[Candidate]:
    """What may have been made: one mistake first, then two; among each those with a constant last."""
    of = right.of
    single = [((m,), (variant,)) for m in KNOWN if of in m.of for variant in m.variants]
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
    alone = () if right.target is None else _ALONE
    for known, variants in single:
        if known[0].name not in ("sign-flipped", *alone) and of != "forward":
            yield Candidate(known, variants, scaled=True)
    for at in range(1, views):
        yield Candidate((), (), scaled=True, view=at)


def _together(m: Mistake, n: Mistake) -> bool:
    """Whether two mistakes can be made at once. Where the softmax is left out, nothing can be wrong with it."""
    names = {m.name, n.name}
    return len(names) == 2 and ("missing-softmax" not in names or not names.isdisjoint(_WITHOUT_SOFTMAX))


def explains(
    f: Formula,
    theirs: Rows,
    parts: Sequence[slice],
    ours: Rows,
    first: Rows | None,
    needed: int,
    *,
    tolerance: float,
    unit: float,
    tiny: float,
) -> bool:
    """Whether a matrix is `f` in every entry, and can be told from what is right: `theirs`, or `first` if the matrix
    was to be in that layout.

    Relative `tolerance`, with a floor of what both sides may lose to cancellation in arithmetic of roundoff `unit`,
    and of what underflows, `tiny`. At least `needed` entries stand well above that floor: below it a matrix is
    anything. Where `f` overflows, the matrix must; and it may wherever f's outputs do, for nan·0 is nan in a
    product of matrices.
    """
    overflows, distinct, witnesses = not np.isfinite(f.h).all(), False, 0
    for part in parts:
        made, seen = f.rows(part), theirs(part)
        with np.errstate(all="ignore"):
            floor = 2.0 * f.cancelling(part, unit)[1] + f.underflowing(part, tiny)
            allowed = tolerance * np.abs(made) + floor
            fits = np.abs(seen - made) <= allowed
            if overflows:
                fits |= ~np.isfinite(seen)
            if not fits.all():
                return False
            witnesses += int(np.count_nonzero(~(np.abs(made) <= WITNESS * floor)))
            expected = ours(part)
            if first is None:
                distinct = distinct or not (np.abs(made - expected) <= 2 * allowed).all()
            else:
                near = 2 * tolerance * np.abs(expected) + 2 * floor.max()
                distinct = distinct or not (np.abs(first(part) - expected) <= near).all()
    return distinct and witnesses >= needed


def _advice(mistake: Mistake, words: set[str]) -> str:
    return next((text for word, text in mistake.instead.items() if word in words), mistake.advice)


def _transposed_advice(of: Of, layout: str) -> str:
    stored = {"in-out": "inputs × outputs, (J, K)", "out-in": "outputs × inputs, (K, J)"}.get(layout)
    laid_out = f"dE/dW is stored {stored}" if stored else f"it is in {layout} layout, the transpose of what is expected"
    return f"{laid_out}: transpose it, or say so with --layout {layout}"


def _scaled_advice(f: Formula) -> str:
    digits = 6 if abs(f.factor - 1) > 1e-5 else 12
    if f.of == "forward":
        return f"the outputs sum to {f.factor:.{digits}g}, not to 1: divide by the sum of the exponentials"
    said = f"every entry is {f.factor:.{digits}g} times what it should be"
    N, inverse = len(f.x), 1 / f.factor
    if N > 1 and f.count == N and abs(f.factor - N) < 1e-4 * N:
        return f"{said}: a sum over the {N} inputs, where their mean is expected"
    if N > 1 and f.count == 1 and abs(inverse - N) < 1e-4 * N:
        return f"{said}: a mean over the {N} inputs, where their sum is expected"
    batch = round(inverse) if math.isfinite(inverse) and abs(inverse) < 1e9 else 0
    mean = f", such as a mean over {batch} would make" if batch > 1 and abs(inverse - batch) < 1e-3 else ""
    return f"{said}: look for a constant factor too many{mean}{_or_wrong_outputs(f)}"


def _alike(f: Formula) -> bool:
    """Whether other probabilities make a multiple of the same matrix: all pairs hₜhᵢ are alike."""
    K = f.h.shape[1]
    return len(f.x) == 1 and (K == 2 or (K > 2 and bool(np.ptp(f.h) <= 1e-9 * f.h.max())))


def _or_wrong_outputs(f: Formula) -> str:
    if f.of in ("forward", "linear-grad") or not _alike(f):
        return ""
    return ", or wrong probabilities h, which look the same here: check them with --of forward"
