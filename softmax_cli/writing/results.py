"""What each command finds, in the form that every way of showing it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..core.batch import Batch, Quantity, batch_of
from ..core.jacobian import Layout, Method, chain_product
from ..core.layer import evaluate
from ..errors import InputError
from ..reading.problem import Problem
from ..wording import counted
from .formats import Stream, Value
from .memory import require_memory

if TYPE_CHECKING:
    from .tables import Sheet, Sheets

KEYS: dict[Quantity, str] = {"softmax-grad": "dS_dZ", "linear-grad": "dZ_dW", "layer-grad": "dL_dW"}
TITLES = {"dS_dZ": "dS/dZ", "dZ_dW": "dZ/dW", "dL_dW": "dL/dW", "dE_dW": "dE/dW", "W_new": "W_new"}


class Axes(NamedTuple):
    """What the rows and columns of a Jacobian in numerator layout are, and a label for each."""

    name: str
    rows: str
    columns: str
    row: Callable[[int], str]
    column: Callable[[int], str]


class Result(NamedTuple):
    """`document` is the JSON output, in order; `main` is the key whose array csv and npy hold, under
    `header` in csv. `sheets` makes the tables. `batch` is there where a picture can be drawn."""

    document: dict[str, Value]
    main: str
    sheets: Callable[[], Sheets]
    header: Sequence[str] | None = None
    batch: Batch | None = None
    axes: Axes | None = None


class Labels(NamedTuple):
    """Names of array elements, by index or by the names of the outputs."""

    names: tuple[str, ...] | None

    def output(self, t: int) -> str:
        return self.names[t] if self.names else str(t)

    def h(self, t: int) -> str:
        return f"h[{self.output(t)}]"

    def z(self, t: int) -> str:
        return f"z[{self.output(t)}]"

    def weight(self, j: int, i: int) -> str:
        return f"W[{j},{self.output(i)}]"

    def weights_of(self, i: int) -> str:
        return f"W[:,{self.output(i)}]"


def given(problem: Problem) -> dict[str, Value]:
    """The inputs, as the output repeats them; those left in their file, block by block."""
    x: Value = problem.x
    if isinstance(x, np.memmap):
        from ..core.gradients import row_blocks

        x = Stream(x.shape, (np.asarray(rows) for _, rows in row_blocks(x)))
    b: dict[str, Value] = {} if problem.b is None else {"b": problem.b}
    return {"x": x, "W": problem.W, "weights_layout": "in-out", **b}


def forward_result(problem: Problem) -> Result:
    layer, single = evaluate(problem.x, problem.W, problem.b)
    labels = Labels(problem.names)
    z, h = (layer.z[0], layer.h[0]) if single else (layer.z, layer.h)

    def sheet(n: int) -> Sheet:
        from .tables import vectors_sheet

        K = layer.h.shape[1]
        title = f"h = softmax(z), z = Wᵀx{'' if problem.b is None else ' + b'}  ({K},): a row an output"
        return vectors_sheet(_of_input(n, single) + title, labels.output, {"z": layer.z[n], "h": layer.h[n]})

    def sheets() -> Sheets:
        from .tables import Sheets

        return Sheets(len(layer.h), sheet)

    document: dict[str, Value] = {**given(problem), "z": z, "h": h}
    return Result(document, "h", sheets)


def jacobian_result(
    quantity: Quantity, problem: Problem, layout: Layout, outputs: Sequence[int] | None, method: Method | None = None
) -> Result:
    key = KEYS[quantity]
    batch = batch_of(quantity, problem.x, problem.W, problem.b, outputs)
    value: Value
    if method == "chain":
        dense = _chain(problem, batch)
        value = in_layout(dense, problem.W, layout)
    else:
        dense = None
        value = Stream(batch.shape(layout), batch.blocks(layout))
    about: dict[str, Value] = {} if outputs is None else {"outputs": list(outputs)}
    if method is not None:
        about["method"] = method
    axes = _axes(key, Labels(problem.names), batch)
    document: dict[str, Value] = {**given(problem), "layout": layout, **about, key: value}
    return Result(document, key, lambda: _jacobian_sheets(axes, problem, batch, layout, dense), batch=batch, axes=axes)


def chosen_outputs(text: str | None, count: int) -> list[int] | None:
    """3,7,10-12 as a list of indices below `count`."""
    if text is None:
        return None
    chosen: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not all(re.fullmatch(r"[0-9]{1,18}", n) for n in ((first, last) if dash else (first,))):
            raise InputError(f"--outputs {text}: {part.strip()!r} is no index and no range", "write it as 3,7,10-12")
        low, high = int(first), int(last or first)
        if high < low:
            raise InputError(f"--outputs {text}: {part.strip()} runs backwards", f"write it as {high}-{low}")
        if high >= count:
            raise InputError(
                f"--outputs {text}: {part.strip()} is not within the {counted(count, 'output')}, 0 to {count - 1}"
            )
        chosen += range(low, high + 1)
    return chosen


def _axes(key: str, labels: Labels, batch: Batch) -> Axes:
    J, outputs = batch.first.g.shape[2], batch.first.outputs
    letter, label = ("z", labels.z) if key == "dZ_dW" else ("h", labels.h)

    def row(r: int) -> str:
        return label(int(outputs[r]))

    if batch.first.wrt_logits:
        return Axes(TITLES[key], f"{letter}[t]", "z[i]", row, labels.z)
    columns = "W[j,i], j running fastest"
    return Axes(TITLES[key], f"{letter}[t]", columns, row, lambda c: labels.weight(c % J, c // J))


def _chain(problem: Problem, batch: Batch) -> Array:
    N, (J, K) = batch.count, problem.W.shape
    R = len(batch.first.outputs)
    require_memory(8 * N * K * (R + K * J + R * J), "--method chain forms dZ/dW and dL/dW whole", "--method shortcut")
    layer, single = evaluate(problem.x, problem.W, problem.b)
    return chain_product(layer, single, batch.first.outputs)


def in_layout(dense: Array, W: Array, layout: Layout) -> Array:
    """dL/dW (…, K·J) in numerator layout, as an array in another."""
    if layout == "tensor":
        J, K = W.shape
        dense = dense.reshape(*dense.shape[:-1], K, J)
    elif layout != "denominator":
        return dense
    swapped: Array = np.ascontiguousarray(np.swapaxes(dense, -1, -2))
    return swapped


def _jacobian_sheets(axes: Axes, problem: Problem, batch: Batch, layout: Layout, dense: Array | None) -> Sheets:
    from .tables import Sheet, Sheets

    N, (_, K, J) = batch.count, batch.first.g.shape
    R, labels = len(batch.first.outputs), Labels(problem.names)

    def entries(n: int, r: Sequence[int], c: Sequence[int]) -> Array:
        if dense is None:
            return batch.make(slice(n, n + 1)).entries(0, r, c)
        some: Array = dense.reshape(N, R, K * J)[n][np.ix_(r, c)]
        return some

    def numerator(n: int) -> Sheet:
        title = f"{axes.name}  ({R}, {K * J}): row {axes.rows}, column {axes.columns}"
        return Sheet(
            _of_input(n, batch.single) + title, (R, K * J), axes.row, axes.column,
            lambda r, c: entries(n, r, c),
        )  # fmt: skip

    def denominator(n: int) -> Sheet:
        title = f"{axes.name}, transposed  ({K * J}, {R}): row {axes.columns}, column {axes.rows}"
        return Sheet(
            _of_input(n, batch.single) + title, (K * J, R), axes.column, axes.row,
            lambda r, c: entries(n, c, r).T,
        )  # fmt: skip

    def tensor(at: int) -> Sheet:
        n, r = divmod(at, R)
        title = f"{axes.name}[{r}]  of ({R}, {J}, {K}): ∂{axes.row(r)}/∂W, row W[j,:], column W[:,i]"
        return Sheet(
            _of_input(n, batch.single) + title, (J, K), lambda j: f"W[{j},:]", labels.weights_of,
            lambda js, i: entries(n, [r], [k * J + j for j in js for k in i]).reshape(len(js), len(i)),
        )  # fmt: skip

    if layout == "tensor" and not batch.first.wrt_logits:
        return Sheets(N * R, tensor)
    return Sheets(N, denominator if layout == "denominator" else numerator)


def gradient_result(problem: Problem, weighting: dict[str, Any], found: dict[str, Array]) -> Result:
    """dE_dW, and the loss and W_new if they were found. `weighting` is what the document repeats of
    upstream, target and reduction."""
    labels = Labels(problem.names)
    gradient, loss = found["dE_dW"], found.get("loss")
    matrices = {key: value for key, value in found.items() if key != "loss"}
    J, K = problem.W.shape
    target, reduction = weighting.get("target"), weighting.get("reduction", "none")
    error = f"E = −ln {labels.h(target) if isinstance(target, int) else 'h[target]'}"
    error = error if reduction == "none" else f"{reduction} of {error}"

    def sheet(at: int) -> Sheet:
        from .tables import Sheet

        n, which = divmod(at, len(matrices))
        key, value = list(matrices.items())[which]
        matrix = value.reshape(-1, J, K)[n]
        title = f"{TITLES[key]}  ({J}, {K}): inputs × outputs, row W[j,:], column W[:,i]"
        shown = None if loss is None or key != "dE_dW" else (error, float(loss[n] if loss.ndim else loss))
        return Sheet(
            _of_input(n, gradient.ndim == 2) + title, (J, K), lambda j: f"W[{j},:]", labels.weights_of,
            lambda r, c: matrix[np.ix_(r, c)], shown,
        )  # fmt: skip

    def sheets() -> Sheets:
        from .tables import Sheets

        return Sheets(len(matrices) * (1 if gradient.ndim == 2 else len(gradient)), sheet)

    document: dict[str, Value] = {**given(problem), **weighting, **found}
    return Result(document, list(matrices)[-1], sheets, problem.names)


def _of_input(n: int, single: bool) -> str:
    return "" if single else f"input {n}: "
