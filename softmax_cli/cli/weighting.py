"""What weights the rows of dL/dW: an upstream gradient or a target, from the options or the document."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from ..core.arrays import Array
from ..core.gradients import Reduction
from ..errors import InputError
from ..reading.entries import entry_of, fitted, read_array
from ..reading.problem import Problem
from .inputs import say_notes
from .options import ErrorSide


def weighting(problem: Problem, error: ErrorSide) -> dict[str, Any]:
    """upstream or target, from the options or else from the document."""
    if error.upstream is not None and error.target is not None:
        raise InputError("--upstream and --target are both given, where one of them is expected")
    single = problem.x.ndim == 1
    if error.upstream is not None:
        return {"upstream": _fitted(_read(error.upstream, "--upstream", 1, 2, header=problem.header), problem)}
    if error.target is not None:
        return {"target": _as_targets(_read(error.target, "--target", 0, 1, 2, header=problem.header), single)}
    found = {key: problem.document[key] for key in ("upstream", "target") if key in problem.document}
    if len(found) == 2:
        raise InputError("INPUT holds both upstream and target", "choose one with --upstream or --target")
    if "upstream" in found:
        return {"upstream": _fitted(fitted(entry_of(found["upstream"], "INPUT: upstream"), 1, 2), problem)}
    if "target" in found:
        return {
            "target": _as_targets(fitted(entry_of(found["target"], "INPUT: target"), 0, 1), single, "INPUT: target")
        }
    raise InputError(
        "every column of dL/dW sums to zero, because the outputs sum to one: its plain column sum moves no weight",
        "give --upstream u1,…,uK (dE/dh), or --target T, the right class, for the cross-entropy",
    )


def reduction_of(problem: Problem, error: ErrorSide) -> Reduction:
    """How the gradients of many inputs are put together: as the option says, or else the document."""
    if error.reduction is not None:
        return error.reduction
    known: tuple[Reduction, ...] = get_args(Reduction)
    return next((reduction for reduction in known if reduction == problem.document.get("reduction")), "mean")


def shared_weighting(error: ErrorSide, header: bool | None) -> dict[str, Any]:
    """upstream or target from the options alone, for every line of JSON Lines."""
    found: dict[str, Any] = {}
    if error.upstream is not None:
        found["upstream"] = _read(error.upstream, "--upstream", 1, header=header)
    if error.target is not None:
        found["target"] = _as_targets(_read(error.target, "--target", 0, 1, header=header), single=True)
    return found


def _read(value: str, option: str, *dims: int, header: bool | None) -> Array:
    entry = read_array(value, option, *dims, header=header)
    say_notes(entry.notes)
    return entry.array


def _fitted(upstream: Any, problem: Problem) -> Any:
    """One row or one column of text is a vector where x is one."""
    if problem.x.ndim == 1 and upstream.ndim == 2 and 1 in upstream.shape:
        return upstream.reshape(-1)
    return upstream


def _as_targets(values: Any, single: bool, name: str = "--target") -> Any:
    wrong = values[(values != np.floor(values)) | (np.abs(values) > 2**53)]
    if wrong.size:
        raise InputError(f"{name} holds {wrong.flat[0]:.15g}, where a class index, a whole number from 0, is expected")
    indices = values.astype(np.int64).reshape(-1)
    return int(indices[0]) if single and indices.size == 1 else indices
