"""Every mistake that is known, the likelier first; of two that are made at once, this is the order they are named in.

Those that evaluate the softmax anew are last: what is made of them shares it. `FITTED` have a number to fit, and are
believed after the others.
"""

from __future__ import annotations

from .batch import AXES, ONE_INPUT
from .fits import FITS
from .layer import MISSING_BIAS, MISSING_INPUT, SIGN
from .layout import BACKWARD, RESHAPED, ROW_MAJOR, TRANSPOSED_WEIGHTS
from .loss import OTHER_ERRORS, SOFTMAX_TWICE, TARGETS, TERMS
from .mistake import Fit, Mistake
from .softmax import DERIVATIVE, NOT_SHIFTED
from .temperature import TEMPERATURE

KNOWN: tuple[Mistake, ...] = (
    NOT_SHIFTED,
    SIGN,
    ROW_MAJOR,
    RESHAPED,
    *BACKWARD,
    MISSING_INPUT,
    *TERMS,
    ONE_INPUT,
    *DERIVATIVE,
    *TARGETS,
    *OTHER_ERRORS,
    *TEMPERATURE,
    *SOFTMAX_TWICE,
    MISSING_BIAS,
    TRANSPOSED_WEIGHTS,
    *AXES,
)
FITTED: tuple[Fit, ...] = FITS
