"""What can be said of a function before it is called."""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import numbers
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """A parameter by its name; `keyword` if it takes no place of its own, `required` if it has no default, and
    `default` where that is a number."""

    name: str
    keyword: bool
    required: bool
    default: float | None = None


@dataclass(frozen=True)
class Signature:
    """A function, described.

    `parameters` is None where they cannot be read; `returned` are the names in its return statement, "" for what has
    none; `tensors` are the ways to pass arrays, the likelier first: as tensors of torch (True), or as they are;
    `autograd` says that it is a torch.autograd.Function, and `makes_object` that it is another class; `known` are names
    that an expression may use beside ours.
    """

    name: str
    parameters: tuple[Parameter, ...] | None
    returned: tuple[str, ...]
    tensors: tuple[bool, ...]
    autograd: bool
    known: tuple[str, ...]
    makes_object: bool = False


def describe(f: Callable[..., Any]) -> Signature:
    """The signature of a function, of a torch.autograd.Function, or of anything else that can be called."""
    autograd = is_autograd(f)
    inner = f.forward if autograd else f  # type: ignore[attr-defined]
    name = getattr(f, "__name__", None) or type(f).__name__
    return Signature(
        name=name if name.isidentifier() else "f",
        parameters=_parameters(inner, autograd),
        returned=() if autograd else _returned(inner),
        tensors=_tensors(f, autograd),
        autograd=autograd,
        known=tuple(sorted({*globals_of(f), *dir(builtins)})),
        makes_object=isinstance(f, type) and not autograd,
    )


def is_autograd(f: object) -> bool:
    """Whether it is a torch.autograd.Function, which is applied and not called."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(f, type) and issubclass(f, torch.autograd.Function)


def globals_of(f: Callable[..., Any]) -> dict[str, Any]:
    """The names of the module that a function was written in."""
    inner = inspect.unwrap(f)
    found = getattr(inner, "__globals__", None)
    if found is None and isinstance(inner, type):
        found = vars(sys.modules.get(inner.__module__, builtins))
    return {} if found is None else found


def _tensors(f: Callable[..., Any], autograd: bool) -> tuple[bool, ...]:
    """Tensors are tried where torch is loaded, and first where the function's own module has it."""
    if "torch" not in sys.modules:
        return (False,)
    if autograd:
        return (True,)
    own = any(getattr(value, "__name__", "").split(".")[0] == "torch" for value in globals_of(f).values())
    return (True, False) if own else (False, True)


def _parameters(f: Callable[..., Any], autograd: bool) -> tuple[Parameter, ...] | None:
    try:
        found = list(inspect.signature(f).parameters.values())[1 if autograd else 0 :]
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in found):
        return None
    return tuple(
        Parameter(p.name, p.kind is p.KEYWORD_ONLY, p.default is p.empty, _number(p.default))
        for p in found
        if p.kind is not p.VAR_KEYWORD
    )


def _number(default: Any) -> float | None:
    """A default that is a finite number."""
    if isinstance(default, numbers.Real) and not isinstance(default, bool) and math.isfinite(default):
        return float(default)
    return None


def _returned(f: Callable[..., Any]) -> tuple[str, ...]:
    """The names in the last return statement of a function, where its source can be read."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(f))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return ()
    body = tree.body[0]
    if not isinstance(body, ast.FunctionDef):
        return ()
    values = [node.value for node in _own(body) if isinstance(node, ast.Return) and node.value is not None]
    if not values:
        return ()
    last = values[-1]
    parts = last.elts if isinstance(last, ast.Tuple | ast.List) else [last]
    return tuple(_name(part) for part in parts)


def _own(function: ast.FunctionDef) -> list[ast.AST]:
    """The nodes of a function that belong to none inside it, in the order of the text."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting[:0] = list(ast.iter_child_nodes(node))
    return found


def _name(node: ast.expr) -> str:
    """dW of `dW`, `self.dW` and `dW.T`; nothing of anything else."""
    if isinstance(node, ast.Attribute):
        return _name(node.value) if node.attr == "T" else node.attr
    return node.id if isinstance(node, ast.Name) else ""
