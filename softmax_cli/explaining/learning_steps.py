"""The step from the derivative to what moves the weight."""

from __future__ import annotations

import math

from .derivative_steps import tempered
from .equations import Code, Equation, Part, Prose, Step, Symbol, say
from .symbols import DE_DH, DL_DW, DS_DZ, H_T, ZERO
from .worked_entry import WorkedEntry


def moving_the_weight(worked: WorkedEntry) -> Step:
    j, i = worked.j, worked.i
    column = worked.dL.entries(0, list(range(worked.K)), [i * worked.J + j])[:, 0]
    short, note = worked.shortened([(-float(v),) for n, v in enumerate(column) if n != i] or [(0.0,)])
    w, column_of = worked.variable(j, i), DS_DZ if worked.of_logits else DL_DW
    others = Symbol(
        f"−Σₙ ∂h[n]/∂{w.text}, n ≠ {worked.name(i)}",
        f"-\\sum_{{n \\ne {worked.tex_name(i)}}} \\frac{{\\partial h_n}}{{\\partial {w.tex}}}",
    )
    if worked.K > 1:
        opening = say(
            "The outputs always sum to one, so what ", w, " gives to one output it takes from the others: in its "
            "column of ", column_of, " the entry of its own output is what all the others lose, and the column sums "
            "to zero.",
        )  # fmt: skip
    else:
        opening = say("The outputs always sum to one, so a single output cannot change.")
    return Step(
        say("Moving the logit" if worked.of_logits else "Moving the weight"),
        (
            opening,
            worked.equation(worked.derivative("h", i, w), others, "sum", short, float(column[i])),
            *note,
            *_moved(worked),
        ),
    )


def _moved(worked: WorkedEntry) -> list[Part]:
    if worked.hidden[worked.t]:
        return [
            say(
                f"Output {worked.name(worked.t)} is masked, so it cannot be the right answer: the cross-entropy would "
                "be infinite, and nothing would move it."
            )
        ]
    every = "logit" if worked.of_logits else "weight"
    command = Code(f"softmax-jac loss-grad --target {worked.t}")
    return [_weighted(worked), _by_cross_entropy(worked), say(command, f" prints this for every {every}.")]


def _weighted(worked: WorkedEntry) -> Prose:
    t, j, i = worked.t, worked.j, worked.i
    own, moved = worked.of("h", t), "logit" if worked.of_logits else "weight"
    inverse = Symbol(f"−1/{own.text}", f"-1 / {own.tex}")
    error = Symbol(f"E = −ln {own.text}", f"E = -\\ln {own.tex}")
    product = ("−(1 − h[t])", "-(1 - h_t)") if t == i else ("h[i]", "h_i")
    if not worked.of_logits:
        product = (f"{product[0]}·x[j]", f"{product[1]} x_j")
    if worked.h[t]:
        ending = say(", ", H_T, " cancelling:")
    else:
        ending = say("; ", own, ", though ", ZERO, " in double precision, cancels:")
    return (
        say(f"To move a {moved}, the rows have first to be weighted by what each output costs, ", DE_DH)
        + say(f". If the right answer were output {worked.name(t)} and the error the cross-entropy ", error)
        + say(", then ", DE_DH, " is ", inverse, " there and ", ZERO, " elsewhere. So all that counts is the entry ")
        + say(
            f"of step {3 if worked.of_logits else 7}, ", worked.derivative("h", t, worked.variable(j, i)), ", and ",
            inverse, " times it is ", tempered(worked, product),
        )
        + ending
    )  # fmt: skip


def _by_cross_entropy(worked: WorkedEntry) -> Equation:
    t, j, i = worked.t, worked.j, worked.i
    w, h = worked.variable(j, i), worked.of("h", i)
    factors: tuple[float, ...]
    if t == i:
        formula, factors = Symbol(f"−(1 − {h.text})", f"-(1 - {h.tex})"), (-float(worked.complement[i]),)
    else:
        formula, factors = h, (float(worked.h[i]),)
    if not worked.of_logits:
        x = worked.input(j)
        formula = Symbol(f"{formula.text}·{x.text}", f"{formula.tex} {x.tex}")
        factors = (*factors, float(worked.x[j]))
    by_weight = Symbol(f"∂E/∂{w.text}", f"\\frac{{\\partial E}}{{\\partial {w.tex}}}")
    return worked.over_temperature(by_weight, formula, factors, math.prod(factors) / worked.temperature)
