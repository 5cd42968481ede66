"""The steps to the derivatives by the biases and the inputs, and to those of the logarithm."""

from __future__ import annotations

from .derivative_steps import tempered
from .equations import Part, Step, Symbol, number, say
from .symbols import DL_DB, DL_DX, DS_DZ, H_T, X_J
from .worked_entry import WorkedEntry

LOG = "∂ln h[t]/∂W[j,i] = (δ − h[i])·x[j]", r"\frac{\partial \ln h_t}{\partial W_{j,i}} = (\delta_{ti} - h_i) x_j"


def by_bias(worked: WorkedEntry) -> Step:
    t, i = worked.t, worked.i
    by_logit = worked.derivative("h", t, worked.of("z", i))
    value = float(worked.dS.entries(0, [t], [i])[0, 0])
    return Step(
        say(DL_DB, ": how the probabilities answer to the biases"),
        (
            say("A bias is added to its logit as it is, so the derivative by it is that by the logit, and ", DL_DB)
            + say(" is ", DS_DZ, ":"),
            worked.equation(worked.derivative("h", t, worked.of("b", i)), by_logit, "sum", [(value,)], value),
        ),
    )


def by_input(worked: WorkedEntry) -> Step:
    """By the chain rule, and where its terms nearly cancel by the differences of the weights."""
    t, j = worked.t, worked.j
    of, tex = worked.input_name(j), worked.tex_input_name(j)
    x, h = worked.input(j), worked.of("h", t)
    row = worked.dS.entries(0, [t], list(range(worked.K)))[0]
    value = float(worked.dX.entries(0, [t], [j])[0, 0])
    symbol = worked.derivative("h", t, x)
    terms, note = worked.shortened([(float(d), float(w)) for d, w in zip(row, worked.W[j], strict=True)])
    slope = f"∂{h.text}/∂z[k]", f"\\frac{{\\partial {h.tex}}}{{\\partial z_k}}"
    formula = Symbol(f"Σₖ {slope[0]}·W[{of},k]", f"\\sum_k {slope[1]} W_{{{tex},k}}")
    direct = worked.equation(symbol, formula, "sum", terms, value)
    parts: list[Part] = [say("An input is in every logit, multiplied by its weight, and what it does to them adds up:")]
    if direct.value == number(value, worked.digits):
        parts += [direct, *note]
    else:
        own = worked.weight(j, t)
        gaps = [(float(row[k]), float(worked.W[j, k] - worked.W[j, t])) for k in range(worked.K) if k != t]
        terms, note = worked.shortened(gaps or [(0.0,)])
        formula = Symbol(f"Σₖ {slope[0]}·(W[{of},k] − {own.text})", f"\\sum_k {slope[1]} (W_{{{tex},k}} - {own.tex})")
        nearly = "Here they nearly cancel. The derivatives sum to zero, so the differences of the weights do as well:"
        parts += [say(nearly), worked.equation(symbol, formula, "sum", terms, value), *note]
    axes = say("row ", H_T, ", column ", X_J)
    matrix = worked.corner(DL_DX, worked.dX, axes)
    return Step(say(DL_DX, ": how the probabilities answer to the inputs"), (*parts, matrix))


def by_logarithm(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    h, w, x = worked.of("h", t), worked.weight(j, i), worked.input(j)
    if worked.hidden[t]:
        unchanged = say("The logarithm of ", h, " is ", Symbol("−∞", r"-\infty"), ", and no weight changes it.")
        return Step(say("The logarithm"), (unchanged,))
    o = worked.of("h", i)
    case = Symbol(f"(1 − {o.text})", f"(1 - {o.tex})") if t == i else Symbol(f"−{o.text}", f"-{o.tex}")
    formula = Symbol(f"{case.text}·{x.text}", f"{case.tex} {x.tex}")
    factor = float(worked.complement[i]) if t == i else -float(worked.h[i])
    value = float(worked.dlogL.entries(0, [t], [i * worked.J + j])[0, 0])
    symbol = Symbol(f"∂ln {h.text}/∂{w.text}", f"\\frac{{\\partial \\ln {h.tex}}}{{\\partial {w.tex}}}")
    return Step(
        say("The logarithm"),
        (
            say("Of the logarithm of a probability, which a loss is made of, the factor ", H_T, " falls away:"),
            tempered(worked, LOG),
            worked.over_temperature(symbol, formula, (factor, float(worked.x[j])), value),
        ),
    )
