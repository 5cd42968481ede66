"""What each command finds, in the form that every way of showing it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from .core import Array, InputError, evaluate
from .jacobian import Jacobian, Layout, Method, chain_product, layer_structure, linear_structure, softmax_structure
from .memory import require_memory
from .output import Stream, Value
from .problem import Problem

if TYPE_CHECKING:
    from .tables import Sheet, Sheets

Quantity = Literal["softmax-grad", "linear-grad", "layer-grad"]

KEYS: dict[Quantity, str] = {"softmax-grad": "dS_dZ", "linear-grad": "dZ_dW", "layer-grad": "dL_dW"}
TITLES = {"dS_dZ": "dS/dZ", "dZ_dW": "dZ/dW", "dL_dW": "dL/dW", "dE_dW": "dE/dW", "W_new": "W_new"}


class Result(NamedTuple):
    """`document` is the JSON output, in order; `main` is the key whose array csv and npy hold, under
    `header` in csv. `sheets` makes the tables. `jacobian` is there where a picture can be drawn."""

    document: dict[str, Value]
    main: str
    sheets: Callable[[], Sheets]
    header: Sequence[str] | None = None
    jacobian: Jacobian | None = None


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
    """The inputs, as the output repeats them."""
    b: dict[str, Value] = {} if problem.b is None else {"b": problem.b}
    return {"x": problem.x, "W": problem.W, **b}


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


def jacobian_of(quantity: Quantity, problem: Problem, outputs: Sequence[int] | None) -> Jacobian:
    """The structure of one of the three Jacobians."""
    x = np.atleast_2d(problem.x)
    single = problem.x.ndim == 1
    if quantity == "linear-grad":
        return linear_structure(x, problem.W.shape[1], single, outputs)
    layer, single = evaluate(problem.x, problem.W, problem.b)
    make = softmax_structure if quantity == "softmax-grad" else layer_structure
    return make(layer, single, outputs)


def jacobian_result(
    quantity: Quantity, problem: Problem, layout: Layout, outputs: Sequence[int] | None, method: Method | None = None
) -> Result:
    key = KEYS[quantity]
    jacobian = jacobian_of(quantity, problem, outputs)
    value: Value
    if method == "chain":
        dense = _chain(problem, jacobian)
        value = in_layout(dense, jacobian, layout)
    else:
        dense = None
        value = Stream(jacobian.shape(layout), jacobian.blocks(layout))
    about: dict[str, Value] = {} if outputs is None else {"outputs": list(outputs)}
    if method is not None:
        about["method"] = method
    document: dict[str, Value] = {**given(problem), "layout": layout, **about, key: value}
    return Result(
        document, key, lambda: _jacobian_sheets(key, Labels(problem.names), jacobian, layout, dense), jacobian=jacobian
    )


def _chain(problem: Problem, jacobian: Jacobian) -> Array:
    N, K, J = jacobian.g.shape
    R = len(jacobian.outputs)
    require_memory(8 * N * K * (R + K * J + R * J), "--method chain forms dZ/dW and dL/dW whole", "--method shortcut")
    layer, single = evaluate(problem.x, problem.W, problem.b)
    return chain_product(layer, single, jacobian.outputs)


def in_layout(dense: Array, jacobian: Jacobian, layout: Layout) -> Array:
    """A Jacobian in numerator layout, as an array in another."""
    if layout == "tensor" and not jacobian.wrt_logits:
        K, J = jacobian.g.shape[1:]
        dense = dense.reshape(*dense.shape[:-1], K, J)
    elif layout != "denominator":
        return dense
    swapped: Array = np.ascontiguousarray(np.swapaxes(dense, -1, -2))
    return swapped


def _jacobian_sheets(key: str, labels: Labels, jacobian: Jacobian, layout: Layout, dense: Array | None) -> Sheets:
    from .tables import Sheet, Sheets

    N, K, J = jacobian.g.shape
    outputs = jacobian.outputs
    R = len(outputs)
    row_name, row = ("z", labels.z) if key == "dZ_dW" else ("h", labels.h)
    column = labels.z if jacobian.wrt_logits else lambda c: labels.weight(c % J, c // J)
    of_column = "z[i]" if jacobian.wrt_logits else "W[j,i], j running fastest"

    def entries(n: int, r: Sequence[int], c: Sequence[int]) -> Array:
        if dense is None:
            return jacobian.entries(n, r, c)
        some: Array = dense.reshape(N, R, K * J)[n][np.ix_(r, c)]
        return some

    def numerator(n: int) -> Sheet:
        title = f"{TITLES[key]}  ({R}, {K * J}): row {row_name}[t], column {of_column}"
        return Sheet(
            _of_input(n, jacobian.single) + title, (R, K * J), lambda r: row(int(outputs[r])), column,
            lambda r, c: entries(n, r, c),
        )  # fmt: skip

    def denominator(n: int) -> Sheet:
        title = f"{TITLES[key]}, transposed  ({K * J}, {R}): row {of_column}, column {row_name}[t]"
        return Sheet(
            _of_input(n, jacobian.single) + title, (K * J, R), column, lambda r: row(int(outputs[r])),
            lambda r, c: entries(n, c, r).T,
        )  # fmt: skip

    def tensor(at: int) -> Sheet:
        n, r = divmod(at, R)
        title = f"{TITLES[key]}[{r}]  of ({R}, {J}, {K}): ∂{row(int(outputs[r]))}/∂W, row W[j,:], column W[:,i]"
        return Sheet(
            _of_input(n, jacobian.single) + title, (J, K), lambda j: f"W[{j},:]", labels.weights_of,
            lambda js, i: entries(n, [r], [k * J + j for j in js for k in i]).reshape(len(js), len(i)),
        )  # fmt: skip

    if layout == "tensor" and not jacobian.wrt_logits:
        return Sheets(N * R, tensor)
    return Sheets(N, denominator if layout == "denominator" else numerator)


def gradient_result(
    problem: Problem, gradient: Array, loss: Array | None, weighting: dict[str, Any], learning_rate: float | None
) -> Result:
    """dE/dW, the loss, and the moved weights. `weighting` is what the document repeats of upstream,
    target and reduction."""
    labels = Labels(problem.names)
    found: dict[str, Value] = {"dE_dW": gradient}
    if loss is not None:
        found["loss"] = loss
    if learning_rate is not None:
        with np.errstate(over="ignore"):
            moved = problem.W - learning_rate * gradient
        if not np.isfinite(moved).all():
            raise InputError("W_new is too large for double precision (beyond ±1.8e308)")
        found["W_new"] = moved
    matrices = {key: value for key, value in found.items() if key != "loss"}
    J, K = problem.W.shape
    of = "" if loss is None or loss.ndim else f"; loss E = {float(loss)!r}"

    def sheet(at: int) -> Sheet:
        from .tables import Sheet

        n, which = divmod(at, len(matrices))
        key, value = list(matrices.items())[which]
        matrix = np.asarray(value).reshape(-1, J, K)[n]
        each = f"; loss E = {float(loss[n])!r}" if loss is not None and loss.ndim else of
        title = f"{TITLES[key]}  ({J}, {K}): laid out as W, row W[j,:], column W[:,i]{each if key == 'dE_dW' else ''}"
        return Sheet(
            _of_input(n, gradient.ndim == 2) + title, (J, K), lambda j: f"W[{j},:]", labels.weights_of,
            lambda r, c: matrix[np.ix_(r, c)],
        )  # fmt: skip

    def sheets() -> Sheets:
        from .tables import Sheets

        return Sheets(len(matrices) * (1 if gradient.ndim == 2 else len(gradient)), sheet)

    document: dict[str, Value] = {**given(problem), **weighting, **found}
    return Result(document, list(matrices)[-1], sheets, problem.names)


def _of_input(n: int, single: bool) -> str:
    return "" if single else f"input {n}: "
