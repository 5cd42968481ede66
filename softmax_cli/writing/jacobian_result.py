"""What softmax-grad, linear-grad and layer-grad found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..core.arrays import Array, Layout
from ..core.batch import Batch, Quantity, Structure, batch_of, linear_batch
from ..core.whole_jacobians import Method, chain_product
from ..reading.problem import Problem
from .inputs import inputs_of
from .labels import Axes, Labels, of_input
from .memory import require_memory
from .result import Result, Stream, Value
from .table_source import Indices, Sheet, Sheets


class Asked(NamedTuple):
    """Which Jacobian: of h or of ln h, of which outputs, in what layout, and by what method."""

    quantity: Quantity
    layout: Layout = "numerator"
    outputs: Sequence[int] | None = None
    log: bool = False
    method: Method | None = None

    @property
    def key(self) -> str:
        """The key of the result: dL_dW, or dlogL_dW of ln h."""
        return f"dlog{self.quantity[1:]}" if self.log else self.quantity

    @property
    def wrt(self) -> str:
        return self.quantity[-1]

    def about(self) -> dict[str, Value]:
        """What the document says beside the result."""
        about: dict[str, Value] = {"layout": self.layout}
        if self.outputs is not None:
            about["outputs"] = list(self.outputs)
        if self.method is not None:
            about["method"] = self.method
        return about


def jacobian_result(problem: Problem, asked: Asked) -> Result:
    batch, dense = batch_and_dense(problem, asked)
    value: Value = Stream(batch.shape(asked.layout), batch.blocks(asked.layout))
    if dense is not None:
        value = in_layout(dense, asked.layout, batch.first)
    axes = axes_of(asked, Labels(problem.names, problem.input_names), batch)
    document: dict[str, Value] = {**inputs_of(problem), **asked.about(), asked.key: value}
    sheets = JacobianSheets(axes, Labels(problem.names, problem.input_names), batch, dense)
    return Result(
        document, asked.key, lambda: sheets.of(asked.layout), batch=batch, axes=axes, names=problem.names,
        input_names=problem.input_names,
    )  # fmt: skip


def batch_and_dense(problem: Problem, asked: Asked) -> tuple[Batch, Array | None]:
    """The Jacobian at every input, and the product of dense matrices where that is the method."""
    if asked.quantity == "dZ_dW":
        return linear_batch(np.asarray(problem.x), problem.W, asked.outputs), None
    layer, single = problem.evaluated()
    batch = batch_of(asked.quantity, layer, single, problem.W, _finite(problem.b), asked.outputs, asked.log)
    if asked.method != "chain":
        return batch, None
    N, (J, K), R = batch.count, problem.W.shape, len(batch.first.outputs)
    inner = {"W": K * J, "b": K, "x": J}[asked.wrt]
    require_memory(
        8 * N * (R * K + K * inner + R * inner), "--method chain forms dZ/dW and dL/dW whole", "--method shortcut"
    )
    return batch, chain_product(layer, problem.W, single, asked.wrt, batch.first.outputs, asked.log)


def _finite(b: Array | None) -> Array | None:
    return None if b is None else np.where(np.isneginf(b), 0.0, b)


def in_layout(dense: Array, layout: Layout, first: Structure) -> Array:
    """A dense (…, R, K·J) in numerator layout, as an array in another."""
    if layout == "numerator" or (layout == "tensor" and not first.has_tensor):
        return dense
    if layout == "tensor":
        dense = dense.reshape(*dense.shape[:-1], -1, first.per_output)
    swapped: Array = np.ascontiguousarray(np.swapaxes(dense, -1, -2))
    return swapped


def axes_of(asked: Asked, labels: Labels, batch: Batch) -> Axes:
    J, outputs = batch.first.per_output, batch.first.outputs
    letter = "z" if asked.quantity == "dZ_dW" else "ln h" if asked.log else "h"
    above = {"z": "Z", "h": "S" if asked.quantity == "dS_dZ" else "L"}.get(letter, "ln h")
    name = f"d{above}/d{'Z' if asked.quantity == 'dS_dZ' else asked.wrt}"

    def row(r: int) -> str:
        return f"{letter}[{labels.output(int(outputs[r]))}]"

    if asked.wrt == "W":
        columns = "W[j,i], j running fastest"
        return Axes(name, f"{letter}[t]", columns, row, lambda c: labels.weight(c % J, c // J))
    if asked.wrt == "x":
        return Axes(name, f"{letter}[t]", "x[j]", row, labels.x)
    column, index = (labels.z, "z[i]") if asked.wrt == "Z" else (labels.b, "b[i]")
    return Axes(name, f"{letter}[t]", index, row, column)


class JacobianSheets(NamedTuple):
    """The tables of a Jacobian at every input."""

    axes: Axes
    labels: Labels
    batch: Batch
    dense: Array | None

    def of(self, layout: Layout) -> Sheets:
        if layout == "tensor" and self.batch.first.has_tensor:
            return Sheets(self.batch.count * len(self.batch.first.outputs), self._tensor)
        return Sheets(self.batch.count, self._denominator if layout == "denominator" else self._numerator)

    def _entries(self, n: int, r: Sequence[int], c: Sequence[int]) -> Array:
        if self.dense is None:
            return self.batch.make(slice(n, n + 1)).entries(0, r, c)
        some: Array = self.dense.reshape(self.batch.count, *self._size())[n][np.ix_(r, c)]
        return some

    def _size(self) -> tuple[int, int]:
        return len(self.batch.first.outputs), self.batch.first.columns

    def _numerator(self, n: int) -> Sheet:
        axes, (R, C) = self.axes, self._size()
        title = f"{axes.name}  ({R}, {C}): row {axes.rows}, column {axes.columns}"
        title = of_input(n, self.batch.single) + title
        return Sheet(title, (R, C), axes.row, axes.column, lambda r, c: self._entries(n, r, c))

    def _denominator(self, n: int) -> Sheet:
        axes, (R, C) = self.axes, self._size()
        title = f"{axes.name}, transposed  ({C}, {R}): row {axes.columns}, column {axes.rows}"
        title = of_input(n, self.batch.single) + title
        return Sheet(title, (C, R), axes.column, axes.row, lambda r, c: self._entries(n, c, r).T)

    def _tensor(self, at: int) -> Sheet:
        axes, labels, (R, C) = self.axes, self.labels, self._size()
        J = self.batch.first.per_output
        K = C // J
        n, r = divmod(at, R)
        title = f"{axes.name}[{r}]  of ({R}, {J}, {K}): ∂{axes.row(r)}/∂W, row W[j,:], column W[:,i]"
        title = of_input(n, self.batch.single) + title

        def of_output(js: Indices, outputs: Indices) -> Array:
            columns = [k * J + j for j in js for k in outputs]
            return self._entries(n, [r], columns).reshape(len(js), len(outputs))

        return Sheet(title, (J, K), labels.weights_from, labels.weights_to, of_output)
