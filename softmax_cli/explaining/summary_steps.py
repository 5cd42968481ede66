"""The formulas and the one entry, without the way to them."""

from __future__ import annotations

from .derivative_steps import OTHER, OWN, SHORTCUT, entry_equation, tempered
from .equations import Part, Step, Symbol, say
from .layer_steps import tempered_and_masked
from .loss_gradient_steps import by_weight
from .loss_logit_steps import by_logit
from .worked_entry import WorkedEntry


def in_brief(worked: WorkedEntry) -> Step:
    """The layer, its derivative, and the entry by it; of an error its derivatives by the logits and the weights."""
    parts: list[Part] = []
    if not worked.of_logits:
        plus = "" if worked.b is None else " + b"
        parts.append(Symbol(f"z = Wᵀx{plus}", f"z = W^T x{plus}"))
    parts.append(tempered(worked, ("h = softmax(z", r"h = \text{softmax}(z"), ")", ")"))
    if worked.loss is not None:
        parts += [*tempered_and_masked(worked), *by_logit(worked), *([] if worked.of_logits else by_weight(worked))]
        return Step(say("In brief"), tuple(parts))
    if worked.of_logits:
        parts += [tempered(worked, OWN), tempered(worked, OTHER, ",  i ≠ t", r", \quad i \ne t")]
    else:
        parts.append(tempered(worked, SHORTCUT))
    return Step(say("In brief"), (*parts, *tempered_and_masked(worked), entry_equation(worked)))
