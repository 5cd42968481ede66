"""A table of text: columns as wide as they need to be, and none of them cut."""

from __future__ import annotations

from collections.abc import Sequence

NUMBERS = ("yours", "right", "absolute", "relative")  # columns that are set to the right


def plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The heads, a rule and the rows."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        set_out = (
            cell.rjust(width) if head in NUMBERS else cell.ljust(width)
            for head, cell, width in zip(heads, cells, widths, strict=True)
        )
        return "   ".join(set_out).rstrip()

    rule = "─" * (sum(widths) + 3 * (len(widths) - 1))
    return "\n".join([line(heads), rule, *(line(row) for row in rows)])


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same as a Markdown table."""
    rule = ["--:" if head in NUMBERS else ":--" for head in heads]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))
