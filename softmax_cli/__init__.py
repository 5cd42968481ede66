"""The Jacobian of a softmax layer h = softmax(Wᵀx + b), exact to the last digits.

Public is what this module names, and nothing else. Every function takes what numpy can make an array of.
"""

TYPE_CHECKING = False  # as in typing, which takes longer to load than all that is loaded here
if TYPE_CHECKING:
    from .checking.compare import compare as compare
    from .checking.functions.check import check_function as check_function
    from .checking.selfcheck import self_check as self_check
    from .core.hessian import hessian as hessian
    from .core.hessian import hvp as hvp
    from .core.layer import forward as forward
    from .core.loss_gradient import loss_gradient as loss_gradient
    from .core.mergeable import sums as sums
    from .core.vector_products import cross_entropy as cross_entropy
    from .core.vector_products import jvp as jvp
    from .core.vector_products import vjp as vjp
    from .core.vector_products import weight_gradient as weight_gradient
    from .core.whole_jacobians import layer_jacobian as layer_jacobian
    from .core.whole_jacobians import linear_jacobian as linear_jacobian
    from .core.whole_jacobians import softmax_jacobian as softmax_jacobian
    from .drawing.figure import heatmap as heatmap
    from .errors import InputError as InputError
    from .explaining.derivation import explain as explain
    from .running.map_gradient import shards_gradient as shards_gradient
    from .running.partialfile import load_sums as load_sums
    from .running.partialfile import save_sums as save_sums

__version__ = "0.1.0"

_HOMES = {
    "InputError": "errors",
    "check_function": "checking.functions.check",
    "compare": "checking.compare",
    "cross_entropy": "core.vector_products",
    "explain": "explaining.derivation",
    "forward": "core.layer",
    "heatmap": "drawing.figure",
    "hessian": "core.hessian",
    "hvp": "core.hessian",
    "jvp": "core.vector_products",
    "layer_jacobian": "core.whole_jacobians",
    "linear_jacobian": "core.whole_jacobians",
    "load_sums": "running.partialfile",
    "loss_gradient": "core.loss_gradient",
    "save_sums": "running.partialfile",
    "self_check": "checking.selfcheck",
    "shards_gradient": "running.map_gradient",
    "softmax_jacobian": "core.whole_jacobians",
    "sums": "core.mergeable",
    "vjp": "core.vector_products",
    "weight_gradient": "core.vector_products",
}
_SHOWN = {"core.layer": "Forward", "core.loss_gradient": "LossGradient"}  # results that a notebook shows as tables
__all__ = ["__version__", *_HOMES]

if not TYPE_CHECKING:  # a checker would take every name to be there

    def __getattr__(name):
        """A public name, loaded on first use, so that `softmax-jac --version` does not pay for numpy."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        value.__module__ = __name__  # what help, repr and pickle say
        globals()[name] = value
        _show_results()
        return value

    def _show_results():
        """Give the results that are loaded a view for notebooks, of which the core knows nothing."""
        import sys

        for home, result in _SHOWN.items():
            if (module := sys.modules.get(f"{__name__}.{home}")) is not None:
                getattr(module, result)._repr_html_ = _as_tables

    def _as_tables(result):
        from .notebook import tables

        return tables(result)

    def __dir__():
        return sorted(__all__)
