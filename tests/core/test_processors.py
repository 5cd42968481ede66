"""The same bits on any processor: numpy and BLAS choose other instructions for other ones."""

import os
import subprocess
import sys

import numpy as np
import pytest

# Prints a hash of every result for a fixed set of problems: small and large, saturated, tied, cancelling, of any size.
RESULTS = """
import hashlib
import numpy as np
import softmax_cli as s

def spread(rng, low, high, shape):
    return np.ldexp(rng.integers(-2**53, 2**53, shape).astype(float), rng.integers(low, high, shape) - 53)

def problems():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        N, J, K = (int(rng.integers(1, n)) for n in (40, 90, 70))
        x, W = spread(rng, -2, 3, (N, J)), spread(rng, -3, [1, 5, 9][seed % 3], (J, K))
        yield rng, x, W, spread(rng, -3, 3, K) if seed % 2 else None
        yield rng, rng.integers(-2, 3, (N, J)).astype(float), rng.integers(-1, 2, (J, K)).astype(float), None
        yield rng, spread(rng, -500, 900, (N, J)), np.zeros((J, K)), spread(rng, 0, 10, K)

def results(rng, x, W, b):
    N, K = len(x), W.shape[1]
    t, u = rng.integers(0, K, N), rng.integers(-2, 3, (N, K)) * (1.0 if N % 2 else rng.standard_normal((N, 1)))
    V = rng.integers(-1, 2, W.shape) * 0.1
    yield from s.forward(x, W, b)
    yield from s.forward(x[0], W, b)
    yield s.softmax_jacobian(x[:5], W, b)
    yield s.layer_jacobian(x[0, :9], W[:9], b)
    yield s.layer_jacobian(x[0, :2], W[:2, :3], None)
    for reduction in ("mean", "sum", "none"):
        yield s.weight_gradient(x, W, b, target=t, reduction=reduction)
        yield s.weight_gradient(x, W, b, upstream=u, reduction=reduction)
        yield s.cross_entropy(x, W, b, target=t, reduction=reduction)
    yield s.vjp(x[0], W, u[0], b)
    yield s.jvp(x, W, V, b)
    yield s.forward(x, W, b, temperature=0.3, mask=[0] if K > 1 else None).h
    yield s.softmax_jacobian(x[0], W, b, log=True)
    yield s.layer_jacobian(x[:3], W, b, wrt="x")
    yield s.layer_jacobian(x[0], W, b, wrt="x", log=True, temperature=7.0)
    c, w = np.arange(1, K + 1) / K, np.minimum(np.abs(x[:, 0]), 9.0) + 1.0
    error = {"target": t, "label_smoothing": 0.1, "class_weights": c, "sample_weights": w}
    yield from (v for v in s.loss_gradient(x, W, b, **error, l2=0.1, wrt="zWbx") if v is not None)
    yield from (v for v in s.loss_gradient(x, W, b, upstream=u, wrt="zWbx") if v is not None)
    yield s.hessian(np.clip(x[:, :3], -9, 9), W[:3, :4], None, target=t % min(K, 4))

for problem in problems():
    print(*(hashlib.sha256(np.ascontiguousarray(r).tobytes()).hexdigest()[:16] for r in results(*problem)))
"""

FOUND = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
SETTINGS = {
    "no extension": {"NPY_DISABLE_CPU_FEATURES": " ".join(FOUND)},
    "not the last extension": {"NPY_DISABLE_CPU_FEATURES": " ".join(FOUND[-1:])},
    "not the last two": {"NPY_DISABLE_CPU_FEATURES": " ".join(FOUND[-2:])},
    "an old BLAS": {"OPENBLAS_CORETYPE": "Prescott"},
    "another BLAS": {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"},
}


def results(**variables):
    command = [sys.executable, "-W", "error", "-c", RESULTS]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 120
    return done.stdout


@pytest.fixture(scope="module")
def here():
    return results()


@pytest.mark.slow
@pytest.mark.parametrize("variables", SETTINGS.values(), ids=SETTINGS.keys())
def test_every_result_has_the_same_bits_whatever_the_processor_can_do(variables, here):
    assert results(**variables) == here
