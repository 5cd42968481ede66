"""The step from the derivative to what moves the weight."""

from __future__ import annotations

from .equations import Code, Equation, Prose, Step, Symbol, say
from .symbols import DE_DH, DL_DW, H_T, ZERO
from .worked_entry import WorkedEntry


def moving_the_weight(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    column = worked.dL.entries(0, list(range(worked.K)), [i * worked.J + j])[:, 0]
    short, note = worked.shortened([(-float(v),) for n, v in enumerate(column) if n != i] or [(0.0,)])
    w = worked.weight(j, i)
    others = Symbol(
        f"−Σₙ ∂h[n]/∂{w.text}, n ≠ {worked.name(i)}",
        f"-\\sum_{{n \\ne {worked.tex_name(i)}}} \\frac{{\\partial h_n}}{{\\partial {w.tex}}}",
    )
    if worked.K > 1:
        opening = say(
            "The outputs always sum to one, so what ", w, " gives to one output it takes from the others: in its "
            "column of ", DL_DW, " the entry of its own output is what all the others lose, and the column sums "
            "to zero.",
        )  # fmt: skip
    else:
        opening = say("The outputs always sum to one, so a single output cannot change.")
    return Step(
        say("Moving the weight"),
        (
            opening,
            worked.equation(worked.derivative("h", i, w), others, "sum", short, float(column[i])),
            *note,
            _weighted(worked),
            _by_cross_entropy(worked),
            say(Code(f"softmax-jac loss-grad --target {t}"), " prints this for every weight."),
        ),
    )


def _weighted(worked: WorkedEntry) -> Prose:
    t, j, i = worked.t, worked.j, worked.i
    own = worked.of("h", t)
    inverse = Symbol(f"−1/{own.text}", f"-1 / {own.tex}")
    error = Symbol(f"E = −ln {own.text}", f"E = -\\ln {own.tex}")
    product = Symbol("−(1 − h[t])·x[j]", "-(1 - h_t) x_j") if t == i else Symbol("h[i]·x[j]", "h_i x_j")
    if worked.h[t]:
        ending = say(", ", H_T, " cancelling:")
    else:
        ending = say("; ", own, ", though ", ZERO, " in double precision, cancels:")
    return (
        say("To move a weight, the rows have first to be weighted by what each output costs, ", DE_DH)
        + say(f". If the right answer were output {worked.name(t)} and the error the cross-entropy ", error)
        + say(", then ", DE_DH, " is ", inverse, " there and ", ZERO, " elsewhere. So all that counts is the entry ")
        + say(
            "of step 7, ", worked.derivative("h", t, worked.weight(j, i)), ", and ", inverse, " times it is ", product
        )
        + ending
    )


def _by_cross_entropy(worked: WorkedEntry) -> Equation:
    t, j, i = worked.t, worked.j, worked.i
    w, h, x = worked.weight(j, i), worked.of("h", i), worked.input(j)
    if t == i:
        formula = Symbol(f"−(1 − {h.text})·{x.text}", f"-(1 - {h.tex}) {x.tex}")
        factors = (-float(worked.complement[i]), float(worked.x[j]))
    else:
        formula = Symbol(f"{h.text}·{x.text}", f"{h.tex} {x.tex}")
        factors = (float(worked.h[i]), float(worked.x[j]))
    by_weight = Symbol(f"∂E/∂{w.text}", f"\\frac{{\\partial E}}{{\\partial {w.tex}}}")
    return worked.equation(by_weight, formula, "sum", [factors], factors[0] * factors[1])
