"""x, W and b, put together from whatever names them on the command line or in a line of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..wording import escaped
from .archives import Archive, JsonObject, listed
from .document_keys import LAYER_KEYS, WeightsLayout, keys_read, passed_on, refuse_near
from .documents import read_document
from .entries import Entry, entry_of, fitted, held_as
from .framework_names import layer_in
from .layer import Weights, biases, weights
from .masks import open_numbers, read_mask
from .names import INPUTS, OUTPUTS, Names, fitting, names_in
from .npy_rows import rows_in_file
from .option_arrays import read_entry
from .problem import ARTICLE, Problem
from .shapes import cut_by_shell, inputs_in, may_be_titles, refuse_misfit, refuse_missing
from .sources import STDIN, named, refuse_stdin_twice, taken_of


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
    beside: Mapping[str, str | None] | None = None,
    error: Mapping[str, Any] | None = None,
) -> Problem:
    """The problem that INPUT (a .json or .npz file, or -) and the options -x, -W and -b name, the
    options first; ARTICLE itself if nothing is named.

    `layout` says how W is stored, (J, K) or (K, J); a document may say it of its own W. Text of one
    row, or of one column where J > 1, is a single input (J,); if `x_rows`, each row of x is an input of
    its own, and x is (N, J) whatever it is read from. Dimensions of a JSON, .npy or .npz array are taken
    as they are. If `in_file`, a large batch in a .npy file stays there, and is not looked into. `header` is as in
    `read_table`. If `binary`, W and b hold one output, and it is the second of two, the first of which has weights
    and bias 0. Columns of the table of x that options `beside` name, as in `--target iris.csv:species`, are left out of
    x. `error` are the options of the error by their keys, where a command takes one.
    InputError for what is missing, malformed or of shapes that do not fit.
    """
    if input is None and x is None and W is None and b is None and z is None:
        if binary:
            raise InputError("--binary takes weights of one output, and the example has 5")
        return _tempered(ARTICLE, JsonObject({}, ""), temperature, mask)
    refuse_stdin_twice({"INPUT": input, "-x": x, "-W": W, "-b": b, "-z": z})
    options = {"x": x, "W": W, "b": b}
    archive: Archive = JsonObject({}, "INPUT") if input is None else read_document(input)
    of_layer = [] if z is not None else [key for key, value in options.items() if value is None]
    read = keys_read(of_layer, {"temperature": temperature, "mask": mask, **(error or {})})
    if z is not None:
        _refuse_beside_logits(options, binary)
        refuse_near(archive.keys, read, archive.source, error is not None)
        entry, notes = read_entry(z, "-z", "z", finite=False, header=header), _unused(options, archive)
        return _of_logits(entry, archive, header, x_rows, temperature, mask, notes)
    names = _names_in(archive, of_layer)
    others = [key for key in archive.keys if key not in names.values()]
    refuse_near([*names, *others], read | {"weights_layout"}, archive.source, error is not None)
    if "z" in archive.keys and (x, W, b) == (None, None, None) and not {"x", "W"} <= names.keys():
        entry = held_as(archive, "z", "z", finite=False)
        return _of_logits(entry, archive, header, x_rows, temperature, mask)
    left = rows_in_file(x) if in_file and x is not None else None
    entries = {key: held_as(archive, name, key, key != "b", told=key != name) for key, name in names.items()}
    for key, value in options.items():
        if value is not None and (key != "x" or left is None):
            left_out, told = taken_of(value, beside or {}) if key == "x" else ((), ())
            entry = read_entry(value, f"-{key}", key, finite=key != "b", header=header, left_out=left_out)
            entries[key] = entry._replace(notes=(*told, *entry.notes))
    missing = [key for key in ("x", "W") if key not in entries and (key != "x" or left is None)]
    refuse_missing(missing, cut_by_shell(options, missing) if input is None else _held(archive, missing))
    layer = weights(entries["W"], layout, binary)
    b_array = biases(entries["b"], layer.binary) if "b" in entries else None
    inputs = inputs_in(entries["x"], len(layer.W), x_rows) if left is None else left
    alone = W is not None and ";" not in W and entries["W"].loose and len(entries["W"].array) == 1
    refuse_misfit(
        inputs, layer.W, b_array, layer.stored, alone=alone and named(str(W)).kind == "numbers",
        titles=may_be_titles(entries["W"], W, header),
    )  # fmt: skip
    notes = (*(note for key in "xb" if key in entries for note in entries[key].notes), *layer.notes)
    outputs, inputs_, told = _named(archive, layer, entries.get("x"), len(layer.W), W is None)
    problem = Problem(
        inputs, layer.W, b_array, outputs, passed_on(archive), header, (*notes, *told), layer.stored,
        input_names=inputs_,
    )  # fmt: skip
    return _tempered(problem, archive, temperature, mask, entries.get("b"))


def _named(
    archive: Archive, layer: Weights, x: Entry | None, J: int, own: bool
) -> tuple[Names, Names, tuple[str, ...]]:
    """The names of the outputs and of the inputs, and notes on those that are not used. `own` says that W is the
    archive's."""
    said = names_in(archive, OUTPUTS)
    if layer.binary and said is not None and len(said) == 1:
        said = (f"not {said[0]}", said[0])
    label = "{}: {}".format
    outputs, first = fitting(layer.names, said, layer.W.shape[1], label(archive.source, OUTPUTS), own, "output")
    columns = x.names if x is not None and x.names is not None and len(x.names) == J else None
    said, where = layer.input_names, "the table of W"
    if said is None:
        said, where = names_in(archive, INPUTS), label(archive.source, INPUTS)
    inputs, second = fitting(columns, said, J, where, own, "input")
    return outputs, inputs, first + second


