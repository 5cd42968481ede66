"""The layer, the loss and its gradient over many inputs, against what one would use instead, in float64.

Ours uses all cores. Ordinary numpy is measured with one thread of BLAS, in blocks that stay in the cache, and with all.
"""

import os

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from softmax_cli import forward, loss_gradient
from softmax_cli.core import cpus

SIZES = [(1797, 64, 10), (400_000, 64, 10), (40_000, 784, 10), (2_000, 512, 1000)]  # N, J, K
BLOCK = 1024  # inputs


def data_set(N, J, K):
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, J)), rng.standard_normal((J, K)) / np.sqrt(J), rng.integers(0, K, N)


def ours(x, W, t):
    return lambda: forward(x, W), lambda: loss_gradient(x, W, target=t, wrt=["W"])


def ours_on_one_core(x, W, t):
    def alone(run):
        def once():
            count, cpus.count = cpus.count, lambda: 1
            try:
                return run()
            finally:
                cpus.count = count

        return once

    return tuple(map(alone, ours(x, W, t)))


def plain(x, W, t):
    """Ordinary numpy, one thread, in blocks."""
    starts = range(0, len(x), BLOCK)

    def run_forward():
        return np.concatenate([softmax(x[a : a + BLOCK] @ W) for a in starts])

    def gradient():
        total, loss = np.zeros(W.shape), 0.0
        for a in starts:
            rows, targets = x[a : a + BLOCK], t[a : a + BLOCK]
            h = softmax(rows @ W)
            at = np.arange(len(rows)), targets
            loss -= np.log(h[at]).sum()
            h[at] -= 1.0
            total += rows.T @ h
        return total / len(x), loss / len(x)

    def limited(run):
        def once():
            with threadpool_limits(1):
                return run()

        return once

    return limited(run_forward), limited(gradient)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    e /= e.sum(axis=1, keepdims=True)
    return e


def numpy_all_threads(x, W, t):
    def gradient():
        h = softmax(x @ W)
        at = np.arange(len(x)), t
        loss = -np.log(h[at]).mean()
        h[at] -= 1.0
        return x.T @ h / len(x), loss

    return lambda: softmax(x @ W), gradient


def torch(x, W, t):
    torch = pytest.importorskip("torch")
    x, W, t = torch.from_numpy(x), torch.from_numpy(W).requires_grad_(), torch.from_numpy(t)

    def gradient():
        W.grad = None
        torch.nn.functional.cross_entropy(x @ W, t).backward()
        return W.grad

    return lambda: torch.softmax(x @ W.detach(), 1), gradient


def jax(x, W, t):
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    x, W, rows = jax.numpy.asarray(x), jax.numpy.asarray(W), jax.numpy.arange(len(x))
    f = jax.jit(lambda W: jax.nn.softmax(x @ W))
    g = jax.jit(jax.value_and_grad(lambda W: -jax.nn.log_softmax(x @ W)[rows, t].mean()))
    return lambda: f(W).block_until_ready(), lambda: g(W)[1].block_until_ready()


WAYS = [plain, numpy_all_threads, ours, ours_on_one_core, torch, jax]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("N", "J", "K"), SIZES)
@pytest.mark.parametrize("what", ["forward", "loss and gradient"])
def bench_data_set(benchmark, what, N, J, K, way):
    benchmark.group, benchmark.name = f"{what}, {N} × {J} × {K}", way.__name__
    run = way(*data_set(N, J, K))[what != "forward"]
    benchmark.pedantic(run, rounds=7, warmup_rounds=1)


@pytest.fixture(scope="module")
def two_gigabytes(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "x.npy"
    x = np.lib.format.open_memmap(path, "w+", np.float64, (4_000_000, 64))
    rng = np.random.default_rng(0)
    for a in range(0, len(x), 100_000):
        x[a : a + 100_000] = rng.standard_normal((100_000, 64))
    del x
    return path, rng.standard_normal((64, 10)) / 8, rng.integers(0, 10, 4_000_000)


def bench_two_gigabytes(benchmark, two_gigabytes):
    path, W, t = two_gigabytes
    benchmark.group, benchmark.name = "loss and gradient of 2 GB of npy", "ours"
    benchmark.pedantic(lambda: loss_gradient(np.load(path, mmap_mode="r"), W, target=t, wrt=["W"]), rounds=3)


def bench_two_gigabytes_in_torch(benchmark, two_gigabytes):
    """The same file mapped, in batches of 100,000 inputs."""
    torch = pytest.importorskip("torch")
    path, W, t = two_gigabytes
    W, t = torch.from_numpy(W).requires_grad_(), torch.from_numpy(t)

    def run():
        x = torch.from_numpy(np.load(path, mmap_mode="c"))
        W.grad = None
        for a in range(0, len(x), 100_000):
            some = slice(a, a + 100_000)
            torch.nn.functional.cross_entropy(x[some] @ W, t[some], reduction="sum").backward()

    benchmark.group, benchmark.name = "loss and gradient of 2 GB of npy", "plain: torch"
    benchmark.pedantic(run, rounds=3)
