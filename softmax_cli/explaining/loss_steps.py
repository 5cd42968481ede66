"""The step from the probabilities to the error at one input."""

from __future__ import annotations

import numpy as np

from ..wording import counted
from .equations import Part, Step, Symbol, number, number_tex, say
from .layer_steps import tempered_and_masked
from .loss_model import Loss, Target
from .symbols import ERROR, PROBABILITIES, U, Y
from .worked_entry import TERMS, WorkedEntry

SMALLEST = 2.0**-1000  # of a probability whose logarithm is taken here
A_ROW_EACH = say("a row for each input, a column for each output")


def loss_of(worked: WorkedEntry) -> Loss:
    assert worked.loss is not None
    return worked.loss


def shown(value: float) -> str:
    """A number that was given, as short as it was."""
    return number(
        value, next(digits for digits in (6, 15, 17) if digits == 17 or float(number(value, digits)) == value)
    )


def given(letter: str, tex: str, value: float) -> Symbol:
    return Symbol(f"{letter} = {shown(value)}", f"{tex} = {number_tex(shown(value))}")


def at_input(worked: WorkedEntry, letter: str) -> Symbol:
    """What belongs to the input that is worked through, C or w."""
    loss = loss_of(worked)
    return Symbol(letter, letter) if loss.single else Symbol(f"{letter}[{loss.n}]", f"{letter}_{{{loss.n}}}")


def the_loss(worked: WorkedEntry) -> Step:
    """The error at the input that is worked through."""
    loss = loss_of(worked)
    where = "at this input" if loss.single else f"at input {loss.n}"
    opening = (
        say() if loss.single else say(f"There are {counted(loss.N, 'input')}, and input {loss.n} is worked through. ")
    )
    ending = "." if loss.right is None else f", and output {worked.name(loss.right)} is the right one."
    parts: list[Part] = [
        opening + say(f"The probabilities {where} are ", PROBABILITIES, ending),
        worked.matrix(PROBABILITIES, worked.h),
        *tempered_and_masked(worked),
    ]
    if loss.target is None:
        assert loss.upstream is not None
        parts += [
            say("The error is one of your own: ", U, " says by how much it grows with each output, ")
            + say(Symbol("∂E/∂h", r"\partial E / \partial h"), ". What the error itself is, it does not say."),
            worked.matrix(U, loss.upstream),
        ]
        return Step(say("The error"), tuple(parts))
    if loss.right is None:
        parts += [say("The target is a probability for each output:"), worked.matrix(Y, loss.target.y)]
    if loss.mixes:
        parts += _mixed(worked, loss, loss.target)
    meaning = "the less probable the right output, the larger it is."
    if not loss.plain:
        meaning = "what each output costs, more if it is less probable, weighted by the target."
    cross_entropy = _cross_entropy(worked, loss, loss.target)
    return Step(say("The loss"), (*parts, say(f"The loss is the cross-entropy: {meaning}"), *cross_entropy))


def _mixed(worked: WorkedEntry, loss: Loss, target: Target) -> list[Part]:
    """What the target becomes by label smoothing and class weights."""
    smoothing, weights = loss.options.label_smoothing, loss.options.class_weights
    said, parts = say(), list[Part]()
    kept, share = 1.0 - smoothing, 0.0
    if smoothing:
        left = int(worked.K - worked.hidden.sum())
        over = " that the mask leaves" if worked.hidden.any() else ""
        share = smoothing / left
        said += say("Label smoothing, ", given("ε", r"\varepsilon", smoothing), ", takes a part of the target and ")
        said += say(f"spreads it evenly over the {counted(left, 'output')}{over}. ")
        parts += [
            worked.equation(P, Symbol("1 − ε", r"1 - \varepsilon"), "sum", [(1.0,), (-smoothing,)], kept),
            worked.equation(
                Q, Symbol(f"ε/{left}", rf"\varepsilon / {left}"), "quotient", [(smoothing,), (float(left),)], share
            ),
        ]
    c = None if weights is None else np.asarray(weights, dtype=np.float64).reshape(-1)
    if c is not None:
        said += say("Each output has a weight, ", C, ". ")
        parts.insert(0, worked.matrix(C, c))
    general = _mix(Symbol("y[k]", "y_k"), None if c is None else Symbol("c[k]", "c_k"), bool(smoothing))
    parts.append(Symbol(f"ỹ[k] = {general.text}", rf"\tilde{{y}}_k = {general.tex}"))
    likeliest = np.argsort(-target.y, kind="stable")[: 2 if smoothing else 1].tolist()
    for k in (k for k in likeliest if not worked.hidden[k]):
        y, factors = float(target.y[k]), () if c is None else (float(c[k]),)
        terms = [(*factors, kept, y), (*factors, share)] if smoothing else [(*factors, y)]
        formula = _mix(worked.of("y", k), None if c is None else worked.of("c", k), bool(smoothing))
        parts.append(worked.equation(mixed_of(worked, k), formula, "sum", terms, float(target.mixed[k])))
    return [said + say("The target, ", Y, ", becomes ", MIXED, ":"), *parts, worked.matrix(MIXED, target.mixed)]


