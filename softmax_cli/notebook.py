"""How a notebook shows the results of the library: a table for each array."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

SHOWN = 10  # rows and columns of an array
DIGITS = 6


def tables(result: Any) -> str:
    """The fields of a named tuple of arrays as HTML: a table for each of one or two dimensions, a line for a number,
    and nothing for what is None. Of an array of three, the first matrix."""
    fields = ((name.replace("_d", "/d"), value) for name, value in result._asdict().items() if value is not None)
    return "\n".join(_shown(name, value) for name, value in fields)


def _shown(name: str, value: Any) -> str:
    if value.ndim == 0:
        return f"<p>{name} = {_number(value)}</p>"
    shape = " × ".join(map(str, value.shape))
    first = ", the first" if value.ndim > 2 else ""
    matrix = value if value.ndim < 3 else value[0]
    rows = [matrix] if matrix.ndim == 1 else matrix
    labels = [""] if matrix.ndim == 1 else map(str, range(len(matrix)))
    heads = "".join(f'<th scope="col">{c}</th>' for c in _few(map(str, range(matrix.shape[-1])), matrix.shape[-1]))
    lines = (
        f'<tr><th scope="row">{label}</th>{"".join(f"<td>{v}</td>" for v in _few(map(_number, row), len(row)))}</tr>'
        for label, row in islice(zip(labels, rows, strict=True), SHOWN)
    )
    left_out = f'<tr><th scope="row">…</th><td colspan="{min(matrix.shape[-1], SHOWN + 1)}"></td></tr>'
    body = "".join(lines) + left_out * (len(rows) > SHOWN)
    caption = f'<caption style="caption-side: top; text-align: left">{name}, {shape}{first}</caption>'
    return f"<table>{caption}<thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _few(cells: Iterator[str], count: int) -> Iterator[str]:
    """As many cells as are shown, and a mark for the others."""
    yield from islice(cells, SHOWN)
    if count > SHOWN:
        yield "…"


def _number(value: Any) -> str:
    return f"{float(value) + 0.0:.{DIGITS}g}".replace("-", "−").replace("inf", "∞")
