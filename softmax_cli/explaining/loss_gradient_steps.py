"""The steps from the derivative of an error in the logits to those in W, b and x, and a step of learning."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from ..core.gradient_step import moved
from ..core.loss_gradient import loss_gradient
from ..errors import InputError
from .equations import Part, Step, Symbol, number, number_tex, say
from .loss_logit_steps import by
from .loss_model import Loss
from .loss_steps import A_ROW_EACH, loss_of, shown
from .symbols import BIASES, DE_DB, DE_DW, DE_DX, INPUTS, WEIGHTS
from .worked_entry import WorkedEntry

W_NEW, B_NEW = Symbol("W_new", r"W_\text{new}"), Symbol("b_new", r"b_\text{new}")


def by_weights(worked: WorkedEntry) -> Step:
    loss = loss_of(worked)
    opening = "A weight changes its logit by its input, a bias by one, and an input changes each logit by its weight"
    adds = "" if loss.single else "; what the inputs do to a weight or a bias adds up"
    return Step(
        say(f"The {loss.called} and ", WEIGHTS, ", ", BIASES, " and ", INPUTS),
        (
            say(f"{opening}{adds}:"),
            *by_weight(worked),
            *_by_bias(worked),
            *_by_input(worked),
            say("All of them:"),
            worked.matrix(DE_DW, loss.dE_dW, A_ROW_EACH),
            worked.matrix(DE_DB, np.asarray(loss.found.dE_db)),
            worked.matrix(DE_DX, np.asarray(loss.found.dE_dx)),
        ),
    )


def _counting(loss: Loss) -> NDArray[np.intp]:
    """The inputs that count."""
    return np.arange(loss.N) if loss.goal.weights is None else np.flatnonzero(loss.goal.weights > 0.0)


def _slope_of_each(worked: WorkedEntry) -> Symbol:
    """∂E/∂z[i] of every input."""
    if loss_of(worked).single:
        return by(worked.of("z", worked.i))
    of, tex = worked.name(worked.i), worked.tex_name(worked.i)
    return Symbol(f"∂E/∂z[n,{of}]", f"\\frac{{\\partial E}}{{\\partial z_{{n,{tex}}}}}")


def by_weight(worked: WorkedEntry) -> list[Part]:
    """∂E/∂W[j,i] = Σₙ ∂E/∂z[n,i]·x[n,j] + λ·W[j,i]."""
    loss, j, i = loss_of(worked), worked.j, worked.i
    x, w, slope, some = worked.input(j), worked.weight(j, i), _slope_of_each(worked), _counting(loss)
    pairs = zip(loss.each("dE_dz")[some, i].tolist(), loss.x[some, j].tolist(), strict=True)
    terms, note = worked.shortened([*pairs])
    formula = Symbol(f"{slope.text}·{x.text}", f"{slope.tex} {x.tex}")
    if not loss.single:
        of, tex = worked.input_name(j), worked.tex_input_name(j)
        formula = Symbol(f"Σₙ {slope.text}·x[n,{of}]", f"\\sum_n {slope.tex} x_{{n,{tex}}}")
    if loss.goal.l2:
        formula = Symbol(f"{formula.text} + λ·{w.text}", f"{formula.tex} + \\lambda {w.tex}")
        terms = [*terms, (loss.goal.l2, float(worked.W[j, i]))]
    return [worked.equation(by(w), formula, "sum", terms, float(loss.dE_dW[j, i])), *note]


def _by_bias(worked: WorkedEntry) -> list[Part]:
    """∂E/∂b[i] = Σₙ ∂E/∂z[n,i]."""
    loss, i, slope = loss_of(worked), worked.i, _slope_of_each(worked)
    terms, note = worked.shortened([(v,) for v in loss.each("dE_dz")[_counting(loss), i].tolist()])
    formula = slope if loss.single else Symbol(f"Σₙ {slope.text}", f"\\sum_n {slope.tex}")
    return [
        worked.equation(by(worked.of("b", i)), formula, "sum", terms, float(np.asarray(loss.found.dE_db)[i])),
        *note,
    ]


def _by_input(worked: WorkedEntry) -> list[Part]:
    """∂E/∂x[j] = Σᵢ W[j,i]·∂E/∂z[i] at the input that is worked through."""
    loss, j = loss_of(worked), worked.j
    of, tex = worked.input_name(j), worked.tex_input_name(j)
    pairs = zip(worked.W[j].tolist(), loss.each("dE_dz")[loss.n].tolist(), strict=True)
    terms, note = worked.shortened([*pairs])
    x, z = worked.input(j), Symbol("z[i]", "z_i")
    if not loss.single:
        x = Symbol(f"x[{loss.n},{of}]", f"x_{{{loss.n},{tex}}}")
        z = Symbol(f"z[{loss.n},i]", f"z_{{{loss.n},i}}")
    formula = Symbol(f"Σᵢ W[{of},i]·{by(z).text}", f"\\sum_i W_{{{tex},i}} {by(z).tex}")
    return [worked.equation(by(x), formula, "sum", terms, float(loss.each("dE_dx")[loss.n, j])), *note]


def learning(worked: WorkedEntry) -> Step:
    loss, j, i = loss_of(worked), worked.j, worked.i
    of, tex = worked.input_name(j), worked.tex_input_name(j)
    db, dW = np.asarray(loss.found.dE_db), loss.dE_dW
    b = np.zeros(worked.K) if worked.b is None else worked.b
    left_out = np.isneginf(b)
    new_W = moved(worked.W, loss.rate, dW)
    new_b = np.where(left_out, -np.inf, moved(np.where(left_out, 0.0, b), loss.rate, db))
    w, rate = worked.weight(j, i), shown(loss.rate)
    slope = by(w)
    new = Symbol(f"W_new[{of},{worked.name(i)}]", f"W_{{\\text{{new}},{tex},{worked.tex_name(i)}}}")
    new_bias = Symbol(f"b_new[{worked.name(i)}]", f"b_{{\\text{{new}},{worked.tex_name(i)}}}")
    bias, slope_of_bias = worked.of("b", i), by(worked.of("b", i))
    parts: list[Part] = [
        say(f"Against its gradient the {loss.called} falls fastest. A step of learning takes the learning rate ")
        + say(Symbol(f"R = {rate}", f"R = {number_tex(rate)}"), " times the gradient off ", WEIGHTS, " and ", BIASES)
        + say(":"),
        worked.equation(
            new,
            Symbol(f"{w.text} − R·{slope.text}", f"{w.tex} - R {slope.tex}"),
            "sum",
            [(float(worked.W[j, i]),), (-loss.rate, float(dW[j, i]))],
            float(new_W[j, i]),
        ),
    ]
    if not left_out[i]:
        parts.append(
            worked.equation(
                new_bias,
                Symbol(f"{bias.text} − R·{slope_of_bias.text}", f"{bias.tex} - R {slope_of_bias.tex}"),
                "sum",
                [(float(b[i]),), (-loss.rate, float(db[i]))],
                float(new_b[i]),
            )
        )
    parts += [
        say("All of them:"),
        worked.matrix(W_NEW, new_W, A_ROW_EACH),
        worked.matrix(B_NEW, new_b),
    ]
    after = _after(worked, new_W, new_b)
    if after is not None:
        before, now = (number(float(np.asarray(e)), worked.digits) for e in (loss.found.loss, after))
        where = " at this input" if loss.single else ""
        parts.append(say(f"The {loss.called}{where} was {before}, and with the new weights it is {now}."))
    return Step(say("A step of learning"), tuple(parts))


def _after(worked: WorkedEntry, W: Array, b: Array) -> Array | None:
    """The error with other weights; None where it is out of range, or not known."""
    loss = loss_of(worked)
    error = {key: value for key, value in asdict(loss.options).items() if key not in ("first", "upstream")}
    x, hidden = (loss.x[0], worked.hidden) if loss.single else (loss.x, loss.hidden)
    if loss.upstream is not None:
        return None
    try:
        return loss_gradient(x, W, b, **error, temperature=worked.temperature, mask=hidden, wrt=("b",)).loss
    except InputError:
        return None
