"""What a comparison found, as data, as text and as Markdown."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from ..wording import counted
from . import table
from .quantities import Layout, Of

HEADS = ("entry", "yours", "right", "absolute", "relative")


@dataclass(frozen=True)
class Difference:
    """An entry that differs. `row` and `column` index the numerator layout ((J, K) for "loss-grad", column 0 for
    "forward") of `input`, None where there is one input; `relative` is infinite where ours is zero, and nan where
    theirs is."""

    row: int
    column: int
    label: str
    theirs: float
    ours: float
    absolute: float
    relative: float
    input: int | None = None


class Explanation(NamedTuple):
    """Mistakes that make the matrix, joined by " + ", and a line of advice."""

    diagnosis: str
    advice: str


@dataclass(frozen=True)
class Report:
    """What `compare` found: of `entries`, `differing` differ and `lost_to_cancellation` are counted apart.

    It is true if all agrees. As text it is what the command line prints, and in a notebook a Markdown table.
    `layout` is the one that was compared in, and `precision` that of the numbers that were compared; `printed` says so
    where they agree as numbers that were rounded or cut at some decimal. `others` are explanations as simple as the
    diagnosis, which make the same matrix. `where` says in which part it is wrong, if no diagnosis
    explains all of it and that part has a short name. `read` says how the matrix was read, where it has another shape
    than the result.
    """

    of: Of
    agrees: bool
    layout: Layout
    precision: str
    printed: str | None
    differing: int
    entries: int
    lost_to_cancellation: int
    worst: tuple[Difference, ...]
    diagnosis: str | None
    advice: str | None
    others: tuple[Explanation, ...] = ()
    where: str | None = None
    read: str | None = None

    def __bool__(self) -> bool:
        return self.agrees

    def __str__(self) -> str:
        shown = [table.plain(HEADS, self._rows())] if self.worst else []
        return "\n".join([*self._verdict(), *shown, *self._explanation()])

    def _repr_markdown_(self) -> str:
        shown = [table.markdown(HEADS, self._rows())] if self.worst else []
        return "\n\n".join([*self._verdict(), *shown, *self._explanation()])

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON holds it: None where a number is not finite."""
        result = asdict(self)
        worst = [finite(asdict(d)) for d in self.worst]
        result["worst"] = [{k: v for k, v in d.items() if k != "input" or v is not None} for d in worst]
        result["others"] = [other._asdict() for other in self.others]
        return result

    @property
    def verdict(self) -> str:
        """Whether it agrees, in a few words."""
        if self.printed:
            return f"agrees to {self.printed}"
        if self.untold:
            return "cannot be told"
        return "agrees" if self.agrees else f"differs in {self.differing} of {self.entries} entries"

    @property
    def untold(self) -> bool:
        """Whether nothing differs because nothing could be seen: all that is not zero is lost to cancellation."""
        return not self.agrees and not self.differing

    def _verdict(self) -> list[str]:
        precision = "" if self.precision == "float64" or self.printed else f", {self.precision}"
        lines = [f"{self.of}: {self.verdict} ({self.layout} layout{precision})"]
        lines += [f"read as {self.read}"] if self.read else []
        if self.lost_to_cancellation:
            of = f"{self.lost_to_cancellation} of {counted(self.entries, 'entry is', 'entries are')}"
            lines.append(f"{of} lost to cancellation: nothing can be said of {'it' if self.entries == 1 else 'them'}")
        return lines

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (d.label, f"{d.theirs:.9g}", f"{d.ours:.9g}", f"{d.absolute:.2g}", f"{d.relative:.2g}") for d in self.worst
        ]

    def _explanation(self) -> list[str]:
        lines = []
        if self.differing:
            lines.append(f"diagnosis: {self.diagnosis or 'none: no known mistake explains the whole matrix'}")
        if self.where:
            lines.append(f"where: {self.where}")
        lines += [self.advice] if self.advice else []
        for other in self.others:
            lines += [f"or: {other.diagnosis}", other.advice]
        return lines


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """None for every float that is not finite."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
