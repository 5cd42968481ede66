"""The steps from the inputs to the probabilities."""

from __future__ import annotations

import math

import numpy as np

from ..wording import counted
from .equations import Part, Step, Symbol
from .worked_entry import TERMS, WorkedEntry, subscripts


def the_layer(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    parts: list[Part] = [
        f"x holds {counted(worked.J, 'input')}, W a weight from {'each of them' if worked.J > 1 else 'it'} to "
        f"{'each of ' * (worked.K > 1)}{counted(worked.K, 'output')}"
        + ("." if worked.b is None else ", and b a bias for each output.")
        + " W[j,i] leads from input j to output i, counted from zero.",
        worked.matrix(Symbol("x", "x"), worked.x),
        worked.matrix(Symbol("W", "W"), worked.W),
        *([] if worked.b is None else [worked.matrix(Symbol("b", "b"), worked.b)]),
        f"The entry worked out here is {worked.derivative('h', t, worked.weight(j, i)).text}: how output "
        f"{worked.name(t)} answers to the weight from input {j} to output {worked.name(i)}. On paper, counting "
        f"from one and writing the output first, it is ∂h{subscripts(t)}/∂w{subscripts(i, j)}." + _why(worked),
        f"Numbers are rounded to {worked.digits} digits, or to as many more as it takes for the line to come out as "
        "printed. The last line of an equation begins with = where it is exactly what the line before comes to, "
        "and with ≈ where it is rounded.",
    ]
    return Step("The layer", tuple(parts))


def _why(worked: WorkedEntry) -> str:
    if worked.asked:
        return ""
    largest = " It is the largest off the diagonal blocks;" if worked.t != worked.i and worked.value else ""
    return f"{largest} --entry t,j,i chooses another."


def logits(worked: WorkedEntry) -> Step:
    t = worked.t
    terms: list[tuple[float, ...]] = [(float(w), float(v)) for w, v in zip(worked.W[:, t], worked.x, strict=True)]
    bias = worked.of("b", t)
    formula = Symbol(f"Σⱼ W[j,{worked.name(t)}]·x[j]", f"\\sum_j {worked.weight(0, t).tex.replace('{0,', '{j,')} x_j")
    if worked.b is not None:
        terms.append((float(worked.b[t]), 1.0))
        formula = Symbol(f"{formula.text} + {bias.text}", f"{formula.tex} + {bias.tex}")
    short, note = worked.shortened(terms)
    short = [term[:1] if len(term) > 1 and worked.b is not None and term is terms[-1] else term for term in short]
    return Step(
        "The logits" if worked.b is None else "The logits z = Wᵀx + b",
        (
            "Each output first adds up its inputs, weighted: its logit.",
            worked.equation(worked.of("z", t), formula, "sum", short, float(worked.z[t])),
            *note,
            "All of them, in the same way:",
            worked.matrix(Symbol("z", "z"), worked.z),
        ),
    )


def softmax(worked: WorkedEntry) -> Step:
    m = worked.of("z", worked.top)
    gaps = worked.z - worked.z[worked.top]
    e = np.exp(gaps)
    shown = sorted({worked.t, worked.i, worked.top}) if worked.K > TERMS else range(worked.K)
    exponentials = [
        worked.equation(
            Symbol(f"e[{worked.name(k)}]", worked.of("e", k).tex),
            Symbol(f"exp({worked.of('z', k).text} − {m.text})", f"\\exp({worked.of('z', k).tex} - {m.tex})"),
            "exp",
            [(float(worked.z[k]),), (-float(worked.z[worked.top]),)],
            float(e[k]),
        )
        for k in shown
    ]
    short, note = worked.shortened([(float(v),) for v in e])
    total = math.fsum(e.tolist())
    parts: list[Part] = [
        "A probability is an exponential over the sum of all. The largest logit is taken off first: that "
        "changes no ratio, and no exponential can overflow.",
        *exponentials,
        *(["An exponential shown as 0 is below what double precision holds."] if 0.0 in e[list(shown)] else []),
        worked.equation(Symbol("s", "s"), Symbol("Σₖ e[k]", "\\sum_k e_k"), "sum", short, total),
        *note,
        *(
            worked.equation(
                worked.of("h", k),
                Symbol(f"e[{worked.name(k)}] / s", f"{worked.of('e', k).tex} / s"),
                "quotient",
                [(float(e[k]),), (total,)],
                float(worked.h[k]),
            )
            for k in sorted({worked.t, worked.i})
        ),
        "The probabilities, which sum to one:",
        worked.matrix(Symbol("h", "h"), worked.h),
    ]
    return Step("The softmax", tuple(parts))
