"""The formulas and the one entry, without the way to them."""

from __future__ import annotations

from .derivative_steps import OTHER, OWN, SHORTCUT, entry_equation, tempered
from .equations import Part, Step, Symbol, say
from .layer_steps import tempered_and_masked
from .worked_entry import WorkedEntry


def in_brief(worked: WorkedEntry) -> Step:
    """The layer, its derivative, and the entry by it."""
    parts: list[Part] = []
    if not worked.of_logits:
        plus = "" if worked.b is None else " + b"
        parts.append(Symbol(f"z = Wᵀx{plus}", f"z = W^T x{plus}"))
    parts.append(tempered(worked, ("h = softmax(z", r"h = \text{softmax}(z"), ")", ")"))
    if worked.of_logits:
        parts += [tempered(worked, OWN), tempered(worked, OTHER, ",  i ≠ t", r", \quad i \ne t")]
    else:
        parts.append(tempered(worked, SHORTCUT))
    return Step(say("In brief"), (*parts, *tempered_and_masked(worked), entry_equation(worked)))
