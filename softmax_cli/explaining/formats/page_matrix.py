"""The matrix of derivatives on a page, an entry of which is chosen: that of the layer, or that of an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from typing import NamedTuple

from ...core.arrays import Array
from ..equations import Symbol
from ..loss_model import Loss
from ..symbols import DE_DW, DE_DZ, DL_DW, DS_DZ, W_JI
from ..worked_entry import WorkedEntry

ENTRIES, ROWS = 10_000, 100  # that a page holds at most, each with its derivation
TERMS = 200_000  # of the sums in these derivations: fewer entries where outputs or inputs are many


class Marked(NamedTuple):
    """Words that are marked as the entries are that they speak of."""

    text: str


class Entries(NamedTuple):
    """A matrix of some `shape`, of which `values` are shown, those `own` of a row marked. `name` is how an entry is
    called: {row} and {column} stand for the names of its row and column, {r} and {c} for what these have in brackets.
    `place` gives the t, j and i of an entry; `at` is the one that is worked."""

    heading: str
    symbol: Symbol
    shape: tuple[int, int]
    values: Array
    name: str
    row: Callable[[int], str]
    column: Callable[[int], str]
    own: Callable[[int], Container[int]]
    what: tuple[str | Symbol | Marked, ...]
    place: Callable[[int, int], tuple[int, int, int]]
    at: tuple[int, int]


def entries_of(worked: WorkedEntry) -> Entries:
    """The Jacobian of the layer, or the derivative of the error."""
    return _of_layer(worked) if worked.loss is None else _of_error(worked, worked.loss)


def _shown(shape: tuple[int, int], terms: int, square: bool = False) -> tuple[range, range]:
    """Rows and columns, as many as sums of so many terms allow; about as many of both, where the part is `square`."""
    most = min(ENTRIES, max(1, TERMS // terms))
    wanted = max(math.isqrt(most), most // shape[1]) if square else most
    rows = range(min(shape[0], ROWS, wanted))
    return rows, range(min(shape[1], most // len(rows)))


def _of_layer(worked: WorkedEntry) -> Entries:
    J, K = worked.J, worked.K
    rows, columns = _shown((K, K * J), K)
    if worked.of_logits:
        what: tuple[str | Symbol | Marked, ...] = (
            "Each row is an output, each column a logit. In the ", Marked("marked entries"), " the logit is that of "
            "the row’s own output (t = i); everywhere else it is another’s (t ≠ i).",
        )  # fmt: skip
    else:
        what = (
            "Each row is an output, each column a weight, ", W_JI, " leading from input j to output i. In the ",
            Marked("marked blocks"), " the weight leads to the row’s own output (t = i); everywhere else it leads to "
            "another (t ≠ i).",
        )  # fmt: skip
    return Entries(
        heading="The Jacobian",
        symbol=DS_DZ if worked.of_logits else DL_DW,
        shape=(K, K * J),
        values=worked.dL.entries(0, list(rows), list(columns)),
        name="∂{row}/∂{column}",
        row=lambda t: worked.of("h", t).text,
        column=lambda c: worked.variable(c % J, c // J).text,
        own=lambda t: range(t * J, (t + 1) * J),
        what=what,
        place=lambda t, c: (t, c % J, c // J),
        at=(worked.t, worked.i * J + worked.j),
    )


def _of_error(worked: WorkedEntry, loss: Loss) -> Entries:
    matrix = loss.each("dE_dz")[loss.n][None] if worked.of_logits else loss.dE_dW
    rows, columns = _shown((matrix.shape[0], matrix.shape[1]), worked.K + loss.N, square=True)
    cases: tuple[str | Marked, ...] = ()
    if loss.marked:
        what = "entry" if worked.of_logits else "column"
        cases = (" In the ", Marked(f"marked {what}"), " the output is the right one; everywhere else it is not.")
    if worked.of_logits:
        of_input = "" if loss.single else f" at input {loss.n}"
        meaning: tuple[str | Symbol, ...] = (f"Each column is a logit{of_input}.",)
    else:
        meaning = (
            "Each row is an input, each column an output, and the weight ",
            W_JI,
            " leads from one to the other.",
        )
    return Entries(
        heading="The derivative",
        symbol=DE_DZ if worked.of_logits else DE_DW,
        shape=(matrix.shape[0], matrix.shape[1]),
        values=matrix[: len(rows), : len(columns)],
        name="∂{row}/∂{column}" if worked.of_logits else "∂E/∂W[{r},{c}]",
        row=lambda j: "E" if worked.of_logits else worked.input(j).text,
        column=lambda i: worked.of("z", i).text,
        own=lambda j: loss.marked,
        what=(*meaning, *cases),
        place=lambda j, i: (worked.t, j, i),
        at=(worked.j, worked.i),
    )
