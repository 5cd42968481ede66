"""The mistakes of the gradient of an error, each made in plain NumPy by a definition of its own."""

import numpy as np


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


class Step:
    """A training step of N inputs, which has every class, not in order; T and all options are as people have them."""

    def __init__(self, N=9, J=6, K=4, seed=0):
        rng = np.random.default_rng([seed, N, J, K])
        self.N, self.J, self.K = N, J, K
        self.x, self.W, self.b = rng.normal(size=(N, J)), rng.normal(size=(J, K)), rng.normal(size=K)
        self.t = np.append(np.arange(K)[::-1], rng.integers(0, K, max(N - K, 0)))[:N]
        self.y = np.eye(K)[self.t]
        self.z = self.x @ self.W + self.b
        self.h = softmax(self.z)
        self.T, self.smooth, self.l2 = 2.5, 0.1, 0.3
        self.c = np.linspace(0.5, 2.25, K)  # class weights
        self.w = np.linspace(0.25, 3.0, N)  # sample weights
        self.ignored = np.arange(N) == 3  # and the target of that row

    def of(self, d, mean=True):
        """All that follows from dE/dz of each input."""
        d = d / self.N if mean else d
        return {"dE_dW": self.x.T @ d, "dE_db": d.sum(0), "dE_dx": d @ self.W.T, "dE_dz": d}

    def through(self, u):
        """dE/dz of u = dE/dh."""
        return self.h * (u - (u * self.h).sum(1, keepdims=True))

    def target(self, kind):
        return np.where(self.ignored, -100, self.t) if kind == "ignore" else self.t


def with_options(**options):
    return lambda s: {k: v(s) if callable(v) else v for k, v in options.items()}


NONE = with_options()
WARM = with_options(temperature=lambda s: s.T)
SMOOTH = with_options(label_smoothing=lambda s: s.smooth)
CLASSES = with_options(class_weights=lambda s: s.c)
SAMPLES = with_options(sample_weights=lambda s: s.w)
IGNORE = with_options(ignore=-100, target=lambda s: s.target("ignore"))


def warm(s):
    return softmax(s.z / s.T) - s.y


def rows(s):
    d = s.h.copy()
    d[s.t] -= 1
    return d


def ignored(s):
    return np.where(s.ignored[:, None], s.h, s.h - s.y)


def weighted(s):
    return s.c[s.t][:, None] * (s.h - s.y)


