"""One call of a function, and what came of it."""

from __future__ import annotations

import dataclasses
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...wording import escaped
from .return_kinds import GRADIENTS
from .signature import Signature, globals_of, is_autograd

OURS = str(Path(__file__).parents[2])

Value = NDArray[Any] | int | float | str


class Call(NamedTuple):
    """An expression of f and some values by name. With `tensors` they are passed as those of torch."""

    expression: str
    values: Mapping[str, Value]
    tensors: bool = False


class Result(NamedTuple):
    """One of the arrays that came back, and its name, if it has one."""

    name: str
    array: NDArray[Any]


@dataclass(frozen=True)
class Returned:
    """What came back, and the values that the function changed in place."""

    results: tuple[Result, ...]
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """Nothing came back: `verdict` in a word or two, `message`, and the line of the user's code where it happened."""

    verdict: str
    message: str
    place: str = ""


Outcome = Returned | Failed


class Callee(NamedTuple):
    """A function, wherever it runs: its signature, and what calls it."""

    signature: Signature
    call: Callable[[Call], Outcome]


def call_here(f: Callable[..., Any], call: Call) -> Outcome:
    """Call a function in this process. Whatever it raises is an outcome, but for an interrupt."""
    own = {name: v.copy() if isinstance(v, np.ndarray) else v for name, v in call.values.items()}
    passed: dict[str, Any] = dict(own)
    autograd = is_autograd(f)
    if call.tensors or autograd:
        passed = {name: _tensor(value, autograd) for name, value in own.items()}
    scope = {"np": np, **globals_of(f), **passed, "f": f}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of overflow, which the results show
            value = eval(compile(call.expression, "--call", "eval"), scope)
            results = _gradients(value, passed) if autograd else _results(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Failed("raised", error_message(error), error_place(error))
    bad = next((r for r in results if r.array.dtype.kind not in "fiu"), None)
    if bad is not None or not any(r.array.size for r in results):
        return Failed("no array", f"it returned {'nothing' if bad is None else _no_numbers(bad.array)}")
    changed = tuple(n for n, v in call.values.items() if isinstance(v, np.ndarray) and not np.array_equal(v, own[n]))
    return Returned(tuple(results), changed)


def _no_numbers(array: NDArray[Any]) -> str:
    """What is no array of numbers, in a few words."""
    if array.dtype != object or array.shape != ():
        return f"an array of {array.dtype}"
    value = array[()]
    if value is None:
        return "None"
    return f"an object of type {type(value).__name__}, which has no dW, db or dx"


def _tensor(value: Any, grad: bool) -> Any:
    """A value as a tensor that shares its memory. Numbers stay what they are, but for a class index."""
    torch: Any = sys.modules["torch"]
    if isinstance(value, np.ndarray):
        tensor = torch.from_numpy(value)
        return tensor.requires_grad_() if grad and value.dtype.kind == "f" else tensor
    return torch.tensor(value) if isinstance(value, int) else value


def _gradients(out: Any, passed: Mapping[str, Any]) -> list[Result]:
    """What a torch.autograd.Function makes: its value, and what its backward says of the values passed."""
    if out.ndim == 0:
        out.backward()
    else:
        out.backward(passed["u"])
    grads = [Result(f"d{name}", _array(passed[name].grad)) for name in ("x", "W", "b") if _has_grad(passed.get(name))]
    return [Result("loss" if out.ndim == 0 else "h", _array(out)), *grads]


def _has_grad(tensor: Any) -> bool:
    return getattr(tensor, "grad", None) is not None


def _results(value: Any) -> list[Result]:
    """The arrays in what a function returned: an array, a tuple (named or not, and nested), a list of arrays, a
    dict, a dataclass, or an object that has gradients by their usual names."""
    if isinstance(value, Mapping):
        return [r for name, v in value.items() for r in _parts(str(name), v)]
    if isinstance(value, tuple) or (isinstance(value, list) and any(getattr(v, "ndim", 0) for v in value)):
        names = getattr(value, "_fields", None) or [""] * len(value)
        return [r for name, v in zip(names, value, strict=True) for r in _parts(name, v)]
    array = _array(value)
    if array.dtype == object and array.shape == ():
        named = getattr(value, "__dict__", {})
        if dataclasses.is_dataclass(value):
            named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        kept = {name: v for name, v in named.items() if name in GRADIENTS}
        if not kept and dataclasses.is_dataclass(value):
            kept = named
        return [r for name, v in kept.items() for r in _parts(name, v)] or [Result("", array)]
    return [Result("", array)]


def _parts(name: str, value: Any) -> list[Result]:
    """One part of a tuple or dict, or all of it where it holds arrays itself: (loss, (dW, db)), (loss, {"dW": dW}).
    None, which stands for no gradient, and words are arrays without a number."""
    holds_arrays = isinstance(value, tuple) and any(getattr(v, "ndim", 0) for v in value)
    if holds_arrays or isinstance(value, Mapping) or dataclasses.is_dataclass(value):
        return _results(value)
    return [Result(name, np.zeros(0) if value is None or isinstance(value, str) else _array(value))]


def _array(value: Any) -> NDArray[Any]:
    """Anything that numpy can make an array of, tensors that require grad or are not on the processor included."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # numpy has no such thing
            value = value.float()
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def error_message(error: BaseException) -> str:
    """The kind of an exception and what it says, on one line."""
    text = escaped(" ".join(str(error).split()), 300)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def error_place(error: BaseException) -> str:
    """The last line of the user's own code: outside of installed packages and of this one."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(("<", "--call", OURS))]
    own = [f for f in frames if "site-packages" not in f.filename]
    if not own:
        return ""
    line = escaped((own[-1].line or "").strip())
    return f"{escaped(Path(own[-1].filename).name)} line {own[-1].lineno}{line and ': '}{line}"
