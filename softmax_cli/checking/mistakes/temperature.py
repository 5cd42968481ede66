"""Mistakes with the temperature T of softmax(z/T)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arrays import Array
from ..formula import Formula, Rows, softmax_outputs
from .mistake import Fit, Fitted, Mistake, freedom, of_slope, of_softmax

TRIED = np.geomspace(1 / 32, 32, 31)  # multiples of T near one of which the right one is looked for
MOST = 1 << 14  # logits that it is looked for in
FREE = 4  # numbers that are free at least where a constant is looked for as well
SAME = 1e-5  # relative; nearer to the right one, it is that
STEPS = 24  # of the search for its digits
AT_FIRST, SOON, NEAR = 0.9, 6, 0.01  # of the square of the matrix that may be left, at first and after some steps
ENTRIES = 4096  # about so many, of the first rows, it is looked for in; the candidate is tried on all


def forgotten(f: Formula) -> Formula | None:
    """softmax(z), and its derivative."""
    return f.but(temperature=1.0) if f.temperature != 1.0 else None


def multiplied(f: Formula) -> Formula | None:
    """softmax(z·T), and its derivative."""
    return f.but(temperature=1.0 / f.temperature) if f.temperature != 1.0 else None


def not_divided(f: Formula) -> Formula | None:
    """The derivative without its factor 1/T."""
    return f.but(factor=f.factor * f.temperature) if f.temperature != 1.0 else None


def divided_twice(f: Formula) -> Formula | None:
    """The derivative over T²."""
    return f.but(factor=f.factor / f.temperature) if f.temperature != 1.0 else None


def _plain(f: Formula, T: float) -> Formula:
    """The formula with another temperature, by ordinary arithmetic."""

    def outputs(f: Formula) -> tuple[Array, Array]:
        z = f.logits / T
        e = np.exp(z - z.max(axis=1, keepdims=True))
        h = e / e.sum(axis=1, keepdims=True)
        return h, (e.sum(axis=1, keepdims=True) - e) / e.sum(axis=1, keepdims=True)

    return f.but(temperature=T, outputs=outputs)


def _looked_in(f: Formula, theirs: Rows) -> slice | None:
    """The first rows of a matrix, where it may tell a temperature; None where it does not."""
    N, _, K = f.sizes
    if freedom(f) < 2 or f.quantity.key == "loss" or f.mask is not None or f.outputs is not softmax_outputs:
        return None  # any probabilities of two outputs have a temperature
    if f.reshaped or N * K > MOST:
        return None
    width = theirs(slice(0, 1)).shape[1]
    first = slice(0, max(1, ENTRIES // width))
    return first if np.isfinite(theirs(first)).all() else None


def scale_beside(f: Formula, theirs: Rows) -> float | None:
    """The constant that every entry is multiplied by beside another temperature."""
    first = _looked_in(f, theirs)
    if first is None or freedom(f) < FREE or f.quantity.by is None:
        return None
    seen = theirs(first)

    def nearest(made: Array) -> float:
        return float((seen * made).sum() / (made * made).sum())

    def at(logarithm: float) -> Array:
        return _plain(f, float(np.exp(logarithm))).rows(first)

    def scaled(logarithm: float) -> Array:
        made = at(logarithm)
        return nearest(made) * made

    with np.errstate(all="ignore"):
        found = _nearest(scaled, np.log(TRIED * f.temperature), seen)
        c = None if found is None else nearest(at(found))
    return c if c is not None and np.isfinite(c) else None


def other_temperature(with_factor: bool) -> Callable[[Formula, Rows], Fitted | None]:
    """Another temperature than the right one, by least squares; in a derivative with its factor 1/T or without."""

    def fit(f: Formula, theirs: Rows) -> Fitted | None:
        first = _looked_in(f, theirs)
        if first is None or (not with_factor and f.quantity.by is None):
            return None
        seen = theirs(first)

        def made(logarithm: float) -> Array:
            T = float(np.exp(logarithm))
            at = _plain(f, T)
            return at.rows(first) * (1.0 if with_factor else T)

        found = _nearest(made, np.log(TRIED * f.temperature), seen)
        if found is None or abs(found - np.log(f.temperature)) < SAME:
            return None
        T = float(f"{np.exp(found):.12g}")
        said = f"the temperature is {T:.6g}, where {f.temperature:g} is expected"
        factor = f.factor if with_factor else f.factor * T
        return Fitted(
            f.but(temperature=T, factor=factor), said if with_factor else f"{said}, and the factor 1/T is left out"
        )

    return fit


def _nearest(made: Callable[[float], Array], tried: Array, seen: Array) -> float | None:
    """The number whose rows are nearest to those that were seen: by trial, then by steps of Gauss and Newton, which are
    few where there is one."""
    with np.errstate(all="ignore"):
        left = [float(((made(c) - seen) ** 2).sum()) for c in tried]
        at, whole = float(tried[int(np.nanargmin(left))]), float((seen * seen).sum())
        for count in range(STEPS):
            here = made(at)
            if not float(((here - seen) ** 2).sum()) <= (AT_FIRST if count < SOON else NEAR) * whole:
                return None
            slope = (made(at + 1e-6) - made(at - 1e-6)) / 2e-6
            size = float((slope * slope).sum())
            if not np.isfinite(size) or size == 0.0:
                return None
            step = float((slope * (seen - here)).sum() / size)
            at += min(max(step, -1.0), 1.0)
            if abs(step) < 1e-13:
                break
    return at if np.isfinite(at) and abs(at) < 10.0 else None


OTHER_TEMPERATURE = (
    Fit("other-temperature", of_softmax, other_temperature(True), costly=True, scale=scale_beside),
    Fit("other-temperature", of_slope, other_temperature(False), costly=True),
)
TEMPERATURE = (
    Mistake(
        "missing-temperature",
        (forgotten,),
        of_softmax,
        "the temperature is left out: divide the logits by T before the softmax",
    ),
    Mistake(
        "temperature-multiplied",
        (multiplied,),
        of_softmax,
        "the logits are multiplied by the temperature: divide them by T",
    ),
    Mistake(
        "temperature-factor",
        (not_divided, divided_twice),
        of_slope,
        "the derivative of softmax(z/T) has the factor 1/T, once",
    ),
)
