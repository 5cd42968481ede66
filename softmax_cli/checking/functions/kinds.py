"""What a function may return: the results of the layer, and the names by which people call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...errors import InputError
from ...wording import quoted
from ..quantities import Layout, Of

Shape = tuple[int, ...]
N, J, K, KJ = "N", "J", "K", "KJ"


class Kind(NamedTuple):
    """A result: what `compare` calls it, what is printed for it, whether it is of an error, the names people give it,
    and its shapes, N first where every input has one of its own. `layout` is the one that a function has, if the
    shapes leave a choice."""

    of: Of
    title: str
    error: bool
    names: tuple[str, ...]
    shapes: tuple[tuple[str, ...], ...]
    layout: Layout | None = None

    def fits(self, shape: Shape, inputs: int | None, width: int, outputs: int) -> bool:
        """Whether an array of that shape may be this result, for many inputs or (None) one."""
        sizes = {N: inputs, J: width, K: outputs, KJ: width * outputs}
        return any(shape == tuple(sizes[s] for s in one if s != N or inputs is not None) for one in self.shapes)


# Where a shape fits several, the first that agrees is taken, and the first of all if none does.
KINDS: tuple[Kind, ...] = (
    Kind(
        "weight-grad", "dE/dW", True,
        ("dW", "dw", "grad_W", "grad_w", "W_grad", "w_grad", "dE_dW", "dL_dW", "dEdW", "dLdW", "dweight", "dweights",
         "d_W", "d_weights", "grad_weight", "grad_weights", "weight_grad", "weights_grad", "gW", "delta_W", "nabla_W"),
        ((J, K), (K, J)),
    ),
    Kind(
        "forward", "h", False,
        ("h", "H", "p", "P", "probs", "probabilities", "out", "output", "outputs", "y_hat", "y_pred", "a", "s"),
        ((N, K),),
    ),
    Kind(
        "layer-grad", "dL/dW", False,
        ("dL_dW", "dLdW", "dh_dW", "dhdW", "dW", "jac", "jacobian", "J_W"),
        ((N, K, KJ), (N, KJ, K), (N, K, J, K)),
    ),
    Kind("softmax-grad", "dS/dZ", False, ("dS_dZ", "dSdZ", "dS", "dh_dz", "dhdz", "dZ", "jacobian_z"), ((N, K, K),)),
    Kind(
        "linear-grad", "dZ/dW", False, ("dZ_dW", "dZdW", "dz_dW", "dzdW"), ((N, K, KJ), (N, KJ, K), (N, K, J, K)),
    ),
)  # fmt: skip

SKIP = "_"


def known(error: bool) -> list[Kind]:
    """The results that there are: of the error first where there is one, and of the layer always."""
    return [kind for kind in KINDS if kind.error and error] + [kind for kind in KINDS if not kind.error]


def kind_named(name: str, error: bool) -> Kind | None:
    """The result that goes by a name, where there is an error, or where there is none."""
    return next((kind for kind in known(error) if name in (*kind.names, kind.of)), None)


def read_returns(text: str, error: bool) -> tuple[Kind | None, ...]:
    """The results that `--returns dW,db,dx` names, None for what is not to be checked."""
    found: list[Kind | None] = []
    for name in (part.strip() for part in text.split(",")):
        kind = kind_named(name, error)
        if kind is None and name != SKIP:
            names = ", ".join(f"{k.names[0]} ({k.title})" for k in known(error))
            raise InputError(
                f"{quoted(name)} is named as a result, and is not known",
                f"known are {names}, and {SKIP} for the rest",
            )
        found.append(kind)
    if not any(found):
        raise InputError(f"{quoted(text)} names no result to check")
    return tuple(found)


def fitting(shape: Shape, error: bool, inputs: int | None, width: int, outputs: int) -> Sequence[Kind]:
    """The results that have a shape."""
    return [kind for kind in known(error) if kind.fits(shape, inputs, width, outputs)]
