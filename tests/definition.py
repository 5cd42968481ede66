"""The whole layer in 60-digit arithmetic: h, ln h, the error E and its derivatives, by their definitions in loops."""

import mpmath
import numpy as np

DIGITS = 60
BAR = 1e-15


def number(v):
    return mpmath.mpf(float(v))


def probabilities(z, T=1.0, mask=None):
    """h, 1 − h and ln h of one row of logits (mpmath numbers), lists of K; 0, 1 and −inf for a masked output."""
    mask = [False] * len(z) if mask is None else list(mask)
    with mpmath.workdps(DIGITS + 420):  # 1 − h keeps 60 digits however far apart the logits are
        scaled = [v / number(T) for v in z]
        top = max(v for v, hidden in zip(scaled, mask, strict=True) if not hidden)
        with mpmath.workdps(DIGITS):
            e = [mpmath.mpf(0) if hidden else mpmath.exp(v - top) for v, hidden in zip(scaled, mask, strict=True)]
        total = mpmath.fsum(e)
        h = [v / total for v in e]
        rest = [mpmath.fsum([v for k, v in enumerate(e) if k != i]) / total for i in range(len(e))]
        m = max(range(len(e)), key=lambda k: e[k])
        log_total = mpmath.log1p(mpmath.fsum([v for k, v in enumerate(e) if k != m]))  # e[m] is 1
        log_h = [mpmath.mpf("-inf") if hidden else v - top - log_total for v, hidden in zip(scaled, mask, strict=True)]
        return h, rest, log_h


def logits(x, W, b=None):
    """Wᵀx + b of one input, as mpmath numbers."""
    with mpmath.workdps(DIGITS + 420):
        K = np.shape(W)[1]
        b = [0.0] * K if b is None else b
        return [
            mpmath.fsum([number(xj) * number(row[i]) for xj, row in zip(x, W, strict=True)] + [number(b[i])])
            for i in range(K)
        ]


def smoothed(y, smoothing=0.0, class_weights=None, mask=None):
    """ỹ = c∘((1−ε)·y + ε/K) of one row of probabilities, K the number of outputs that are not masked."""
    K = len(y)
    mask = [False] * K if mask is None else list(mask)
    c = [1.0] * K if class_weights is None else class_weights
    count, eps = mask.count(False), number(smoothing)
    return [mpmath.mpf(0) if mask[k] else number(c[k]) * ((1 - eps) * number(y[k]) + eps / count) for k in range(K)]


def one_hot(t, K):
    return [1.0 if k == t else 0.0 for k in range(K)]


class Error:
    """E over rows of logits (N, K) in mpmath, its dE/dz, and the m that each entry of dE/dz is held against."""

    def __init__(
        self,
        z,
        *,
        y=None,
        t=None,
        u=None,
        T=1.0,
        mask=None,
        smoothing=0.0,
        class_weights=None,
        sample_weights=None,
        ignore=None,
        reduction="none",
    ):
        N, K = len(z), len(z[0])
        masks = [None] * N if mask is None else np.broadcast_to(mask, (N, K)).tolist()
        w = [number(v) for v in (np.ones(N) if sample_weights is None else sample_weights)]
        with mpmath.workdps(DIGITS):
            c = [1.0] * K if class_weights is None else class_weights
            if ignore is not None:
                w = [mpmath.mpf(0) if tn == ignore else wn for tn, wn in zip(t, w, strict=True)]
            counted = w if t is None else [wn * number(c[tn]) if wn else wn for wn, tn in zip(w, t, strict=True)]
            self.norm = mpmath.fsum(counted) if reduction == "mean" else mpmath.mpf(1)
            self.losses, self.dz, self.m, self.hessians = [], [], [], []
            for n in range(N):
                h, rest, log_h = probabilities(z[n], T, masks[n])
                q = w[n] / (number(T) * self.norm)
                if u is not None:
                    un = [number(v) for v in u[n]]
                    spread = [[h[i] * h[k] * (un[i] - un[k]) for k in range(K)] for i in range(K)]
                    self.dz.append([q * mpmath.fsum(row) for row in spread])
                    self.m.append([q * mpmath.fsum([abs(v) for v in row]) for row in spread])
                    continue
                if w[n] == 0:
                    self.losses.append(mpmath.mpf(0))
                    self.dz.append([mpmath.mpf(0)] * K)
                    self.m.append([mpmath.mpf(0)] * K)
                    self.hessians.append([[mpmath.mpf(0)] * K for _ in range(K)])
                    continue
                yn = smoothed(one_hot(t[n], K) if y is None else y[n], smoothing, class_weights, masks[n])
                s = mpmath.fsum(yn)
                self.losses.append(
                    w[n] / self.norm * mpmath.fsum([-v * lk for v, lk in zip(yn, log_h, strict=True) if v])
                )
                others = [mpmath.fsum([v for k, v in enumerate(yn) if k != i]) for i in range(K)]
                self.dz.append([q * (others[i] * h[i] - yn[i] * rest[i]) for i in range(K)])
                self.m.append([q * (others[i] * h[i] + yn[i] * rest[i]) for i in range(K)])
                self.hessians.append(
                    [
                        [q * s / number(T) * (h[i] * rest[i] if i == k else -h[i] * h[k]) for k in range(K)]
                        for i in range(K)
                    ]
                )
            self.loss = mpmath.fsum(self.losses) if reduction != "none" else self.losses
