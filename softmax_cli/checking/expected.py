"""What is right, to the last digit: the rows of a result as the core makes them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..core import jacobian
from ..core.arrays import Array, real_array
from ..core.by_input import by_inputs
from ..core.hessian import Hessian, hessian_structure, with_target
from ..core.layer import Layer, evaluate_any
from ..core.loss_gradient import loss_gradient
from ..core.masks import masked_array
from ..core.objective import Options, objective
from ..errors import InputError
from .formula import Formula, Rows
from .goal import goal_of
from .quantities import Quantity


class Setting(NamedTuple):
    """A layer and its inputs as they were given, and the error."""

    x: ArrayLike | None
    W: ArrayLike | None
    b: ArrayLike | None
    z: ArrayLike | None
    temperature: float
    mask: Any
    options: Options


def expected(quantity: Quantity, given: Setting) -> tuple[Formula, Rows, bool]:
    """The right formula, for what it says of cancellation and for mistakes to be made in it; the rows of the matrix;
    and whether there is one input, with no axis for it. InputError for what does not fit."""
    layer, single = evaluate_any(
        given.x, given.W, given.b, z=given.z, temperature=given.temperature, mask=given.mask
    )  # fmt: skip
    if quantity.is_hessian:
        if given.options.upstream is not None:
            raise InputError("an upstream gradient says nothing of the second derivative", "give a target, or neither")
        given = given._replace(options=with_target(given.options, layer, single))
    right = _formula(quantity, given, layer, single)
    if quantity.is_hessian:
        N, K = layer.h.shape
        made = objective(given.options, N, K, single, layer.mask)
        return right, _of_hessian(hessian_structure(layer, made, single), N), single
    if quantity.of_error:
        return right, _of_error(quantity, given, right), single
    return right, _of_layer(quantity, layer, right, single), single


def _formula(quantity: Quantity, given: Setting, layer: Layer, single: bool) -> Formula:
    N, K = layer.h.shape
    if given.W is None:
        if quantity.by in ("W", "x", "WW"):
            raise InputError(f"{quantity.key} needs x and W, and only the logits z are given")
        W, b, z = np.empty((0, K)), np.zeros(K), layer.z
    else:
        W, z = real_array("W", given.W, 2), None
        b = np.zeros(K) if given.b is None else masked_array("b", given.b, 1)[0]
    goal = None
    if quantity.of_error:
        made = objective(given.options, N, K, single, layer.mask)
        goal = goal_of(made, given.options, N, K, single)
        if quantity.key == "loss" and goal.y is None:
            raise InputError("an upstream gradient says nothing of the loss: give a target")
    elif given.options != Options(reduction=given.options.reduction):
        raise InputError(f"upstream, target and their options belong to an error: {quantity.key} depends on none")
    by_output = quantity.of != "ln h"
    return Formula(quantity, layer.x, W, b, z, goal, layer.temperature, layer.mask, by_output=by_output)


def _of_layer(quantity: Quantity, layer: Layer, right: Formula, single: bool) -> Rows:
    log = quantity.of == "ln h"
    if quantity.by is None:
        column = (layer.z if quantity.of == "z" else layer.log_h() if log else layer.h).reshape(-1, 1)
        return lambda part: column[part]
    if quantity.by == "x":
        K = layer.h.shape[1]
        dense = by_inputs(layer, right.W, right.b, np.arange(K), log).reshape(-1, len(right.W))
        return lambda part: dense[part]
    if quantity.of == "z":
        structure = jacobian.linear_structure(layer.x, layer.h.shape[1], single)
    else:
        make = jacobian.layer_structure if quantity.by == "W" else jacobian.softmax_structure
        structure = make(layer, single, log=log)
    return lambda part: structure.rows(part)


def _of_hessian(structure: Hessian, N: int) -> Rows:
    """The rows of d²E/dW², those of one output at a time."""
    J, height = structure.per_output, structure.columns

    def rows(part: slice) -> Array:
        wanted = range(height * (N if structure.each else 1))[part]
        blocks, at = [np.empty((0, height))], wanted.start
        while at < wanted.stop:
            n, row = divmod(at, height)
            i, j = divmod(row, J)
            stop = min(J, j + wanted.stop - at)
            blocks.append(structure.rows(n, i, slice(j, stop)))
            at += stop - j
        return np.concatenate(blocks)

    return rows


def _of_error(quantity: Quantity, given: Setting, right: Formula) -> Rows:
    options: dict[str, Any] = {key: value for key, value in vars(given.options).items() if key != "first"}
    found = loss_gradient(
        given.x, given.W, given.b, z=given.z, temperature=given.temperature, mask=given.mask,
        wrt=[] if quantity.by is None or quantity.by == "WW" else [quantity.by], **options,
    )  # fmt: skip
    value: Array | None = getattr(found, quantity.key)
    assert value is not None
    matrix = value.reshape(-1, value.shape[-1]) if quantity.by == "W" else value.reshape(-1, 1)
    return lambda part: matrix[part]
