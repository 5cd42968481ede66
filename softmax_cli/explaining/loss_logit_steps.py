"""The step from an error to its derivative in the logits."""

from __future__ import annotations

import math

import numpy as np

from ..core.arrays import Array
from .equations import Equation, Part, Step, Symbol, number, say
from .loss_model import Loss, Target
from .loss_steps import A_ROW_EACH, loss_of, mixed_of
from .symbols import DE_DZ, LOGITS, NORM, T, U
from .worked_entry import WorkedEntry

MEAN_U = Symbol("m", "m")


def by(of: Symbol) -> Symbol:
    """∂E/∂of."""
    return Symbol(f"∂E/∂{of.text}", f"\\frac{{\\partial E}}{{\\partial {of.tex}}}")


def by_logits(worked: WorkedEntry) -> Step:
    loss = loss_of(worked)
    axes = say() if loss.single else A_ROW_EACH
    each = "All of them, which sum to zero:" if loss.single else "All of them, of which those of an input sum to zero:"
    title = say(f"The {loss.called} and ", LOGITS if loss.upstream is not None else "the logits")
    matrix = worked.matrix(DE_DZ, np.asarray(loss.found.dE_dz), axes)
    return Step(title, (*by_logit(worked), say(each), matrix))


def by_logit(worked: WorkedEntry) -> list[Part]:
    """∂E/∂z[i], and that of the right class."""
    loss = loss_of(worked)
    if loss.target is None:
        assert loss.upstream is not None
        return _of_upstream(worked, loss, loss.upstream)
    if loss.right is not None and loss.plain:
        return _of_class(worked, loss, loss.right)
    return _of_target(worked, loss, loss.target)


def _of_class(worked: WorkedEntry, loss: Loss, t: int) -> list[Part]:
    others = [worked.i] if worked.i != t else [k for k in range(worked.K) if k != t][:1]
    own = Symbol("−(1 − h[t])", "-(1 - h_t)")
    return [
        say("With ", Symbol("−ln h[t]", "-\\ln h_t"), " the derivative by a logit is that of ")
        + say(Symbol("h[t]", "h_t"), ", times ", Symbol("−1/h[t]", "-1 / h_t"), ", and ", Symbol("h[t]", "h_t"))
        + say(" cancels: what is left is the probability, less one for the right output."),
        *_scaling(worked, loss),
        _general("∂E/∂z[t]", r"\frac{\partial E}{\partial z_t}", own, loss, worked),
        _general("∂E/∂z[i]", r"\frac{\partial E}{\partial z_i}", Symbol("h[i]", "h_i"), loss, worked, other=True),
        *(_by_logit_of_class(worked, loss, k) for k in (t, *others)),
    ]


def _by_logit_of_class(worked: WorkedEntry, loss: Loss, k: int) -> Equation:
    h = worked.of("h", k)
    own = k == loss.right
    formula = Symbol(f"−(1 − {h.text})", f"-(1 - {h.tex})") if own else h
    factor = -float(worked.complement[k]) if own else float(worked.h[k])
    return _scaled(worked, loss, k, formula, (factor,))