C, MIXED = Symbol("c", "c"), Symbol("ỹ", r"\tilde{y}")
P, Q = Symbol("p", "p"), Symbol("q", "q")  # what smoothing keeps of the target, and what it gives to each output


def _mix(y: Symbol, c: Symbol | None, smoothed: bool) -> Symbol:
    """c·(p·y + q), without what there is not."""
    inner = Symbol(f"p·{y.text} + q", f"p {y.tex} + q") if smoothed else y
    if c is None:
        return inner
    inner = Symbol(f"({inner.text})", f"({inner.tex})") if smoothed else inner
    return Symbol(f"{c.text}·{inner.text}", f"{c.tex} {inner.tex}")


def mixed_of(worked: WorkedEntry, k: int) -> Symbol:
    """ỹ[k], which is y[k] where it is neither smoothed nor weighted."""
    if loss_of(worked).mixes:
        return Symbol(f"ỹ[{worked.name(k)}]", rf"\tilde{{y}}_{{{worked.tex_name(k)}}}")
    return worked.of("y", k)


def _cross_entropy(worked: WorkedEntry, loss: Loss, target: Target) -> list[Part]:
    """−Σₖ ỹₖ ln hₖ, E itself if there is no more to it."""
    cost = ERROR if loss.alone else at_input(worked, "C")
    value = float(target.costs[loss.n])
    if loss.plain and loss.right is not None:
        return [_minus_log(worked, cost, loss.right, value)]
    counting = np.flatnonzero(target.mixed > 0.0).tolist()
    a = {k: -float(target.log_h[k]) for k in counting}
    parts = [_minus_log(worked, worked.of("a", k), k, a[k]) for k in counting[:TERMS]]
    if len(counting) > TERMS:
        parts.append(say(f"So for the other {len(counting) - TERMS} as well."))
    short, note = worked.shortened([(float(target.mixed[k]), a[k]) for k in counting])
    tilde = ("ỹ[k]", r"\tilde{y}_k") if mixed_of(worked, 0).text.startswith("ỹ") else ("y[k]", "y_k")
    formula = Symbol(
        f"−Σₖ {tilde[0]}·ln h[k] = Σₖ {tilde[0]}·a[k]", rf"-\sum_k {tilde[1]} \ln h_k = \sum_k {tilde[1]} a_k"
    )
    return [*parts, worked.equation(cost, formula, "sum", short or [(0.0,)], value), *note]


def _minus_log(worked: WorkedEntry, symbol: Symbol, k: int, value: float) -> Part:
    """symbol = −ln h[k]."""
    h = worked.of("h", k)
    formula = Symbol(f"−ln {h.text}", f"-\\ln {h.tex}")
    if worked.h[k] < SMALLEST:
        about = number(value, worked.digits)
        said = say("Here ", h, " is smaller than doubles hold well; from the logits, ", formula, " is about ")
        return said + say(Symbol(about, number_tex(about)), ".")
    if worked.complement[k] < 0.5:
        return worked.equation(symbol, formula, "log", [(1.0,), (-float(worked.complement[k]),)], value)
    return worked.equation(symbol, formula, "log", [(float(worked.h[k]),)], value)
