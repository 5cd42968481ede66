"""What an error's gradient is asked of, checked: the derivatives wanted, and the inputs or logits that are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .arrays import Array, Rows, real_array
from .masks import Mask, joined, mask_of, masked_array

Wrt = Literal["z", "W", "b", "x"]


def wanted_of(wrt: Sequence[Wrt] | None, of_logits: bool, l2: float) -> set[Wrt]:
    """The derivatives that are asked for."""
    known: tuple[Wrt, ...] = get_args(Wrt)
    default: Sequence[Wrt] = ("z",) if of_logits else ("W", "b")
    wanted = set(default if wrt is None else wrt)
    for name in wanted:
        if name not in known:
            raise InputError(f"wrt holds {name!r}, where z, W, b or x is expected")
        if of_logits and name != "z":
            raise InputError(f"dE/d{name} needs x and W, and only the logits z are given")
    if of_logits and l2:
        raise InputError("l2 needs W, and only the logits z are given")
    return wanted


def given(
    x: ArrayLike | None, W: ArrayLike | None, b: ArrayLike | None, z: ArrayLike | None, mask: Any
) -> tuple[NDArray[Any] | Rows, Array | None, Array | None, Mask | None]:
    """The rows, (J,) or (N, J) inputs or (K,) or (N, K) logits; W and b, unless z is given; and what is left out."""
    hidden = None
    if z is not None:
        if x is not None or W is not None or b is not None:
            raise InputError("give z, or x, W and b, not both")
        rows, hidden = masked_array("z", z, 1, 2)
        N, K = np.atleast_2d(rows).shape
        return rows, None, None, joined(N, K, None if mask is None else mask_of(mask, N, K), hidden)
    if x is None or W is None:
        raise InputError("give x and W, or the logits z")
    inputs = x if isinstance(x, np.ndarray | Rows) and x.ndim in (1, 2) and x.size else real_array("x", x, 1, 2)
    W = real_array("W", W, 2)
    if b is not None:
        b, hidden = masked_array("b", b, 1)
    N, K = 1 if inputs.ndim == 1 else len(inputs), W.shape[1]
    return inputs, W, b, joined(N, K, None if mask is None else mask_of(mask, N, K), hidden)
