"""x, W and b, put together from whatever names them on the command line or in a line of JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import counted
from .jsonfile import refuse_too_deep, spelled
from .values import Entry, entry_of, fitted, parse_document, read_array, read_document, read_entry, refuse_stdin_twice

__all__ = [
    "ARTICLE",
    "Problem",
    "WeightsLayout",
    "parse_document",
    "problem_from_document",
    "read_array",
    "read_problem",
    "refuse_stdin_twice",
    "stored_layout",
]

WeightsLayout = Literal["in-out", "out-in"]
PASSED_ON = ("target", "upstream", "id", "reduction")


@dataclass(frozen=True)
class Problem:
    """A layer and its input: x (J,) or (N, J), W (J, K), b (K,) or None for zero.

    `names` are the K outputs', from the header row of W's table. `document` has those of the other
    keys of INPUT that a command may need (`target`, `upstream`, `id`, `reduction`), as they stand in JSON.
    """

    x: Array
    W: Array
    b: Array | None = None
    names: tuple[str, ...] | None = None
    document: dict[str, Any] = field(default_factory=dict)


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
) -> Problem:
    """The problem that INPUT (a .json or .npz file, or -) and the options -x, -W and -b name, the
    options first; ARTICLE itself if nothing is named.

    `layout` says how W is stored, (J, K) or (K, J); a document may say it of its own W. Text of one
    row, or of one column where J > 1, is a single input (J,); if `x_rows`, each row of x is an input of
    its own, and x is (N, J) whatever it is read from. Dimensions of a JSON, .npy or .npz array are taken
    as they are. A large .npy batch stays in its file, and is not looked into.
    InputError for what is missing, malformed or of shapes that do not fit.
    """
    if input is None and x is None and W is None and b is None:
        return ARTICLE
    refuse_stdin_twice({"INPUT": input, "-x": x, "-W": W, "-b": b})
    options = {"x": x, "W": W, "b": b}
    entries: dict[str, Entry] = {}
    passed_on: dict[str, Any] = {}
    if input is not None:
        inside = [key for key, value in options.items() if value is None]
        document, source = read_document(input, [*inside, *PASSED_ON[:2]])
        entries = {key: entry_of(document[key], f"{source}: {key}") for key in inside if key in document}
        passed_on = _passed_on(document, source)
        if "W" in entries:
            layout = stored_layout(document, source, layout)
    for key, value in options.items():
        if value is not None:
            entries[key] = read_entry(value, f"-{key}", key, mapped=key == "x")
    missing = [key for key in ("x", "W") if key not in entries]
    if missing:
        how = " and ".join(f"-{key}" for key in missing)
        verb, it = ("is", "it") if len(missing) == 1 else ("are", "them")
        raise InputError(f"{' and '.join(missing)} {verb} missing: give {it} with {how}, or in INPUT")
    weights, out_in = entries["W"], layout == "out-in"
    biases = fitted(entries["b"], 1) if "b" in entries else None
    names = None if out_in else weights.names  # out-in, the header row names inputs
    return _problem(entries["x"], _matrix(weights, out_in), biases, names, passed_on, out_in, x_rows)


def stored_layout(document: dict[str, Any], source: str, asked: WeightsLayout | None) -> WeightsLayout:
    """How a document's W is stored: as it says itself under "weights_layout", or as was asked for.
    InputError if they differ: every output says in-out, and so is not transposed a second time."""
    said = document.get("weights_layout")
    if said is not None and said not in get_args(WeightsLayout):
        raise InputError(f"{source}: weights_layout is {spelled(said)}, where 'in-out' or 'out-in' is expected")
    if said is not None and asked is not None and said != asked:
        raise InputError(f"{source} says that its W is stored {said}", f"drop --weights-layout {asked}")
    return said or asked or "in-out"


def problem_from_document(
    document: dict[str, Any],
    source: str,
    W: Array | None = None,
    b: Array | None = None,
    names: tuple[str, ...] | None = None,
) -> Problem:
    """The problem in one JSON object. W (J, K) and b (K,), where they are given, come before the
    object's own, which is stored as its "weights_layout" says.
    InputError as in `read_problem`, and every message starts with `source`."""
    if "x" not in document:
        raise InputError(f"{source}: x is missing")
    if W is None:
        if "W" not in document:
            raise InputError(f"{source}: W is missing: give it with -W, or on every line")
        W = _matrix(entry_of(document["W"], f"{source}: W"), document.get("weights_layout") == "out-in")
    if b is None and "b" in document:
        b = fitted(entry_of(document["b"], f"{source}: b"), 1)
    x = entry_of(document["x"], f"{source}: x")
    out_in = document.get("weights_layout") == "out-in"
    return _problem(x, W, b, names, _passed_on(document, source), out_in, False, f"{source}: ")


def _passed_on(document: dict[str, Any], source: str) -> dict[str, Any]:
    """What a command may need beside x, W and b, as it stands in JSON."""
    found = {key: document[key] for key in PASSED_ON if key in document}
    for key, value in found.items():
        refuse_too_deep(value, f"{source}: {key}")
    return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in found.items()}


def _matrix(entry: Entry, out_in: bool) -> Array:
    W = fitted(entry, 2)
    return np.ascontiguousarray(W.T) if out_in else W


def _problem(
    entry: Entry,
    W: Array,
    b: Array | None,
    names: tuple[str, ...] | None,
    passed_on: dict[str, Any],
    out_in: bool,
    x_rows: bool,
    prefix: str = "",
) -> Problem:
    """The parts, once their shapes are known to fit. Errors start with `prefix`."""
    J, K = W.shape
    x = _inputs(entry, J, x_rows)
    if x.shape[-1] != J:
        raise _misfit(x, W, b, out_in, prefix)
    if b is not None and len(b) != K:
        raise InputError(f"{prefix}b has {counted(len(b), 'entry', 'entries')} but W has {counted(K, 'column')}")
    return Problem(x, W, b, names, passed_on)


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


def _misfit(x: Array, W: Array, b: Array | None, out_in: bool, prefix: str) -> InputError:
    """Advice is given for what fits when it is followed. Where two things would, it names both."""
    (J, K), n = W.shape, x.shape[-1]
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
    return InputError(f"{prefix}W has {counted(J, 'row')} but x has {entries}", advice)
