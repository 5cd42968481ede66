"""A layer and its input, as a command takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.arrays import Array, Rows
from ..core.layer import Layer, evaluate, evaluate_logits
from ..core.masks import Mask

if TYPE_CHECKING:
    from .document_keys import WeightsLayout
    from .names import Names


@dataclass(frozen=True)
class Problem:
    """A layer and its input: x (J,) or (N, J), W (J, K), b (K,) or None for zero; or the logits `z` (K,) or (N, K),
    beside which x has no entries and W no rows. `temperature` divides the logits, and `mask`, (K,) or (N, K), is true
    where an output is left out; so is −∞ in b or z.

    `names` are the K outputs' and `input_names` the J inputs', from the header rows of the tables of W and x, or from
    INPUT. `document` has those of the other keys of INPUT that a command may need (`target`, `upstream`, `id`,
    `reduction`), as they stand in JSON.
    `header` says whether the first row of a table names its columns, for the tables that are read later.
    `notes` are what the user should hear of how the numbers were taken.
    `stored` is how W was stored, before it was made (J, K).
    """

    x: Array | Rows
    W: Array
    b: Array | None = None
    names: Names = None
    document: dict[str, Any] = field(default_factory=dict)
    header: bool | None = None
    notes: tuple[str, ...] = ()
    stored: WeightsLayout = "in-out"
    z: Array | None = None
    temperature: float = 1.0
    mask: Mask | None = None
    input_names: Names = None

    def evaluated(self, some: slice | None = None) -> tuple[Layer, bool]:
        """The layer, of some of many inputs if they are given, and whether its input is a single one. InputError as in
        `evaluate`."""
        x, z, mask, first = self.x, self.z, self.mask, 0
        if some is not None:
            x, first = x[some], some.start
            z = None if z is None else z[some]
            mask = mask[some] if mask is not None and mask.ndim == 2 else mask
        if z is not None:
            return evaluate_logits(z, temperature=self.temperature, mask=mask)
        return evaluate(x, self.W, self.b, first, temperature=self.temperature, mask=mask)

    @property
    def single(self) -> bool:
        """Whether it has one input, whose results have no leading axis."""
        return self.x.ndim == 1


ARTICLE = Problem(
    x=np.array([0.1, 0.5, 0.4]),
    W=np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [0.6, 0.7, 0.8, 0.9, 0.1], [0.11, 0.12, 0.13, 0.14, 0.15]]),
)
