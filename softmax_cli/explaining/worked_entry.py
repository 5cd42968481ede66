"""The entry that is worked out: its numbers, and the names and symbols in which they are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import Array
from ..core.by_input import InputJacobian
from ..core.exact_dot import exact_dots
from ..core.jacobian import Jacobian, layer_structure, linear_structure, softmax_structure
from ..core.layer import Layer, evaluate_any
from ..core.masks import Mask
from ..errors import InputError
from ..wording import counted, escaped
from .equations import NOTHING, Equation, Kind, Matrix, Prose, Symbol, equation, number, say
from .loss_model import Loss

TERMS = 6  # of a sum that are shown one by one
CORNER = 6  # rows and columns of a matrix that are shown in text


def subscripts(*indices: int) -> str:
    """Indices counted from one, as subscripts; set apart by a comma where one has two digits."""
    text = ("" if max(indices) < 9 else ",").join(str(n + 1) for n in indices)
    return text.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def on_paper(t: int, j: int, i: int) -> Symbol:
    """∂h[t]/∂W[j,i] as it is written where one counts from one and puts the output first."""
    comma = "" if max(j, i) < 9 else ","
    return Symbol(
        f"∂h{subscripts(t)}/∂w{subscripts(i, j)}", f"\\partial h_{{{t + 1}}} / \\partial w_{{{i + 1}{comma}{j + 1}}}"
    )


def largest_entry(layer: Layer) -> tuple[int, int, int]:
    """The off-diagonal entry of largest magnitude: the two likeliest outputs, the largest input."""
    order = np.argsort(-layer.h[0], kind="stable")
    t, i = (int(order[0]), int(order[1])) if len(order) > 1 else (0, 0)
    return t, int(np.abs(layer.x[0]).argmax()) if layer.x.size else 0, i


def checked_entry(entry: tuple[int, ...], layer: Layer, of_logits: bool, option: str) -> tuple[int, int, int]:
    """(t, j, i), where j is 0 if only logits are given. InputError if there is no such entry."""
    K, J = layer.h.shape[1], layer.x.shape[1]
    parts = [("output", K), ("output", K)] if of_logits else [("output", K), ("input", J), ("output", K)]
    named = ",".join(str(n) for n in entry)
    if len(entry) != len(parts):
        wanted = "t,i is expected for ∂h[t]/∂z[i]" if of_logits else "t,j,i is expected for ∂h[t]/∂W[j,i]"
        raise InputError(f"{option} {named}: {wanted}")
    for (what, size), index in zip(parts, entry, strict=True):
        if not 0 <= index < size:
            raise InputError(f"{option} {named}: {what} {index} does not exist: there are {size}, 0 to {size - 1}")
    return entry[0], 0 if of_logits else entry[1], entry[-1]


def tex_escaped(name: str) -> str:
    """Text, such as a name, as LaTeX takes it."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in name)


