"""x, W and b, put together from whatever names them on the command line or in a line of JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.arrays import Array, Rows
from ..errors import InputError
from ..wording import counted, shown
from .documents import read_document
from .entries import Entry, entry_of, fitted, read_entry
from .keys import PASSED_ON, WeightsLayout, passed_on, refuse_near, stored_layout
from .rowsfile import rows_in_file
from .sources import refuse_stdin_twice

ONE_OUTPUT = (
    "W has one output, so h is 1 and every derivative 0: if these are the weights of a binary classifier, add --binary"
)


@dataclass(frozen=True)
class Problem:
    """A layer and its input: x (J,) or (N, J), W (J, K), b (K,) or None for zero.

    `names` are the K outputs', from the header row of W's table. `document` has those of the other
    keys of INPUT that a command may need (`target`, `upstream`, `id`, `reduction`), as they stand in JSON.
    `header` says whether the first row of a table names its columns, for the tables that are read later.
    `notes` are what the user should hear of how the numbers were taken.
    `stored` is how W was stored, before it was made (J, K).
    """

    x: Array | Rows
    W: Array
    b: Array | None = None
    names: tuple[str, ...] | None = None
    document: dict[str, Any] = field(default_factory=dict)
    header: bool | None = None
    notes: tuple[str, ...] = ()
    stored: WeightsLayout = "in-out"


ARTICLE = Problem(
    x=np.array([0.1, 0.5, 0.4]),
    W=np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [0.6, 0.7, 0.8, 0.9, 0.1], [0.11, 0.12, 0.13, 0.14, 0.15]]),
)


def read_problem(
    input: str | None,
    x: str | None,
    W: str | None,
    b: str | None,
    *,
    layout: WeightsLayout | None = None,
    x_rows: bool = False,
    header: bool | None = None,
    binary: bool = False,
    in_file: bool = False,
) -> Problem:
    """The problem that INPUT (a .json or .npz file, or -) and the options -x, -W and -b name, the
    options first; ARTICLE itself if nothing is named.

    `layout` says how W is stored, (J, K) or (K, J); a document may say it of its own W. Text of one
    row, or of one column where J > 1, is a single input (J,); if `x_rows`, each row of x is an input of
    its own, and x is (N, J) whatever it is read from. Dimensions of a JSON, .npy or .npz array are taken
    as they are. If `in_file`, a large batch in a .npy file stays there, and is not looked into. `header` is as in
    `read_table`. If `binary`, W and b hold one output, and it is the second of two, the first of which has weights
    and bias 0. InputError for what is missing, malformed or of shapes that do not fit.
    """
    if input is None and x is None and W is None and b is None:
        if binary:
            raise InputError("--binary takes weights of one output, and the example has 5")
        return ARTICLE
    refuse_stdin_twice({"INPUT": input, "-x": x, "-W": W, "-b": b})
    options = {"x": x, "W": W, "b": b}
    entries: dict[str, Entry] = {}
    beside: dict[str, Any] = {}
    held = ""
    if input is not None:
        inside = [key for key, value in options.items() if value is None]
        document, keys, source = read_document(input, [*inside, *PASSED_ON[:2]])
        refuse_near(keys, {*inside, *PASSED_ON, "weights_layout"}, source)
        entries = {key: entry_of(document[key], f"{source}: {key}") for key in inside if key in document}
        beside = passed_on(document, source)
        if "W" in entries:
            layout = stored_layout(document, source, layout)
        held = f"{source} holds {shown(', '.join(keys), 80)}" if keys else f"{source} is empty"
    left = rows_in_file(x) if in_file and x is not None else None
    for key, value in options.items():
        if value is not None and (key != "x" or left is None):
            entries[key] = read_entry(value, f"-{key}", key, header=header)
    _refuse_missing([key for key in ("x", "W") if key not in entries and (key != "x" or left is None)], held)
    W_array, names = weights(entries["W"], layout == "out-in", binary)
    b_array = biases(entries["b"], binary) if "b" in entries else None
    inputs = _inputs(entries["x"], len(W_array), x_rows) if left is None else left
    _refuse_misfit(inputs, W_array, b_array, layout == "out-in")
    notes = (*(note for entry in entries.values() for note in entry.notes), *_notes(W_array))
    return Problem(inputs, W_array, b_array, names, beside, header, notes, layout or "in-out")


def problem_from_document(
    document: dict[str, Any],
    source: str,
    W: Array | None = None,
    b: Array | None = None,
    names: tuple[str, ...] | None = None,
    binary: bool = False,
) -> Problem:
    """The problem in one JSON object. W (J, K) and b (K,), where they are given, come before the
    object's own, which is stored as its "weights_layout" says, and of one output if `binary`.
    InputError as in `read_problem`, and every message starts with `source`."""
    inside = {"x", *PASSED_ON, *(["W", "weights_layout"] if W is None else []), *(["b"] if b is None else [])}
    refuse_near(document, inside, source)
    if "x" not in document:
        raise InputError(f"{source}: x is missing")
    out_in = W is None and document.get("weights_layout") == "out-in"
    if W is None:
        if "W" not in document:
            raise InputError(f"{source}: W is missing: give it with -W, or on every line")
        W, _ = weights(entry_of(document["W"], f"{source}: W"), out_in, binary)
    if b is None and "b" in document:
        b = biases(entry_of(document["b"], f"{source}: b"), binary)
    x = _inputs(entry_of(document["x"], f"{source}: x"), len(W), x_rows=False)
    _refuse_misfit(x, W, b, out_in, f"{source}: ")
    stored: WeightsLayout = "out-in" if out_in else "in-out"
    return Problem(x, W, b, names, passed_on(document, source), notes=_notes(W), stored=stored)


def weights(entry: Entry, out_in: bool, binary: bool) -> tuple[Array, tuple[str, ...] | None]:
    """W (J, K), and the names of the outputs if a header row has them. It is stored (K, J) if `out_in`; if `binary`,
    it has one output, and becomes the second of two, the first of which has weights 0."""
    W = fitted(entry, 2)
    W, names = (np.ascontiguousarray(W.T), None) if out_in else (W, entry.names)  # out-in, a header names inputs
    if not binary:
        return W, names
    if W.shape[1] != 1:
        stored = len(W) == 1 and not out_in
        raise InputError(
            f"--binary takes weights of one output, and W has {W.shape[1]}",
            "if W is stored outputs × inputs, add --weights-layout out-in" if stored else "",
        )
    return np.hstack([np.zeros_like(W), W]), names and (f"not {names[0]}", names[0])


def biases(entry: Entry, binary: bool) -> Array:
    """b (K,), which may be written as one row or one column. If `binary`, (2,) from its one entry: 0 and that."""
    array = entry.array
    b = array.ravel() if array.ndim == 2 and 1 in array.shape else fitted(entry, *([0, 1] if binary else [1]))
    if not binary:
        return b
    if b.size != 1:
        raise InputError(f"--binary takes the bias of one output, and b has {b.size} entries")
    return np.array([0.0, b.item()])


def _refuse_missing(missing: list[str], held: str) -> None:
    if missing:
        how = " and ".join(f"-{key}" for key in missing)
        verb, it = ("is", "it") if len(missing) == 1 else ("are", "them")
        raise InputError(f"{' and '.join(missing)} {verb} missing: give {it} with {how}, or in INPUT", held)


def _notes(W: Array) -> tuple[str, ...]:
    return (ONE_OUTPUT,) if W.shape[1] == 1 else ()


def _inputs(entry: Entry, J: int, x_rows: bool) -> Array:
    """x as (J,) or (N, J). Text has no dimensions of its own: one row is a single input, and so is one
    column unless J = 1, where each of its rows is one."""
    if not entry.loose:
        x = fitted(entry, 1, 2)
        return x[None] if x_rows and x.ndim == 1 else x
    x = entry.array
    rows, columns = x.shape
    if not x_rows and (rows == 1 or (columns == 1 and J != 1)):
        return x.ravel()
    return x


def _refuse_misfit(x: Array | Rows, W: Array, b: Array | None, out_in: bool, prefix: str = "") -> None:
    """InputError unless the shapes of x, W (J, K), which was given (K, J) if `out_in`, and b fit. Advice is given
    for what fits when it is followed; where two things would, it names both."""
    (J, K), n = W.shape, x.shape[-1]
    if n == J and b is not None and len(b) != K:
        raise InputError(f"{prefix}b has {counted(len(b), 'entry', 'entries')} but W has {counted(K, 'column')}")
    if n == J:
        return
    entries = counted(n, "entry", "entries") + (" an input" if x.ndim == 2 else "")
    columns = x.ndim == 2 and len(x) == J
    stored = n == K and (b is None or len(b) == J)
    transposed = "drop --weights-layout out-in" if out_in else "add --weights-layout out-in"
    advice = ""
    if x.shape == (J, 1):
        advice = "x is a batch of inputs with one entry each: for a single input, give it as one row"
    elif columns and stored:
        advice = f"if the columns of x are its inputs, transpose x; if W is the one stored otherwise, {transposed}"
    elif columns:
        advice = "x has one input a row: if its columns are the inputs, transpose it"
    elif stored:
        advice = transposed if out_in else f"if W is stored outputs × inputs, {transposed}"
    raise InputError(f"{prefix}W has {counted(J, 'row')} but x has {entries}", advice)
