"""The derivation as a LaTeX document, for pdflatex as it is."""

from __future__ import annotations

from ..captions import TITLE, caption
from ..equations import Code, Equation, Matrix, Part, Prose, Step, Symbol
from ..worked_entry import tex_escaped
from .tex_math import GEOMETRY, equation_tex, matrix_tex, on_a_page, printable

PREAMBLE = rf"""\documentclass{{article}}
\usepackage[T1]{{fontenc}}
\usepackage{{lmodern}}
\usepackage{{amsmath}}
\usepackage[{GEOMETRY}]{{geometry}}
\setcounter{{MaxMatrixCols}}{{20}}
\setlength{{\parindent}}{{0pt}}
\setlength{{\parskip}}{{1ex plus 0.5ex}}
\allowdisplaybreaks
\raggedright
"""


def as_latex(steps: list[Step]) -> str:
    """The derivation as a document of its own: a section for each step, a caption below each matrix."""
    parts = [f"{PREAMBLE}\\title{{{TITLE}}}\n\\author{{}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle"]
    for step in steps:
        parts.append(f"\\section{{{_prose(step.title)}}}")
        parts += [_part(part) for part in step.parts]
    return "\n\n".join([*parts, "\\end{document}"]) + "\n"


def _part(part: Part) -> str:
    if isinstance(part, Prose):
        return _prose(part)
    if isinstance(part, Matrix):
        shown = on_a_page(part)
        return f"{_display(matrix_tex(shown))}\n\\begin{{center}}\\small {_prose(caption(shown))}\\end{{center}}"
    return _display(equation_tex(part) if isinstance(part, Equation) else part.tex)


def _display(tex: str) -> str:
    return f"\\[\n{printable(tex)}\n\\]"


def _prose(prose: Prose) -> str:
    return "".join(map(_inline, prose.parts))


def _inline(part: str | Symbol | Code) -> str:
    if isinstance(part, Symbol):
        return f"${printable(part.tex)}$"
    if isinstance(part, Code):
        return f"\\texttt{{{tex_escaped(part.text).replace('--', '-{}-')}}}"
    return tex_escaped(printable(part))
