"""The steps from the probabilities to the loss, its derivatives, and a step of learning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.arrays import Array
from ..core.loss_gradient import Wrt, loss_gradient
from ..core.step import moved
from ..errors import InputError
from .derivative_steps import tempered
from .equations import Equation, Part, Step, Symbol, number, number_tex, say
from .layer_steps import tempered_and_masked
from .symbols import BIASES, INPUTS, PROBABILITIES, WEIGHTS
from .worked_entry import Loss, WorkedEntry

SMALLEST = 2.0**-1000  # of a probability whose logarithm is taken here
DE_DZ, DE_DW, DE_DB, DE_DX = (Symbol(f"dE/d{v}", f"\\frac{{dE}}{{d{v}}}") for v in "zWbx")
W_NEW, B_NEW = Symbol("W_new", r"W_\text{new}"), Symbol("b_new", r"b_\text{new}")


RATE = 0.1  # of learning, unless given


def with_loss(worked: WorkedEntry, target: int, rate: float | None) -> WorkedEntry:
    """The layer with the loss −ln h[target]. InputError for a target that does not exist or is masked, and for a
    learning rate that is not above 0 or moves nothing."""
    if rate is not None and worked.of_logits:
        raise InputError("a learning rate moves W and b, and only the logits z are given")
    rate = RATE if rate is None else rate
    wrt: tuple[Wrt, ...] = ("z",) if worked.of_logits else ("z", "W", "b", "x")
    given = {"z": worked.z} if worked.of_logits else {"x": worked.x, "W": worked.W, "b": worked.b}
    found = loss_gradient(**given, target=target, temperature=worked.temperature, mask=np.array(worked.hidden), wrt=wrt)
    if not rate > 0.0 or not np.isfinite(rate):
        raise InputError(f"the learning rate is {rate:g}, where a number above 0 is expected")
    i = worked.i if worked.asked else target
    return replace(worked, i=i, loss=Loss(target, found, rate), matrices={})


def _loss(worked: WorkedEntry) -> Loss:
    assert worked.loss is not None
    return worked.loss


def _by(of: Symbol) -> Symbol:
    return Symbol(f"∂E/∂{of.text}", f"\\frac{{\\partial E}}{{\\partial {of.tex}}}")


def the_loss(worked: WorkedEntry) -> Step:
    loss = _loss(worked)
    t = loss.target
    h, value = worked.of("h", t), float(np.asarray(loss.found.loss))
    parts: list[Part] = [
        say("The probabilities at this input are ", PROBABILITIES, f", and output {worked.name(t)} is the right one."),
        worked.matrix(PROBABILITIES, worked.h),
        *tempered_and_masked(worked),
        say("The loss is the cross-entropy: the less probable the right output, the larger it is."),
    ]
    formula = Symbol(f"−ln {h.text}", f"-\\ln {h.tex}")
    e = Symbol("E", "E")
    if worked.h[t] < SMALLEST:
        shown = number(value, worked.digits)
        parts.append(
            say("Here ", h, f" is smaller than doubles hold well; from the logits, {formula.text} is about {shown}.")
        )
    elif worked.complement[t] < 0.5:
        parts.append(worked.equation(e, formula, "log", [(1.0,), (-float(worked.complement[t]),)], value))
    else:
        parts.append(worked.equation(e, formula, "log", [(float(worked.h[t]),)], value))
    return Step(say("The loss"), tuple(parts))


def by_logits(worked: WorkedEntry) -> Step:
    t = _loss(worked).target
    others = [worked.i] if worked.i != t else [k for k in range(worked.K) if k != t][:1]
    parts: list[Part] = [
        say("With ", Symbol("E = −ln h[t]", "E = -\\ln h_t"), " the derivative by a logit is that of ")
        + say(Symbol("h[t]", "h_t"), ", times ", Symbol("−1/h[t]", "-1 / h_t"), ", and ", Symbol("h[t]", "h_t"))
        + say(" cancels: what is left is the probability, less one for the right output."),
        tempered(worked, ("∂E/∂z[t] = −(1 − h[t])", r"\frac{\partial E}{\partial z_t} = -(1 - h_t)")),
        tempered(worked, ("∂E/∂z[i] = h[i]", r"\frac{\partial E}{\partial z_i} = h_i"), ",  i ≠ t", r", \quad i \ne t"),
        *(_by_logit(worked, k) for k in (t, *others)),
        say("All of them, which sum to zero:"),
        worked.matrix(DE_DZ, _found(worked, "dE_dz")),
    ]
    return Step(say("The loss and the logits"), tuple(parts))


def _by_logit(worked: WorkedEntry, k: int) -> Equation:
    h = worked.of("h", k)
    own = k == _loss(worked).target
    formula = Symbol(f"−(1 − {h.text})", f"-(1 - {h.tex})") if own else h
    factor = -float(worked.complement[k]) if own else float(worked.h[k])
    return worked.over_temperature(_by(worked.of("z", k)), formula, (factor,), float(_found(worked, "dE_dz")[k]))


def _found(worked: WorkedEntry, key: str) -> Array:
    return np.asarray(getattr(_loss(worked).found, key))


def by_weights(worked: WorkedEntry) -> Step:
    j, i = worked.j, worked.i
    dz, dW, dx = (_found(worked, key) for key in ("dE_dz", "dE_dW", "dE_dx"))
    z, x, w = _by(worked.of("z", i)), worked.input(j), worked.weight(j, i)
    short, note = worked.shortened([(float(a), float(b)) for a, b in zip(worked.W[j], dz, strict=True)])
    parts: list[Part] = [
        say("A weight changes its logit by its input, a bias by one, and an input changes each logit by its weight:"),
        worked.equation(
            _by(w),
            Symbol(f"{z.text}·{x.text}", f"{z.tex} {x.tex}"),
            "sum",
            [(float(dz[i]), float(worked.x[j]))],
            float(dW[j, i]),
        ),
        worked.equation(_by(worked.of("b", i)), z, "sum", [(float(dz[i]),)], float(dz[i])),
        worked.equation(
            _by(x),
            Symbol(f"Σᵢ W[{j},i]·∂E/∂z[i]", f"\\sum_i W_{{{j},i}} \\frac{{\\partial E}}{{\\partial z_i}}"),
            "sum",
            short,
            float(dx[j]),
        ),
        *note,
        say("All of them:"),
        worked.matrix(DE_DW, dW, say("a row for each input, a column for each output")),
        worked.matrix(DE_DB, dz),
        worked.matrix(DE_DX, dx),
    ]
    title = say("The loss and ", WEIGHTS, ", ", BIASES, " and ", INPUTS)
    return Step(title, tuple(parts))


def learning(worked: WorkedEntry) -> Step:
    loss, j, i = _loss(worked), worked.j, worked.i
    dz, dW = _found(worked, "dE_dz"), _found(worked, "dE_dW")
    b = np.zeros(worked.K) if worked.b is None else worked.b
    left_out = np.isneginf(b)
    new_W = moved(worked.W, loss.rate, dW)
    new_b = np.where(left_out, -np.inf, moved(np.where(left_out, 0.0, b), loss.rate, dz))
    w, rate = worked.weight(j, i), number(loss.rate, 17 if float(f"{loss.rate:.15g}") != loss.rate else 15)
    slope = _by(w)
    new = Symbol(f"W_new[{j},{worked.name(i)}]", f"W_{{\\text{{new}},{j},{worked.tex_name(i)}}}")
    parts: list[Part] = [
        say("Against its gradient the loss falls fastest. A step of learning takes the learning rate ")
        + say(
            Symbol(f"R = {rate}", f"R = {number_tex(rate)}"), " times the gradient off ", WEIGHTS, " and ", BIASES, ":"
        ),
        worked.equation(
            new,
            Symbol(f"{w.text} − R·{slope.text}", f"{w.tex} - R {slope.tex}"),
            "sum",
            [(float(worked.W[j, i]),), (-loss.rate, float(dW[j, i]))],
            float(new_W[j, i]),
        ),
        say("All of them:"),
        worked.matrix(W_NEW, new_W, say("a row for each input, a column for each output")),
        worked.matrix(B_NEW, new_b),
    ]
    if np.isfinite(new_W).all() and np.isfinite(new_b[~left_out]).all():
        after = loss_gradient(
            worked.x, new_W, new_b, target=loss.target, temperature=worked.temperature, mask=np.array(worked.hidden)
        )
        before, now = (number(float(np.asarray(e)), worked.digits) for e in (loss.found.loss, after.loss))
        parts.append(say(f"The loss at this input was {before}, and with the new weights it is {now}."))
    return Step(say("A step of learning"), tuple(parts))
