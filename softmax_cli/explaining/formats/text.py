"""The derivation for a terminal: plain lines, wrapped between words and at operators, never in a number."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..equations import Equation, Matrix, Part, Prose, Step, Symbol, narrowed


def as_text(steps: list[Step], width: int = 80) -> str:
    """The derivation in lines of at most `width` columns, where its numbers allow."""
    lines: list[str] = []
    for n, step in enumerate(steps, 1):
        lines += [f"{n}. {step.title.text}", ""]
        for part in step.parts:
            lines += [*_lines(part, max(width, 40)), ""]
    return "\n".join(lines)


def _lines(part: Part, width: int) -> Iterator[str]:
    if isinstance(part, Prose):
        yield from textwrap.wrap(part.text, width, break_long_words=False, break_on_hyphens=False)
    elif isinstance(part, Symbol):
        yield f"    {part.text}"
    elif isinstance(part, Equation):
        yield from _equation(part, width)
    else:
        yield from _matrix(part, width)


def _equation(equation: Equation, width: int) -> Iterator[str]:
    symbol = equation.symbol.text
    margin = " " * (4 + (len(symbol) if len(symbol) < 24 else 2))
    first = f"    {symbol} = {equation.formula.text}"
    if len(first) <= width or len(symbol) < 24:
        yield first
    else:
        yield f"    {symbol}"
        yield f"{margin} = {equation.formula.text}"
    worked = arithmetic(equation)
    if worked != [signed(equation.value)]:
        yield from _broken(f"{margin} = ", worked, width)
    yield f"{margin} {'=' if equation.exact else '≈'} {signed(equation.value)}"


def arithmetic(equation: Equation) -> list[str]:
    """The arithmetic in pieces that may stand on lines of their own."""
    products = [" × ".join(_factor(f, at > 0) for at, f in enumerate(term)) for term in equation.terms]
    if equation.kind == "quotient":
        below = f"({products[1]})" if len(equation.terms[1]) > 1 else products[1]
        return [f"{products[0]} / {below}"]
    pieces = products[:1]
    for product in products[1:]:
        pieces.append(f"− {product[1:]}" if product.startswith("−") else f"+ {product}")
    if equation.kind == "exp":
        return [f"exp({' '.join(pieces)})"]
    if equation.kind == "log":
        return [f"−ln({' '.join(pieces)})"]
    if equation.kind == "tempered":
        return [f"exp(({' '.join(pieces[:-1])}) / {products[-1]})"]
    return pieces


def signed(number: str) -> str:
    return "−" + number[1:] if number.startswith("-") else number


def _factor(number: str, inside: bool) -> str:
    return f"({signed(number)})" if inside and number.startswith("-") else signed(number)


def _broken(head: str, pieces: list[str], width: int) -> Iterator[str]:
    line = head
    for piece in pieces:
        if len(line) + len(piece) > width and line.strip() not in ("", "="):
            yield line.rstrip()
            line = " " * len(head)
        line += piece + " "
    yield line.rstrip()


def _matrix(matrix: Matrix, width: int) -> Iterator[str]:
    """A vector as one row of numbers, a matrix as its rows: as many of their columns as fit."""
    head = f"    {matrix.symbol.text} = "
    rows = narrowed(matrix, width - len(head) - 5, lambda number: len(number) + 2).rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = "  …" * (len(widths) < matrix.shape[-1])
    for n, row in enumerate(rows):
        cells = "  ".join(signed(v).rjust(w) for v, w in zip(row, widths, strict=True))
        yield (head if n == 0 else " " * len(head)) + f"[ {cells}{left} ]"
    if len(matrix.shape) == 2 and matrix.shape[0] > len(matrix.rows):
        yield " " * len(head) + "  …"
    if left or len(matrix.shape) == 2:
        yield " " * len(head) + f"({' × '.join(str(n) for n in matrix.shape)})"
