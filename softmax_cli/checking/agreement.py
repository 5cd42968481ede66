"""What the check of the tool by itself found, as data, as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from . import table
from .report import finite

HEADS = ("of", "by", "absolute", "relative", "worst entry", "agrees")
MEANING = "The worst error of each way against the closed form. Each is held to what it can reach."


@dataclass(frozen=True)
class Agreement:
    """How far one way of computing one Jacobian is from the closed form. It is true if it agrees.

    `absolute` and `relative` are the worst errors over the entries checked, or over those that fail, and
    `label` is the entry with the worst relative error. An entry agrees within `tolerance` times its
    size, or for central differences times the size of what was differenced, as `note` says.
    """

    quantity: str
    way: str
    absolute: float
    relative: float
    label: str
    tolerance: float
    agrees: bool
    note: str

    def __bool__(self) -> bool:
        return self.agrees

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it: None where a number is not finite."""
        return finite(asdict(self))


@dataclass(frozen=True)
class SelfReport:
    """What `self_check` found: an `Agreement` for each Jacobian and each way, to be iterated over.

    It is true if all ways agree. As text it is what the command line prints, and in a notebook a Markdown table.
    """

    ways: tuple[Agreement, ...]

    @property
    def agrees(self) -> bool:
        return all(way.agrees for way in self.ways)

    def __bool__(self) -> bool:
        return self.agrees

    def __iter__(self) -> Iterator[Agreement]:
        return iter(self.ways)

    def __len__(self) -> int:
        return len(self.ways)

    def __getitem__(self, at: int) -> Agreement:
        return self.ways[at]

    def __str__(self) -> str:
        notes = [textwrap.fill(note, 80, subsequent_indent="  ") for note in self._notes()]
        return "\n".join([table.plain(HEADS, self._rows()), "", MEANING, *notes])

    def _repr_markdown_(self) -> str:
        return "\n\n".join([table.markdown(HEADS, self._rows()), MEANING, *self._notes()])

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"agrees": self.agrees, "ways": [way.to_dict() for way in self.ways]}

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (a.quantity, a.way, f"{a.absolute:.2g}", f"{a.relative:.2g}", a.label, "yes" if a.agrees else "NO")
            for a in self.ways
        ]

    def _notes(self) -> list[str]:
        return list(dict.fromkeys(f"{a.quantity} by {a.way}: {a.note}" for a in self.ways if a.note))
