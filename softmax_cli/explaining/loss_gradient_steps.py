"""The steps from the derivative of an error in the logits to those in W, b and x, and a step of learning."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from ..core.arrays import Array
from ..core.loss_gradient import loss_gradient
from ..core.step import moved
from ..errors import InputError
from .equations import Part, Step, Symbol, number, number_tex, say
from .loss_logit_steps import by
from .loss_steps import loss_of, shown
from .symbols import BIASES, DE_DB, DE_DW, DE_DX, INPUTS, WEIGHTS
from .worked_entry import WorkedEntry

W_NEW, B_NEW = Symbol("W_new", r"W_\text{new}"), Symbol("b_new", r"b_\text{new}")


def by_weights(worked: WorkedEntry) -> Step:
    loss, j, i = loss_of(worked), worked.j, worked.i
    of, tex = worked.input_name(j), worked.tex_input_name(j)
    dz, dx = loss.each("dE_dz"), loss.each("dE_dx")
    dW, db = loss.dE_dW, np.asarray(loss.found.dE_db)
    z, x, w = by(worked.of("z", i)), worked.input(j), worked.weight(j, i)
    counting = np.arange(loss.N) if loss.goal.weights is None else np.flatnonzero(loss.goal.weights > 0.0)
    each = [float(v) for v in dz[counting, i]]
    terms, note = worked.shortened([(v, float(of)) for v, of in zip(each, loss.x[counting, j], strict=True)])
    biases, note_of_biases = worked.shortened([(v,) for v in each])
    inputs, note_of_inputs = worked.shortened(
        [(float(a), float(v)) for a, v in zip(worked.W[j], dz[loss.n], strict=True)]
    )
    of_weight, of_bias = Symbol(f"{z.text}·{x.text}", f"{z.tex} {x.tex}"), z
    opening = "A weight changes its logit by its input, a bias by one, and an input changes each logit by its weight"
    if not loss.single:
        slope = f"∂E/∂z[n,{worked.name(i)}]", f"\\frac{{\\partial E}}{{\\partial z_{{n,{worked.tex_name(i)}}}}}"
        of_weight = Symbol(f"Σₙ {slope[0]}·x[n,{of}]", f"\\sum_n {slope[1]} x_{{n,{tex}}}")
        of_bias = Symbol(f"Σₙ {slope[0]}", f"\\sum_n {slope[1]}")
        opening += "; what the inputs do to a weight or a bias adds up"
    if loss.goal.l2:
        of_weight = Symbol(f"{of_weight.text} + λ·{w.text}", f"{of_weight.tex} + \\lambda {w.tex}")
        terms = [*terms, (loss.goal.l2, float(worked.W[j, i]))]
    x_name = x if loss.single else Symbol(f"x[{loss.n},{of}]", f"x_{{{loss.n},{tex}}}")
    z_name = ("z[i]", "z_i") if loss.single else (f"z[{loss.n},i]", f"z_{{{loss.n},i}}")
    parts: list[Part] = [
        say(f"{opening}:"),
        worked.equation(by(w), of_weight, "sum", terms, float(dW[j, i])),
        *note,
        worked.equation(by(worked.of("b", i)), of_bias, "sum", biases, float(db[i])),
        *note_of_biases,
        worked.equation(
            by(x_name),
            Symbol(
                f"Σᵢ W[{of},i]·∂E/∂{z_name[0]}", f"\\sum_i W_{{{tex},i}} \\frac{{\\partial E}}{{\\partial {z_name[1]}}}"
            ),
            "sum",
            inputs,
            float(dx[loss.n, j]),
        ),
        *note_of_inputs,
        say("All of them:"),
        worked.matrix(DE_DW, dW, say("a row for each input, a column for each output")),
        worked.matrix(DE_DB, db),
        worked.matrix(DE_DX, np.asarray(loss.found.dE_dx)),
    ]
    what = "The error and " if loss.upstream is not None else "The loss and "
    return Step(say(what, WEIGHTS, ", ", BIASES, " and ", INPUTS), tuple(parts))


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
    what = "the loss" if loss.upstream is None else "the error"
    parts: list[Part] = [
        say(f"Against its gradient {what} falls fastest. A step of learning takes the learning rate ")
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
        worked.matrix(W_NEW, new_W, say("a row for each input, a column for each output")),
        worked.matrix(B_NEW, new_b),
    ]
    after = _after(worked, new_W, new_b)
    if after is not None:
        before, now = (number(float(np.asarray(e)), worked.digits) for e in (loss.found.loss, after))
        where = " at this input" if loss.single else ""
        parts.append(say(f"The loss{where} was {before}, and with the new weights it is {now}."))
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