def _of_target(worked: WorkedEntry, loss: Loss, target: Target) -> list[Part]:
    """By s·h − ỹ; where the two nearly cancel, by what is left of them."""
    y = mixed_of(worked, 0)
    y_i, total = (("ỹ[i]", r"\tilde{y}_i"), ("Σₖ ỹ[k]", r"\sum_k \tilde{y}_k")) if y.text.startswith("ỹ") else (
        ("y[i]", "y_i"), ("Σₖ y[k]", r"\sum_k y_k")
    )  # fmt: skip
    s = math.fsum(target.mixed.tolist())
    short, note = worked.shortened([(float(v),) for v in target.mixed])
    delta = Symbol("(δ − h[i])", r"(\delta_{ki} - h_i)")
    r = Symbol("r[i]", "r_i") if _is_scaled(worked, loss) else by(Symbol("z[i]", "z_i"))
    general = Symbol(f"{r.text} = s·h[i] − {y_i[0]}", f"{r.tex} = s h_i - {y_i[1]}")
    others = [] if loss.right is None or loss.right == worked.i else [loss.right]
    parts: list[Part] = [
        say("The derivative of ", Symbol("ln h[k]", r"\ln h_k"), " by ", Symbol("z[i]", "z_i"), " is ", delta)
        + say(" over T" if worked.temperature != 1.0 else "")
        + say(", so what an input costs changes with a logit by its share of the whole target less its own:"),
        general,
        worked.equation(Symbol("s", "s"), Symbol(*total), "sum", short, s),
        *note,
    ]
    for k in (*others, worked.i):
        parts += _residual_of_target(worked, loss, target, k, s)
    scaling = _scaling(worked, loss)
    if scaling:
        parts += [
            *scaling,
            _general("∂E/∂z[i]", r"\frac{\partial E}{\partial z_i}", Symbol("r[i]", "r_i"), loss, worked),
        ]
        parts += [_scaled(worked, loss, k, worked.of("r", k), (float(loss.residual[k]),)) for k in (*others, worked.i)]
    return parts


def _residual_of_target(worked: WorkedEntry, loss: Loss, target: Target, k: int, s: float) -> list[Part]:
    h, y, value = worked.of("h", k), mixed_of(worked, k), float(loss.residual[k])
    symbol = worked.of("r", k) if _is_scaled(worked, loss) else by(worked.of("z", k))
    direct = worked.equation(
        symbol, Symbol(f"s·{h.text} − {y.text}", f"s {h.tex} - {y.tex}"), "sum",
        [(s, float(worked.h[k])), (-float(target.mixed[k]),)], value,
    )  # fmt: skip
    if direct.value == number(value, worked.digits):
        return [direct]
    return [
        say("Here the two nearly cancel. Taken apart, by what the target has elsewhere and what the output lacks, ")
        + say("no digit is lost:"),
        worked.equation(
            symbol,
            Symbol(
                f"(s − {y.text})·{h.text} − {y.text}·(1 − {h.text})", f"(s - {y.tex}) {h.tex} - {y.tex} (1 - {h.tex})"
            ),
            "sum",
            [(float(target.others[k]), float(worked.h[k])), (-float(target.mixed[k]), float(worked.complement[k]))],
            value,
        ),
    ]


def _of_upstream(worked: WorkedEntry, loss: Loss, u: Array) -> list[Part]:
    """By hᵢ(uᵢ − m), m the mean of u under h; where the two nearly cancel, by the gaps between the u."""
    k, h = worked.i, worked.h
    mean = float(np.dot(h, u))
    short, note = worked.shortened([(float(p), float(v)) for p, v in zip(h, u, strict=True)])
    scaled = _is_scaled(worked, loss)
    symbol = worked.of("r", k) if scaled else by(worked.of("z", k))
    value = float(loss.residual[k])
    name, own = worked.of("h", k), worked.of("u", k)
    parts: list[Part] = [
        say("By the chain rule ", by(Symbol("z[i]", "z_i")), " is ")
        + say(
            Symbol("Σₖ u[k]·∂h[k]/∂z[i]", r"\sum_k u_k \frac{\partial h_k}{\partial z_i}"), ": the probability times "
        )
        + say("by how much its own ", U, " is above their mean ", MEAN_U, "."),
    ]
    if scaled:
        parts.append(Symbol("r[i] = h[i]·(u[i] − m)", "r_i = h_i (u_i - m)"))
    direct = worked.equation(
        symbol, Symbol(f"{name.text}·({own.text} − m)", f"{name.tex} ({own.tex} - m)"), "sum",
        [(float(h[k]), float(u[k])), (float(h[k]), -mean)], value,
    )  # fmt: skip
    if direct.value == number(value, worked.digits):
        mean_formula = Symbol("Σₖ h[k]·u[k]", r"\sum_k h_k u_k")
        parts += [worked.equation(MEAN_U, mean_formula, "sum", short, mean), *note, direct]
    else:
        gaps = [(float(h[k]) * float(h[n]), float(u[k]) - float(u[n])) for n in range(worked.K) if n != k]
        short, note = worked.shortened(gaps or [(0.0,)])
        formula = Symbol(f"Σₙ {name.text}·h[n]·({own.text} − u[n])", f"\\sum_n {name.tex} h_n ({own.tex} - u_n)")
        parts += [
            say("Here that nearly cancels. By the gaps to the other outputs, which is the same, no digit is lost; the ")
            + say("first factor is the product of the two probabilities:"),
            worked.equation(symbol, formula, "sum", short, value),
            *note,
        ]
    if scaled:
        parts += [
            *_scaling(worked, loss),
            _general("∂E/∂z[i]", r"\frac{\partial E}{\partial z_i}", Symbol("r[i]", "r_i"), loss, worked),
            _scaled(worked, loss, k, worked.of("r", k), (value,)),
        ]
    return parts


