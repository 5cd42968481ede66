"""Equations, matrices and steps of a derivation, independent of how they are set.

An equation is true to the digits it shows: its operands get as many as it takes for the left side, worked
out from what is printed, to round to the right side that is printed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple

Kind = Literal["sum", "exp", "tempered", "quotient", "log"]


class Symbol(NamedTuple):
    """A name or formula as a terminal shows it, and in LaTeX."""

    text: str
    tex: str


class Code(NamedTuple):
    """What is typed into a terminal."""

    text: str


@dataclass(frozen=True)
class Prose:
    """A sentence or more, or a title: words, with formulas and commands among them."""

    parts: tuple[str | Symbol | Code, ...]

    def __add__(self, other: Prose) -> Prose:
        """One after the other."""
        return Prose(self.parts + other.parts)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


def say(*parts: str | Symbol | Code) -> Prose:
    return Prose(parts)


NOTHING = say()


class Equation(NamedTuple):
    """symbol = formula = arithmetic = value. The arithmetic is a sum of products of numbers, its
    exponential, or, for "quotient", the first product over the second; for "tempered", the exponential of the
    others over the last; for "log", less the logarithm."""

    symbol: Symbol
    formula: Symbol
    kind: Kind
    terms: tuple[tuple[str, ...], ...]
    value: str
    exact: bool


class Matrix(NamedTuple):
    """Numbers of a vector or a matrix of some shape, perhaps only the corner of it, and what its rows and
    columns are."""

    symbol: Symbol
    rows: tuple[tuple[str, ...], ...]
    shape: tuple[int, ...]
    axes: Prose = NOTHING


def narrowed(matrix: Matrix, room: float, width: Callable[[str], float]) -> Matrix:
    """The matrix with as many of its columns as there is room for, at least one; `width` is that of a number."""
    widths = (max(map(width, column)) for column in zip(*matrix.rows, strict=True))
    fit = sum(total <= room for total in accumulate(widths))
    return matrix._replace(rows=tuple(row[: max(fit, 1)] for row in matrix.rows))


Part = Prose | Symbol | Equation | Matrix


class Step(NamedTuple):
    title: Prose
    parts: tuple[Part, ...]


EVERY = 2200  # decimal digits hold a sum of products of three printed doubles, whatever their sizes


def worked(kind: Kind, terms: Iterable[tuple[str, ...]]) -> Decimal:
    """The value of an equation's arithmetic, from the numbers as they are printed: exact for a sum, else to 60
    digits."""
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = EVERY, -999999, 999999
        products = [math.prod((Decimal(f) for f in term), start=Decimal(1)) for term in terms]
        total = sum(products, Decimal(0))
        below = products[-1]
        above = sum(products[:-1], Decimal(0))
        context.prec = 60
        if kind == "quotient":
            return above / below
        if kind == "tempered":
            return (above / below).exp()
        if kind == "log":
            return -total.ln()
        return total.exp() if kind == "exp" else total


def _comes_to(kind: Kind, terms: Iterable[tuple[str, ...]], value: str) -> bool:
    """Whether the arithmetic is exactly the value that is printed."""
    if kind == "quotient":
        above, below = terms
        return worked("sum", [above]) == worked("sum", [(*below, value)])
    if kind == "sum":
        return worked("sum", terms) == Decimal(value)
    if kind == "log":
        return worked("sum", terms) == 1 and Decimal(value) == 0
    return worked("sum", list(terms)[:2]) == 0 and Decimal(value) == 1


def number(value: float, digits: int) -> str:
    return "-∞" if value == -math.inf else f"{value + 0.0:.{digits}g}"


def number_tex(text: str) -> str:
    """A number that is printed, in LaTeX."""
    significand, e, exponent = text.replace("∞", r"\infty").partition("e")
    return f"{significand} \\cdot 10^{{{int(exponent)}}}" if e else significand


@lru_cache(maxsize=100_000)
def equation(
    symbol: Symbol, formula: Symbol, kind: Kind, terms: tuple[tuple[float, ...], ...], value: float, digits: int
) -> Equation:
    """The equation with as few more digits than `digits` in its operands as it takes for its sides to
    agree. Where a value stands between two roundings, the digits shown are those of what is printed."""
    shown = number(value, digits)
    for more in range(digits, 18):
        printed = tuple(tuple(number(v, more) for v in term) for term in terms)
        result = worked(kind, printed)
        rounded = number(float(Context(prec=digits, rounding=ROUND_HALF_UP).plus(result)), digits)
        if rounded == number(float(result), digits) == shown:  # and not a tie, which people round up
            break
    if printed == ((rounded,),):  # there is no arithmetic, and the value is that of the formula
        return Equation(symbol, formula, kind, printed, rounded, Decimal(repr(float(value))) == Decimal(rounded))
    return Equation(symbol, formula, kind, printed, rounded, _comes_to(kind, printed, rounded))
