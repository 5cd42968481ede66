"""What array elements are called in tables, pictures and CSV headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..wording import escaped


class Labels(NamedTuple):
    """Names of array elements, by index or by the names of the outputs and the inputs."""

    names: tuple[str, ...] | None
    input_names: tuple[str, ...] | None = None

    def output(self, t: int) -> str:
        return escaped(self.names[t]) if self.names else str(t)

    def input(self, j: int) -> str:
        return escaped(self.input_names[j]) if self.input_names else str(j)

    def x(self, j: int) -> str:
        return f"x[{self.input(j)}]"

    def h(self, t: int) -> str:
        return f"h[{self.output(t)}]"

    def z(self, t: int) -> str:
        return f"z[{self.output(t)}]"

    def b(self, t: int) -> str:
        return f"b[{self.output(t)}]"

    def weight(self, j: int, i: int) -> str:
        return f"W[{self.input(j)},{self.output(i)}]"

    def weights_from(self, j: int) -> str:
        return f"W[{self.input(j)},:]"

    def weights_to(self, i: int) -> str:
        return f"W[:,{self.output(i)}]"


class Axes(NamedTuple):
    """What the rows and columns of a Jacobian in numerator layout are, and a label for each."""

    name: str
    rows: str
    columns: str
    row: Callable[[int], str]
    column: Callable[[int], str]


def of_input(n: int, single: bool) -> str:
    """What stands before the title of one of many inputs."""
    return "" if single else f"input {n}: "
