"""What the commands that compute make of JSON Lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.batch import Quantity, batch_of
from ..core.gradients import gradient_and_loss
from ..core.jacobian import Layout, Method, chain_product
from ..core.layer import evaluate
from ..errors import InputError
from ..reading.jsonfile import json_array
from ..reading.problem import Problem
from ..writing.results import KEYS, chosen_outputs, in_layout
from .learning import found_by, shared_weighting
from .lines import Document, Work
from .options import ErrorSide, Step

WEIGHTS = ("upstream", "target")


def forward_work() -> Work:
    """z and h."""

    def compute(problem: Problem, documents: list[Document]) -> list[Document]:
        layer, _ = evaluate(problem.x, problem.W, problem.b)
        return [{"z": z, "h": h} for z, h in zip(layer.z, layer.h, strict=True)]

    return Work(compute, lambda p: 2 * p.W.shape[1])


def jacobian_work(quantity: Quantity, layout: Layout, outputs: str | None, method: Method | None) -> Work:
    """One of the Jacobians."""

    def compute(problem: Problem, documents: list[Document]) -> list[Document]:
        chosen = chosen_outputs(outputs, problem.W.shape[1])
        if method == "chain":
            layer, single = evaluate(problem.x, problem.W, problem.b)
            value = in_layout(chain_product(layer, single, chosen), problem.W, layout)
        else:
            value = batch_of(quantity, problem.x, problem.W, problem.b, chosen).make(slice(None)).dense(layout)
        about: Document = {"layout": layout}
        if chosen is not None:
            about["outputs"] = chosen
        if method is not None:
            about["method"] = method
        return [about | {KEYS[quantity]: matrix} for matrix in value]

    return Work(compute, lambda p: p.W.size * p.W.shape[1])


def weight_grad_work(error: ErrorSide, step: Step) -> Work:
    """dE/dW, and the loss and the moved weights where there are any; upstream or target of a line come
    before those of the options."""
    common = shared_weighting(error)

    def compute(problem: Problem, documents: list[Document]) -> list[Document]:
        given = [{key: d[key] for key in WEIGHTS if key in d} or common for d in documents]
        keys = {tuple(g) for g in given}
        if len(keys) != 1 or len(given[0]) != 1:
            raise InputError("one of target and upstream is expected, in the line or as --target or --upstream")
        used: dict[str, Any] = {key: [g[key] for g in given] for key in given[0]}
        if not all(type(value) in (int, float) for value in used.get("target", ())):
            raise InputError("target is not a number, where a class index, a whole number from 0, is expected")
        if "upstream" in used:
            used["upstream"] = [v if isinstance(v, np.ndarray) else json_array(v, "upstream") for v in used["upstream"]]
        gradient, loss = gradient_and_loss(problem.x, problem.W, problem.b, reduction="none", **used)
        found = found_by(problem, gradient, loss, step)
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]

    return Work(compute, lambda p: p.W.size)
