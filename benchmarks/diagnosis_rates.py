"""How often check names a mistake rightly, wrongly, or not at all.

python benchmarks/diagnosis_rates.py [COUNT]
Of COUNT (10000) random wrong matrices, as many right ones with noise of their precision, and every mistake of
tests/checking/mistaken.py.
"""

import sys
import time
from pathlib import Path

import numpy as np

from softmax_cli import compare

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "checking"))
import mistaken

SHAPES = [(1, 2), (2, 2), (3, 2), (1, 5), (3, 5), (4, 4), (6, 3)]
KEYS = ["h", "dS_dZ", "dL_dW", "dL_dx", "dE_dz", "dE_dW", "dE_db", "dE_dx"]


def problems(count):
    """Layers, one in four of many inputs, each with the right result of one kind."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        J, K = SHAPES[seed % len(SHAPES)]
        key = KEYS[seed // len(SHAPES) % len(KEYS)]
        x = rng.normal(size=(5, J) if seed % 4 == 0 else J)
        W, b = rng.normal(size=(J, K)), rng.normal(size=K)
        t = rng.integers(0, K, 5) if x.ndim == 2 else int(rng.integers(K))
        given = {"of": key, **({"target": t} if key.startswith("dE") else {})}
        yield rng, x, W, b, given, right(x, W, b, t, key)


def right(x, W, b, t, key):
    X, T = np.atleast_2d(x), np.atleast_1d(t)
    h = mistaken.softmax(X @ W + b)
    D = np.array([np.diag(p) - np.outer(p, p) for p in h])
    d = (h - np.eye(len(b))[T]) / len(X)
    found = {
        "h": h, "dS_dZ": D, "dL_dW": np.array([np.kron(A, v) for A, v in zip(D, X, strict=True)]), "dL_dx": D @ W.T,
        "dE_dz": d, "dE_dW": (X.T @ d)[None], "dE_db": d.sum(0)[None], "dE_dx": d @ W.T,
    }[key]  # fmt: skip
    return found if x.ndim == 2 and key not in ("dE_dW", "dE_db") else found[0]


def random_ones(count):
    """How many random matrices, of the size of the right one, are given a diagnosis, and how many a place."""
    named, placed = [], []
    for rng, x, W, b, given, A in problems(count):
        report = compare(rng.normal(size=A.shape) * np.abs(A).max(), x, W, b, **given)
        named += [(given["of"], A.shape, report.diagnosis)] if report.diagnosis else []
        placed += [(given["of"], A.shape, report.where)] if report.where else []
    return named, placed


def right_ones(count):
    """How many right matrices with noise of their precision differ, or are given a diagnosis."""
    wrong = []
    for number, (rng, x, W, b, given, A) in enumerate(problems(count)):
        kind, unit = [(np.float64, 2.0**-52), (np.float32, 2.0**-23), (np.float16, 2.0**-11)][number % 3]
        report = compare((A * (1 + unit * rng.uniform(-1, 1, A.shape))).astype(kind), x, W, b, **given)
        wrong += [] if report else [(given["of"], A.shape, kind.__name__, report.diagnosis)]
    return wrong


def mistakes():
    """Of every mistake in every result that it spoils: rightly named, wrongly named, silent."""
    counts = {"named": 0, "wrongly named": 0, "silent": 0}
    for shape in [(9, 6, 4), (8, 5, 5), (12, 3, 6)]:
        for seed in range(3):
            for name, make, options in mistaken.MISTAKES:
                step = mistaken.Step(*shape, seed=seed)
                for key, theirs in step.of(make(step)).items():
                    report = compare(theirs, step.x, step.W, step.b, of=key, **{"target": step.t, **options(step)})
                    said = [report.diagnosis, *(other.diagnosis for other in report.others)]
                    if not report:
                        counts["named" if name in said else "wrongly named" if said[0] else "silent"] += 1
    return counts


if __name__ == "__main__":
    count, begun = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, time.perf_counter()
    wrong = right_ones(count)
    print(f"of {count} right ones with noise of their precision, {len(wrong)} are not passed: {wrong[:5]}", flush=True)
    print(f"of the mistakes, alone: {mistakes()}", flush=True)
    named, placed = random_ones(count)
    print(f"of {count} random ones, {len(named)} are given a mistake: {named[:10]}")
    print(f"and {len(placed)} a place: {placed[:5]}; in {time.perf_counter() - begun:.0f} s")