def _names_in(archive: Archive, wanted: list[str]) -> dict[str, str]:
    """The keys of those of x, W and b that are wanted of INPUT: their own, or the usual names of a model."""
    names = {key: key for key in wanted if key in archive.keys}
    pair = layer_in(archive) if "W" in wanted and "W" not in names else None
    if pair is not None:
        names["W"] = pair.weights
        if "b" in wanted and pair.biases is not None:
            names.setdefault("b", pair.biases)
    return names


def _held(archive: Archive, missing: list[str]) -> str:
    """What INPUT holds, where it has not what is wanted; where a matrix may be W, how to say so."""
    held = f"{archive.source} {listed(archive).removeprefix('it ')}"
    if "W" not in missing or archive.source == STDIN:
        return held
    matrices = [key for key in archive.keys if key not in LAYER_KEYS and len(archive.shape(key) or ()) == 2]
    return (
        f"{held}: if {escaped(matrices[0], 40)} is W, add -W {archive.source}:{escaped(matrices[0])}"
        if matrices
        else held
    )


def _unused(options: dict[str, str | None], archive: Archive) -> tuple[str, ...]:
    """A note, if -z leaves x, W or b of INPUT unused."""
    dropped = [key for key in options if key in archive.keys]
    verb = "is" if len(dropped) == 1 else "are"
    note = f"-z is given, so {' and '.join(dropped)} of {archive.source} {verb} not used"
    return (note,) if dropped else ()


def _refuse_beside_logits(options: dict[str, str | None], binary: bool) -> None:
    given = next((f"-{key}" for key, value in options.items() if value is not None), "--binary" if binary else None)
    if given is not None:
        raise InputError(f"-z and {given} are both given, and the logits z need no x, W or b")


