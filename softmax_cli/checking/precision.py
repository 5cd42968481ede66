"""How precise the numbers of a matrix are: as its type says, or as they all are though they are stored wider."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Stored
from .submitted import blocks_of

SAMPLE = 4096  # entries that are looked at first


class Precision(NamedTuple):
    """A binary format: `bits` of significand, and `tiny`, below which a result may be zero. `loose` is what a
    result that was computed in it, not only rounded to it, may be off by, relative."""

    name: str
    bits: int
    tiny: float
    loose: float

    @property
    def unit(self) -> float:
        """The unit roundoff: rounding to this format moves a number by no more, relative."""
        return float(2.0**-self.bits)

    def rounded(self, a: NDArray[Any]) -> NDArray[np.float64]:
        """Every number rounded to this format."""
        with np.errstate(all="ignore"):
            if self.name == "bfloat16":
                bits = np.asarray(a, np.float32).view(np.uint32).astype(np.uint64)
                bits += 0x7FFF + (bits >> 16 & 1)  # to the nearest, ties to even
                return (bits & 0xFFFF0000).astype(np.uint32).view(np.float32).astype(np.float64)
            return np.asarray(a, self.name).astype(np.float64)

    def holds(self, a: NDArray[Any]) -> NDArray[np.bool_]:
        """Which numbers this format holds as they are; what is not finite says nothing."""
        held: NDArray[np.bool_] = (self.rounded(a) == a) | ~np.isfinite(a)
        return held

    def fills(self, a: NDArray[Any]) -> bool:
        """Whether some number needs more than half of the significand: all formats hold 0.5, 3 or 12."""
        significand, _ = np.frexp(np.where(np.isfinite(a), a, 0.0).astype(np.float64))
        return bool((np.ldexp(significand, self.bits // 2) % 1.0 != 0.0).any())


# In single precision and in double some frameworks flush subnormals to zero.
FLOAT64 = Precision("float64", 53, 2.0**-1022, 1e-4)
FLOAT32 = Precision("float32", 24, 2.0**-126, 1e-4)
FLOAT16 = Precision("float16", 11, 2.0**-24, 1e-2)
BFLOAT16 = Precision("bfloat16", 8, 2.0**-126, 5e-2)

NARROWER = {"float64": (BFLOAT16, FLOAT16, FLOAT32), "float32": (BFLOAT16, FLOAT16), "float16": ()}
NAMED = {p.name: p for p in (FLOAT64, FLOAT32, FLOAT16)}


def precision_of(a: NDArray[Any] | Stored) -> tuple[Precision, bool]:
    """The precision of the numbers of `a`, and whether they are stored in a wider type than that.

    It is the narrowest format that holds all of them, if some need more than half of its significand; else that
    of the type.
    """
    start = next(blocks_of(a, SAMPLE))
    for narrow in NARROWER[a.dtype.name]:
        if not narrow.holds(start).all():
            continue
        held = all(narrow.holds(block).all() for block in blocks_of(a, SAMPLE << 6))
        if held and any(narrow.fills(block) for block in blocks_of(a, SAMPLE << 6)):
            return narrow, True
    return NAMED[a.dtype.name], False
