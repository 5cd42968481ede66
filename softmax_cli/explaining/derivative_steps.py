"""The steps from the probabilities to their derivative in the weights, by the chain rule and by the shortcut."""

from __future__ import annotations

from .equations import Equation, Part, Prose, Step, Symbol, say
from .symbols import (
    DELTA,
    DS_DZ,
    DZ_DW,
    E_I,
    E_T,
    H_T,
    INPUT,
    INPUTS,
    ONE,
    OUTPUT,
    PROBABILITIES,
    SCALED,
    SUM,
    W_JI,
    Z_I,
    Z_K,
    Z_T,
    ZERO,
    T,
)
from .worked_entry import TERMS, WorkedEntry

OWN = "∂h[t]/∂z[t] = h[t]·(1 − h[t])", r"\frac{\partial h_t}{\partial z_t} = h_t (1 - h_t)"
OTHER = "∂h[t]/∂z[i] = −h[t]·h[i]", r"\frac{\partial h_t}{\partial z_i} = -h_t h_i"
SHORTCUT = (
    "∂h[t]/∂W[j,i] = h[t]·(δ − h[i])·x[j]",
    r"\frac{\partial h_t}{\partial W_{j,i}} = h_t (\delta_{ti} - h_i) x_j",
)
BY_WEIGHT = say("row ", H_T, ", column ", W_JI, ", ", INPUT, " running fastest")


def tempered(worked: WorkedEntry, formula: tuple[str, str], text: str = "", tex: str = "") -> Symbol:
    """A formula, over T unless that is 1, and what follows it."""
    over = ("", "") if worked.temperature == 1.0 else ("/T", " / T")
    return Symbol(formula[0] + over[0] + text, formula[1] + over[1] + tex)


def softmax_derivative(worked: WorkedEntry) -> Step:
    t = worked.t
    other = worked.i if worked.i != t else (t + 1) % worked.K
    h = worked.of("h", t)
    less, note = _complement(worked, t)
    same = float(worked.dS.entries(0, [t], [t])[0, 0])
    parts: list[Part] = [
        say(
            "What was taken off every logit multiplies all exponentials and their sum alike and leaves ", PROBABILITIES,
            " as it is, so it counts as a constant here. Then ", E_T, " changes with ", Z_T, " by ", E_T,
            " itself and with no other logit, and ", SUM, " changes with every ", Z_I, " by ", E_I,
            ". By the quotient rule ", Symbol("h[t] = e[t]/s", "h_t = e_t / s"), " changes with its own logit by ",
            Symbol("(e[t]·s − e[t]·e[t])/s²", "(e_t s - e_t e_t) / s^2"), ", and with another logit ", OUTPUT, " by ",
            Symbol("(0·s − e[t]·e[i])/s²", "(0 \\cdot s - e_t e_i) / s^2"), ". In terms of ", PROBABILITIES,
            " these are the two cases",
        ) + (say(":") if worked.temperature == 1.0 else say(
            ", and because ", SCALED, " is in the exponent where ", Z_I, " was, both are divided by ", T, ":"
        )),
        tempered(worked, OWN),
        tempered(worked, OTHER, ",  i ≠ t", r", \quad i \ne t"),
        say(
            "The first, worked out. ", Symbol("1 − h", "1 - h"), " is what the other outputs have, and adding those "
            "up keeps the digits that a subtraction from ", ONE, " loses when ",
            PROBABILITIES, " is close to ", ONE, ":",
        ),
        less,
        *note,
        worked.over_temperature(
            worked.derivative("h", t, worked.of("z", t)),
            Symbol(f"{h.text}·(1 − {h.text})", f"{h.tex} (1 - {h.tex})"),
            (float(worked.h[t]), float(worked.complement[t])),
            same,
        ),
    ]  # fmt: skip
    if worked.K > 1:
        o = worked.of("h", other)
        apart = float(worked.dS.entries(0, [t], [other])[0, 0])
        parts += [
            say("The second:"),
            worked.over_temperature(
                worked.derivative("h", t, worked.of("z", other)),
                Symbol(f"−{h.text}·{o.text}", f"-{h.tex} {o.tex}"),
                (-float(worked.h[t]), float(worked.h[other])),
                apart,
            ),
        ]
    axes = say("row ", H_T, ", column ", Z_I)
    parts += [
        say("The whole matrix, ") + axes + say(":"),
        worked.corner(Symbol("dS/dZ", r"\frac{dS}{dZ}"), worked.dS, axes),
    ]
    return Step(say(DS_DZ, ": how the probabilities answer to the logits"), tuple(parts))


