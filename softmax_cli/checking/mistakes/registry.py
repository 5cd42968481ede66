"""Every mistake that is known, the likelier first; of two that are made at once, this is the order they are named in.

Those that evaluate the softmax anew are last: what is made of them shares it. `FITTED` have a number to fit, and are
believed after the others.
"""

from __future__ import annotations

from .batch import AXES, BATCH_MAXIMUM, ONE_INPUT
from .fitted import FITS
from .layer import MISSING_BIAS, MISSING_INPUT, MISSING_MASK, SIGN, SIGN_OF_DATA
from .layout import BACKWARD, RESHAPED, ROW_MAJOR, TRANSPOSED_WEIGHTS
from .logarithm import EPSILON, EPSILON_IN_GRADIENT
from .loss import LOSS_SCALED, SOFTMAX_TWICE, TERMS
from .mistake import Fit, Mistake
from .other_errors import OTHER_ERRORS
from .other_targets import OTHER_TARGETS
from .outputs import EXCHANGED
from .penalties import L1
from .softmax import DERIVATIVE, ELEMENTWISE, LOGITS, NEGATED, NOT_SHIFTED
from .step import STEP, UPDATED
from .targets import TARGETS
from .temperature import OTHER_TEMPERATURE, TEMPERATURE

KNOWN: tuple[Mistake, ...] = (
    MISSING_MASK,
    NOT_SHIFTED,
    BATCH_MAXIMUM,
    SIGN,
    SIGN_OF_DATA,
    ROW_MAJOR,
    RESHAPED,
    *BACKWARD,
    MISSING_INPUT,
    *TERMS,
    *LOSS_SCALED,
    *EPSILON,
    ONE_INPUT,
    *DERIVATIVE,
    EXCHANGED,
    *TARGETS,
    *OTHER_ERRORS,
    *TEMPERATURE,
    *SOFTMAX_TWICE,
    MISSING_BIAS,
    ELEMENTWISE,
    LOGITS,
    NEGATED,
    TRANSPOSED_WEIGHTS,
    *AXES,
)
FITTED: tuple[Fit, ...] = (STEP, UPDATED, EPSILON_IN_GRADIENT, *FITS, L1, *OTHER_TARGETS, *OTHER_TEMPERATURE)
