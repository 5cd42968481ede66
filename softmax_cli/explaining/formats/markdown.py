"""The derivation as Markdown with LaTeX formulas, for a notebook, a course page or a repository."""

from __future__ import annotations

import re

from ..captions import TITLE, caption
from ..equations import Code, Equation, Matrix, Part, Prose, Step, Symbol
from .tex_math import GEOMETRY, equation_tex, matrix_tex, on_a_page, printable, special_outside_text


def as_markdown(steps: list[Step]) -> str:
    """The derivation as Markdown with a title in front, for pandoc, and the margins of a PDF."""
    return f'---\ntitle: "{TITLE}"\ngeometry: "{GEOMETRY}"\n---\n\n{markdown_body(steps)}'


def markdown_body(steps: list[Step]) -> str:
    """A heading for each step, a caption below each matrix, all mathematics between dollar signs and all commands in
    backticks."""
    parts: list[str] = []
    for n, step in enumerate(steps, 1):
        parts.append(f"## {n}. {_prose(step.title)}")
        parts += [_part(part) for part in step.parts]
    return "\n\n".join(parts) + "\n"


def _part(part: Part) -> str:
    if isinstance(part, Prose):
        return _prose(part)
    if isinstance(part, Matrix):
        shown = on_a_page(part)
        return f"{_display(matrix_tex(shown))}\n\n*{_prose(caption(shown))}*"
    return _display(equation_tex(part) if isinstance(part, Equation) else part.tex)


def _display(tex: str) -> str:
    return f"$$\n{special_outside_text(printable(tex))}\n$$"


def _prose(prose: Prose) -> str:
    return "".join(map(_inline, prose.parts))


def _inline(part: str | Symbol | Code) -> str:
    if isinstance(part, Symbol):
        return f"${special_outside_text(printable(part.tex))}$"
    if isinstance(part, Code):
        return f"`{part.text}`"
    return re.sub(r"([\\*_<>`\[\]$#~^|])", r"\\\1", printable(part))
