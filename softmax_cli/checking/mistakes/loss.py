"""Mistakes in the error: its targets, its terms, and the error itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arrays import Array
from ...core.softmax import softmax
from ..formula import Formula
from .mistake import Mistake, Variant, gradient, of_error, of_softmax


def _targets(change: Callable[[Array], Array]) -> Variant:
    """Other targets in the place of the right ones."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or f.goal.y is None:
            return None
        y = change(f.goal.y)
        return None if np.array_equal(y, f.goal.y) else f.but(goal=f.goal._replace(y=y))

    return mistaken


def _by_class(y: Array) -> Array:
    return y[np.argsort(y.argmax(axis=1), kind="stable")]


def _option(name: str, neutral: object) -> Variant:
    """An option of the error left out."""

    def mistaken(f: Formula) -> Formula | None:
        given = None if f.goal is None else getattr(f.goal.options, name)
        return (
            None
            if given is None or given is neutral or np.array_equal(given, 0.0)
            else f.with_options(**{name: neutral})
        )

    return mistaken


def ignored_counted(f: Formula) -> Formula | None:
    """Rows whose target is ignored divide the mean as well."""
    if f.goal is None or f.goal.options.ignore is None or f.goal.options.reduction != "mean":
        return None
    return f.but(goal=f.goal._replace(weights=f.goal.weights * (f.goal.weights > 0.0).mean()))


def ignored_from_the_end(f: Formula) -> Formula | None:
    """Rows that are ignored by a target of −1 count as if it were the last class, which an index from the end is."""
    if f.goal is None or f.goal.y is None or f.goal.options.ignore is None:
        return None
    K = f.goal.y.shape[1]
    t = np.asarray(f.goal.options.target)
    if not -K <= f.goal.options.ignore < K or not (t == f.goal.options.ignore).any():
        return None
    return f.with_options(target=np.where(t < 0, t + K, t), ignore=None)


def divided_by_count(f: Formula) -> Formula | None:
    """The weighted sum over the number of inputs, not over the sum of their weights."""
    if f.goal is None or f.goal.options.reduction != "mean" or not f.goal.summed:
        return None
    given = f.goal.options.sample_weights
    if given is None and f.goal.options.class_weights is None:
        return None
    w = np.ones(len(f.x)) if given is None else np.asarray(given, dtype=np.float64)
    at = int(f.goal.weights.argmax())
    norm = w[at] / f.goal.weights[at]
    return f.but(goal=f.goal._replace(weights=f.goal.weights * (norm / len(f.x))))


def squared(factor: Callable[[int], float]) -> Variant:
    """The derivative of a constant times Σ(h − y)²."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or f.goal.y is None or f.quantity.by is None:
            return None
        u = factor(f.h.shape[1]) * (f.h - f.goal.y)
        return f.but(goal=f.goal._replace(y=None, u=u))

    return mistaken


def sigmoid(f: Formula) -> Formula:
    """A sigmoid of each logit in the place of their softmax; h − y stays."""

    def outputs(f: Formula) -> tuple[Array, Array]:
        z = f.logits / f.temperature
        return 1.0 / (1.0 + np.exp(-z)), 1.0 / (1.0 + np.exp(z))

    return f.but(outputs=outputs)


def softmax_twice(f: Formula) -> Formula:
    """softmax(softmax(z)), as if the outputs were logits."""
    h = f.h
    return f.but(outputs=lambda _: softmax(np.ascontiguousarray(h))[:2])


def loss_of_outputs(f: Formula) -> Formula | None:
    """The cross-entropy of softmax(h), which takes h for logits, derived through both."""
    if f.goal is None or f.goal.y is None or f.quantity.by is None:
        return None
    again = softmax(np.ascontiguousarray(f.h))[0]
    s = f.goal.y.sum(axis=1, keepdims=True)
    return f.but(goal=f.goal._replace(y=None, u=s * again - f.goal.y))


SOFTMAX_TWICE = (
    Mistake(
        "softmax-twice",
        (softmax_twice,),
        of_softmax,
        "the softmax is applied twice: once to the logits, and again to its own outputs",
    ),
    Mistake(
        "softmax-twice",
        (loss_of_outputs,),
        gradient,
        "the error takes the outputs h for logits and applies a softmax to them again: give it the logits",
    ),
)

TARGETS = (
    Mistake(
        "targets-off-by-one",
        (_targets(lambda y: np.roll(y, 1, axis=1)), _targets(lambda y: np.roll(y, -1, axis=1))),
        of_error,
        "every target is the class next to the right one: classes are counted from 0",
    ),
    Mistake(
        "targets-out-of-order",
        (
            _targets(lambda y: y[::-1]),
            _targets(lambda y: np.roll(y, 1, axis=0)),
            _targets(lambda y: np.roll(y, -1, axis=0)),
            _targets(_by_class),
        ),
        of_error,
        "the targets are in another order than the inputs",
    ),
)

TERMS = (
    Mistake(
        "missing-label-smoothing",
        (_option("label_smoothing", 0.0),),
        of_error,
        "the label smoothing is left out: the target is (1 − ε)·y + ε/K",
    ),
    Mistake(
        "missing-class-weights",
        (_option("class_weights", None),),
        of_error,
        "the class weights are left out: each row counts by the weight of its target",
    ),
    Mistake(
        "missing-sample-weights",
        (_option("sample_weights", None),),
        of_error,
        "the sample weights are left out",
    ),
    Mistake(
        "missing-l2",
        (_option("l2", 0.0),),
        of_error,
        "the L2 term is left out: dE/dW has λW",
    ),
    Mistake(
        "weights-not-in-mean",
        (divided_by_count,),
        of_error,
        "the weighted sum is divided by the number of inputs: the mean divides it by the sum of their weights",
    ),
    Mistake(
        "ignored-counted",
        (ignored_counted, ignored_from_the_end),
        of_error,
        "rows that are to be ignored are counted: leave them out of the sum and of what it is divided by",
    ),
)

OTHER_ERRORS = (
    Mistake(
        "squared-error",
        tuple(squared(c) for c in (lambda K: 1.0, lambda K: 2.0, lambda K: 1.0 / K, lambda K: 2.0 / K)),
        gradient,
        "this is the derivative of the squared error Σ(h − y)²: that of the cross-entropy is h − y in the logits",
    ),
    Mistake(
        "sigmoid",
        (sigmoid,),
        of_softmax,
        "each output is a sigmoid of its own logit: the softmax divides the exponentials by their sum",
    ),
)
