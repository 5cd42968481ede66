"""The title of the derivation, and what stands below a matrix in it."""

from __future__ import annotations

from ..wording import counted
from .equations import Matrix, Prose, Symbol, say

TITLE = "The derivative of a softmax layer, worked out"


def caption(matrix: Matrix) -> Prose:
    """What a matrix is: its name and shape, how much of it is shown, and what its rows and columns are."""
    shape = matrix.shape
    if len(shape) == 1:
        whole = say("The vector ", matrix.symbol, f", {counted(shape[0], 'entry', 'entries')}")
    else:
        size = Symbol(f"{shape[0]} × {shape[1]}", f"{shape[0]} \\times {shape[1]}")
        whole = say("The matrix ", matrix.symbol, ", ", size)
    shown = (len(matrix.rows), len(matrix.rows[0])) if len(shape) == 2 else (len(matrix.rows[0]),)
    names = ("rows", "columns") if len(shape) == 2 else ("entries",)
    cut = [f"{few} {name}" for few, all_, name in zip(shown, shape, names, strict=True) if few < all_]
    left_out = say(f"; the first {' and '.join(cut)} are shown") if cut else say()
    axes = say(": ") + matrix.axes if matrix.axes.parts else say()
    return whole + left_out + axes + say(".")
