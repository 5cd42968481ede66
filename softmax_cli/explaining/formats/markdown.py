"""The derivation as Markdown with LaTeX formulas, for a notebook, a course page or a repository."""

from __future__ import annotations

import re

from ..equations import Equation, Matrix, Part, Step, Symbol


def as_markdown(steps: list[Step]) -> str:
    """The walk as Markdown, a heading for each step, formulas between dollar signs."""
    parts = []
    for n, step in enumerate(steps, 1):
        parts.append(f"## {n}. {_prose(step.title)}")
        parts += [_part(part) for part in step.parts]
    return "\n\n".join(parts) + "\n"


def _part(part: Part) -> str:
    if isinstance(part, str):
        return _prose(part)
    if isinstance(part, Symbol):
        return f"$$\n{part.tex}\n$$"
    return f"$$\n{_equation(part) if isinstance(part, Equation) else _matrix(part)}\n$$"


def _prose(text: str) -> str:
    return re.sub(r"([\\*_<>`\[\]])", r"\\\1", text)


def _equation(equation: Equation) -> str:
    rows = [f"{equation.symbol.tex} &= {equation.formula.tex}"]
    worked = _arithmetic(equation)
    if worked != _number(equation.value):
        rows.append(f"&= {worked}")
    rows.append(f"&{'=' if equation.exact else chr(92) + 'approx'} {_number(equation.value)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _arithmetic(equation: Equation) -> str:
    products = [
        " \\cdot ".join(f"({_number(f)})" if at and f.startswith("-") else _number(f) for at, f in enumerate(term))
        for term in equation.terms
    ]
    if equation.kind == "quotient":
        return f"\\frac{{{products[0]}}}{{{products[1]}}}"
    total = products[0] + "".join(f" - {p[1:]}" if p.startswith("-") else f" + {p}" for p in products[1:])
    return f"\\exp({total})" if equation.kind == "exp" else total


def _number(text: str) -> str:
    significand, e, exponent = text.partition("e")
    return f"{significand} \\cdot 10^{{{int(exponent)}}}" if e else significand


def _matrix(matrix: Matrix) -> str:
    left = matrix.shape[-1] - len(matrix.rows[0])
    rows = [" & ".join([*map(_number, row), *(["\\cdots"] if left else [])]) for row in matrix.rows]
    if len(matrix.shape) == 2 and matrix.shape[0] > len(rows):
        rows.append("\\vdots")
    return f"{matrix.symbol.tex} = \\begin{{bmatrix}}\n" + " \\\\\n".join(rows) + "\n\\end{bmatrix}"
