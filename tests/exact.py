"""The layer in 60-digit arithmetic, entry by entry from the definitions."""

import mpmath
import numpy as np

DIGITS = 60
TINY = 2.0**-1022  # the smallest normal double
BAR = 1e-15


def forward(x, W, b=None):
    """z, h and 1 − h as lists of mpmath numbers."""
    with mpmath.workdps(DIGITS + 420):  # 1 − h keeps 60 digits however far apart the logits are
        x, W = [mpmath.mpf(float(v)) for v in x], [[mpmath.mpf(float(v)) for v in row] for row in W]
        K = len(W[0])
        b = [mpmath.mpf(0)] * K if b is None else [mpmath.mpf(float(v)) for v in b]
        z = [mpmath.fsum([xj * row[i] for xj, row in zip(x, W, strict=True)] + [b[i]]) for i in range(K)]
        with mpmath.workdps(DIGITS):
            e = [mpmath.exp(v - max(z)) for v in z]
        total = mpmath.fsum(e)
        h = [v / total for v in e]
        return z, h, [(total - v) / total for v in e]


def jacobian(x, W, b=None):
    """dL/dW in numerator layout."""
    _, h, complement = forward(x, W, b)
    with mpmath.workdps(DIGITS):
        return [
            [
                (h[t] * complement[t] if i == t else -h[t] * h[i]) * mpmath.mpf(float(xj))
                for i in range(len(h))
                for xj in x
            ]
            for t in range(len(h))
        ]


def worst(got, truth):
    """The largest relative error among the entries whose truth is a normal double, or zero."""
    errors = [0.0]
    for a, t in zip(np.ravel(got).tolist(), _flat(truth), strict=True):
        if t == 0:
            errors.append(0.0 if a == 0 else np.inf)
        elif abs(t) >= TINY:
            with mpmath.workdps(DIGITS):
                errors.append(float(abs(mpmath.mpf(a) - t) / abs(t)))
    return max(errors)


def _flat(truth):
    for v in truth:
        if isinstance(v, list):
            yield from _flat(v)
        else:
            yield v


def problem(seed, J, K, scale, bias=True):
    """A random layer whose largest logit is about `scale`."""
    rng = np.random.default_rng(seed)
    x, W = rng.standard_normal(J), rng.standard_normal((J, K))
    b = rng.standard_normal(K) if bias else np.zeros(K)
    factor = scale / max(np.abs(x @ W + b).max(), 1e-300)
    return x, W * factor, b * factor