def _complement(worked: WorkedEntry, k: int) -> tuple[Equation, list[Prose]]:
    """1 − h[k] as the sum of the other probabilities."""
    h = worked.of("h", k)
    short, note = worked.shortened([(float(v),) for n, v in enumerate(worked.h) if n != k] or [(0.0,)])
    others = Symbol(f"Σₙ h[n], n ≠ {worked.name(k)}", f"\\sum_{{n \\ne {worked.tex_name(k)}}} h_n")
    one_less = Symbol(f"1 − {h.text}", f"1 - {h.tex}")
    return worked.equation(one_less, others, "sum", short, float(worked.complement[k])), note


def logit_derivative(worked: WorkedEntry) -> Step:
    i, j = worked.i, worked.j
    w, x = worked.weight(j, i), worked.input(j)
    zeros = worked.K - 1
    axes = say("row ", Z_K, ", column ", W_JI, ", ", INPUT, " running fastest")
    return Step(
        say(DZ_DW, ": how the logits answer to the weights"),
        (
            say(w, " stands in the sum of ", worked.of("z", i), " alone, where it is multiplied by ", x, ":"),
            worked.equation(worked.derivative("z", i, w), x, "sum", [(float(worked.x[j]),)], float(worked.x[j])),
            say(
                f"In the other logits ({zeros}) it does not stand, and their derivatives are ", ZERO,
                ". So a row of ", DZ_DW, " holds ", INPUTS, f" in the columns of its own weights ({worked.J}) and "
                f"zeros in the others ({zeros * worked.J}). Row ", *axes.parts[1:], ":",
            ),
            worked.corner(Symbol("dZ/dW", r"\frac{dZ}{dW}"), worked.dZ, axes),
        ),
    )  # fmt: skip


def chain(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    row = worked.dS.entries(0, [t], list(range(worked.K)))[0]
    terms: list[tuple[float, ...]] = [(float(row[k]), float(worked.x[j]) if k == i else 0.0) for k in range(worked.K)]
    note: list[Prose] = []
    if worked.K > TERMS:
        keep = sorted({0, i, worked.K - 1})
        terms = [terms[k] for k in keep]
        note = [say(f"The other {worked.K - len(keep)} terms of the sum are products with ", ZERO, " as well.")]
    h, w = worked.of("h", t), worked.weight(j, i)
    formula = Symbol(
        f"Σₖ ∂{h.text}/∂z[k] · ∂z[k]/∂{w.text}",
        f"\\sum_k \\frac{{\\partial {h.tex}}}{{\\partial z_k}} \\frac{{\\partial z_k}}{{\\partial {w.tex}}}",
    )
    ending = say(".") if worked.x[j] else say(", and here it is ", ZERO, " as well, because ", worked.input(j), " is.")
    return Step(
        say("The chain rule: ", Symbol("dL/dW = dS/dZ · dZ/dW", r"dL/dW = dS/dZ \cdot dZ/dW")),
        (
            say(
                "A weight could reach an output through any logit, so the entry is a sum over the logits. All but "
                "one of its terms are products with ", ZERO, f"; the one of logit {worked.name(i)} survives",
            ) + ending,
            worked.equation(worked.derivative("h", t, w), formula, "sum", terms, worked.value),
            *note,
        ),
    )  # fmt: skip


def entry_equation(worked: WorkedEntry) -> Equation:
    """The entry by the shortcut, or where logits are given by the formula for its case."""
    t, j, i = worked.t, worked.j, worked.i
    h, o = worked.of("h", t), worked.of("h", i)
    if t == i:
        formula = Symbol(f"{h.text}·(1 − {h.text})", f"{h.tex} (1 - {h.tex})")
        factors: tuple[float, ...] = (float(worked.h[t]), float(worked.complement[t]))
    else:
        formula = Symbol(f"−{h.text}·{o.text}", f"-{h.tex} {o.tex}")
        factors = (-float(worked.h[t]), float(worked.h[i]))
    if not worked.of_logits:
        x = worked.input(j)
        formula = Symbol(f"{formula.text}·{x.text}", f"{formula.tex} {x.tex}")
        factors = (*factors, float(worked.x[j]))
    return worked.over_temperature(worked.derivative("h", t, worked.variable(j, i)), formula, factors, worked.value)


def shortcut(worked: WorkedEntry) -> Step:
    t, i = worked.t, worked.i
    case = Symbol("t = i", "t = i") if t == i else Symbol("t ≠ i", "t \\ne i")
    return Step(
        say("The shortcut"),
        (
            say(
                "Since only one term survives, the entry can be written down without either matrix, with ", DELTA,
                " one where ", Symbol("t = i", "t = i"), " and zero elsewhere:",
            ),
            tempered(worked, SHORTCUT),
            say("Here ", case, ", so ", DELTA, " is ", ONE if t == i else ZERO, ":"),
            entry_equation(worked),
            say("It is the same number as by the chain rule. The whole matrix, ") + BY_WEIGHT + say(":"),
            worked.corner(Symbol("dL/dW", r"\frac{dL}{dW}"), worked.dL, BY_WEIGHT),
        ),
    )  # fmt: skip
