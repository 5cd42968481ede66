"""Every mistake that is known, the likelier first; of two that are made at once, this is the order they are named in.

Those that evaluate the softmax anew are last: what is made of them shares it.
"""

from __future__ import annotations

from .batch import AXES
from .layer import MISSING_BIAS, MISSING_INPUT, SIGN
from .layout import ROW_MAJOR, TRANSPOSED_WEIGHTS
from .mistake import Mistake
from .softmax import DERIVATIVE, NOT_SHIFTED

KNOWN: tuple[Mistake, ...] = (
    NOT_SHIFTED,
    SIGN,
    ROW_MAJOR,
    MISSING_INPUT,
    *DERIVATIVE,
    MISSING_BIAS,
    TRANSPOSED_WEIGHTS,
    *AXES,
)
