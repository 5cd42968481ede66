"""Mistakes in the error: its terms, and the error itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.softmax import softmax
from ..formula import Formula
from .mistake import Mistake, Variant, by_bias, gradient, loss_itself, of_error, of_softmax


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


def ignored_without_target(all_rows: bool) -> Variant:
    """Rows that are ignored bring h, as a one-hot row of zeros makes h − y, over the rows that count or over all."""

    def mistaken(f: Formula) -> Formula | None:
        goal = f.goal
        if goal is None or goal.y is None or goal.options.ignore is None or f.quantity.by is None:
            return None
        ignored = goal.weights == 0.0
        if not ignored.any() or ignored.all() or goal.options.sample_weights is not None:
            return None
        share = float((~ignored).mean()) if all_rows and goal.options.reduction == "mean" else 1.0
        weights = np.where(ignored, goal.weights.max(), goal.weights) * share
        y, plus = np.where(ignored[:, None], 0.0, goal.y), np.where(ignored[:, None], f.h, 0.0)
        return f.but(goal=goal._replace(y=y, weights=weights), plus=plus)

    return mistaken


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


def smoothed_over_others(f: Formula) -> Formula | None:
    """1 − ε for the target and ε/(K − 1) for the other classes."""
    goal = f.goal
    if goal is None or goal.y is None or f.mask is not None or goal.options.label_smoothing in (0.0, 1.0):
        return None
    e, K = goal.options.label_smoothing, goal.y.shape[1]
    if K < 3 or goal.options.class_weights is not None:
        return None
    plain = (goal.y - e / K) / (1.0 - e)
    return f.but(goal=goal._replace(y=(1.0 - e) * plain + e / (K - 1) * (1.0 - plain)))


def l2_times(factor: float, by_count: bool = False) -> Variant:
    """The L2 term of the loss, without its factor ½ or with another, or divided by the number of inputs."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or f.goal.l2 == 0.0 or (by_count and len(f.x) < 2):
            return None
        return f.but(goal=f.goal._replace(l2=factor * f.goal.l2 / (len(f.x) if by_count else 1)))

    return mistaken


def loss_times(reduction: str, factor: Callable[[int, int], float]) -> Variant:
    """The loss times a number made of N and K, where that reduction is expected."""

    def mistaken(f: Formula) -> Formula | None:
        if f.goal is None or not f.goal.summed or f.goal.options.reduction != reduction:
            return None
        c = factor(len(f.x), f.h.shape[1])
        return f.but(factor=c * f.factor) if c != 1.0 else None

    return mistaken


def l2_on_bias(f: Formula) -> Formula | None:
    """λb in dE/db."""
    return f.but(bias_decay=f.goal.l2) if f.goal is not None and f.goal.l2 else None


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
        "smoothed-over-others",
        (smoothed_over_others,),
        of_error,
        "ε is spread over the K − 1 other classes: it is ε/K for every class, that of the target included",
    ),
    Mistake(
        "l2-term",
        (l2_times(2.0), l2_times(0.5)),
        loss_itself,
        "the L2 term is twice, or half, what it should be: E has λ/2·‖W‖²",
    ),
    Mistake(
        "l2-term",
        (l2_times(1.0, by_count=True), l2_times(2.0, by_count=True)),
        loss_itself,
        "the L2 term is divided by the number of inputs: E has λ/2·‖W‖²",
    ),
    Mistake(
        "l2-on-bias",
        (l2_on_bias,),
        by_bias,
        "λb is in it: the L2 term is of W alone, and b is not penalised",
    ),
    Mistake(
        "weights-not-in-mean",
        (divided_by_count,),
        of_error,
        "the weighted sum is divided by the number of inputs: the mean divides it by the sum of their weights",
    ),
    Mistake(
        "ignored-counted",
        (ignored_counted, ignored_from_the_end, ignored_without_target(False), ignored_without_target(True)),
        of_error,
        "rows that are to be ignored are counted: leave them out of the sum and of what it is divided by",
    ),
)

LOSS_SCALED = (
    Mistake(
        "scaled",
        (loss_times("mean", lambda N, K: N),),
        loss_itself,
        "it is a sum over the inputs, where their mean is expected",
    ),
    Mistake(
        "scaled",
        (loss_times("sum", lambda N, K: 1.0 / N),),
        loss_itself,
        "it is a mean over the inputs, where their sum is expected",
    ),
    Mistake(
        "scaled",
        (loss_times("mean", lambda N, K: 1.0 / K), loss_times("sum", lambda N, K: 1.0 / (N * K))),
        loss_itself,
        "it is a mean over all N × K terms −y·ln h: the mean over the inputs divides their sum by N",
    ),
    Mistake(
        "scaled",
        (lambda f: f.but(factor=f.factor / np.log(2.0)), lambda f: f.but(factor=f.factor / np.log(10.0))),
        loss_itself,
        "the logarithm is to base 2 or 10: that of the cross-entropy is the natural one",
    ),
)
