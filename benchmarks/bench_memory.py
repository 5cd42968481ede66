"""dL/dW in memory, against filling the same array and against what one would use instead."""

import importlib
import os

import numpy as np
import pytest
from conftest import use_memory_again

from softmax_cli import layer_jacobian

SIZES = [(5, 3), (64, 10), (100, 113), (200, 140), (256, 180), (1000, 300)]  # J, K
SMALL, MIDDLE = 10_000, 10_000_000  # entries


def ours(x, W):
    return lambda: layer_jacobian(x, W)


def fill(x, W):
    """The floor: an array of that shape, every entry the same constant."""
    K, shape = W.shape[1], (W.shape[1], W.size)
    return lambda: np.full(shape, 1.5) if K else None


def kron(x, W):
    def run():
        e = np.exp(x @ W)
        h = e / e.sum()
        return np.kron(np.diag(h) - np.outer(h, h), x)

    return run


def loops(x, W):
    """The shortcut as it is first written: three loops."""

    def run():
        e = np.exp(x @ W)
        h = e / e.sum()
        J, K = W.shape
        D = np.empty((K, K * J))
        for t in range(K):
            for i in range(K):
                for j in range(J):
                    D[t, i * J + j] = h[t] * ((i == t) - h[i]) * x[j]
        return D

    return run


def jax_jacrev(x, W):
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    f = jax.jit(jax.jacrev(lambda W: jax.nn.softmax(jax.numpy.asarray(x) @ W)))
    W = jax.numpy.asarray(W)
    return lambda: f(W).block_until_ready()


def torch_jacrev(x, W):
    torch = pytest.importorskip("torch")
    x, W = torch.from_numpy(x), torch.from_numpy(W)
    f = torch.func.jacrev(lambda W: torch.softmax(x @ W, 0))
    return lambda: f(W)


def autograd_jacobian(x, W):
    autograd, anp = pytest.importorskip("autograd"), importlib.import_module("autograd.numpy")

    def softmax(W):
        e = anp.exp(anp.dot(x, W))
        return e / anp.sum(e)

    f = autograd.jacobian(softmax)
    return lambda: f(W)


LIMITS = {loops: SMALL, autograd_jacobian: MIDDLE}
WAYS = [fill, ours, kron, loops, jax_jacrev, torch_jacrev, autograd_jacobian]
CASES = [(J, K, way) for J, K in SIZES for way in WAYS if LIMITS.get(way, np.inf) >= J * K * K]


def measure(benchmark, run, size):
    if size < 1_000_000:
        benchmark(run)
    else:
        benchmark.pedantic(run, rounds=max(15, 3_000_000_000 // size), warmup_rounds=2)


@pytest.mark.parametrize(("J", "K", "way"), CASES, ids=[f"{J}x{K}-{way.__name__}" for J, K, way in CASES])
def bench_full_jacobian(benchmark, layer, J, K, way):
    """In memory that is new from the system, from 8 MB up."""
    size = 8 * J * K * K
    benchmark.group = f"dL/dW in memory, J = {J}, K = {K} ({size / 1e6:.3g} MB)"
    benchmark.name = way.__name__
    measure(benchmark, way(*layer(J, K)), size)


@pytest.mark.parametrize("way", [fill, ours, kron, jax_jacrev, torch_jacrev, autograd_jacobian])
@pytest.mark.parametrize(("J", "K"), [(100, 113), (200, 140)])
def bench_full_jacobian_in_used_memory(benchmark, layer, J, K, way):
    """In memory that the process had before, as for results that are dropped at once, in a loop."""
    use_memory_again(below=1 << 25)  # no more can be asked of glibc
    size = 8 * J * K * K
    benchmark.group = f"dL/dW in memory used again, J = {J}, K = {K} ({size / 1e6:.3g} MB)"
    benchmark.name = way.__name__
    try:
        measure(benchmark, way(*layer(J, K)), size)
    finally:
        use_memory_again(below=1 << 23)


@pytest.mark.parametrize(("J", "K"), [(784, 10), (4096, 1000)])
def bench_forward(benchmark, layer, J, K):
    from softmax_cli import forward

    benchmark.group = f"forward, J = {J}, K = {K}"
    benchmark.name = "ours"
    benchmark(forward, *layer(J, K))


@pytest.mark.parametrize(("J", "K"), [(784, 10), (4096, 1000)])
def bench_plain_forward(benchmark, layer, J, K):
    benchmark.group = f"forward, J = {J}, K = {K}"
    benchmark.name = "plain, one dot product"
    x, W = layer(J, K)
    benchmark(lambda: np.exp(x @ W) / np.exp(x @ W).sum())