def _of_logits(
    entry: Entry,
    archive: Archive,
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
    said, label = names_in(archive, OUTPUTS), f"{archive.source}: {OUTPUTS}"
    names, told = fitting(entry.names, said, W.shape[1], label, "z" in archive.keys and not notes, "output")
    problem = Problem(x, W, None, names, passed_on(archive), header, (*notes, *entry.notes, *told), z=z)
    return _tempered(problem, archive, temperature, mask, entry)


def _tempered(
    problem: Problem, archive: Archive, temperature: float | None, mask: str | None, entry: Entry | None = None
) -> Problem:
    """The problem with the temperature and the mask that the options name, or else the document; `entry` is what b or z
    was read from, in which −∞ leaves an output out."""
    N, K = (1 if problem.single else len(problem.x)), problem.W.shape[1]
    T = _temperature(temperature, archive)
    said = archive.value("mask") if "mask" in archive.keys else None
    hidden = read_mask(mask, said, archive.source, N, K, problem.names)
    key = "b" if problem.z is None else "z"
    numbers: Array | None = getattr(problem, key)
    if entry is not None and numbers is not None and not np.isfinite(numbers).all():
        nulls = read_mask(
            None, said, archive.source, N, K, problem.names
        )  # those of a document are where its own mask is
        if nulls is not None and key == "b" and nulls.ndim == 2:
            nulls = np.asarray(nulls.all(axis=0))
        problem = replace(problem, **{key: open_numbers(entry, numbers, nulls)})  # type: ignore[arg-type]
    if T == 1.0 and hidden is None:
        return problem
    return replace(problem, temperature=T, mask=hidden)


def _temperature(option: float | None, archive: Archive) -> float:
    if option is None and "temperature" not in archive.keys:
        return 1.0
    said = None if option is not None else archive.value("temperature")
    if option is None and said is None:
        return 1.0
    T = option if option is not None else float(fitted(entry_of(said, f"{archive.source}: temperature"), 0))
    if not 0.0 < T < float("inf"):
        name = "--temperature" if option is not None else f"{archive.source}: temperature"
        raise InputError(f"{name} is {T:g}, where a number above 0 is expected")
    return T


def problem_from_document(
    document: dict[str, Any],
    source: str,
    layer: Weights | None = None,
    b: Array | None = None,
    binary: bool = False,
    temperature: float | None = None,
    mask: str | None = None,
    of_error: bool = False,
) -> Problem:
    """The problem in one JSON object. The weights and b (K,), where they are given, come before the
    object's own, which is stored as its "weights_layout" says, and of one output if `binary`; so do `temperature` and
    `mask`. Its z are the logits where it has not both x and W. `of_error` says that its error is read as well.
    InputError as in `read_problem`, and every message starts with `source`."""
    archive = JsonObject(document, source)
    of_layer = ["x", *(["W", "weights_layout"] if layer is None else []), *(["b"] if b is None else [])]
    refuse_near(document, keys_read(of_layer, {}), source, of_error)
    if "z" in document and layer is None and not {"x", "W"} <= document.keys():
        entry = held_as(archive, "z", "z", finite=False)
        return _of_logits(entry, archive, None, False, temperature, mask)
    missing = [key for key in ("x", "W") if key not in document and (key == "x" or layer is None)]
    if missing:
        how = ": give W with -W, or both on every line" if len(missing) == 2 else ""
        how = ": give it with -W, or on every line" if missing == ["W"] else how
        verb = "is" if len(missing) == 1 else "are"
        held = [key for key in archive.keys if key != "weights_layout"]
        raise InputError(f"{source}: {' and '.join(missing)} {verb} missing{how}", listed(archive, held))
    own = layer is None
    notes: tuple[str, ...] = ()
    if layer is None:
        layer = weights(held_as(archive, "W", "W"), None, binary)
        notes = layer.notes
    own_b = held_as(archive, "b", "b", finite=False) if b is None and "b" in document else None
    if own_b is not None:
        b = biases(own_b, layer.binary)
    x = inputs_in(held_as(archive, "x", "x"), len(layer.W), x_rows=False)
    refuse_misfit(x, layer.W, b, layer.stored, f"{source}: ")
    outputs, inputs, told = _named(archive, layer, None, len(layer.W), own)
    problem = Problem(
        x, layer.W, b, outputs, passed_on(archive), notes=(*notes, *told), stored=layer.stored, input_names=inputs
    )
    return _tempered(problem, archive, temperature, mask, own_b)
