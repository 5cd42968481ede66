"""Formulas, equations and matrices in LaTeX, for Markdown and for LaTeX itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ..equations import Equation, Matrix, narrowed, number_tex

WIDTH = 70  # characters of arithmetic in a line
PAGE = 480  # points between the margins of A4 that GEOMETRY leaves
GEOMETRY = "margin=2cm"

TEXT = re.compile(r"\\text\{((?:\\text[a-z]+\{\}|\\.|[^\\{}])*)\}")
SPECIAL = re.compile(r"(\\text[a-z]+\{\}|\\[_#%&])")
IN_MATHEMATICS = {
    r"\textbackslash{}": r"\backslash{}",
    r"\textasciitilde{}": r"{\sim}",
    r"\textasciicircum{}": r"{}^{\wedge}",
}


def equation_tex(equation: Equation) -> str:
    """symbol = formula = arithmetic = value, a line each; long arithmetic in several."""
    lines = [f"{equation.symbol.tex} &= {equation.formula.tex}"]
    pieces = list(arithmetic(equation))
    if pieces != [number_tex(equation.value)]:
        first, *others = filled(pieces)
        lines += [f"&= {first}", *(f"&\\quad {other}" for other in others)]
    sign = "=" if equation.exact else r"\approx"
    lines.append(f"&{sign} {number_tex(equation.value)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def arithmetic(equation: Equation) -> Iterator[str]:
    """The arithmetic in pieces that may stand on lines of their own."""
    products = [" \\cdot ".join(_factor(f, at > 0) for at, f in enumerate(term)) for term in equation.terms]
    if equation.kind == "quotient":
        yield f"\\frac{{{products[0]}}}{{{products[1]}}}"
        return
    pieces = [products[0], *(f"- {p[1:]}" if p.startswith("-") else f"+ {p}" for p in products[1:])]
    if equation.kind == "exp":
        yield f"\\exp({' '.join(pieces)})"
    elif equation.kind == "log":
        yield f"-\\ln({' '.join(pieces)})"
    elif equation.kind == "tempered":
        yield f"\\exp(({' '.join(pieces[:-1])}) / {products[-1]})"
    else:
        yield from pieces


def on_a_page(matrix: Matrix) -> Matrix:
    """The matrix with as many of its columns as a page is wide."""
    return narrowed(matrix, PAGE - 6 * len(matrix.symbol.text) - 50, _points)  # the symbol, =, brackets and dots


def _points(number: str) -> float:
    """At least the width of a number in a matrix, with the space between two columns."""
    significand, e, exponent = number.partition("e")
    return 5.0 * len(significand) + 3.0 * number.startswith("-") + 10.0 + (17.0 + 5.0 * len(exponent) if e else 0.0)


def matrix_tex(matrix: Matrix) -> str:
    left_out = matrix.shape[-1] - len(matrix.rows[0])
    rows = [" & ".join([*map(number_tex, row), *(["\\cdots"] if left_out else [])]) for row in matrix.rows]
    if len(matrix.shape) == 2 and matrix.shape[0] > len(rows):
        rows.append("\\vdots")
    return f"{matrix.symbol.tex} = \\begin{{bmatrix}}\n" + " \\\\\n".join(rows) + "\n\\end{bmatrix}"


def printable(tex: str) -> str:
    """What pdflatex can set: a character beyond those of European languages becomes its code, as in U+65E5."""
    return "".join(c if c < "\u0180" else _plain(c) for c in tex)


def special_outside_text(tex: str) -> str:
    r"""The same, with the special characters of names outside of \text: MathJax shows \_ within it as it stands."""
    return TEXT.sub(lambda text: "".join(map(_in_mathematics, SPECIAL.split(text[1]))), tex)


def _in_mathematics(part: str) -> str:
    if SPECIAL.fullmatch(part):
        return IN_MATHEMATICS.get(part, part)
    return f"\\text{{{part}}}" if part else ""


def _plain(character: str) -> str:
    same = unicodedata.normalize("NFKD", character)
    return same if same.isascii() else f"U+{ord(character):04X}"


def _factor(number: str, inside: bool) -> str:
    return f"({number_tex(number)})" if inside and number.startswith("-") else number_tex(number)


def filled(pieces: list[str]) -> list[str]:
    """The pieces in as few lines as take WIDTH characters each."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) < WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines
