"""The loss and its gradient over a data set have one result, whatever the blocks, threads, order and libraries."""

import hashlib
import math
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from softmax_cli import InputError, loss_gradient
from softmax_cli.core import cpus, dataset, layer


def scaled_badly(rng, x):
    return x * 2.0 ** rng.integers(-30, 30, x.shape[1])


def in_opposite_pairs(rng, x):
    x[len(x) // 2 :] = -x[: len(x) // 2]
    return x


KINDS = {
    "ordinary": lambda rng, x: x,
    "pixels": lambda rng, x: np.where(np.arange(x.shape[1]) % 3, np.rint(16 * rng.random(x.shape)), 0.0),
    "columns of all sizes": scaled_badly,
    "opposite pairs": in_opposite_pairs,
    "signs": lambda rng, x: np.sign(x),
}


def problem(kind, N, J, K, steps=1.0):
    rng = np.random.default_rng(7)
    x = KINDS[kind](rng, rng.standard_normal((N, J)))
    W = steps * rng.standard_normal((J, K)) / np.abs(x).max(axis=0, initial=1e-3)[:, None]
    return x, W, rng.standard_normal(K), rng.integers(0, K, N)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("J", "K", "steps"), [(3, 4, 1.0), (12, 8, 3.0), (9, 2, 0.0)])
def test_the_gradient_is_the_exact_sum_over_the_doubles_of_each_row(kind, J, K, steps):
    x, W, b, t = problem(kind, 60, J, K, steps)
    each = loss_gradient(x, W, b, target=t, reduction="sum", wrt=("z", "W", "b"))
    d = [[Fraction(v) for v in row] for row in each.dE_dz.tolist()]
    rows = [[Fraction(v) for v in row] for row in x.tolist()]
    for i in range(K):
        assert each.dE_db[i] == float(sum(row[i] for row in d))
        for j in range(J):
            assert each.dE_dW[j, i] == float(sum(a[j] * row[i] for a, row in zip(rows, d, strict=True)))
    alone = loss_gradient(x, W, b, target=t, reduction="none", wrt=())
    assert each.loss == math.fsum(alone.loss.tolist())


def test_the_mean_is_the_sum_over_the_norm():
    x, W, b, t = problem("ordinary", 60, 12, 8)
    total, mean = (loss_gradient(x, W, b, target=t, reduction=r, wrt=("W",)) for r in ("sum", "mean"))
    assert (total.dE_dW / 60 == mean.dE_dW).all()
    assert total.loss / 60 == mean.loss


@pytest.mark.parametrize("kind", ["ordinary", "opposite pairs"])
@pytest.mark.parametrize(("J", "K"), [(3, 4), (40, 10)])
def test_neither_blocks_nor_threads_nor_the_order_of_rows_show(kind, J, K, monkeypatch):
    x, W, b, t = problem(kind, 500, J, K)

    def bits(rows=slice(None)):
        found = loss_gradient(x[rows], W, b, target=t[rows])
        return [np.asarray(part).tobytes() for part in (found.loss, found.dE_dW, found.dE_db)]

    truth = bits()
    assert bits(np.random.default_rng(0).permutation(500)) == truth
    assert bits(slice(None, None, -1)) == truth
    for rows, some, part_bytes, cores, several in (
        (7, 1 << 16, 1000, 4, 1),
        (7, 1, 1 << 23, 1, 1),  # one block at a time, whose slices serve both products
        (64, 1 << 16, 1 << 23, 2, 1),
        (1, 1, 300, 1, 1 << 40),
    ):
        monkeypatch.setattr(layer, "block_rows", lambda weights, rows=rows: rows)
        monkeypatch.setattr(layer, "SOME", some)
        monkeypatch.setattr(dataset, "ROWS_BYTES", part_bytes)
        monkeypatch.setattr(dataset, "LEAST_BYTES", 8)
        monkeypatch.setattr(cpus, "count", lambda cores=cores: cores)
        monkeypatch.setattr("softmax_cli.core.loss_gradient.SEVERAL", several)
        assert bits() == truth


@pytest.mark.parametrize("kind", ["ordinary", "opposite pairs"])
def test_the_second_pass_gives_what_the_first_is_sure_of(kind, monkeypatch):
    x, W, b, t = problem(kind, 100, 9, 8)
    first = loss_gradient(x, W, b, target=t)
    monkeypatch.setattr(
        "softmax_cli.core.exact_sums.ExactSum.rounded", lambda total: (total.parts[0], np.zeros(total.left.shape, bool))
    )
    second = loss_gradient(x, W, b, target=t)
    for a, c in zip(first[:1] + first[2:4], second[:1] + second[2:4], strict=True):
        assert a.tobytes() == c.tobytes()


