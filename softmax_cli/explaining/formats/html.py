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
from ..equations import Code, Equation, Matrix, Part, Prose, Step, Symbol, number_tex
from ..symbols import DL_DW, DS_DZ, W_JI
from ..worked_entry import WorkedEntry
from .choices import packed
from .mathml import mathml
from .tex_math import arithmetic

ENTRIES, ROWS = 10_000, 100  # of the Jacobian that a page holds at most, each with its derivation
TERMS = 200_000  # of the sums in these derivations: fewer entries where outputs are many
CORNER = 12  # rows and columns of the other matrices


def as_html(worked: WorkedEntry, picture: str = "") -> str:
    """A page that needs no other file: the Jacobian, with a `picture` of it as SVG, and the derivation of one
    entry. With script, every entry that is shown can be chosen, and its derivation takes the other's place."""
    worked = replace(worked, corner_size=CORNER, matrices={})
    made: dict[tuple[object, ...], list[str]] = {}

    def derivation(t: int, j: int, i: int) -> list[str]:
        steps = rendered(worked.at(t, j, i), made, _blocks)
        return [block for blocks in steps for block in blocks]

    rows, columns = _shown(worked) if worked.loss is None else (range(0), range(0))
    choices = {(t, c): derivation(t, c % worked.J, c // worked.J) for t in rows for c in columns}
    first = "".join(chain.from_iterable(_blocks(n, step) for n, step in enumerate(steps_to(worked), 1)))
    resources = files(__package__)
    style, script = ((resources / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{TITLE}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n<h1>{TITLE}</h1>",
            *(_jacobian(worked, rows, columns, picture) if rows else ()),
            f'<section id="derivation" aria-label="The derivation">\n{first}</section>',
            "</main>",
            *_script(choices, script),
            "</body>\n</html>\n",
        ]
    )


def _script(choices: dict[tuple[int, int], list[str]], script: str) -> list[str]:
    """What an entry is chosen with, where there are some to choose from."""
    if not choices:
        return []
    return [f'<script type="text/plain" id="choices">{packed(choices)}</script>', f"<script>\n{script}</script>"]


def _shown(worked: WorkedEntry) -> tuple[range, range]:
    """The rows and columns of the Jacobian that the page holds."""
    most = min(ENTRIES, max(1, TERMS // worked.K))
    rows = range(min(worked.K, ROWS, most))
    return rows, range(min(worked.K * worked.J, most // len(rows)))


def _jacobian(worked: WorkedEntry, rows: range, columns: range, picture: str) -> Iterator[str]:
    """The whole matrix as a picture and as a table, with the diagonal blocks marked."""
    size = f"{worked.K} × {worked.K * worked.J}"
    yield '<section id="jacobian">'
    symbol = DS_DZ if worked.of_logits else DL_DW
    yield f"<h2>The Jacobian {_inline(symbol)}</h2>"
    if picture:
        legend = f"The whole matrix, {size}: red above zero, blue below."
        yield f"<figure>{picture}<figcaption>{legend}</figcaption></figure>"
    whole = len(rows) * len(columns) == worked.K * worked.K * worked.J
    part = "" if whole else f" The first {len(rows)} rows and {len(columns)} columns are shown."
    if worked.of_logits:
        yield (
            f'<p id="what">Each row is an output, each column a logit. In the <span class="own">marked entries</span> '
            f"the logit is that of the row’s own output (t = i); everywhere else it is another’s (t ≠ i).{part}</p>"
        )
    else:
        yield (
            f'<p id="what">Each row is an output, each column a weight, {_inline(W_JI)} leading from input j to output '
            'i. In the <span class="own">marked blocks</span> the weight leads to the row’s own '
            f"output (t = i); everywhere else it leads to another (t ≠ i).{part}</p>"
        )
    yield '<p id="hint" hidden>Choose an entry with the mouse, a finger or the arrow keys: its derivation follows.</p>'
    yield '<p id="chosen" role="status"></p>'
    yield f'<div class="scroll" id="entries" role="region" aria-label="The entries of {symbol.text}" tabindex="0">'
    t, column = worked.t, worked.i * worked.J + worked.j
    yield f'<table data-worked="{t},{column}">'
    yield f"<caption>{symbol.text}, {size}</caption>"
    heads = (f"<th scope=col>{escape(worked.variable(c % worked.J, c // worked.J).text)}" for c in columns)
    yield f"<thead><tr><td>{''.join(heads)}</thead><tbody>"
    values = worked.dL.entries(0, list(rows), list(columns))
    for t, line in zip(rows, values.tolist(), strict=True):
        own = range(t * worked.J, (t + 1) * worked.J)
        cells = (f"<td{' class=own' if c in own else ''}>{_number(v, worked.digits)}" for c, v in enumerate(line))
        yield f"<tr><th scope=row>{escape(worked.of('h', t).text)}{''.join(cells)}"
    yield "</tbody></table></div>\n</section>"


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
        lines.append(("", "=", mathml(" ".join(pieces))))
    lines.append(("", "=" if equation.exact else "≈", mathml(number_tex(equation.value))))
    return "".join(f"<mtr><mtd>{left}</mtd><mtd><mo>{sign}</mo>{right}</mtd></mtr>" for left, sign, right in lines)


def _table(matrix: Matrix) -> str:
    left_out = "<td>…" if matrix.shape[-1] > len(matrix.rows[0]) else ""
    rows = "".join(f"<tr><td>{'<td>'.join(row)}{left_out}" for row in matrix.rows).replace("-", "−")
    return f'<div class="scroll"><table><caption>{_prose(caption(matrix))}</caption>{rows}</table></div>\n'


def _prose(prose: Prose) -> str:
    return "".join(map(_inline, prose.parts))


def _inline(part: str | Symbol | Code) -> str:
    if isinstance(part, Symbol):
        return f"<math>{mathml(part.tex)}</math>"
    if isinstance(part, Code):
        return f"<code>{escape(part.text)}</code>"
    return escape(part)
