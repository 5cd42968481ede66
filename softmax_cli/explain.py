"""The derivation of dL/dW, worked with the user's numbers: what is said and computed, not how it is set.

A number is kept exact and printed rounded. In a chain of equal expressions the last is rounded to the
digits asked for, and what stands before it to as many more as make the printed arithmetic come out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from numpy.typing import ArrayLike

from .core import Array, InputError, Layer, evaluate
from .jacobian import layer_structure

SHORT = 6  # terms of a sum, or rows of a matrix, that are shown whole
WIDE = 8  # columns of a matrix that are shown whole
KEPT = 4  # terms shown of a longer sum
SMALLEST = Fraction(2) ** -1074


class Number(NamedTuple):
    """A value, and the significant digits it is printed with. `typed` if a double stands for the
    decimal that it prints as: an input, or a logit."""

    exact: Fraction
    typed: bool = False
    digits: int = 0

    @property
    def text(self) -> str:
        """As Python writes it: 0.25, -1.5e-07."""
        if not self.exact:
            return "0"
        context = Context(prec=self.digits)
        value = context.divide(Decimal(self.exact.numerator), Decimal(self.exact.denominator)).normalize(context)
        plain = -5 <= value.adjusted() < max(self.digits, 6)
        return f"{value:f}" if plain else f"{value:e}".replace("e+", "e")

    @property
    def unit(self) -> Fraction:
        """One in the last digit. Nothing is told apart that is closer than two of the smallest double."""
        last = Fraction(10) ** (_exponent(self.exact) - self.digits + 1) if self.exact else Fraction(0)
        return max(last, 2 * SMALLEST)


class Symbol(NamedTuple):
    """An array element, h[1], or with `sub` a subscripted letter, hₜ."""

    name: str
    at: tuple[str, ...] = ()
    sub: bool = False


class Op(NamedTuple):
    """An operation: + × / − (negative) exp ln ² ∂ (of, by), Σ with the index it runs `over`, or "rest",
    the terms left out, `over` in number, and their sum if that is known."""

    kind: Literal["+", "×", "/", "−", "exp", "ln", "²", "∂", "Σ", "rest"]
    args: tuple[Expr, ...]
    over: str = ""


Expr = Number | Symbol | Op


class Equation(NamedTuple):
    """members[0] relations[0] members[1] …, each relation = or ≈; `where` says for which indices."""

    members: tuple[Expr, ...]
    relations: tuple[str, ...]
    where: str = ""


class Grid(NamedTuple):
    """A matrix, or its corners: None stands where something was left out."""

    title: tuple[str | Expr, ...]
    rows: tuple[Symbol | None, ...]
    columns: tuple[Symbol | None, ...]
    cells: tuple[tuple[Number | None, ...], ...]


class Prose(NamedTuple):
    parts: tuple[str | Expr, ...]


class Step(NamedTuple):
    title: str
    body: tuple[Prose | Equation | Grid, ...]


# --- arithmetic that is true to the digits printed ---------------------------------------------


def worth(e: Expr) -> Fraction:
    """What an expression of printed numbers comes to."""
    if isinstance(e, Number):
        return Fraction(e.text)
    assert isinstance(e, Op)
    args = [worth(a) for a in e.args]
    match e.kind:
        case "×":
            return math.prod(args, start=Fraction(1))
        case "/":
            return args[0] / args[1] if args[1] else Fraction(0)
        case "−":
            return -args[0]
        case "exp":
            return exponential(args[0])
        case _:
            return sum(args, Fraction(0))


def exponential(a: Fraction) -> Fraction:
    """exp(a) to 60 digits, and zero far below the smallest double."""
    context = Context(prec=60)
    return Fraction(context.divide(a.numerator, a.denominator).exp(context)) if a > -10000 else Fraction(0)


def equation(*members: Expr, digits: int, where: str = "") -> Equation:
    """A chain that ends in a number: that rounded to `digits`, and every expression of numbers before
    it to the fewest digits, not fewer, from which what follows can be worked out to one in its last digit.
    Where even exact numbers could not do that, because the result was rounded before, it gets fewer digits."""
    end = members[-1]
    assert isinstance(end, Number)
    most = min(digits, _exponent(end.exact) + 324) if end.exact else digits
    for n in range(max(most, 1), 0, -1):
        done = _worked(members, n)
        if done:
            break
    else:
        done = [e if _symbolic(e) else _rounded(e, 17) for e in members[:-1]] + [_rounded(end, 1)]
    kept = [done[0], *(b for a, b in itertools.pairwise(done) if a != b and not _same(a, b))]
    return Equation(tuple(kept), tuple(_relation(a, b) for a, b in itertools.pairwise(kept)), where)


def identity(*members: Expr, where: str = "") -> Equation:
    """A formula: it holds exactly."""
    return Equation(members, ("=",) * (len(members) - 1), where)


def _worked(members: Sequence[Expr], digits: int) -> list[Expr]:
    done = [_rounded(members[-1], digits)]
    for e in reversed(members[:-1]):
        if _symbolic(e):
            done.insert(0, e)
            continue
        following = [d for d in done if not _symbolic(d)]
        for more in [*range(digits, 22), 30, 40, 60, 120, 400, 1600]:
            tried = _rounded(e, more)
            if _follows(tried, following[0], following[-1]):
                break
        else:
            return []
        done.insert(0, tried)
        digits = more
    return done


def _follows(e: Expr, following: Expr, end: Expr) -> bool:
    assert isinstance(end, Number)
    return _agrees(e, following) and abs(worth(e) - worth(end)) <= end.unit


def _agrees(e: Expr, following: Expr) -> bool:
    """Term by term and factor by factor, where both are built alike."""
    if isinstance(following, Number):
        return abs(worth(e) - worth(following)) <= following.unit
    if isinstance(e, Op) and e.kind == following.kind and len(e.args) == len(following.args):
        return all(_agrees(a, b) for a, b in zip(e.args, following.args, strict=True))
    return True


def _relation(a: Expr, b: Expr) -> str:
    if _symbolic(a):
        return "=" if _symbolic(b) or _faithful(b) else "≈"
    return "=" if worth(a) == worth(b) else "≈"


def _faithful(e: Expr) -> bool:
    if isinstance(e, Number):
        printed = Fraction(e.text)
        return printed == e.exact or (e.typed and float(printed) == float(e.exact))
    return isinstance(e, Symbol) or all(_faithful(a) for a in e.args)


def _same(a: Expr, b: Expr) -> bool:
    return isinstance(a, Number) and isinstance(b, Number) and a.text == b.text


def _symbolic(e: Expr) -> bool:
    return isinstance(e, Symbol) or (isinstance(e, Op) and (not e.args or any(_symbolic(a) for a in e.args)))


def _rounded(e: Expr, digits: int) -> Expr:
    if isinstance(e, Number):
        return e._replace(digits=digits)
    assert isinstance(e, Op)
    return e._replace(args=tuple(_rounded(a, digits) for a in e.args))


def _exponent(value: Fraction) -> int:
    return Context(prec=20).divide(Decimal(value.numerator), Decimal(value.denominator)).adjusted()


# --- short ways to write expressions -----------------------------------------------------------


def number(value: float | Fraction, typed: bool = False) -> Number:
    return Number(Fraction(value), typed)


def add(*terms: Expr) -> Expr:
    return terms[0] if len(terms) == 1 else Op("+", terms)


def times(*factors: Expr) -> Expr:
    return Op("×", factors)


def over(a: Expr, b: Expr) -> Expr:
    return Op("/", (a, b))


def minus(e: Expr) -> Expr:
    return Op("−", (e,))


def exp(e: Expr) -> Expr:
    return Op("exp", (e,))


def d(of: Expr, by: Expr) -> Expr:
    return Op("∂", (of, by))


def total(index: str, e: Expr) -> Expr:
    return Op("Σ", (e,), index)


def sub(name: str, *at: str) -> Symbol:
    return Symbol(name, at, True)


def say(*parts: str | Expr) -> Prose:
    return Prose(parts)


ONE = Number(Fraction(1), True, 1)


def few(count: int, *must: int) -> list[int]:
    """The indices of the terms to show of a sum: all, or the first few and those that must be there."""
    return list(range(count)) if count <= SHORT else sorted({*range(KEPT), *must})


def corner(count: int, limit: int) -> list[int | None]:
    return list(range(count)) if count <= limit else [*range(limit - 2), None, count - 1]


def rest(count: int, value: Fraction | None = None) -> Iterator[Expr]:
    """The terms left out, if there are any."""
    if count:
        yield Op("rest", () if value is None else (number(value),), str(count))


# --- the walk ----------------------------------------------------------------------------------


class Walk(NamedTuple):
    """What the steps draw on. The entry worked out is ∂h[t]/∂W[j,i]; `column` has those of every h."""

    layer: Layer
    W: Array
    b: Array | None
    names: tuple[str, ...]
    t: int
    j: int
    i: int
    digits: int
    column: list[float]

    def x(self, j: int) -> Symbol:
        return Symbol("x", (str(j),))

    def weight(self, j: int, i: int) -> Symbol:
        return Symbol("W", (str(j), self.names[i]))

    def of(self, name: str, i: int) -> Symbol:
        return Symbol(name, (self.names[i],))

    @property
    def w(self) -> Symbol:
        return self.weight(self.j, self.i)

    @property
    def K(self) -> int:
        return len(self.names)

    @property
    def J(self) -> int:
        return len(self.W)

    def input(self, j: int) -> Number:
        return number(float(self.layer.x[0, j]), True)

    def logit(self, i: int) -> Number:
        return number(Fraction(float(self.layer.z[0, i])) + Fraction(float(self.layer.low[0, i])), True)

    def h(self, i: int) -> Number:
        return number(float(self.layer.h[0, i]))

    def complement(self, i: int) -> Number:
        return number(float(self.layer.complement[0, i]))

    def slope(self, t: int, i: int) -> Number:
        """∂h[t]/∂z[i]"""
        return number(self.h(t).exact * (self.complement(t).exact if t == i else -self.h(i).exact))

    @property
    def largest(self) -> int:
        return max(range(self.K), key=lambda i: self.logit(i).exact)

    def equation(self, *members: Expr) -> Equation:
        return equation(*members, digits=self.digits)

    def grid(
        self,
        title: tuple[str | Expr, ...],
        rows: tuple[int, Callable[[int], Symbol]],
        columns: tuple[int, Callable[[int], Symbol]],
        cell: Callable[[int, int], Number],
    ) -> Grid:
        down, across = corner(rows[0], SHORT), corner(columns[0], WIDE)
        cells = (
            (None if r is None or c is None else cell(r, c)._replace(digits=self.digits) for c in across) for r in down
        )
        return Grid(
            title,
            tuple(None if r is None else rows[1](r) for r in down),
            tuple(None if c is None else columns[1](c) for c in across),
            tuple(tuple(line) for line in cells),
        )


def explain(
    problem_x: ArrayLike,
    problem_W: ArrayLike,
    problem_b: ArrayLike | None,
    names: Sequence[str] | None,
    entry: tuple[int, int, int] | None,
    digits: int,
) -> list[Step]:
    """The derivation of ∂h[t]/∂W[j,i] for `entry` (t, j, i), or for the largest one in size with t ≠ i.

    x (J,), W (J, K), b (K,) or None; `names` of the K outputs, or None for their indices. Results have
    `digits` significant digits. InputError as in `core.checked`, for a batch, or for an entry that is not there.
    """
    layer, single = evaluate(problem_x, problem_W, problem_b)
    if not single:
        raise InputError(f"x holds {len(layer.x)} inputs, where explain takes one", "give one row of x")
    J, K = layer.x.shape[1], layer.h.shape[1]
    t, j, i = _largest_entry(layer) if entry is None else entry
    for what, has, at, count in (("h", "outputs", t, K), ("x", "inputs", j, J), ("W", "columns", i, K)):
        if not 0 <= at < count:
            given = f"--entry {t},{j},{i}: {what} has {count} {has if count > 1 else has[:-1]}"
            raise InputError(f"{given}, 0 to {count - 1}" if count > 1 else f"{given}, 0")
    W = evaluate_weights(problem_W)
    b = None if problem_b is None else evaluate_bias(problem_b)
    column = layer_structure(layer, single).entries(0, range(K), [i * J + j])[:, 0].tolist()
    labels = tuple(names) if names else tuple(str(k) for k in range(K))
    w = Walk(layer, W, b, labels, t, j, i, digits, column)
    made = (_inputs, _logits, _softmax, _softmax_slopes, _linear_slopes, _chain, _shortcut, _column_sum)
    return [step(w) for step in made]
