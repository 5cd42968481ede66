"""The derivation of dL/dW with a layer's own numbers, as data: what is said and what is worked out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ..core.layer import evaluate
from ..errors import InputError
from ..wording import counted
from .equations import Equation, Part, Step, Symbol
from .walk import TERMS, Walk, checked_entry, largest_entry, subscripts


def explain(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    names: tuple[str, ...] | None = None,
    entry: tuple[int, int, int] | None = None,
    digits: int = 6,
) -> list[Step]:
    """The steps to ∂h[t]/∂W[j,i] for entry (t, j, i), by default the off-diagonal one of largest
    magnitude. x (J,), W (J, K), b (K,). InputError as in `core.checked`, for several inputs, and for
    an entry that does not exist."""
    layer, single = evaluate(x, W, b)
    if not single:
        raise InputError("explain works through one input, and x holds several", "give one of them with -x")
    chosen = largest_entry(layer) if entry is None else checked_entry(entry, layer)
    walk = Walk(layer, np.asarray(W, float), b, names, chosen, entry is None, digits)
    with np.errstate(all="ignore"):
        return [step(walk) for step in STEPS]


def inputs(walk: Walk) -> Step:
    t, j, i = walk.t, walk.j, walk.i
    parts: list[Part] = [
        f"x holds {counted(walk.J, 'input')}, W a weight from {'each of them' if walk.J > 1 else 'it'} to "
        f"{'each of ' * (walk.K > 1)}{counted(walk.K, 'output')}"
        + ("." if walk.b is None else ", and b a bias for each output.")
        + " W[j,i] leads from input j to output i, counted from zero.",
        walk.matrix(Symbol("x", "x"), walk.x),
        walk.matrix(Symbol("W", "W"), walk.W),
        *([] if walk.b is None else [walk.matrix(Symbol("b", "b"), walk.b)]),
        f"The entry worked out here is {walk.derivative('h', t, walk.weight(j, i)).text}: how output {walk.name(t)} "
        f"answers to the weight from input {j} to output {walk.name(i)}. On paper, counting from one and writing "
        f"the output first, it is ∂h{subscripts(t)}/∂w{subscripts(i, j)}." + _why(walk),
        f"Numbers are rounded to {walk.digits} digits, or to as many more as it takes for the line to come out as "
        "printed. The last line of an equation begins with = where it is exactly what the line before comes to, "
        "and with ≈ where it is rounded.",
    ]
    return Step("The layer", tuple(parts))


def _why(walk: Walk) -> str:
    if not walk.chosen:
        return ""
    largest = " It is the largest off the diagonal blocks;" if walk.t != walk.i and walk.value else ""
    return f"{largest} --entry t,j,i chooses another."


def logits(walk: Walk) -> Step:
    t = walk.t
    terms: list[tuple[float, ...]] = [(float(w), float(v)) for w, v in zip(walk.W[:, t], walk.x, strict=True)]
    bias = walk.of("b", t)
    formula = Symbol(f"Σⱼ W[j,{walk.name(t)}]·x[j]", f"\\sum_j {walk.weight(0, t).tex.replace('{0,', '{j,')} x_j")
    if walk.b is not None:
        terms.append((float(walk.b[t]), 1.0))
        formula = Symbol(f"{formula.text} + {bias.text}", f"{formula.tex} + {bias.tex}")
    short, note = walk.shortened(terms)
    short = [term[:1] if len(term) > 1 and walk.b is not None and term is terms[-1] else term for term in short]
    return Step(
        "The logits" if walk.b is None else "The logits z = Wᵀx + b",
        (
            "Each output first adds up its inputs, weighted: its logit.",
            walk.equation(walk.of("z", t), formula, "sum", short, float(walk.z[t])),
            *note,
            "All of them, in the same way:",
            walk.matrix(Symbol("z", "z"), walk.z),
        ),
    )


def softmax(walk: Walk) -> Step:
    m = walk.of("z", walk.top)
    gaps = walk.z - walk.z[walk.top]
    e = np.exp(gaps)
    shown = sorted({walk.t, walk.i, walk.top}) if walk.K > TERMS else range(walk.K)
    exponentials = [
        walk.equation(
            Symbol(f"e[{walk.name(k)}]", walk.of("e", k).tex),
            Symbol(f"exp({walk.of('z', k).text} − {m.text})", f"\\exp({walk.of('z', k).tex} - {m.tex})"),
            "exp", [(float(walk.z[k]),), (-float(walk.z[walk.top]),)], float(e[k]),
        )
        for k in shown
    ]  # fmt: skip
    short, note = walk.shortened([(float(v),) for v in e])
    total = math.fsum(e.tolist())
    parts: list[Part] = [
        "A probability is an exponential over the sum of all. The largest logit is taken off first: that "
        "changes no ratio, and no exponential can overflow.",
        *exponentials,
        *(["An exponential shown as 0 is below what double precision holds."] if 0.0 in e[list(shown)] else []),
        walk.equation(Symbol("s", "s"), Symbol("Σₖ e[k]", "\\sum_k e_k"), "sum", short, total),
        *note,
        *(
            walk.equation(
                walk.of("h", k), Symbol(f"e[{walk.name(k)}] / s", f"{walk.of('e', k).tex} / s"),
                "quotient", [(float(e[k]),), (total,)], float(walk.h[k]),
            )
            for k in sorted({walk.t, walk.i})
        ),
        "The probabilities, which sum to one:",
        walk.matrix(Symbol("h", "h"), walk.h),
    ]  # fmt: skip
    return Step("The softmax", tuple(parts))


def rest(walk: Walk, k: int) -> tuple[Equation, list[str]]:
    """1 − h[k] as the sum of the other probabilities."""
    h = walk.of("h", k)
    short, note = walk.shortened([(float(v),) for n, v in enumerate(walk.h) if n != k] or [(0.0,)])
    others = Symbol(f"Σₙ h[n], n ≠ {walk.name(k)}", f"\\sum_{{n \\ne {walk.tex_name(k)}}} h_n")
    one_less = Symbol(f"1 − {h.text}", f"1 - {h.tex}")
    return walk.equation(one_less, others, "sum", short, float(walk.complement[k])), note


def softmax_derivative(walk: Walk) -> Step:
    t = walk.t
    other = walk.i if walk.i != t else (t + 1) % walk.K
    h = walk.of("h", t)
    less, note = rest(walk, t)
    same = float(walk.dS.entries(0, [t], [t])[0, 0])
    parts: list[Part] = [
        "What was taken off every logit multiplies all exponentials and their sum alike and leaves h as it is, so it "
        "counts as a constant here. Then e[t] changes with z[t] by e[t] itself and with no other logit, and s "
        "changes with every z[i] by e[i]. By the quotient rule h[t] = e[t]/s changes with its own logit by "
        "(e[t]·s − e[t]·e[t])/s², and with another logit i by (0·s − e[t]·e[i])/s². In terms of h these are the two "
        "cases:",
        Symbol("∂h[t]/∂z[t] = h[t]·(1 − h[t])", r"\frac{\partial h_t}{\partial z_t} = h_t (1 - h_t)"),
        Symbol(
            "∂h[t]/∂z[i] = −h[t]·h[i],  i ≠ t", r"\frac{\partial h_t}{\partial z_i} = -h_t h_i, \quad i \ne t"
        ),
        "The first, worked out. 1 − h is what the other outputs have, and adding those up keeps the digits that a "
        "subtraction from 1 loses when h is close to 1:",
        less,
        *note,
        walk.equation(
            walk.derivative("h", t, walk.of("z", t)), Symbol(f"{h.text}·(1 − {h.text})", f"{h.tex} (1 - {h.tex})"),
            "sum", [(float(walk.h[t]), float(walk.complement[t]))], same,
        ),
    ]  # fmt: skip
    if walk.K > 1:
        o = walk.of("h", other)
        apart = float(walk.dS.entries(0, [t], [other])[0, 0])
        parts += [
            "The second:",
            walk.equation(
                walk.derivative("h", t, walk.of("z", other)), Symbol(f"−{h.text}·{o.text}", f"-{h.tex} {o.tex}"),
                "sum", [(-float(walk.h[t]), float(walk.h[other]))], apart,
            ),
        ]  # fmt: skip
    parts += ["The whole matrix, row h[t], column z[i]:", walk.corner(Symbol("dS/dZ", r"\frac{dS}{dZ}"), walk.dS)]
    return Step("dS/dZ: how the probabilities answer to the logits", tuple(parts))


def logit_derivative(walk: Walk) -> Step:
    i, j = walk.i, walk.j
    w = walk.weight(j, i)
    zeros = walk.K - 1
    return Step(
        "dZ/dW: how the logits answer to the weights",
        (
            f"{w.text} stands in the sum of {walk.of('z', i).text} alone, where it is multiplied by x[{j}]:",
            walk.equation(
                walk.derivative("z", i, w),
                Symbol(f"x[{j}]", f"x_{{{j}}}"),
                "sum",
                [(float(walk.x[j]),)],
                float(walk.x[j]),
            ),
            f"In the other logits ({zeros}) it does not stand, and their derivatives are 0. So a row of dZ/dW holds x "
            f"in the columns of its own weights ({walk.J}) and zeros in the others ({zeros * walk.J}). Row z[k], "
            "column W[j,i], j running fastest:",
            walk.corner(Symbol("dZ/dW", r"\frac{dZ}{dW}"), walk.dZ),
        ),
    )


def chain(walk: Walk) -> Step:
    t, j, i = walk.t, walk.j, walk.i
    row = walk.dS.entries(0, [t], list(range(walk.K)))[0]
    terms: list[tuple[float, ...]] = [(float(row[k]), float(walk.x[j]) if k == i else 0.0) for k in range(walk.K)]
    if walk.K > TERMS:
        keep = sorted({0, i, walk.K - 1})
        terms = [terms[k] for k in keep]
        note = [f"The other {walk.K - len(keep)} terms of the sum are products with 0 as well."]
    else:
        note = []
    w = walk.weight(j, i)
    formula = Symbol(
        f"Σₖ ∂{walk.of('h', t).text}/∂z[k] · ∂z[k]/∂{w.text}",
        f"\\sum_k \\frac{{\\partial {walk.of('h', t).tex}}}{{\\partial z_k}}"
        f" \\frac{{\\partial z_k}}{{\\partial {w.tex}}}",
    )
    return Step(
        "The chain rule: dL/dW = dS/dZ · dZ/dW",
        (
            "A weight could reach an output through any logit, so the entry is a sum over the logits. All but one of "
            f"its terms are products with 0; the one of logit {walk.name(i)} survives"
            + ("." if walk.x[j] else f", and here it is 0 as well, because x[{j}] is."),
            walk.equation(walk.derivative("h", t, w), formula, "sum", terms, walk.value),
            *note,
        ),
    )


def shortcut(walk: Walk) -> Step:
    t, j, i = walk.t, walk.j, walk.i
    h, o = walk.of("h", t), walk.of("h", i)
    x = Symbol(f"x[{j}]", f"x_{{{j}}}")
    if t == i:
        formula = Symbol(f"{h.text}·(1 − {h.text})·{x.text}", f"{h.tex} (1 - {h.tex}) {x.tex}")
        factors = (float(walk.h[t]), float(walk.complement[t]), float(walk.x[j]))
    else:
        formula = Symbol(f"−{h.text}·{o.text}·{x.text}", f"-{h.tex} {o.tex} {x.tex}")
        factors = (-float(walk.h[t]), float(walk.h[i]), float(walk.x[j]))
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
            walk.equation(walk.derivative("h", t, walk.weight(j, i)), formula, "sum", [factors], walk.value),
            "It is the same number as by the chain rule. The whole matrix, row h[t], column W[j,i], j running fastest:",
            walk.corner(Symbol("dL/dW", r"\frac{dL}{dW}"), walk.dL),
        ),
    )


def columns(walk: Walk) -> Step:
    t, j, i = walk.t, walk.j, walk.i
    column = walk.dL.entries(0, list(range(walk.K)), [i * walk.J + j])[:, 0]
    short, note = walk.shortened([(-float(v),) for n, v in enumerate(column) if n != i] or [(0.0,)])
    w = walk.weight(j, i)
    own = walk.of("h", t)
    others = Symbol(
        f"−Σₙ ∂h[n]/∂{w.text}, n ≠ {walk.name(i)}",
        f"-\\sum_{{n \\ne {walk.tex_name(i)}}} \\frac{{\\partial h_n}}{{\\partial {w.tex}}}",
    )
    h = walk.of("h", i)
    loss = (
        walk.equation(
            Symbol(f"∂E/∂{w.text}", f"\\frac{{\\partial E}}{{\\partial {w.tex}}}"),
            Symbol(f"−(1 − {h.text})·x[{j}]", f"-(1 - {h.tex}) x_{{{j}}}"), "sum",
            [(-float(walk.complement[i]), float(walk.x[j]))], -float(walk.complement[i]) * float(walk.x[j]),
        )
        if t == i
        else walk.equation(
            Symbol(f"∂E/∂{w.text}", f"\\frac{{\\partial E}}{{\\partial {w.tex}}}"),
            Symbol(f"{h.text}·x[{j}]", f"{h.tex} x_{{{j}}}"), "sum",
            [(float(walk.h[i]), float(walk.x[j]))], float(walk.h[i]) * float(walk.x[j]),
        )
    )  # fmt: skip
    return Step(
        "Moving the weight",
        (
            f"The outputs always sum to one, so what {w.text} gives to one output it takes from the others: in its "
            "column of dL/dW the entry of its own output is what all the others lose, and the column sums to zero."
            if walk.K > 1
            else "The outputs always sum to one, so a single output cannot change.",
            walk.equation(walk.derivative("h", i, w), others, "sum", short, float(column[i])),
            *note,
            "To move a weight, the rows have first to be weighted by what each output costs, dE/dh. If the right "
            f"answer were output {walk.name(t)} and the error the cross-entropy E = −ln {own.text}, then dE/dh is "
            f"−1/{own.text} there and 0 elsewhere. So all that counts is the entry of step 7, "
            f"{walk.derivative('h', t, w).text}, and −1/{own.text} times it is "
            + ("−(1 − h[t])·x[j]" if t == i else "h[i]·x[j]")
            + (", h[t] cancelling:" if walk.h[t] else f"; {own.text}, though 0 in double precision, cancels:"),
            loss,
            f"softmax-jac weight-grad --target {t} prints this for every weight.",
        ),
    )  # fmt: skip


STEPS = (inputs, logits, softmax, softmax_derivative, logit_derivative, chain, shortcut, columns)
