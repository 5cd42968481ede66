"""The steps from the inputs to the probabilities."""

from __future__ import annotations

import math

from ..wording import counted
from .equations import Code, Part, Prose, Step, Symbol, number_tex, say
from .symbols import BIASES, INPUT, INPUTS, LOGITS, ONE, OUTPUT, PROBABILITIES, SCALED, SUM, W_JI, WEIGHTS, ZERO, T
from .worked_entry import TERMS, WorkedEntry, on_paper

DZ_DB = r"\frac{\partial z_i}{\partial b_i}"


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
        *tempered_and_masked(worked),
        say("The entry worked out here is ", worked.derivative("h", t, worked.weight(j, i)))
        + say(f": how output {worked.name(t)} answers to the weight from input {worked.input_name(j)} to output ")
        + say(f"{worked.name(i)}. ")
        + say("On paper, counting from one and writing the output first, it is ", on_paper(t, j, i), ".")
        + _why(worked, "blocks"),
        _rounding(worked),
    ]
    return Step(say("The layer"), tuple(parts))


def the_logits(worked: WorkedEntry) -> Step:
    """The first step where logits are all that is given."""
    t, i = worked.t, worked.i
    return Step(
        say("The logits"),
        (
            say(LOGITS, f" holds {counted(worked.K, 'logit')}, one for each output, counted from zero."),
            worked.matrix(LOGITS, worked.z),
            *tempered_and_masked(worked),
            say("The entry worked out here is ", worked.derivative("h", t, worked.of("z", i)))
            + say(f": how output {worked.name(t)} answers to the logit of output {worked.name(i)}.")
            + _why(worked, ""),
            _rounding(worked),
        ),
    )


def tempered_and_masked(worked: WorkedEntry) -> list[Prose]:
    """What a temperature and a mask do, where there is one."""
    said: list[Prose] = []
    if (temperature := worked.temperature) != 1.0:
        effect = "evens the probabilities out" if temperature > 1.0 else "sharpens the probabilities"
        short = repr(temperature).removesuffix(".0")
        given = Symbol(f"T = {short}", f"T = {number_tex(short)}")
        said.append(
            say("The temperature ", given, " divides the logits before the softmax, ", PROBABILITIES, " being the ")
            + say("softmax of ", SCALED, f". It {effect}, and divides every derivative of ", PROBABILITIES, " by ")
            + say(T, ".")
        )
    if worked.hidden.any():
        left_out = [int(k) for k in worked.hidden.nonzero()[0]]
        names = ", ".join(worked.name(k) for k in left_out[:TERMS]) + ", …" * (len(left_out) > TERMS)
        which = f"Output {names} is" if len(left_out) == 1 else f"{len(left_out)} outputs ({names}) are"
        its = "its" if len(left_out) == 1 else "their"
        said.append(
            say(f"{which} masked: left out of the softmax, as if {its} logit were ", Symbol("−∞", r"-\infty"))
            + say(f". So {its} probability is ", ZERO, ", and so is every derivative of it and ")
            + say("by what leads to it; the other outputs share the whole.")
        )
    return said


def _rounding(worked: WorkedEntry) -> Prose:
    return say(
        f"Numbers are rounded to {worked.digits} digits, or to as many more as it takes for the line to come out "
        "as printed. The last line of an equation begins with ", Symbol("=", "="), " where it is exactly what the "
        "line before comes to, and with ", Symbol("≈", r"\approx"), " where it is rounded.",
    )  # fmt: skip


def _why(worked: WorkedEntry, blocks: str) -> Prose:
    if worked.asked:
        return say()
    off = f"off the diagonal{' ' * bool(blocks)}{blocks}"
    largest = f" It is the largest {off};" if worked.t != worked.i and worked.value else ""
    return say(f"{largest} ", Code("--entry t,i" if worked.of_logits else "--entry t,j,i"), " chooses another.")


def logits(worked: WorkedEntry) -> Step:
    t = worked.t
    terms: list[tuple[float, ...]] = [(float(w), float(v)) for w, v in zip(worked.W[:, t], worked.x, strict=True)]
    formula = Symbol(f"Σⱼ W[j,{worked.name(t)}]·x[j]", f"\\sum_j W_{{j,{worked.tex_name(t)}}} x_j")
    title = say("The logits")
    said = [say("Each output first adds up its inputs, weighted: its logit.")]
    if worked.b is not None:
        said[0] += say(" Its bias is added whatever the inputs are, so ", Symbol("∂z[i]/∂b[i]", DZ_DB), " is ", ONE)
        said[0] += say(", and the derivative of ", PROBABILITIES, " by ", BIASES, " is that by ", LOGITS, " in step 4.")
    if worked.b is not None and worked.z[t] != -math.inf:
        bias = worked.of("b", t)
        terms.append((float(worked.b[t]),))
        formula = Symbol(f"{formula.text} + {bias.text}", f"{formula.tex} + {bias.tex}")
        title = say("The logits ", Symbol("z = Wᵀx + b", "z = W^T x + b"))
    parts: list[Part] = [*said]
    if worked.z[t] != -math.inf:
        short, note = worked.shortened(terms)
        parts += [worked.equation(worked.of("z", t), formula, "sum", short, float(worked.z[t])), *note]
    parts += [say("All of them, in the same way:"), worked.matrix(LOGITS, worked.z)]
    return Step(title, tuple(parts))


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
    if any(e[k] == 0.0 and not worked.hidden[k] for k in shown):
        parts.append(say("An exponential shown as 0 is below what double precision holds."))
    parts += [worked.equation(SUM, Symbol("Σₖ e[k]", "\\sum_k e_k"), "sum", short, total), *note]
    for k in sorted({worked.t, worked.i}):
        ratio = Symbol(f"e[{worked.name(k)}] / s", f"{worked.of('e', k).tex} / s")
        terms: list[tuple[float, ...]] = [(float(e[k]),), (total,)]
        parts.append(worked.equation(worked.of("h", k), ratio, "quotient", terms, float(worked.h[k])))
    parts += [say("The probabilities, which sum to one:"), worked.matrix(PROBABILITIES, worked.h)]
    return Step(say("The softmax"), tuple(parts))


def _exponential(worked: WorkedEntry, k: int) -> Part:
    if worked.hidden[k]:
        return say(worked.of("e", k), " is ", ZERO, ", because the output is masked.")
    z, largest = worked.of("z", k), worked.of("z", worked.top)
    terms: list[tuple[float, ...]] = [(float(worked.z[k]),), (-float(worked.z[worked.top]),)]
    if worked.temperature == 1.0:
        formula = Symbol(f"exp({z.text} − {largest.text})", f"\\exp({z.tex} - {largest.tex})")
        return worked.equation(worked.of("e", k), formula, "exp", terms, float(worked.exponentials[k]))
    formula = Symbol(f"exp(({z.text} − {largest.text})/T)", f"\\exp(({z.tex} - {largest.tex}) / T)")
    terms.append((worked.temperature,))
    return worked.equation(worked.of("e", k), formula, "tempered", terms, float(worked.exponentials[k]))
