"""The derivation as one page of HTML: MathML formulas, tables, and a script with which an entry is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import chain

from ..captions import TITLE, caption
from ..derivation import rendered, steps_to
from ..equations import Code, Equation, Matrix, Part, Prose, Step, Symbol, narrowed, number_tex
from ..worked_entry import WorkedEntry
from .mathml import mathml
from .packed_derivations import packed
from .page_matrix import Entries, Marked, entries_of
from .tex_math import arithmetic, filled

CORNER = 12  # rows and columns of the other matrices, where paper is wide enough for them
PAPER = 130  # characters of a table in a line of it


def as_html(worked: WorkedEntry, picture: str = "") -> str:
    """A page that needs no other file: the matrix of derivatives, with a `picture` of it as SVG, and the derivation of
    one entry. With script, every entry that is shown can be chosen, and its derivation takes the other's place."""
    worked = replace(worked, corner_size=CORNER, matrices={})
    made: dict[tuple[object, ...], list[str]] = {}
    entries = entries_of(worked)

    def derivation(row: int, column: int) -> list[str]:
        steps = rendered(worked.at(*entries.place(row, column)), made, _blocks)
        return [block for blocks in steps for block in blocks]

    rows, columns = map(range, entries.values.shape)
    choices = {(r, c): derivation(r, c) for r in rows for c in columns}
    first = "".join(chain.from_iterable(_blocks(n, step) for n, step in enumerate(steps_to(worked), 1)))
    resources = files(__package__)
    style, script = ((resources / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{TITLE}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n<h1>{TITLE}</h1>",
            *_matrix(entries, worked.digits, picture),
            f'<section id="derivation" aria-label="The derivation">\n{first}</section>',
            "</main>",
            f'<script type="text/plain" id="choices">{packed(choices)}</script>',
            f"<script>\n{script}</script>",
            "</body>\n</html>\n",
        ]
    )


def _matrix(entries: Entries, digits: int, picture: str) -> Iterator[str]:
    """The whole matrix as a picture and as a table, with its cases marked."""
    size, symbol = " × ".join(map(str, entries.shape)), entries.symbol
    yield '<section id="matrix">'
    yield f"<h2>{entries.heading} {_inline(symbol)}</h2>"
    if picture:
        legend = f"The whole matrix, {size}: red above zero, blue below."
        yield f"<figure>{picture}<figcaption>{legend}</figcaption></figure>"
    rows, columns = entries.values.shape
    part = "" if (rows, columns) == entries.shape else f" The first {rows} rows and {columns} columns are shown."
    yield f'<p id="what">{"".join(map(_said, entries.what))}{part}</p>'
    yield '<p id="hint" hidden>Choose an entry with the mouse, a finger or the arrow keys: its derivation follows.</p>'
    yield '<p id="chosen" role="status"></p>'
    yield f'<div class="scroll" id="entries" role="region" aria-label="The entries of {symbol.text}" tabindex="0">'
    worked = ",".join(map(str, entries.at))
    yield f'<table data-worked="{worked}" data-name="{escape(entries.name)}">'
    yield f"<caption><span>{symbol.text}, {size}</span></caption>"
    heads = (f"<th scope=col>{escape(entries.column(c))}" for c in range(columns))
    yield f"<thead><tr><td>{''.join(heads)}</thead><tbody>"
    for r, line in enumerate(entries.values.tolist()):
        own = entries.own(r)
        cells = (f"<td{' class=own' if c in own else ''}>{_number(v, digits)}" for c, v in enumerate(line))
        yield f"<tr><th scope=row>{escape(entries.row(r))}{''.join(cells)}"
    yield "</tbody></table></div>\n</section>"


def _said(part: str | Symbol | Marked) -> str:
    return f'<span class="own">{part.text}</span>' if isinstance(part, Marked) else _inline(part)


def _number(value: float, digits: int) -> str:
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def _blocks(n: int, step: Step) -> list[str]:
    """A step in blocks of HTML."""
    return [f"<h2>{n}. {_prose(step.title)}</h2>\n", *map(_part, step.parts)]


@lru_cache(maxsize=100_000)
def _part(part: Part) -> str:
    if isinstance(part, Prose):
        return f"<p>{_prose(part)}</p>\n"
    if isinstance(part, Matrix):
        return _table(part)
    rows = _equation(part) if isinstance(part, Equation) else f"<mtr><mtd>{mathml(part.tex)}</mtd></mtr>"
    return f'<div class="scroll"><math display="block"><mtable>{rows}</mtable></math></div>\n'


def _equation(equation: Equation) -> str:
    lines = [(mathml(equation.symbol.tex), "=", mathml(equation.formula.tex))]
    pieces = list(arithmetic(equation))
    if pieces != [number_tex(equation.value)]:
        first, *others = filled(pieces)
        lines += [("", "=", mathml(first)), *(("", "", mathml(f"\\quad {other}")) for other in others)]
    lines.append(("", "=" if equation.exact else "≈", mathml(number_tex(equation.value))))
    signs = {"": "", **{sign: f"<mo>{sign}</mo>" for sign in "=≈"}}
    return "".join(f"<mtr><mtd>{left}</mtd><mtd>{signs[sign]}{right}</mtd></mtr>" for left, sign, right in lines)


def _table(matrix: Matrix) -> str:
    matrix = narrowed(matrix, PAPER, lambda number: len(number) + 2.25)
    left_out = "<td>…" if matrix.shape[-1] > len(matrix.rows[0]) else ""
    rows = "".join(f"<tr><td>{'<td>'.join(row)}{left_out}" for row in matrix.rows).replace("-", "−")
    return f'<div class="scroll"><table><caption><span>{_prose(caption(matrix))}</span></caption>{rows}</table></div>\n'


def _prose(prose: Prose) -> str:
    return "".join(map(_inline, prose.parts))


def _inline(part: str | Symbol | Code) -> str:
    if isinstance(part, Symbol):
        return f"<math>{mathml(part.tex)}</math>"
    if isinstance(part, Code):
        return f"<code>{escape(part.text)}</code>"
    return escape(part)
