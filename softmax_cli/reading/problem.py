"""x, W and b, put together from whatever names them on the command line or in a line of JSON."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..core.arrays import Array, Rows
from ..core.layer import Layer, evaluate, evaluate_logits
from ..core.masks import Mask
from ..errors import InputError
from ..wording import counted, shown
from .documents import read_document
from .entries import Entry, entry_of, fitted, read_entry
from .keys import LAYER_KEYS, NUMBERS_BESIDE, PASSED_ON, WeightsLayout, passed_on, refuse_near, stored_layout
from .masks import open_numbers, read_mask
from .rowsfile import rows_in_file
from .sources import refuse_stdin_twice

ONE_OUTPUT = (
    "W has one output, so h is 1 and every derivative 0: if these are the weights of a binary classifier, add --binary"
)


@dataclass(frozen=True)
class Problem:
    """A layer and its input: x (J,) or (N, J), W (J, K), b (K,) or None for zero; or the logits `z` (K,) or (N, K),
    beside which x has no entries and W no rows. `temperature` divides the logits, and `mask`, (K,) or (N, K), is true
    where an output is left out; so is −∞ in b or z.

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
    z: Array | None = None
    temperature: float = 1.0
    mask: Mask | None = None

    def evaluated(self, some: slice | None = None) -> tuple[Layer, bool]:
        """The layer, of some of many inputs if they are given, and whether its input is a single one. InputError as in
        `evaluate`."""
        x, z, mask, first = self.x, self.z, self.mask, 0
        if some is not None:
            x, first = x[some], some.start
            z = None if z is None else z[some]
            mask = mask[some] if mask is not None and mask.ndim == 2 else mask
        if z is not None:
            return evaluate_logits(z, temperature=self.temperature, mask=mask)
        return evaluate(x, self.W, self.b, first, temperature=self.temperature, mask=mask)

    @property
    def single(self) -> bool:
        """Whether it has one input, whose results have no leading axis."""
        return self.x.ndim == 1


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
    z: str | None = None,
    temperature: float | None = None,
    mask: str | None = None,
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
    if input is None and x is None and W is None and b is None and z is None:
        if binary:
            raise InputError("--binary takes weights of one output, and the example has 5")
        return _tempered(ARTICLE, {}, "", temperature, mask)
    refuse_stdin_twice({"INPUT": input, "-x": x, "-W": W, "-b": b, "-z": z})
    options = {"x": x, "W": W, "b": b}
    if z is not None:
        _refuse_beside_logits(options, binary)
    entries: dict[str, Entry] = {}
    document: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    held, source = "", "INPUT"
    notes: tuple[str, ...] = ()
    if input is not None:
        inside = [key for key, value in options.items() if value is None] if z is None else []
        document, keys, source = read_document(input, [*LAYER_KEYS, *NUMBERS_BESIDE])
        refuse_near(keys, {*inside, *PASSED_ON, "weights_layout", "temperature", "mask"}, source)
        entries = {key: entry_of(document[key], f"{source}: {key}", key != "b") for key in inside if key in document}
        beside = passed_on(document, source)
        if "W" in entries:
            layout = stored_layout(document, source, layout)
        held = f"{source} holds {shown(', '.join(keys), 80)}" if keys else f"{source} is empty"
        dropped = [key for key in options if key in document]
        if z is not None and dropped:
            verb = "is" if len(dropped) == 1 else "are"
            notes = (f"-z is given, so {' and '.join(dropped)} of {source} {verb} not used",)
    if z is not None:
        entry = read_entry(z, "-z", "z", finite=False, header=header)
        return _of_logits(entry, document, beside, source, header, x_rows, temperature, mask, notes)
    left = rows_in_file(x) if in_file and x is not None else None
    for key, value in options.items():
        if value is not None and (key != "x" or left is None):
            entries[key] = read_entry(value, f"-{key}", key, finite=key != "b", header=header)
    if "z" in document and (x, W, b) == (None, None, None) and not {"x", "W"} <= entries.keys():
        entry = entry_of(document["z"], f"{source}: z", finite=False)
        return _of_logits(entry, document, beside, source, header, x_rows, temperature, mask, notes)
    _refuse_missing([key for key in ("x", "W") if key not in entries and (key != "x" or left is None)], held)
    W_array, names = weights(entries["W"], layout == "out-in", binary)
    b_array = biases(entries["b"], binary) if "b" in entries else None
    inputs = _inputs(entries["x"], len(W_array), x_rows) if left is None else left
    _refuse_misfit(inputs, W_array, b_array, layout == "out-in")
    notes = (*(note for entry in entries.values() for note in entry.notes), *_notes(W_array))
    problem = Problem(inputs, W_array, b_array, names, beside, header, notes, layout or "in-out")
    return _tempered(problem, document, source, temperature, mask, entries.get("b"))