def test_a_column_of_zeros_needs_no_second_pass(monkeypatch):
    x, W, b, t = problem("pixels", 100, 9, 8)

    def refuse(*_):
        raise AssertionError("asked for a second pass")

    monkeypatch.setattr("softmax_cli.core.loss_gradient.whole_sums", refuse)
    found = loss_gradient(x, W, b, target=t)
    assert (found.dE_dW[::3] == 0.0).all()
    assert (found.dE_dW[1::3] != 0.0).all()


def test_the_first_row_that_is_wrong_is_named_whichever_core_finds_one(monkeypatch):
    monkeypatch.setattr(dataset, "LEAST_BYTES", 800)
    monkeypatch.setattr("softmax_cli.core.loss_gradient.SEVERAL", 1)
    monkeypatch.setattr(cpus, "count", lambda: 4)
    x, W, b, t = problem("ordinary", 500, 10, 8)
    x[321, 4] = x[477, 1] = np.nan
    with pytest.raises(InputError) as caught:
        loss_gradient(x, W, b, target=t)
    assert str(caught.value) == "x[321,4] is nan, where a finite number is expected"


PROGRAM = """
import hashlib, sys
import numpy as np
from softmax_cli import forward, layer_jacobian, loss_gradient, vjp

digest = hashlib.sha256()
rng = np.random.default_rng(2)
for N, J, K in ((3000, 64, 10), (700, 300, 20), (2000, 5, 4), (300, 100, 120), (2, 3000, 100)):
    x, W, b, t = rng.standard_normal((N, J)), rng.standard_normal((J, K)), rng.standard_normal(K), rng.integers(0, K, N)
    x[: N // 2] *= 2.0 ** rng.integers(-20, 20, (N // 2, 1))
    results = [*forward(x, W, b), *forward(x[0], W, b), vjp(x[:2], W, rng.standard_normal((2, K)), b)]
    for part in (loss_gradient(x, W, b, target=t), loss_gradient(x, W, b, upstream=rng.standard_normal((N, K)))):
        results += [value for value in part if value is not None]
    for value in results:
        digest.update(np.ascontiguousarray(value).tobytes())
print(digest.hexdigest())
"""
SETTINGS = [
    {},
    {"OPENBLAS_NUM_THREADS": "1"},
    {"OPENBLAS_NUM_THREADS": "2"},
    {"OPENBLAS_CORETYPE": "Haswell"},
    {"OPENBLAS_CORETYPE": "Sandybridge"},
    {"OPENBLAS_CORETYPE": "Nehalem"},
    {"OPENBLAS_CORETYPE": "Prescott"},
    {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"},
    {"threads": "1"},
    {"threads": "2"},
    {"threads": "4"},
]


def run(setting):
    variables = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    variables |= {name: value for name, value in setting.items() if name != "threads"}
    count = setting.get("threads")
    start = f"from softmax_cli.core import cpus; cpus.count = lambda: {count}\n" if count else ""
    done = subprocess.run([sys.executable, "-c", start + PROGRAM], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_neither_threads_nor_the_processor_nor_blas_show():
    hashes = {str(setting): run(setting) for setting in SETTINGS}
    assert len(next(iter(hashes.values())).strip()) == hashlib.sha256().digest_size * 2
    assert set(hashes.values()) == {hashes["{}"]}, hashes


# VmHWM, not ru_maxrss: the latter counts what the parent held when it started the child.
MEMORY = """
import re, sys
import numpy as np
from softmax_cli import loss_gradient

x = np.load(sys.argv[1], mmap_mode="r")
t = np.arange(len(x)) % 10
found = loss_gradient(x, np.ones((64, 10)), np.zeros(10), target=t, sample_weights=np.ones(len(x)))
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
print(peak, found.dE_dW.tobytes() == bytes(64 * 10 * 8))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts the memory of a process as Linux does")
def test_a_mapped_file_of_a_gigabyte_is_never_in_memory_as_a_whole(tmp_path):
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (2_000_000, 64))
    x[::1000] = 1e-300  # a file with holes, whose pages are read all the same
    x[::1000] = 0.0
    del x
    run = [sys.executable, "-c", MEMORY, str(tmp_path / "x.npy")]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    kilobytes, right = done.stdout.split()
    assert right == "True"
    assert int(kilobytes) < 250_000
