"""The error of a layer over its inputs, of which one is worked through, with its gradient and a step of learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import Array
from ..core.layer import Layer, evaluate_any
from ..core.loss_arguments import Wrt
from ..core.loss_gradient import loss_gradient, work_of
from ..core.objective import Objective, Options
from ..core.split_exponent import doubles
from ..core.targets import Classes, Pair, Probabilities, sum_of_others
from ..errors import InputError
from .loss_model import Loss, Target
from .worked_entry import WorkedEntry, worked_entry

RATE = 0.1  # of learning, unless given


def worked_loss(
    x: ArrayLike | None,
    W: ArrayLike | None,
    b: ArrayLike | None,
    names: tuple[str, ...] | None,
    entry: tuple[int, ...] | None,
    digits: int,
    *,
    error: Mapping[str, Any],
    rate: float | None,
    z: ArrayLike | None = None,
    temperature: float = 1.0,
    mask: Any = None,
    option: str = "--entry",
    input_names: tuple[str, ...] | None = None,
) -> WorkedEntry:
    """A layer with an error, given as `loss_gradient` takes it, worked through at the first input that counts. The
    entry is ∂E/∂W[j,i], `entry` (j, i), or with logits ∂E/∂z[i], (i,); by default that of the largest input and of the
    right class, or of the output that is off the most. InputError as in `loss_gradient`, for an entry that does not
    exist, for an error of each input alone, and for a learning rate that moves nothing."""
    of_logits = z is not None
    if rate is not None and of_logits:
        raise InputError("a learning rate moves W and b, and only the logits z are given")
    wrt: tuple[Wrt, ...] = ("z",) if of_logits else ("z", "W", "b", "x")
    layer_of = {"temperature": temperature, "mask": mask}
    found = loss_gradient(x, W, b, z=z, **error, **layer_of, wrt=wrt)
    rate = RATE if rate is None else rate
    if not rate > 0.0 or not np.isfinite(rate):
        raise InputError(f"the learning rate is {rate:g}, where a number above 0 is expected")
    options = Options(**error)
    work, single = work_of(x, W, b, z, options, temperature, mask, wrt)
    if not single and options.reduction == "none":
        raise InputError("explain works through one error, and with reduction none each input has its own")
    layer, _ = evaluate_any(x, W, b, z=z, **layer_of)
    n = _first_that_counts(work.goal, len(layer.h))
    hidden = None if layer.mask is None else layer.mask[n]
    row = {"z": np.atleast_2d(np.asarray(z))[n]} if of_logits else {}
    worked = worked_entry(
        None if of_logits else layer.x[n],
        W,
        b,
        names,
        None,
        digits,
        **row,
        temperature=temperature,
        mask=hidden,
        input_names=input_names,
    )
    with np.errstate(all="ignore"):
        loss = _loss(layer, work.goal, options, single, n, found, rate)
    j, i = _largest(worked, loss) if entry is None else _checked(entry, worked, option)
    return replace(worked, j=j, i=i, asked=entry is not None, loss=loss, matrices={})


def _first_that_counts(goal: Objective, N: int) -> int:
    counts = np.ones(N, np.bool_) if goal.weights is None else goal.weights > 0.0
    if goal.counted is not None:
        counts &= goal.counted > 0.0
    if not counts.any():
        raise InputError("no input counts, and there is nothing to work through")
    return int(counts.argmax())


def _loss(layer: Layer, goal: Objective, options: Options, single: bool, n: int, found: Any, rate: float) -> Loss:
    """The error, and what it is made of at input n."""
    one = slice(n, n + 1)
    here, K = layer.inputs(one), layer.h.shape[1]
    residual = doubles(goal.rows(one).residual_and_cost(here)[0])[0]
    N = len(layer.h)
    common = {
        "options": options, "single": single, "n": n, "x": layer.x, "goal": goal, "residual": residual,
        "found": found, "rate": rate, "hidden": layer.mask,
    }  # fmt: skip
    if isinstance(goal.part, np.ndarray):
        return Loss(**common, upstream=goal.part[n])
    right = _right(options.target, N, n, single, K)
    y = np.zeros(K)
    if right is not None:
        y[right] = 1.0
    else:
        y = np.asarray(options.target, dtype=np.float64).reshape(N, K)[n]
    mixed = _mixed(goal.part, n, K)
    others = sum_of_others(Pair(mixed, np.zeros(K)))
    costs = goal.part.cost(layer)
    if goal.weights is not None:
        costs = np.where(goal.weights == 0.0, 0.0, costs)  # as that of a target that is masked, where it is ignored
    target = Target(right, y, mixed, others, here.log_h()[0], costs)
    return Loss(**common, target=target)


def _right(target: Any, N: int, n: int, single: bool, K: int) -> int | None:
    """The class index of input n, where the target holds indices."""
    t = np.asarray(target)
    if t.ndim > 1 or t.size != N or (single and K == 1 and t.shape == (1,) and t[0] == 1):
        return None
    return int(t.reshape(N)[n])


def _mixed(part: Classes | Probabilities, n: int, K: int) -> Array:
    """ỹ (K,)."""
    if isinstance(part, Probabilities):
        of_input: Array = part.y[n]
        return of_input
    t = part.t[n]
    mixed: Array = np.zeros(K) if part.share is None else part.share.copy()
    mixed[t] += 1.0 if part.on is None else part.on[t]
    return mixed


def _largest(worked: WorkedEntry, loss: Loss) -> tuple[int, int]:
    i = int(np.abs(loss.residual).argmax()) if loss.right is None else loss.right
    return int(np.abs(worked.x).argmax()) if worked.x.size else 0, i


def _checked(entry: tuple[int, ...], worked: WorkedEntry, option: str) -> tuple[int, int]:
    """(j, i), where j is 0 if only logits are given. InputError if there is no such entry."""
    parts = [("output", worked.K)] if worked.of_logits else [("input", worked.J), ("output", worked.K)]
    named = ",".join(str(n) for n in entry)
    if len(entry) != len(parts):
        wanted = "i is expected for ∂E/∂z[i]" if worked.of_logits else "j,i is expected for ∂E/∂W[j,i]"
        raise InputError(f"{option} {named}: {wanted}")
    for (what, size), index in zip(parts, entry, strict=True):
        if not 0 <= index < size:
            raise InputError(f"{option} {named}: {what} {index} does not exist: there are {size}, 0 to {size - 1}")
    return 0 if worked.of_logits else entry[0], entry[-1]
