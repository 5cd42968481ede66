"""What loss-grad found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..errors import InputError
from ..reading.problem import Problem
from .formats.registry import ONE_ARRAY
from .inputs import inputs_of
from .labels import Axes, Labels, of_input
from .result import Result, Value
from .table_source import Sheet, Sheets, matrix_sheet

ORDER = ("dE_dz", "dE_dW", "dE_db", "dE_dx", "W_new", "b_new")


def loss_result(problem: Problem, error: dict[str, Any], found: dict[str, Array], rows: int | None = None) -> Result:
    """The loss, the derivatives and the moved weights that were found. `error` is what the document repeats of the
    error. Of a data set that is elsewhere, `rows` says how many inputs it has, and the document repeats none."""
    held = [key for key in ORDER if key in found]
    new = [key for key in held if key.endswith("_new")]
    chosen = new or held
    document: dict[str, Value] = {**(inputs_of(problem) if rows is None else {"rows": rows}), **error}
    document |= {key: found[key] for key in ("loss", *held) if key in found}
    header = problem.input_names if chosen[0] == "dE_dx" else problem.names
    row_labels = None
    if found[chosen[0]].ndim == 3:
        N, J, _ = found[chosen[0]].shape
        row_labels = {"n": [str(n) for n in range(N)], "j": problem.input_names or [str(j) for j in range(J)]}
    return Result(
        document, chosen[0], lambda: _sheets(problem, error, found), header=header, row_labels=row_labels,
        axes=_axes(chosen[0], problem),
    )  # fmt: skip


def refuse_several(keys: list[str], format: str) -> None:
    """csv, npy and zarr hold one result, and a picture shows one: InputError for more keys than that."""
    there = " and ".join(keys)
    if len(set(keys)) == 1:
        return
    if format in ("heatmap", "--plot"):
        raise InputError(f"a picture shows one result, and there are {there}", "choose one, as in --wrt W")
    if format in ONE_ARRAY:
        raise InputError(
            f"{format} holds one result, and there are {there}", "choose one, as in --wrt W, or write .npz or .json"
        )


def _axes(key: str, problem: Problem) -> Axes:
    """What a picture says of a result."""
    kind = _kinds(Labels(problem.names, problem.input_names), problem.single)[key]
    name, columns = key.replace("_d", "/d"), kind.meaning.split("column ")[1]
    if key in ("dE_dW", "W_new"):
        return Axes(name, "W[j,:]", columns, kind.row, kind.column)
    row = (lambda n: "E") if kind.row is _no_label else kind.row
    return Axes(name, "E" if kind.row is _no_label else "n", columns, row, kind.column)


class _Kind(NamedTuple):
    """How one result is shown: what its shape is called, and what its rows and columns are."""

    meaning: str
    row: Callable[[int], str]
    column: Callable[[int], str]


def _sheets(problem: Problem, error: dict[str, Any], found: dict[str, Array]) -> Sheets:
    """Each result as one table, or as one for each input where every input has its own; E stands above the first."""
    labels, loss = Labels(problem.names, problem.input_names), found.get("loss")
    kinds, named = _kinds(labels, problem.single), _error_named(error, labels)
    tables: list[Sheet] = []
    for key in (key for key in ORDER if key in found):
        kind, matrices = kinds[key], _matrices(key, found[key], problem)
        each = len(matrices) > 1 or (not problem.single and error.get("reduction") == "none" and key not in BY_ROW)
        for n, matrix in enumerate(matrices):
            value = None
            if loss is not None and (loss.ndim == 0) == (not each) and key == min(found, key=_order):
                value = named, float(loss[n] if each else loss)
            size = matrix.shape[1:] if kind.row is _no_label else matrix.shape
            title = f"{key.replace('_d', '/d')}  {size}: {kind.meaning}"
            tables.append(matrix_sheet(of_input(n, not each) + title, matrix, kind.row, kind.column, value))
    return Sheets(len(tables), tables.__getitem__)


BY_ROW = ("dE_dz", "dE_dx")  # one row an input, whatever the reduction


def _order(key: str) -> int:
    return ORDER.index(key) if key in ORDER else len(ORDER)


def _matrices(key: str, value: Array, problem: Problem) -> list[Array]:
    """The matrices that a result is shown as."""
    if key in BY_ROW:
        return [np.atleast_2d(value)]
    if key in ("dE_db", "b_new"):
        return [row[None] for row in np.atleast_2d(value)]
    return list(value.reshape(-1, *problem.W.shape))


def _no_label(n: int) -> str:
    return ""


def _kinds(labels: Labels, single: bool) -> dict[str, _Kind]:
    rows: Callable[[int], str] = _no_label if single else "input {}".format
    weights = "inputs × outputs, row W[j,:], column W[:,i]"
    return {
        "dE_dz": _Kind("column z[i]", rows, labels.z),
        "dE_dW": _Kind(weights, labels.weights_from, labels.weights_to),
        "dE_db": _Kind("column b[i]", _no_label, labels.b),
        "dE_dx": _Kind("column x[j]", rows, labels.x),
        "W_new": _Kind(weights, labels.weights_from, labels.weights_to),
        "b_new": _Kind("column b[i]", _no_label, labels.b),
    }


def _error_named(error: dict[str, Any], labels: Labels) -> str:
    """E as a formula, as far as a line holds it."""
    target, reduction = error.get("target"), error.get("reduction", "none")
    plain = not error.keys() - {"target", "reduction", "l2", "sample_weights", "ignore"}
    if isinstance(target, int) and target == error.get("ignore"):
        return "E"
    if isinstance(target, int) and plain:
        named = f"E = −ln {labels.h(target)}"
    elif plain and np.asarray(target).dtype.kind == "i":
        named = "E = −ln h[target]"
    else:
        named = "E = −Σ ỹ[k]·ln h[k]"
    named += " + λ/2·‖W‖²" if error.get("l2") else ""
    return named if reduction == "none" else f"{reduction} of {named}"
