"""The numbers and names of one walk through the derivation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import Array
from ..core.exactdot import exact_dots
from ..core.jacobian import Jacobian, layer_structure, linear_structure, softmax_structure
from ..core.layer import Layer
from ..errors import InputError
from .equations import Equation, Kind, Matrix, Symbol, equation, number

TERMS = 6  # of a sum that are shown one by one
CORNER = 6  # rows and columns of a matrix that are shown


def subscripts(*indices: int) -> str:
    """Indices counted from one, as subscripts; set apart by a comma where one has two digits."""
    text = ("" if max(indices) < 9 else ",").join(str(n + 1) for n in indices)
    return text.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def largest_entry(layer: Layer) -> tuple[int, int, int]:
    """The off-diagonal entry of largest magnitude: the two likeliest outputs, the largest input."""
    order = np.argsort(-layer.h[0], kind="stable")
    t, i = (int(order[0]), int(order[1])) if len(order) > 1 else (0, 0)
    return t, int(np.abs(layer.x[0]).argmax()), i


def checked_entry(entry: tuple[int, int, int], layer: Layer) -> tuple[int, int, int]:
    """The entry itself. InputError if it does not exist."""
    sizes = layer.h.shape[1], layer.x.shape[1], layer.h.shape[1]
    for what, index, size in zip(("output", "input", "output"), entry, sizes, strict=True):
        if not 0 <= index < size:
            named = ",".join(str(n) for n in entry)
            raise InputError(f"--entry {named}: {what} {index} does not exist: there are {size}, 0 to {size - 1}")
    return entry


def _escaped(name: str) -> str:
    """A name as text within a LaTeX formula."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in name)


class Walk:
    """The layer, the entry (t, j, i) that is worked out, and how both are written."""

    def __init__(
        self,
        layer: Layer,
        W: Array,
        b: ArrayLike | None,
        names: tuple[str, ...] | None,
        entry: tuple[int, int, int],
        chosen: bool,
        digits: int,
    ) -> None:
        self.layer, self.W, self.names, self.digits = layer, W, names, digits
        self.x, self.z, self.h, self.complement = layer.x[0], layer.z[0], layer.h[0], layer.complement[0]
        self.b = None if b is None else np.asarray(b, float)
        self.t, self.j, self.i = t, j, i = entry
        self.chosen = chosen  # by us
        self.J, self.K = W.shape
        self.top = int(self.complement.argmin())
        self.dS, self.dL = softmax_structure(layer, True), layer_structure(layer, True)
        self.dZ = linear_structure(layer.x, self.K, True)
        self.value = float(self.dL.entries(0, [t], [i * self.J + j])[0, 0])

    # --- symbols

    def name(self, k: int) -> str:
        return self.names[k] if self.names else str(k)

    def tex_name(self, k: int) -> str:
        return f"\\text{{{_escaped(self.name(k))}}}" if self.names else str(k)

    def of(self, letter: str, k: int) -> Symbol:
        return Symbol(f"{letter}[{self.name(k)}]", f"{letter}_{{{self.tex_name(k)}}}")

    def weight(self, j: int, i: int) -> Symbol:
        return Symbol(f"W[{j},{self.name(i)}]", f"W_{{{j},{self.tex_name(i)}}}")

    def derivative(self, letter: str, t: int, of: Symbol) -> Symbol:
        above = self.of(letter, t)
        return Symbol(f"∂{above.text}/∂{of.text}", f"\\frac{{\\partial {above.tex}}}{{\\partial {of.tex}}}")

    # --- numbers

    def equation(
        self, symbol: Symbol, formula: Symbol, kind: Kind, terms: list[tuple[float, ...]], value: float
    ) -> Equation:
        return equation(symbol, formula, kind, terms, value, self.digits)

    def shortened(self, terms: list[tuple[float, ...]]) -> tuple[list[tuple[float, ...]], list[str]]:
        """A long sum with its last terms added up into one, and a sentence that says so."""
        if len(terms) <= TERMS:
            return terms, []
        left = terms[TERMS - 1 :]
        first, second = zip(*(term if len(term) > 1 else (*term, 1.0) for term in left), strict=True)
        rest, _ = exact_dots(np.array([first]), np.array([second]))
        return [*terms[: TERMS - 1], (float(rest[0]),)], [
            f"The last number stands for the {len(left)} terms left out, added up."
        ]

    def matrix(self, symbol: Symbol, values: Array) -> Matrix:
        return self._shown(symbol, np.atleast_2d(values)[:CORNER, :CORNER], values.shape)

    def corner(self, symbol: Symbol, jacobian: Jacobian) -> Matrix:
        shape = jacobian.shape()
        rows, columns = (list(range(min(CORNER, n))) for n in shape)
        return self._shown(symbol, jacobian.entries(0, rows, columns), shape)

    def _shown(self, symbol: Symbol, corner: Array, shape: tuple[int, ...]) -> Matrix:
        return Matrix(symbol, tuple(tuple(number(v, self.digits) for v in row) for row in corner), shape)
