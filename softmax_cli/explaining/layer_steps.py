"""The steps from the inputs to the probabilities."""

from __future__ import annotations

import math

from ..wording import counted
from .equations import Code, Part, Prose, Step, Symbol, say
from .symbols import BIASES, INPUT, INPUTS, LOGITS, OUTPUT, PROBABILITIES, SUM, W_JI, WEIGHTS
from .worked_entry import TERMS, WorkedEntry, on_paper


def the_layer(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    sources = "each of them" if worked.J > 1 else "it"
    outputs = f"{'each of ' * (worked.K > 1)}{counted(worked.K, 'output')}"
    ending = say(". ") if worked.b is None else say(", and ", BIASES, " a bias for each output. ")
    parts: list[Part] = [
        say(INPUTS, f" holds {counted(worked.J, 'input')}, ", WEIGHTS, f" a weight from {sources} to {outputs}")
        + ending
        + say(W_JI, " leads from input ", INPUT, " to output ", OUTPUT, ", counted from zero."),
        worked.matrix(INPUTS, worked.x),
        worked.matrix(WEIGHTS, worked.W, say("a row for each input, a column for each output")),
    ]
    if worked.b is not None:
        parts.append(worked.matrix(BIASES, worked.b))
    parts += [
        say("The entry worked out here is ", worked.derivative("h", t, worked.weight(j, i)))
        + say(f": how output {worked.name(t)} answers to the weight from input {j} to output {worked.name(i)}. ")
        + say("On paper, counting from one and writing the output first, it is ", on_paper(t, j, i), ".")
        + _why(worked),
        say(
            f"Numbers are rounded to {worked.digits} digits, or to as many more as it takes for the line to come out "
            "as printed. The last line of an equation begins with ", Symbol("=", "="), " where it is exactly what the "
            "line before comes to, and with ", Symbol("≈", r"\approx"), " where it is rounded.",
        ),
    ]  # fmt: skip
    return Step(say("The layer"), tuple(parts))


def _why(worked: WorkedEntry) -> Prose:
    if worked.asked:
        return say()
    largest = " It is the largest off the diagonal blocks;" if worked.t != worked.i and worked.value else ""
    return say(f"{largest} ", Code("--entry t,j,i"), " chooses another.")


def logits(worked: WorkedEntry) -> Step:
    t = worked.t
    terms: list[tuple[float, ...]] = [(float(w), float(v)) for w, v in zip(worked.W[:, t], worked.x, strict=True)]
    formula = Symbol(f"Σⱼ W[j,{worked.name(t)}]·x[j]", f"\\sum_j W_{{j,{worked.tex_name(t)}}} x_j")
    title = say("The logits")
    if worked.b is not None:
        bias = worked.of("b", t)
        terms.append((float(worked.b[t]),))
        formula = Symbol(f"{formula.text} + {bias.text}", f"{formula.tex} + {bias.tex}")
        title = say("The logits ", Symbol("z = Wᵀx + b", "z = W^T x + b"))
    short, note = worked.shortened(terms)
    return Step(
        title,
        (
            say("Each output first adds up its inputs, weighted: its logit."),
            worked.equation(worked.of("z", t), formula, "sum", short, float(worked.z[t])),
            *note,
            say("All of them, in the same way:"),
            worked.matrix(LOGITS, worked.z),
        ),
    )


def softmax(worked: WorkedEntry) -> Step:
    e = worked.exponentials
    shown = sorted({worked.t, worked.i, worked.top}) if worked.K > TERMS else range(worked.K)
    short, note = worked.shortened([(float(v),) for v in e])
    total = math.fsum(e.tolist())
    parts: list[Part] = [
        say(
            "A probability is an exponential over the sum of all. The largest logit is taken off first: that "
            "changes no ratio, and no exponential can overflow."
        ),
        *(_exponential(worked, k) for k in shown),
    ]
    if 0.0 in e[list(shown)]:
        parts.append(say("An exponential shown as 0 is below what double precision holds."))
    parts += [worked.equation(SUM, Symbol("Σₖ e[k]", "\\sum_k e_k"), "sum", short, total), *note]
    for k in sorted({worked.t, worked.i}):
        ratio = Symbol(f"e[{worked.name(k)}] / s", f"{worked.of('e', k).tex} / s")
        terms: list[tuple[float, ...]] = [(float(e[k]),), (total,)]
        parts.append(worked.equation(worked.of("h", k), ratio, "quotient", terms, float(worked.h[k])))
    parts += [say("The probabilities, which sum to one:"), worked.matrix(PROBABILITIES, worked.h)]
    return Step(say("The softmax"), tuple(parts))


def _exponential(worked: WorkedEntry, k: int) -> Part:
    z, largest = worked.of("z", k), worked.of("z", worked.top)
    formula = Symbol(f"exp({z.text} − {largest.text})", f"\\exp({z.tex} - {largest.tex})")
    terms: list[tuple[float, ...]] = [(float(worked.z[k]),), (-float(worked.z[worked.top]),)]
    return worked.equation(worked.of("e", k), formula, "exp", terms, float(worked.exponentials[k]))
