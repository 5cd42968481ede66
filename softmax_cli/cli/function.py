"""check --function: a function of the user's, called on problems made to break it."""

from __future__ import annotations

import ast
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from ..checking.functions.check import check_callee
from ..checking.functions.function_report import FunctionReport
from ..checking.functions.problems import Problem as Posed
from ..checking.functions.problems import posed
from ..core.arrays import checked
from ..core.loss_gradient import loss_gradient
from ..core.masks import mask_of
from ..core.objective import Reduction
from ..errors import InputError
from ..reading.problem import Problem
from ..wording import shown
from .error_options import error_of
from .function_parent import callee_in
from .loss_options import ErrorSide
from .own_options import Against, Function

LIMIT = 10.0  # seconds for a call


def check_file(
    function: Function, problem: Problem | None, error: ErrorSide, against: Against, binary: bool = False
) -> FunctionReport:
    """Check the function that FILE.py:NAME names, on the user's own problem too if there is one."""
    assert function.function is not None
    for option, value in {"--of": against.of, "--against": against.against, "--layout": against.layout}.items():
        if value is not None:
            raise InputError(f"{option} and --function are both given", "--returns names what a function returns")
    limit = LIMIT if function.time_limit is None else function.time_limit
    if not 0 < limit < math.inf:
        raise InputError(f"--time-limit is {limit:g}, where a number of seconds above 0 is expected")
    path, name = _named(function.function)
    own, reduction = (None, error.reduction) if problem is None else _posed(problem, error)
    if own is not None and binary:
        u = own.u if error.upstream is not None else own.u * [0.0, 1.0]
        own = replace(own, binary=True, u=u)
    with callee_in(path, name, limit) as callee:
        return check_callee(
            callee, own, call=function.call, returns=function.returns, reduction=reduction, binary=binary,
            rtol=against.rtol, atol=against.atol, strict=against.strict,
        )  # fmt: skip


def run_function(
    function: Function, problem: Problem | None, error: ErrorSide, against: Against, binary: bool = False
) -> bool:
    """Print what is found. True if all agrees."""
    if sys.stdout is None:
        raise InputError("standard output is closed")
    report = check_file(function, problem, error, against, binary)
    print(orjson.dumps(report.to_dict(), option=orjson.OPT_SERIALIZE_NUMPY).decode() if against.json else report)
    return report.agrees


def _posed(problem: Problem, error: ErrorSide) -> tuple[Posed, Reduction | None]:
    """The user's own problem as one to be set to a function, with what an error needs made up where it is not given;
    and the reduction, where something says it."""
    if problem.z is not None:
        raise InputError("--function needs x and W, and only the logits z are given")
    x, W, b = checked(np.asarray(problem.x), problem.W, problem.b)
    own = posed("yours", x, W, np.zeros(W.shape[1]) if b is None else b)
    options: dict[str, Any] = {} if problem.temperature == 1.0 else {"temperature": problem.temperature}
    if problem.mask is not None:
        options["mask"] = mask_of(problem.mask, len(np.atleast_2d(x)), W.shape[1])
        left = np.broadcast_to(~options["mask"], (*x.shape[:-1], W.shape[1]))
        own = replace(own, y=np.asarray(left.argmax(axis=-1)))  # the first that is left
    found = error_of(problem, error, needed=False)
    given = {"target": own.y, **found} if "upstream" not in found else found
    loss_gradient(x, W, b, **given, **options)  # for what it refuses
    said = error.reduction is not None or "reduction" in problem.document
    reduction = found.pop("reduction", None) if said else None
    y = np.asarray(found.pop("target", own.y))
    u = np.asarray(found.pop("upstream", own.u), dtype=np.float64)
    return replace(own, y=y, u=u, options={**found, **options}), reduction


def _named(text: str) -> tuple[str, str]:
    """FILE.py:NAME as the file and the name of a function in it."""
    path, _, name = text.rpartition(":")
    if not path or not all(part.isidentifier() for part in name.split(".")):
        there = _functions(text)
        advice = f"name one of {', '.join(there)}, as in {shown(text)}:{there[0]}" if there else ""
        raise InputError(f"--function is {shown(text)}, where FILE.py:NAME is expected", advice)
    if not Path(path).is_file():
        raise InputError(f"--function: there is no file {shown(path)}")
    return path, name


def _functions(path: str) -> list[str]:
    """The functions in a file, which is read and not executed."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
