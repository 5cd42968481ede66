"""Many inputs: JSON Lines, and the gradient of a data set."""

import json
import random
import subprocess

import numpy as np
import pytest

from softmax_cli import weight_gradient

LINES = 60_000


def bench_json_lines(benchmark, tmp_path, command):
    random.seed(0)
    text = "".join(json.dumps({"id": n, "x": [random.gauss(0, 1) for _ in range(4)]}) + "\n" for n in range(LINES))
    (tmp_path / "in.jsonl").write_text(text)
    run = [*command, "forward", "-", "--jsonl", "-W", "1,2,3;4,5,6;7,8,9;1,0,1"]
    benchmark.group, benchmark.name = f"{LINES} lines through forward --jsonl, J = 4, K = 3", "softmax-jac"

    def once():
        with open(tmp_path / "in.jsonl") as lines:
            subprocess.run(run, check=True, stdin=lines, stdout=subprocess.DEVNULL)

    benchmark.pedantic(once, rounds=7)


def digits():
    data = pytest.importorskip("sklearn.datasets").load_digits()
    rng = np.random.default_rng(0)
    return data.data, rng.standard_normal((64, 10)) / 8, data.target


def bench_digits(benchmark):
    x, W, t = digits()
    benchmark.group, benchmark.name = "loss-grad of 1797 digits, 64 × 10", "ours"
    benchmark(lambda: weight_gradient(x, W, target=t))


def bench_digits_autograd(benchmark):
    autograd, anp = pytest.importorskip("autograd"), pytest.importorskip("autograd.numpy")
    x, W, t = digits()

    def loss(W):
        z = anp.dot(x, W)
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[anp.arange(len(t)), t])

    gradient = autograd.grad(loss)
    assert np.abs(gradient(W) - weight_gradient(x, W, target=t)).max() < 1e-12
    benchmark.group, benchmark.name = "loss-grad of 1797 digits, 64 × 10", "autograd"
    benchmark(lambda: gradient(W))