# A name, dE/dz of each input as the mistake has it (of which the mean is taken), and the options of what is right.
MISTAKES = [
    ("sigmoid", lambda s: 1 / (1 + np.exp(-s.z)) - s.y, NONE),
    ("softmax-twice", lambda s: softmax(s.h) - s.y, NONE),
    ("softmax-twice", lambda s: s.through(softmax(s.h) - s.y), NONE),
    ("wrong-axis", lambda s: softmax(s.z, axis=0) - s.y, NONE),
    ("wrong-axis", lambda s: np.exp(s.z) / np.exp(s.z).sum() - s.y, NONE),
    ("missing-bias", lambda s: softmax(s.x @ s.W) - s.y, NONE),
    ("missing-diagonal", lambda s: s.h, NONE),
    ("missing-diagonal", lambda s: s.h - 1, NONE),
    ("diagonal-only", lambda s: -s.y * (1 - s.h), NONE),
    ("missing-outer-product", lambda s: -s.y, NONE),
    ("sign-flipped", lambda s: s.h + s.y - 2 * s.y * s.h, NONE),
    ("log-softmax", lambda s: -s.y / s.h + (s.y / s.h).sum(1, keepdims=True) * s.h, NONE),
    ("missing-softmax", lambda s: -s.y / s.h, NONE),
    ("squared-error", lambda s: s.through(s.h - s.y), NONE),
    ("squared-error", lambda s: 2 * s.through(s.h - s.y), NONE),
    ("squared-error", lambda s: 2 / s.K * s.through(s.h - s.y), NONE),
    ("targets-off-by-one", lambda s: s.h - np.eye(s.K)[(s.t + 1) % s.K], NONE),
    ("targets-off-by-one", lambda s: s.h - np.eye(s.K)[s.t - 1], NONE),
    ("targets-out-of-order", lambda s: s.h - s.y[::-1], NONE),
    ("targets-out-of-order", lambda s: s.h - np.roll(s.y, 1, axis=0), NONE),
    ("targets-out-of-order", lambda s: s.h - np.eye(s.K)[np.sort(s.t)], NONE),
    ("targets-as-numbers", lambda s: s.h - s.t[:, None], NONE),
    ("targets-as-rows", rows, NONE),
    ("outputs-exchanged", lambda s: (s.h - s.y)[:, ::-1], NONE),
    ("one-input-alone", lambda s: (s.h - s.y) * (np.arange(s.N) == s.N - 1)[:, None] * s.N, NONE),
    ("missing-temperature", lambda s: s.h - s.y, WARM),
    ("temperature-factor", warm, WARM),
    ("temperature-factor", lambda s: warm(s) / s.T**2, WARM),
    ("temperature-multiplied", lambda s: s.T * (softmax(s.z * s.T) - s.y), WARM),
    ("other-temperature", lambda s: warm(s) / s.T, NONE),
    ("other-temperature", warm, NONE),
    ("missing-label-smoothing", lambda s: s.h - s.y, SMOOTH),
    ("label-smoothing", lambda s: s.h - (1 - s.smooth) * s.y - s.smooth / s.K, NONE),
    ("smoothed-over-others", lambda s: s.h - (1 - s.smooth) * s.y - s.smooth / (s.K - 1) * (1 - s.y), SMOOTH),
    ("missing-class-weights", lambda s: s.h - s.y, CLASSES),
    ("class-weights", weighted, NONE),
    ("weights-not-in-mean", weighted, CLASSES),
    ("missing-sample-weights", lambda s: s.h - s.y, SAMPLES),
    ("weights-not-in-mean", lambda s: s.w[:, None] * (s.h - s.y), SAMPLES),
    ("ignored-counted", ignored, IGNORE),
    ("ignored-counted", lambda s: ignored(s) * s.N / (s.N - 1), IGNORE),
    ("ignored-counted", lambda s: (s.h - s.y) * ~s.ignored[:, None], IGNORE),
]  # fmt: skip
RESULTS = ["dE_dW", "dE_db", "dE_dx", "dE_dz"]

DECAYED = with_options(l2=lambda s: s.l2)


def decay(times):
    return lambda s: s.x.T @ (s.h - s.y) / s.N + times * s.l2 * s.W


# A name, the one result that it spoils, what it makes of that, the options of what is right, and whether W is square.
OF_ONE_RESULT = [
    ("missing-l2", "dE_dW", decay(0), DECAYED, None),
    ("l2-term", "dE_dW", decay(2), DECAYED, None),
    ("l2-term", "dE_dW", decay(1), NONE, None),
    ("l2-on-bias", "dE_db", lambda s: (s.h - s.y).mean(0) + s.l2 * s.b, DECAYED, None),
    ("reshaped", "dE_dW", lambda s: (s.x.T @ (s.h - s.y) / s.N).T.reshape(s.J, s.K), NONE, False),
    ("missing-input", "dE_dW", lambda s: np.ones((s.J, s.N)) @ (s.h - s.y) / s.N, NONE, None),
    ("one-sample", "dE_dW", lambda s: s.x[1:].T @ (s.h - s.y)[1:] / s.N, NONE, None),
    ("clipped", "dE_dW", lambda s: np.clip(decay(0)(s), -0.5 * abs(decay(0)(s)).max(), 9), NONE, None),
    ("transposed-backward", "dE_dx", lambda s: (s.h - s.y) / s.N @ s.W, NONE, True),
    ("missing-weights", "dE_dx", lambda s: (s.h - s.y) / s.N, NONE, True),
]  # fmt: skip
