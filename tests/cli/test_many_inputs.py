"""Batches, data sets and JSON Lines in bounded memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import exact
import numpy as np
import pytest
from peak import peak_of

from softmax_cli import InputError, forward, layer_jacobian, linear_jacobian, weight_gradient
from softmax_cli.core.jacobian import LAYOUTS
from softmax_cli.reading.problem import Problem
from softmax_cli.writing.jacobian_result import Asked, batch_and_dense

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_the_bar_holds_for_every_row_of_a_batch(scale):
    rows = [exact.problem(seed, 6, 4, scale) for seed in range(5)]
    _, W, b = rows[0]
    x = np.stack([row[0] for row in rows])
    h, jacobians = forward(x, W, b).h, layer_jacobian(x, W, b)
    for n in range(5):
        assert exact.worst(h[n], exact.forward(x[n], W, b)[1]) <= exact.BAR
        assert exact.worst(jacobians[n], exact.jacobian(x[n], W, b)) <= exact.BAR


def test_the_gradient_of_a_data_set_is_that_of_one_matrix_product():
    rng = np.random.default_rng(0)
    x, W, t = (
        rng.integers(0, 17, (1797, 64)).astype(float),
        rng.standard_normal((64, 10)) / 8,
        rng.integers(0, 10, 1797),
    )
    z = x @ W
    e = np.exp(z - z.max(axis=1, keepdims=True))
    d = e / e.sum(axis=1, keepdims=True)
    d[np.arange(1797), t] -= 1.0
    np.testing.assert_allclose(weight_gradient(x, W, target=t), x.T @ d / 1797, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_a_data_set_larger_than_the_memory_it_may_take(tmp_path):
    N, J = 600_000, 64
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (N, J))
    rng = np.random.default_rng(0)
    for a in range(0, N, 100_000):
        x[a : a + 100_000] = rng.standard_normal((100_000, J))
    x.flush()
    np.save(tmp_path / "t.npy", np.arange(N) % 2)
    np.save(tmp_path / "W.npy", np.ones((J, 2)))
    files = [str(tmp_path / name) for name in ("x.npy", "W.npy", "t.npy")]
    assert (tmp_path / "x.npy").stat().st_size > 300_000_000
    command = ["loss-grad", "-x", files[0], "-W", files[1], "--target", files[2]]
    assert peak_of(*command) < 150_000_000
    assert peak_of(*command, "--json") < 200_000_000


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["-o", "/dev/null", "--format", "npy"]], ids=["table", "npy"])
def test_the_jacobians_of_a_batch_are_not_held_at_once(tmp_path, more):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).standard_normal((60_000, 64)))
    np.save(tmp_path / "W.npy", np.ones((64, 4)))
    size = 60_000 * 4 * 4 * 64 * 8
    files = [str(tmp_path / name) for name in ("x.npy", "W.npy")]
    assert size > 490_000_000
    assert peak_of("layer-grad", "-x", files[0], "-W", files[1], *more) < 200_000_000


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("quantity", ["dS_dZ", "dZ_dW", "dL_dW", "dL_db", "dL_dx"])
def test_a_batch_made_in_parts_is_the_batch_made_whole(monkeypatch, quantity, layout):
    monkeypatch.setattr("softmax_cli.core.batch.PART", 30)
    rng = np.random.default_rng(0)
    problem = Problem(rng.standard_normal((7, 3)), rng.standard_normal((3, 4)))
    batch, _ = batch_and_dense(problem, Asked(quantity, outputs=[2, 0]))
    whole = batch.make(slice(None)).dense(layout)
    assert batch.shape(layout) == whole.shape
    assert np.concatenate([b.copy() for b in batch.blocks(layout)]).reshape(whole.shape).tolist() == whole.tolist()


def test_a_number_that_is_not_finite_in_a_batch_left_in_its_file_is_refused(tmp_path):
    x = np.ones((50, 2))
    x[33, 1] = np.nan
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    with pytest.raises(InputError) as caught:
        linear_jacobian(mapped, np.ones((2, 3)))
    assert str(caught.value) == "x[33,1] is nan, where a finite number is expected"


def test_many_lines_take_little_memory_and_lose_none(tmp_path):
    with open(tmp_path / "in", "w") as lines:
        lines.writelines(f'{{"id": {n}, "x": [{n}.5, 2, 3, 4]}}\n' for n in range(60_000))
    with open(tmp_path / "in") as lines, open(tmp_path / "out", "w") as out:
        assert (
            peak_of("forward", "-", "--jsonl", "-W", "1,2,3;0,0,1;0,1,0;0,0,0", stdin=lines, stdout=out) < 150_000_000
        )
    with open(tmp_path / "out") as out:
        assert [json.loads(line)["id"] for line in out] == list(range(60_000))


def test_one_row_is_a_batch_where_x_rows_says_so():
    run = [sys.executable, "-m", "softmax_cli", "forward", "-x", "1,2", "-W", "1,2;3,4", "--json"]
    shapes = [
        np.shape(json.loads(subprocess.run([*run, *more], capture_output=True, cwd=ROOT, check=True).stdout)["h"])
        for more in ([], ["--x-rows"])
    ]
    assert shapes == [(2,), (1, 2)]


@pytest.mark.parametrize(
    "more", [[], ["--json", "-o", "out.json"], ["--reduction", "none", "--wrt", "W", "-o", "out.npy"]]
)
def test_a_data_set_that_is_cut_short_while_it_is_read_ends_in_one_line_and_leaves_nothing(tmp_path, more):
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (1_200_000, 8))
    del x
    os.mkfifo(tmp_path / "W.csv")
    command = ["loss-grad", "-x", "x.npy", "-W", "W.csv", "--target", "t.npy", *more]
    np.save(tmp_path / "t.npy", np.zeros(1_200_000, dtype=np.int64))
    process = subprocess.Popen(
        [sys.executable, "-m", "softmax_cli", *command], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with open(tmp_path / "W.csv", "w") as fifo:  # x has been looked at when W is opened
        os.truncate(tmp_path / "x.npy", 30_000_000)
        fifo.write("1,2\n" * 8)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (2, "", "softmax-jac: error: x.npy was cut short while it was read\n")
    assert sorted(os.listdir(tmp_path)) == ["W.csv", "t.npy", "x.npy"]
