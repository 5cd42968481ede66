"""What softmax-grad, linear-grad and layer-grad found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.arrays import Array
from ..core.batch import Batch, Quantity, batch_of
from ..core.jacobian import Layout, Method, chain_product
from ..core.layer import evaluate
from ..reading.problem import Problem
from .inputs import inputs_of
from .labels import Axes, Labels, of_input
from .memory import require_memory
from .result import Result, Stream, Value
from .sheet import Indices, Sheet, Sheets

KEYS: dict[Quantity, str] = {"softmax-grad": "dS_dZ", "linear-grad": "dZ_dW", "layer-grad": "dL_dW"}
TITLES = {"dS_dZ": "dS/dZ", "dZ_dW": "dZ/dW", "dL_dW": "dL/dW"}


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
    document: dict[str, Value] = {**inputs_of(problem), "layout": layout, **about, key: value}
    return Result(document, key, lambda: _jacobian_sheets(axes, problem, batch, layout, dense), batch=batch, axes=axes)


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
    return chain_product(layer, problem.W, single, outputs=batch.first.outputs)


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
    N, (_, K, J) = batch.count, batch.first.g.shape
    R, labels = len(batch.first.outputs), Labels(problem.names)

    def entries(n: int, r: Sequence[int], c: Sequence[int]) -> Array:
        if dense is None:
            return batch.make(slice(n, n + 1)).entries(0, r, c)
        some: Array = dense.reshape(N, R, K * J)[n][np.ix_(r, c)]
        return some

    def numerator(n: int) -> Sheet:
        title = f"{axes.name}  ({R}, {K * J}): row {axes.rows}, column {axes.columns}"
        title = of_input(n, batch.single) + title
        return Sheet(title, (R, K * J), axes.row, axes.column, lambda r, c: entries(n, r, c))

    def denominator(n: int) -> Sheet:
        title = f"{axes.name}, transposed  ({K * J}, {R}): row {axes.columns}, column {axes.rows}"
        title = of_input(n, batch.single) + title
        return Sheet(title, (K * J, R), axes.column, axes.row, lambda r, c: entries(n, c, r).T)

    def tensor(at: int) -> Sheet:
        n, r = divmod(at, R)
        title = f"{axes.name}[{r}]  of ({R}, {J}, {K}): ∂{axes.row(r)}/∂W, row W[j,:], column W[:,i]"
        title = of_input(n, batch.single) + title

        def of_output(js: Indices, outputs: Indices) -> Array:
            columns = [k * J + j for j in js for k in outputs]
            return entries(n, [r], columns).reshape(len(js), len(outputs))

        return Sheet(title, (J, K), labels.weights_from, labels.weights_to, of_output)

    if layout == "tensor" and not batch.first.wrt_logits:
        return Sheets(N * R, tensor)
    return Sheets(N, denominator if layout == "denominator" else numerator)
