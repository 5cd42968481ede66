"""What a function may return: the results of the layer, and the names by which people call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...errors import InputError
from ...wording import quoted
from ..other_shapes import of_one_output
from ..quantities import QUANTITIES, Layout, Of

SKIP = "_"
GENERAL = frozenset({"jac", "jacobian"})  # names of whatever the shape tells


class Kind(NamedTuple):
    """A result, what is printed for it, and the names people give it. `by_shape` says that a shape is enough to take an
    array for it; `layout` is the one that a function has, if the shapes leave a choice."""

    of: Of
    title: str
    names: tuple[str, ...]
    by_shape: bool = True
    layout: Layout | None = None

    @property
    def error(self) -> bool:
        """Whether it is of an error."""
        return QUANTITIES[self.of].of_error

    @property
    def by_input(self) -> bool:
        """Whether each of many inputs has one of its own, where an error is summed over them."""
        return QUANTITIES[self.of].apart(summed=True)

    def shapes(self, inputs: int | None, J: int, K: int, summed: bool) -> set[tuple[int, ...]]:
        """The shapes that it may have for many inputs or (None) one; an error is `summed` over all of them, or not."""
        quantity = QUANTITIES[self.of]
        lead = inputs if quantity.apart(summed) else None
        apart = quantity.columns_apart(lead, J, K)
        return {*quantity.shapes(lead, J, K).values(), *([] if apart is None else [apart])}


def _kind(of: Of, title: str, *names: str, by_shape: bool = True) -> Kind:
    return Kind(of, title, (of, *names), by_shape)


def _gradient(of: str) -> tuple[str, ...]:
    """The names of the gradient of something: dW, grad_W, W_grad, dE_dW and the like."""
    return (f"d{of}", f"d_{of}", f"grad_{of}", f"{of}_grad", f"dL_d{of}", f"dLd{of}", f"dEd{of}", f"dJ_d{of}",
            f"dJd{of}", f"delta_{of}", f"nabla_{of}", f"g{of}")  # fmt: skip


def _gradients(*of: str) -> tuple[str, ...]:
    return tuple(name for one in of for name in _gradient(one))


# Where a shape fits several, the first that agrees is taken, and the first of all if none does.
KINDS: tuple[Kind, ...] = (
    _kind("dE_dW", "dE/dW", *_gradients("W", "w", "weight", "weights", "Weights")),
    _kind("dE_db", "dE/db", *_gradients("b", "bias", "biases")),
    _kind("dE_dx", "dE/dx", *_gradients("x", "X", "input", "inputs")),
    _kind("dE_dz", "dE/dz", *_gradients("z", "Z", "logits", "scores"), "delta", "error"),
    _kind("loss", "loss", "E", "cost", "nll", "cross_entropy", "total_loss", "data_loss"),
    _kind("h", "h", "H", "p", "P", "probs", "probabilities", "out", "output", "outputs", "y_hat", "y_pred", "s"),
    _kind("z", "z", "Z", "logits", "scores"),
    _kind("log_h", "ln h", "log_p", "logp", "log_probs", "log_softmax", "logsm"),
    _kind("dL_dW", "dL/dW", "dh_dW", "dhdW", "dLdW", "dW", "jac", "jacobian"),
    _kind("dS_dZ", "dS/dZ", "dh_dz", "dhdz", "dSdZ", "dS", "dz", "dZ"),
    _kind("dL_dx", "dL/dx", "dh_dx", "dhdx", "dLdx", "dx", "dX"),
    _kind("dL_db", "dL/db", "dh_db", "dhdb", "dLdb", "db", by_shape=False),
    _kind("dZ_dW", "dZ/dW", "dz_dW", "dzdW", "dZdW"),
    # The derivative of ln h is also what a forgotten factor h makes of that of h.
    _kind("d2E_dW2", "d²E/dW²", "hessian", "Hessian", "hess", "d2W", "ddW"),
    _kind("dlogS_dZ", "dℓ/dZ", "dlogp_dz", by_shape=False),
    _kind("dlogL_dW", "dℓ/dW", "dlogp_dW", by_shape=False),
    _kind("dlogL_db", "dℓ/db", "dlogp_db", by_shape=False),
    _kind("dlogL_dx", "dℓ/dx", "dlogp_dx", by_shape=False),
)

# The names of gradients alone, by which an object may have them beside much else.
GRADIENTS = frozenset(_gradients(*"WwbxXzZ", "weight", "weights", "bias", "biases", "input", "inputs", "logits"))


def known(error: bool) -> list[Kind]:
    """The results that there are: of the error first where there is one, and of the layer always."""
    free = [kind for kind in KINDS if not kind.error or QUANTITIES[kind.of].is_hessian]  # which needs no target
    return [kind for kind in KINDS if kind.error and error and kind not in free] + free


def kind_named(name: str, error: bool, by_x: bool = True) -> Kind | None:
    """The result that goes by a name, where there is an error, or where there is none. Unless there is an x, what is
    called dx is by the logits."""
    found = next((kind for kind in known(error) if name in kind.names), None)
    if found is None or by_x or QUANTITIES[found.of].by != "x":
        return found
    return next(kind for kind in KINDS if QUANTITIES[kind.of][1:] == (QUANTITIES[found.of].of, "z"))


def read_returns(text: str, error: bool, by_x: bool = True) -> tuple[Kind | None, ...]:
    """The results that `--returns dW,db,dx` names, None for what is not to be checked."""
    found: list[Kind | None] = []
    for name in (part.strip() for part in text.split(",")):
        kind = kind_named(name, error, by_x)
        if kind is None and name != SKIP:
            names = ", ".join(k.names[1] if k.error and k.of != "loss" else k.of for k in known(error))
            raise InputError(
                f"{quoted(name)} is named as a result, and is not known", f"known are {names}, and {SKIP} for the rest"
            )
        found.append(kind)
    if not any(found):
        raise InputError(f"{quoted(text)} names no result to check")
    return tuple(found)


def fitting(
    shape: tuple[int, ...], error: bool, inputs: int | None, J: int, K: int, summed: bool = True
) -> Sequence[Kind]:
    """The results that a shape may be taken for; a vector of as many numbers as W has, where it is nothing else, is
    dE/dW."""
    found = [kind for kind in known(error) if kind.by_shape and shape in kind.shapes(inputs, J, K, summed)]
    flat = shape == (J * K,) and error and (summed or inputs is None)
    return found or ([KINDS[0]] if flat else [])


def fitting_one_output(
    shape: tuple[int, ...], error: bool, inputs: int | None, J: int, summed: bool = True
) -> Sequence[Kind]:
    """The same of a layer of one output, but for axes of length 1."""
    leads = {kind: inputs if QUANTITIES[kind.of].apart(summed) else None for kind in known(error) if kind.by_shape}
    return [kind for kind, lead in leads.items() if of_one_output(shape, QUANTITIES[kind.of], lead, J)]
