"""A step down a gradient."""

from __future__ import annotations

import numpy as np

from .arrays import Array
from .exact_dot import exact_dots
from .twofold import sure, two_product, two_sum


def moved(W: Array, rate: float, gradient: Array) -> Array:
    """W − rate·gradient, correctly rounded, and infinite where it is out of range: W (…) and gradient (N, …) or (…)
    → that of the gradient."""
    W = np.broadcast_to(W, gradient.shape)
    with np.errstate(all="ignore"):
        p, e = two_product(gradient, np.array([-rate]))
        s, t = two_sum(W, p)
        hi, lo = two_sum(s, t + e)
        certain = sure(np.abs(W) + np.abs(p), hi, lo, 2) | (p == 0.0) & ((gradient == 0.0) | (rate == 0.0))
        left = np.nonzero(~certain)
        ones = np.ones(len(left[0]))
        hi[left], _ = exact_dots(np.stack((W[left], gradient[left]), axis=1), np.stack((ones, -rate * ones), axis=1))
    return hi
