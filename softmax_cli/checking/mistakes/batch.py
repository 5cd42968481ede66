"""Mistakes in the axes: of the inputs, of the outputs, and along W."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from ...core.arrays import Array
from ...core.softmax import softmax
from ..formula import Formula
from .mistake import Mistake, Variant, of_error, of_softmax, seen_beside


def softmax_over_batch(f: Formula) -> Formula | None:
    """The softmax along the batch axis: each output is normalised over the inputs. Several inputs only."""

    def outputs(f: Formula) -> tuple[Array, Array]:
        h, complement, _ = softmax(np.ascontiguousarray((f.logits / f.temperature).T))
        return h.T, complement.T

    return f.but(outputs=outputs) if len(f.x) > 1 else None


def softmax_over_everything(f: Formula) -> Formula | None:
    """One softmax over all outputs of all inputs, e / e.sum(). Several inputs only."""

    def outputs(f: Formula) -> tuple[Array, Array]:
        h, complement, _ = softmax((f.logits / f.temperature).reshape(1, -1))
        return h.reshape(f.logits.shape), complement.reshape(f.logits.shape)

    return f.but(outputs=outputs) if len(f.x) > 1 else None


def shifted_by_batch(f: Formula, dtype: DTypeLike) -> Formula | None:
    """exp(z − max z) / Σ exp(z − max z) with the largest logit of all inputs, in a precision: 0/0 = nan for the inputs
    far below it, and digits lost near that."""

    def outputs(f: Formula) -> tuple[Array, Array]:
        z = f.open_logits.astype(dtype)
        e = np.exp(z - z.max())
        h = (e / e.sum(axis=1, keepdims=True)).astype(np.float64)
        return h, 1.0 - h

    return f.but(outputs=outputs) if len(f.x) > 1 else None


def shifted_by_batch_single(f: Formula) -> Formula | None:
    """The same in single precision."""
    made = shifted_by_batch(f, np.float32)
    return None if made is None else seen_beside(made, f)


def softmax_over_inputs(f: Formula) -> Formula:
    """The softmax along an axis that the outputs do not lie on: over the inputs of W·x[:, None], then
    summed, or over the batch axis of a single input. Each output is then normalised by itself: h = 1,
    and D = I − 1."""
    return f.but(outputs=lambda f: (np.ones_like(f.logits), np.zeros_like(f.logits)))


def _of_products(total: Callable[[Array], Array]) -> Callable[[Formula], tuple[Array, Array]]:
    return lambda f: softmax((f.x * total(f.W) + f.b) / f.temperature)[:2]


def input_along_outputs(f: Formula) -> Formula | None:
    """softmax((W * x).sum(axis=0) + b): x runs along the outputs of W. Square W only."""
    square = f.W.shape[0] == f.W.shape[1]
    return f.but(outputs=_of_products(lambda W: W.sum(axis=0))) if square else None


def summed_over_outputs(f: Formula) -> Formula | None:
    """softmax((W * x[:, None]).sum(axis=1) + b): the products are summed over the outputs. Square W only."""
    square = f.W.shape[0] == f.W.shape[1]
    return f.but(outputs=_of_products(lambda W: W.sum(axis=1))) if square else None


def _alone(n: int, mean: bool) -> Variant:
    """One of the inputs alone, or over their number, where all are summed."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or not f.goal.summed or len(f.x) < 2:
            return None
        weights = np.zeros_like(f.goal.weights)
        weights[n] = f.goal.weights[n] * (len(f.x) if mean else 1)
        return f.but(goal=f.goal._replace(weights=weights))

    return mistaken


ONE_INPUT = Mistake(
    "one-input-alone",
    (_alone(-1, False), _alone(-1, True), _alone(0, False), _alone(0, True)),
    of_error,
    "only the last input, or only the first, is in it: add the gradients of all inputs up",
)

BATCH_MAXIMUM = Mistake(
    "batch-maximum",
    (lambda f: shifted_by_batch(f, np.float64), shifted_by_batch_single),
    of_softmax,
    "the largest logit of the batch is taken off every row, and rows far below underflow: take off each one's own",
)

AXES = (
    Mistake(
        "wrong-axis",
        (softmax_over_everything,),
        of_softmax,
        "one softmax runs over the whole batch: take it over the outputs of each input, along the last axis",
    ),
    Mistake(
        "wrong-axis",
        (softmax_over_batch,),
        of_softmax,
        "the softmax runs along the batch: take it over the outputs of each input, along the last axis",
    ),
    Mistake(
        "wrong-axis",
        (softmax_over_inputs,),
        of_softmax,
        "each output is normalised by itself, h = 1: take the softmax along the axis that the outputs lie on",
    ),
    Mistake(
        "wrong-axis",
        (input_along_outputs, summed_over_outputs),
        of_softmax,
        "an axis of W is mixed up: sum x[j]·W[j,i] over the inputs j, then take the softmax over the outputs i",
    ),
)
