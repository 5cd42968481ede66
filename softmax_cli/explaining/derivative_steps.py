"""The steps from the probabilities to their derivative in the weights, by the chain rule and by the shortcut."""

from __future__ import annotations

from .equations import Equation, Part, Step, Symbol
from .worked_entry import TERMS, WorkedEntry


def _complement(worked: WorkedEntry, k: int) -> tuple[Equation, list[str]]:
    """1 − h[k] as the sum of the other probabilities."""
    h = worked.of("h", k)
    short, note = worked.shortened([(float(v),) for n, v in enumerate(worked.h) if n != k] or [(0.0,)])
    others = Symbol(f"Σₙ h[n], n ≠ {worked.name(k)}", f"\\sum_{{n \\ne {worked.tex_name(k)}}} h_n")
    one_less = Symbol(f"1 − {h.text}", f"1 - {h.tex}")
    return worked.equation(one_less, others, "sum", short, float(worked.complement[k])), note


def softmax_derivative(worked: WorkedEntry) -> Step:
    t = worked.t
    other = worked.i if worked.i != t else (t + 1) % worked.K
    h = worked.of("h", t)
    less, note = _complement(worked, t)
    same = float(worked.dS.entries(0, [t], [t])[0, 0])
    parts: list[Part] = [
        "What was taken off every logit multiplies all exponentials and their sum alike and leaves h as it is, so it "
        "counts as a constant here. Then e[t] changes with z[t] by e[t] itself and with no other logit, and s "
        "changes with every z[i] by e[i]. By the quotient rule h[t] = e[t]/s changes with its own logit by "
        "(e[t]·s − e[t]·e[t])/s², and with another logit i by (0·s − e[t]·e[i])/s². In terms of h these are the two "
        "cases:",
        Symbol("∂h[t]/∂z[t] = h[t]·(1 − h[t])", r"\frac{\partial h_t}{\partial z_t} = h_t (1 - h_t)"),
        Symbol("∂h[t]/∂z[i] = −h[t]·h[i],  i ≠ t", r"\frac{\partial h_t}{\partial z_i} = -h_t h_i, \quad i \ne t"),
        "The first, worked out. 1 − h is what the other outputs have, and adding those up keeps the digits that a "
        "subtraction from 1 loses when h is close to 1:",
        less,
        *note,
        worked.equation(
            worked.derivative("h", t, worked.of("z", t)),
            Symbol(f"{h.text}·(1 − {h.text})", f"{h.tex} (1 - {h.tex})"),
            "sum",
            [(float(worked.h[t]), float(worked.complement[t]))],
            same,
        ),
    ]
    if worked.K > 1:
        o = worked.of("h", other)
        apart = float(worked.dS.entries(0, [t], [other])[0, 0])
        parts += [
            "The second:",
            worked.equation(
                worked.derivative("h", t, worked.of("z", other)),
                Symbol(f"−{h.text}·{o.text}", f"-{h.tex} {o.tex}"),
                "sum",
                [(-float(worked.h[t]), float(worked.h[other]))],
                apart,
            ),
        ]
    parts += ["The whole matrix, row h[t], column z[i]:", worked.corner(Symbol("dS/dZ", r"\frac{dS}{dZ}"), worked.dS)]
    return Step("dS/dZ: how the probabilities answer to the logits", tuple(parts))


def logit_derivative(worked: WorkedEntry) -> Step:
    i, j = worked.i, worked.j
    w = worked.weight(j, i)
    zeros = worked.K - 1
    return Step(
        "dZ/dW: how the logits answer to the weights",
        (
            f"{w.text} stands in the sum of {worked.of('z', i).text} alone, where it is multiplied by x[{j}]:",
            worked.equation(
                worked.derivative("z", i, w),
                Symbol(f"x[{j}]", f"x_{{{j}}}"),
                "sum",
                [(float(worked.x[j]),)],
                float(worked.x[j]),
            ),
            f"In the other logits ({zeros}) it does not stand, and their derivatives are 0. So a row of dZ/dW holds x "
            f"in the columns of its own weights ({worked.J}) and zeros in the others ({zeros * worked.J}). Row z[k], "
            "column W[j,i], j running fastest:",
            worked.corner(Symbol("dZ/dW", r"\frac{dZ}{dW}"), worked.dZ),
        ),
    )


def chain(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    row = worked.dS.entries(0, [t], list(range(worked.K)))[0]
    terms: list[tuple[float, ...]] = [(float(row[k]), float(worked.x[j]) if k == i else 0.0) for k in range(worked.K)]
    if worked.K > TERMS:
        keep = sorted({0, i, worked.K - 1})
        terms = [terms[k] for k in keep]
        note = [f"The other {worked.K - len(keep)} terms of the sum are products with 0 as well."]
    else:
        note = []
    w = worked.weight(j, i)
    formula = Symbol(
        f"Σₖ ∂{worked.of('h', t).text}/∂z[k] · ∂z[k]/∂{w.text}",
        f"\\sum_k \\frac{{\\partial {worked.of('h', t).tex}}}{{\\partial z_k}}"
        f" \\frac{{\\partial z_k}}{{\\partial {w.tex}}}",
    )
    return Step(
        "The chain rule: dL/dW = dS/dZ · dZ/dW",
        (
            "A weight could reach an output through any logit, so the entry is a sum over the logits. All but one of "
            f"its terms are products with 0; the one of logit {worked.name(i)} survives"
            + ("." if worked.x[j] else f", and here it is 0 as well, because x[{j}] is."),
            worked.equation(worked.derivative("h", t, w), formula, "sum", terms, worked.value),
            *note,
        ),
    )


def shortcut(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    h, o = worked.of("h", t), worked.of("h", i)
    x = Symbol(f"x[{j}]", f"x_{{{j}}}")
    if t == i:
        formula = Symbol(f"{h.text}·(1 − {h.text})·{x.text}", f"{h.tex} (1 - {h.tex}) {x.tex}")
        factors = (float(worked.h[t]), float(worked.complement[t]), float(worked.x[j]))
    else:
        formula = Symbol(f"−{h.text}·{o.text}·{x.text}", f"-{h.tex} {o.tex} {x.tex}")
        factors = (-float(worked.h[t]), float(worked.h[i]), float(worked.x[j]))
    return Step(
        "The shortcut",
        (
            "Since only one term survives, the entry can be written down without either matrix, with δ one where "
            "t = i and zero elsewhere:",
            Symbol(
                "∂h[t]/∂W[j,i] = h[t]·(δ − h[i])·x[j]",
                r"\frac{\partial h_t}{\partial W_{j,i}} = h_t (\delta_{ti} - h_i) x_j",
            ),
            f"Here t {'=' if t == i else '≠'} i, so δ is {int(t == i)}:",
            worked.equation(worked.derivative("h", t, worked.weight(j, i)), formula, "sum", [factors], worked.value),
            "It is the same number as by the chain rule. The whole matrix, row h[t], column W[j,i], j running fastest:",
            worked.corner(Symbol("dL/dW", r"\frac{dL}{dW}"), worked.dL),
        ),
    )