def _factors(worked: WorkedEntry, loss: Loss) -> tuple[list[tuple[Symbol, float]], list[tuple[Symbol, float]]]:
    """What dE/dz has above and below the line: w, T and norm, where they are not 1."""
    w = Symbol("w", "w") if loss.single else Symbol("w[n]", "w_n")
    above = [(w, loss.weight)] if loss.weight != 1.0 else []
    below = [(T, worked.temperature)] if worked.temperature != 1.0 else []
    if loss.goal.norm != 1.0:
        below.append((NORM, loss.goal.norm))
    return above, below


def _is_scaled(worked: WorkedEntry, loss: Loss) -> bool:
    return any(_factors(worked, loss))


def _scaling(worked: WorkedEntry, loss: Loss) -> list[Part]:
    """Where w, T and norm come from."""
    above, below = _factors(worked, loss)
    reasons = {
        "w": "the input counts w times", "w[n]": "input n counts w[n] times", "T": "T divides every logit",
        "norm": "norm divides the sum over the inputs",
    }  # fmt: skip
    said = [reasons[symbol.text] for symbol, _ in (*above, *below)]
    alone = [symbol.text for symbol, _ in (*above, *below)] in ([], ["T"])
    if alone and loss.plain:
        return []
    if not said:
        return []
    together = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return [say(f"For E, {together}:")]


def _divided(formula: Symbol, loss: Loss, worked: WorkedEntry) -> Symbol:
    above, below = _factors(worked, loss)
    text = "·".join([*(s.text for s, _ in above), formula.text])
    tex = " ".join([*(s.tex for s, _ in above), f"({formula.tex})" if above and formula.tex[0] == "-" else formula.tex])
    if above and formula.text[0] == "−":
        text = f"{above[0][0].text}·({formula.text})"
    if not below:
        return Symbol(text, tex)
    under = "·".join(s.text for s, _ in below), " ".join(s.tex for s, _ in below)
    if len(below) > 1:
        under = f"({under[0]})", f"({under[1]})"
    return Symbol(f"{text}/{under[0]}", f"{tex} / {under[1]}")


def _general(text: str, tex: str, formula: Symbol, loss: Loss, worked: WorkedEntry, other: bool = False) -> Symbol:
    whole = _divided(formula, loss, worked)
    ending = (",  i ≠ t", r", \quad i \ne t") if other else ("", "")
    return Symbol(f"{text} = {whole.text}{ending[0]}", f"{tex} = {whole.tex}{ending[1]}")


def _scaled(worked: WorkedEntry, loss: Loss, k: int, formula: Symbol, factors: tuple[float, ...]) -> Equation:
    """∂E/∂z[k] = w·formula/(T·norm), the formula being a product."""
    above, below = _factors(worked, loss)
    value = float(loss.each("dE_dz")[loss.n, k])
    top = (*(v for _, v in above), *factors)
    symbol, whole = by(worked.of("z", k)), _divided(formula, loss, worked)
    if not below:
        return worked.equation(symbol, whole, "sum", [top], value)
    return worked.equation(symbol, whole, "quotient", [top, tuple(v for _, v in below)], value)