@dataclass(frozen=True)
class WorkedEntry:
    """A layer at one input, the entry ∂h[t]/∂W[j,i] that is worked out, and how both are written.

    dlogL is dL of ln h, and dX the Jacobian of h in x. Where logits are given, x and W are empty, the entry is
    ∂h[t]/∂z[i], j is 0, and dL and dX are dS. `temperature` divides the logits; an output that is `hidden` (K,) is left
    out. z is −∞ where what was given is. `complement` is 1 − h; `names` are those of the outputs, `input_names` of the
    inputs; `digits` are significant digits; `asked` says that somebody asked for this entry; `corner_size` rows and
    columns of a matrix are shown.
    """

    x: Array
    W: Array
    b: Array | None
    z: Array
    h: Array
    complement: Array
    names: tuple[str, ...] | None
    digits: int
    dS: Jacobian
    dZ: Jacobian
    dL: Jacobian
    dlogL: Jacobian
    dX: Jacobian | InputJacobian
    t: int
    j: int
    i: int
    asked: bool
    temperature: float
    hidden: Mask
    input_names: tuple[str, ...] | None = None
    corner_size: int = CORNER
    loss: Loss | None = None
    brief: bool = False
    matrices: dict[str, Matrix] = field(default_factory=dict)  # made so far, for every entry of the layer

    def at(self, t: int, j: int, i: int) -> WorkedEntry:
        """Another entry of the same layer."""
        return replace(self, t=t, j=j, i=i, asked=True)

    # --- the layer

    @property
    def of_logits(self) -> bool:
        """Whether logits are all that is given."""
        return not len(self.x)

    @property
    def J(self) -> int:
        """How many columns of dL belong to an output."""
        return max(1, len(self.x))

    @property
    def K(self) -> int:
        return len(self.h)

    @property
    def top(self) -> int:
        """The largest output."""
        return int(self.complement.argmin())

    @cached_property
    def exponentials(self) -> Array:
        """exp((z − max z)/T), the largest being that of the outputs that are not left out."""
        shown = np.where(self.hidden, -np.inf, self.z)
        e: Array = np.exp((shown - self.z[self.top]) / self.temperature)
        return e

    @property
    def value(self) -> float:
        return float(self.dL.entries(0, [self.t], [self.i * self.J + self.j])[0, 0])

    # --- symbols

    def name(self, k: int) -> str:
        return escaped(self.names[k]) if self.names else str(k)

    def tex_name(self, k: int) -> str:
        return f"\\text{{{tex_escaped(self.name(k))}}}" if self.names else str(k)

    def input_name(self, j: int) -> str:
        return escaped(self.input_names[j]) if self.input_names else str(j)

    def tex_input_name(self, j: int) -> str:
        return f"\\text{{{tex_escaped(self.input_name(j))}}}" if self.input_names else str(j)

    def of(self, letter: str, k: int) -> Symbol:
        return Symbol(f"{letter}[{self.name(k)}]", f"{letter}_{{{self.tex_name(k)}}}")

    def weight(self, j: int, i: int) -> Symbol:
        of, tex = self.input_name(j), self.tex_input_name(j)
        return Symbol(f"W[{of},{self.name(i)}]", f"W_{{{tex},{self.tex_name(i)}}}")

    def variable(self, j: int, i: int) -> Symbol:
        """What the entry is the derivative by."""
        return self.of("z", i) if self.of_logits else self.weight(j, i)

    def input(self, j: int) -> Symbol:
        return Symbol(f"x[{self.input_name(j)}]", f"x_{{{self.tex_input_name(j)}}}")

    def derivative(self, letter: str, t: int, of: Symbol) -> Symbol:
        above = self.of(letter, t)
        return Symbol(f"∂{above.text}/∂{of.text}", f"\\frac{{\\partial {above.tex}}}{{\\partial {of.tex}}}")

    # --- numbers

    def equation(
        self, symbol: Symbol, formula: Symbol, kind: Kind, terms: Sequence[tuple[float, ...]], value: float
    ) -> Equation:
        return equation(symbol, formula, kind, tuple(terms), value, self.digits)

    def over_temperature(self, symbol: Symbol, formula: Symbol, factors: tuple[float, ...], value: float) -> Equation:
        """symbol = formula/T, the formula being a product; without the T where it is 1."""
        if self.temperature == 1.0:
            return self.equation(symbol, formula, "sum", [factors], value)
        divided = Symbol(f"{formula.text}/T", f"{formula.tex} / T")
        return self.equation(symbol, divided, "quotient", [factors, (self.temperature,)], value)

    def shortened(self, terms: Sequence[tuple[float, ...]]) -> tuple[list[tuple[float, ...]], list[Prose]]:
        """A long sum with its last terms added up into one, and a sentence that says so."""
        if len(terms) <= TERMS:
            return [*terms], []
        left = terms[TERMS - 1 :]
        if all(len(term) == 1 for term in left):
            rest = math.fsum(term[0] for term in left)
        else:
            pairs = np.array([term if len(term) > 1 else (*term, 1.0) for term in left])
            if math.log2(max(np.abs(pairs[:, 0]).max(), 1.0)) + math.log2(max(np.abs(pairs[:, 1]).max(), 1.0)) > 1000.0:
                return [*terms], []  # a product of these may be out of range
            rest = float(exact_dots(pairs[:, 0][None], pairs[:, 1][None])[0][0])
        note = say(f"The last number stands for the {len(left)} terms left out, added up.")
        return [*terms[: TERMS - 1], (rest,)], [note]

    def matrix(self, symbol: Symbol, values: Array, axes: Prose = NOTHING) -> Matrix:
        """The corner of a vector or a matrix."""
        corner = np.atleast_2d(values)[: self.corner_size, : self.corner_size]
        return self._shown(symbol, lambda: corner, values.shape, axes)

    def corner(self, symbol: Symbol, jacobian: Jacobian | InputJacobian, axes: Prose) -> Matrix:
        """The corner of a Jacobian."""
        shape = jacobian.shape()
        rows, columns = (list(range(min(self.corner_size, n))) for n in shape)
        return self._shown(symbol, lambda: jacobian.entries(0, rows, columns), shape, axes)

    def _shown(self, symbol: Symbol, corner: Callable[[], Array], shape: tuple[int, ...], axes: Prose) -> Matrix:
        if symbol.text not in self.matrices:
            rows = tuple(tuple(number(v, self.digits) for v in row) for row in corner())
            self.matrices[symbol.text] = Matrix(symbol, rows, shape, axes)
        return self.matrices[symbol.text]


