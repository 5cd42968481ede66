"""The step from the derivative to what moves the weight."""

from __future__ import annotations

from .equations import Step, Symbol
from .worked_entry import WorkedEntry


def moving_the_weight(worked: WorkedEntry) -> Step:
    t, j, i = worked.t, worked.j, worked.i
    column = worked.dL.entries(0, list(range(worked.K)), [i * worked.J + j])[:, 0]
    short, note = worked.shortened([(-float(v),) for n, v in enumerate(column) if n != i] or [(0.0,)])
    w = worked.weight(j, i)
    own = worked.of("h", t)
    others = Symbol(
        f"−Σₙ ∂h[n]/∂{w.text}, n ≠ {worked.name(i)}",
        f"-\\sum_{{n \\ne {worked.tex_name(i)}}} \\frac{{\\partial h_n}}{{\\partial {w.tex}}}",
    )
    h = worked.of("h", i)
    loss = (
        worked.equation(
            Symbol(f"∂E/∂{w.text}", f"\\frac{{\\partial E}}{{\\partial {w.tex}}}"),
            Symbol(f"−(1 − {h.text})·x[{j}]", f"-(1 - {h.tex}) x_{{{j}}}"),
            "sum",
            [(-float(worked.complement[i]), float(worked.x[j]))],
            -float(worked.complement[i]) * float(worked.x[j]),
        )
        if t == i
        else worked.equation(
            Symbol(f"∂E/∂{w.text}", f"\\frac{{\\partial E}}{{\\partial {w.tex}}}"),
            Symbol(f"{h.text}·x[{j}]", f"{h.tex} x_{{{j}}}"),
            "sum",
            [(float(worked.h[i]), float(worked.x[j]))],
            float(worked.h[i]) * float(worked.x[j]),
        )
    )
    return Step(
        "Moving the weight",
        (
            f"The outputs always sum to one, so what {w.text} gives to one output it takes from the others: in its "
            "column of dL/dW the entry of its own output is what all the others lose, and the column sums to zero."
            if worked.K > 1
            else "The outputs always sum to one, so a single output cannot change.",
            worked.equation(worked.derivative("h", i, w), others, "sum", short, float(column[i])),
            *note,
            "To move a weight, the rows have first to be weighted by what each output costs, dE/dh. If the right "
            f"answer were output {worked.name(t)} and the error the cross-entropy E = −ln {own.text}, then dE/dh is "
            f"−1/{own.text} there and 0 elsewhere. So all that counts is the entry of step 7, "
            f"{worked.derivative('h', t, w).text}, and −1/{own.text} times it is "
            + ("−(1 − h[t])·x[j]" if t == i else "h[i]·x[j]")
            + (", h[t] cancelling:" if worked.h[t] else f"; {own.text}, though 0 in double precision, cancels:"),
            loss,
            f"softmax-jac weight-grad --target {t} prints this for every weight.",
        ),
    )