def _refuse_beside_logits(options: dict[str, str | None], binary: bool) -> None:
    given = next((f"-{key}" for key, value in options.items() if value is not None), "--binary" if binary else None)
    if given is not None:
        raise InputError(f"-z and {given} are both given, and the logits z need no x, W or b")


def _of_logits(
    entry: Entry,
    document: dict[str, Any],
    beside: dict[str, Any],
    source: str,
    header: bool | None,
    x_rows: bool,
    temperature: float | None,
    mask: str | None,
    notes: tuple[str, ...] = (),
) -> Problem:
    """The problem whose logits are given. Text of one row or one column is a single input's."""
    z = entry.array if entry.loose and (x_rows or 1 not in entry.array.shape) else fitted(entry, 1, 2)
    z = z[None] if x_rows and z.ndim == 1 else z
    x, W = np.empty((*z.shape[:-1], 0)), np.empty((0, z.shape[-1]))
    problem = Problem(x, W, None, entry.names, beside, header, (*notes, *entry.notes), z=z)
    return _tempered(problem, document, source, temperature, mask, entry)


def _tempered(
    problem: Problem,
    document: dict[str, Any],
    source: str,
    temperature: float | None,
    mask: str | None,
    entry: Entry | None = None,
) -> Problem:
    """The problem with the temperature and the mask that the options name, or else the document; `entry` is what b or z
    was read from, in which −∞ leaves an output out."""
    N, K = (1 if problem.single else len(problem.x)), problem.W.shape[1]
    T = _temperature(temperature, document, source)
    hidden = read_mask(mask, document, source, N, K, problem.names)
    key = "b" if problem.z is None else "z"
    numbers: Array | None = getattr(problem, key)
    if entry is not None and numbers is not None and not np.isfinite(numbers).all():
        nulls = read_mask(None, document, source, N, K)  # those of a document are where its own mask is
        if nulls is not None and key == "b" and nulls.ndim == 2:
            nulls = np.asarray(nulls.all(axis=0))
        problem = replace(problem, **{key: open_numbers(entry, numbers, nulls)})  # type: ignore[arg-type]
    if T == 1.0 and hidden is None:
        return problem
    return replace(problem, temperature=T, mask=hidden)


def _temperature(option: float | None, document: dict[str, Any], source: str) -> float:
    said = document.get("temperature") if option is None else option
    if said is None:
        return 1.0
    T = float(fitted(entry_of(said, f"{source}: temperature"), 0)) if option is None else option
    if not 0.0 < T < float("inf"):
        name = "--temperature" if option is not None else f"{source}: temperature"
        raise InputError(f"{name} is {T:g}, where a number above 0 is expected")
    return T


def problem_from_document(
    document: dict[str, Any],
    source: str,
    W: Array | None = None,
    b: Array | None = None,
    names: tuple[str, ...] | None = None,
    binary: bool = False,
    temperature: float | None = None,
    mask: str | None = None,
) -> Problem:
    """The problem in one JSON object. W (J, K) and b (K,), where they are given, come before the
    object's own, which is stored as its "weights_layout" says, and of one output if `binary`; so do `temperature` and
    `mask`. Its z are the logits where it has not both x and W.
    InputError as in `read_problem`, and every message starts with `source`."""
    inside = {
        "x",
        "temperature",
        "mask",
        *PASSED_ON,
        *(["W", "weights_layout"] if W is None else []),
        *(["b"] if b is None else []),
    }
    refuse_near(document, inside, source)
    if "z" in document and W is None and not {"x", "W"} <= document.keys():
        entry = entry_of(document["z"], f"{source}: z", finite=False)
        return _of_logits(entry, document, passed_on(document, source), source, None, False, temperature, mask)
    if "x" not in document:
        raise InputError(f"{source}: x is missing")
    out_in = W is None and document.get("weights_layout") == "out-in"
    if W is None:
        if "W" not in document:
            raise InputError(f"{source}: W is missing: give it with -W, or on every line")
        W, _ = weights(entry_of(document["W"], f"{source}: W"), out_in, binary)
    own_b = entry_of(document["b"], f"{source}: b", finite=False) if b is None and "b" in document else None
    if own_b is not None:
        b = biases(own_b, binary)
    x = _inputs(entry_of(document["x"], f"{source}: x"), len(W), x_rows=False)
    _refuse_misfit(x, W, b, out_in, f"{source}: ")
    stored: WeightsLayout = "out-in" if out_in else "in-out"
    problem = Problem(x, W, b, names, passed_on(document, source), notes=_notes(W), stored=stored)
    return _tempered(problem, document, source, temperature, mask, own_b)


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
