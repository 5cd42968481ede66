"""The results of the layer that can be checked: what each is, the layouts it comes in, and the names of its entries."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..errors import InputError

Of = Literal[
    "forward", "softmax-grad", "linear-grad", "layer-grad", "loss-grad", "hessian", "z", "h", "log_h", "loss", "dS_dZ",
    "dZ_dW", "dL_dW", "dL_db", "dL_dx", "dlogS_dZ", "dlogL_dW", "dlogL_db", "dlogL_dx", "dE_dz", "dE_dW", "dE_db",
    "dE_dx", "d2E_dW2",
]  # fmt: skip
Layout = Literal["vector", "number", "numerator", "denominator", "tensor", "in-out", "out-in"]
Shapes = dict[Layout, tuple[int, ...]]


class Quantity(NamedTuple):
    """A result: `of` is z, h, ln h or the error E itself, or, where there is one, its derivative `by` z, W, b or x, or
    by W twice."""

    key: str
    of: Literal["z", "h", "ln h", "E"]
    by: Literal["z", "W", "b", "x", "WW"] | None = None

    @property
    def of_error(self) -> bool:
        return self.of == "E"

    @property
    def is_jacobian(self) -> bool:
        return self.by is not None and not self.of_error

    @property
    def is_gradient(self) -> bool:
        return self.by in ("z", "W", "b", "x") and self.of_error

    @property
    def is_hessian(self) -> bool:
        return self.by == "WW"

    def apart(self, summed: bool) -> bool:
        """Whether each of many inputs has one of its own, where those of an error are `summed` over them or not."""
        return not (summed and self.of_error and self.by not in ("z", "x"))

    def height(self, J: int, K: int) -> int:
        """The rows that an input, or the sum over all, has in numerator layout."""
        if self.key == "loss":
            return 1
        if self.is_hessian:
            return K * J
        return J if self.is_gradient and self.by in ("W", "x") else K

    def shapes(self, N: int | None, J: int, K: int) -> Shapes:
        """The layouts and their shapes; N is None for one input, or for a sum over all."""
        lead = () if N is None else (N,)
        if self.key == "loss":
            return {"number": lead}
        if self.by is None:
            return {"vector": (*lead, K)}
        if self.is_hessian:
            return {"numerator": (*lead, K * J, K * J)}
        if self.is_gradient:
            if self.by == "W":
                return {"in-out": (*lead, J, K), "out-in": (*lead, K, J)}
            return {"vector": (*lead, J if self.by == "x" else K)}
        if self.by == "W":
            return {"numerator": (*lead, K, K * J), "denominator": (*lead, K * J, K), "tensor": (*lead, K, J, K)}
        if self.by == "x":
            return {"numerator": (*lead, K, J), "denominator": (*lead, J, K)}
        symmetric: Shapes = {"numerator": (*lead, K, K)}
        return symmetric if self.of == "h" else symmetric | {"denominator": (*lead, K, K)}

    def columns_apart(self, N: int | None, J: int, K: int) -> tuple[int, ...] | None:
        """The shape of the numerator layout whose columns are told apart by output and input, [t, i, j], as what
        differentiates by weights stored outputs × inputs gives it."""
        return (*(() if N is None else (N,)), K, K, J) if self.is_jacobian and self.by == "W" else None

    def label(self, J: int, row: int, column: int) -> str:
        """The name of an entry, by its place in the numerator layout: ∂h[2]/∂W[3,1]."""
        if self.key == "loss":
            return "E"
        if self.by is None:
            return f"{self.of}[{row}]"
        if self.is_gradient:
            return f"∂E/∂W[{row},{column}]" if self.by == "W" else f"∂E/∂{self.by}[{row}]"
        if self.is_hessian:
            (t, s), (i, j) = divmod(row, J), divmod(column, J)
            return f"∂²E/∂W[{s},{t}]∂W[{j},{i}]"
        top = f"∂{self.of}[{row}]"
        if self.by == "W":
            i, j = divmod(column, J)
            return f"{top}/∂W[{j},{i}]"
        return f"{top}/∂{self.by}[{column}]"


QUANTITIES: dict[str, Quantity] = {
    q.key: q
    for q in (
        Quantity("z", "z"),
        Quantity("h", "h"),
        Quantity("log_h", "ln h"),
        Quantity("loss", "E"),
        Quantity("dS_dZ", "h", "z"),
        Quantity("dZ_dW", "z", "W"),
        Quantity("dL_dW", "h", "W"),
        Quantity("dL_db", "h", "b"),
        Quantity("dL_dx", "h", "x"),
        Quantity("dlogS_dZ", "ln h", "z"),
        Quantity("dlogL_dW", "ln h", "W"),
        Quantity("dlogL_db", "ln h", "b"),
        Quantity("dlogL_dx", "ln h", "x"),
        Quantity("dE_dz", "E", "z"),
        Quantity("dE_dW", "E", "W"),
        Quantity("dE_db", "E", "b"),
        Quantity("dE_dx", "E", "x"),
        Quantity("d2E_dW2", "E", "WW"),
    )
}
# The commands that make a result, by whose names it goes as well.
COMMANDS = {
    "forward": "h", "softmax-grad": "dS_dZ", "linear-grad": "dZ_dW", "layer-grad": "dL_dW", "loss-grad": "dE_dW",
    "hessian": "d2E_dW2",
}  # fmt: skip


def quantity_named(of: str) -> Quantity:
    """The result that goes by a key or by the name of a command. InputError if there is none."""
    found = QUANTITIES.get(COMMANDS.get(of, of))
    if found is None:
        raise InputError(f"of is {of!r}, where one of {', '.join([*COMMANDS, *QUANTITIES])} is expected")
    return found