def worked_entry(
    x: ArrayLike | None,
    W: ArrayLike | None,
    b: ArrayLike | None,
    names: tuple[str, ...] | None,
    entry: tuple[int, ...] | None,
    digits: int,
    *,
    z: ArrayLike | None = None,
    temperature: float = 1.0,
    mask: Any = None,
    option: str = "--entry",
    input_names: tuple[str, ...] | None = None,
) -> WorkedEntry:
    """Entry (t, j, i) of a layer at x (J,), W (J, K), b (K,), or (t, i) where the logits z (K,) are given, by default
    the off-diagonal one of largest magnitude. InputError as `evaluate_any` raises it, for several inputs, and for an
    entry that does not exist, which it calls `option`."""
    layer, single = evaluate_any(x, W, b, z=z, temperature=temperature, mask=mask)
    what = "x" if z is None else "z"
    if names is not None and len(names) != layer.h.shape[1]:
        raise InputError(f"names has {counted(len(names), 'entry', 'entries')}, where {layer.h.shape[1]} are expected")
    if not single:
        raise InputError(f"explain works through one input, and {what} holds several", f"give one of them with -{what}")
    of_logits, K = z is not None, layer.h.shape[1]
    t, j, i = largest_entry(layer) if entry is None else checked_entry(entry, layer, of_logits, option)
    given = z if of_logits else b
    weights = np.empty((0, K)) if of_logits or W is None else np.asarray(W, dtype=np.float64)
    biases = None if given is None else np.asarray(given, dtype=np.float64)
    finite = None if biases is None else np.where(np.isneginf(biases), 0.0, biases)
    dS = softmax_structure(layer, True)
    return WorkedEntry(
        x=layer.x[0],
        W=weights,
        b=None if of_logits else biases,
        z=layer.z[0] if biases is None else np.where(np.isneginf(biases), -np.inf, layer.z[0]),
        h=layer.h[0],
        complement=layer.complement[0],
        names=names,
        input_names=input_names,
        digits=digits,
        dS=dS,
        dZ=linear_structure(layer.x, K, True),
        dL=dS if of_logits else layer_structure(layer, True),
        dlogL=layer_structure(layer, True, log=True),
        dX=dS if of_logits else InputJacobian(layer, weights, finite, np.arange(K), True, False),
        t=t,
        j=j,
        i=i,
        asked=entry is not None,
        temperature=layer.temperature,
        hidden=np.zeros(K, np.bool_) if layer.mask is None else layer.mask[0],
    )
