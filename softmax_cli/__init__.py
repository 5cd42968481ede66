"""The Jacobian of a softmax layer h = softmax(Wᵀx + b), exact to the last digits."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Loaded on first use, so that `softmax-jac --version` does not pay for numpy.
_HOMES = {
    "InputError": "errors",
    "compare": "checking.compare",
    "cross_entropy": "core.gradients",
    "forward": "core.layer",
    "jvp": "core.gradients",
    "layer_jacobian": "core.jacobian",
    "linear_jacobian": "core.jacobian",
    "self_check": "checking.selfcheck",
    "softmax_jacobian": "core.jacobian",
    "vjp": "core.gradients",
    "weight_gradient": "core.gradients",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
