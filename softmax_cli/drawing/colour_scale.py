"""From the values of a picture to its colours: a scale from −1 to 1."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..core.arrays import Array


class Scale(NamedTuple):
    """A scale from −1 to 1, linear or, where entries span many orders, symmetric-logarithmic above
    `threshold`."""

    top: float
    threshold: float | None

    def of(self, values: Array) -> Array:
        """Where the values stand between −1 and 1."""
        if self.top == 0.0:
            return np.zeros_like(values)
        if self.threshold is None:
            return values / self.top
        steps: Array = np.log1p(np.abs(values) / self.threshold) / np.log1p(self.top / self.threshold)
        return np.copysign(steps, values)


def scale_of(cells: Array) -> Scale:
    """Linear, or logarithmic over at most eight orders of magnitude where the largest entry is a
    thousand times the median."""
    size = np.abs(cells[cells != 0.0])
    if size.size == 0:
        return Scale(0.0, None)
    top = float(size.max())
    if top <= 1e3 * float(np.median(size)):
        return Scale(top, None)
    return Scale(top, max(float(size.min()), top * 1e-8))
