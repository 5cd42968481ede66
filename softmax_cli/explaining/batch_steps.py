"""The step from the error at one input to that of all: weights, the mean or the sum, and the penalty."""

from __future__ import annotations

import math

import numpy as np

from ..core.arrays import Array
from .equations import Part, Step, Symbol, say
from .loss_model import Loss
from .loss_steps import given, loss_of, shown
from .symbols import ERROR, LAMBDA, NORM, PENALTY, SQUARES
from .worked_entry import TERMS, WorkedEntry

SUM, MEAN, COST = (Symbol(letter, letter) for letter in "SAC")


def all_together(worked: WorkedEntry) -> Step:
    loss = loss_of(worked)
    goal = loss.goal
    weights = np.ones(loss.N) if goal.weights is None else goal.weights
    parts = _weights(worked, loss, weights)
    if goal.reduction == "mean":
        parts += _norm(worked, loss, weights)
    if loss.target is None:
        if goal.l2:
            parts.append(say("To the error ", PENALTY, " is added, with ", given("λ", r"\lambda", goal.l2), "."))
    else:
        parts += _sum(worked, loss, weights, loss.target.costs)
    return Step(say("All inputs together" if loss.N > 1 else "The whole error"), tuple(parts))


def _sum(worked: WorkedEntry, loss: Loss, weights: Array, costs: Array) -> list[Part]:
    """The sum of what the inputs cost, over the norm, with the penalty: the last of these is E."""
    goal, parts = loss.goal, list[Part]()
    counting = np.flatnonzero(weights > 0.0)
    total = math.fsum((weights[counting] * costs[counting]).tolist())
    weighted = goal.weights is not None
    symbols = [SUM, *([MEAN] if goal.reduction == "mean" else []), *([ERROR] if goal.l2 else [])]
    symbols[-1] = ERROR
    symbol = symbols.pop(0)
    if not loss.single:
        parts += [say("What the inputs cost, and their sum:"), worked.matrix(COST, costs)]
        terms = [(float(weights[n]), float(costs[n])) if weighted else (float(costs[n]),) for n in counting]
        short, note = worked.shortened(terms)
        formula = Symbol("Σₙ w[n]·C[n]", r"\sum_n w_n C_n") if weighted else Symbol("Σₙ C[n]", r"\sum_n C_n")
        parts += [worked.equation(symbol, formula, "sum", short, total), *note]
    elif weighted:
        product = [(float(weights[0]), float(costs[0]))]
        parts.append(worked.equation(symbol, Symbol("w·C", "w C"), "sum", product, total))
    else:
        symbol = COST
    if goal.reduction == "mean":
        before, of_norm = symbol, float(total)
        symbol, total = symbols.pop(0), total / goal.norm
        formula = Symbol(f"{before.text}/{NORM.text}", f"{before.tex} / {NORM.tex}")
        parts.append(worked.equation(symbol, formula, "quotient", [(of_norm,), (goal.norm,)], total))
    if goal.l2:
        parts += _penalty(worked, goal.l2, symbol, total, float(np.asarray(loss.found.loss)))
    return parts


def _weights(worked: WorkedEntry, loss: Loss, weights: Array) -> list[Part]:
    parts: list[Part] = []
    if loss.options.ignore is not None and loss.options.target is not None:
        ignored = np.flatnonzero(np.asarray(loss.options.target).reshape(-1) == loss.options.ignore).tolist()
        if ignored:
            names = ", ".join(map(str, ignored[:TERMS])) + ", …" * (len(ignored) > TERMS)
            one = len(ignored) == 1
            which = f"Input {names} has" if one else f"{len(ignored)} inputs ({names}) have"
            target = shown(float(loss.options.ignore))
            ending = " and does not count." if one else " and do not count."
            parts.append(say(f"{which} the target ", Symbol(target.replace("-", "−"), target), ending))
    if loss.options.sample_weights is None:
        return parts
    if loss.single:
        return [*parts, say("The input counts ", given("w", "w", loss.weight), " times.")]
    return [*parts, say("Each input counts as often as its weight says:"), worked.matrix(Symbol("w", "w"), weights)]


def _norm(worked: WorkedEntry, loss: Loss, weights: Array) -> list[Part]:
    """What the sum is divided by: the inputs that count, with their weights and those of their classes."""
    goal = loss.goal
    if goal.counted is None and loss.options.sample_weights is None:
        count = Symbol(f"norm = {shown(goal.norm)}", rf"\text{{norm}} = {shown(goal.norm)}")
        return [say("The error is the mean over the inputs that count, ", count, ".")]
    counting = np.flatnonzero(weights > 0.0)
    factors = [weights] if loss.options.sample_weights is not None else []
    factors += [] if goal.counted is None else [goal.counted]
    short, note = worked.shortened([tuple(float(of[n]) for of in factors) for n in counting])
    if goal.counted is None:
        formula, what = Symbol("Σₙ w[n]", r"\sum_n w_n"), "by the sum of the weights"
    else:
        text, tex = ("w[n]·", "w_n ") if loss.options.sample_weights is not None else ("", "")
        formula = Symbol(f"Σₙ {text}c[t[n]]", rf"\sum_n {tex}c_{{t_n}}")
        what = "by what the inputs weigh, each times the class weight of its right output"
    return [
        say(f"The error is a weighted mean, divided {what}:"),
        worked.equation(NORM, formula, "sum", short, goal.norm),
        *note,
    ]


def _penalty(worked: WorkedEntry, l2: float, symbol: Symbol, before: float, after: float) -> list[Part]:
    short, note = worked.shortened([(float(v), float(v)) for v in worked.W.ravel()])
    total = math.fsum(v * v for v in worked.W.ravel().tolist())
    formula = Symbol(f"{symbol.text} + {PENALTY.text}", f"{symbol.tex} + {PENALTY.tex}")
    return [
        say("Large weights cost as well: ", LAMBDA, " halves times the sum of their squares is added, with ")
        + say(given("λ", r"\lambda", l2), "."),
        worked.equation(SQUARES, Symbol("Σ W[j,i]²", "\\sum W_{j,i}^2"), "sum", short, total),
        *note,
        worked.equation(ERROR, formula, "sum", [(before,), (0.5, l2, total)], after),
    ]
