"""The gradient of a data set in shards on any map: the bits of all inputs at once."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from softmax_cli import InputError, loss_gradient, shards_gradient

N, J, K = 400, 3, 4
OPTIONS = {"l2": 0.5, "label_smoothing": 0.1, "class_weights": [1.0, 2.0, 0.5, 1.0], "temperature": 2.0, "mask": [3]}
W = np.random.default_rng(6).standard_normal((J, K))


def backwards(function, items):
    """The last first, as a map may work, though what it gives is in order."""
    return list(reversed([function(item) for item in reversed(list(items))]))


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(5)
    x, t, w = rng.standard_normal((N, J)), rng.integers(0, 3, N), rng.random(N)
    x[N // 2 :] = -x[: N // 2] * (1 + 2.0**-45)
    for n, rows in enumerate(np.split(np.arange(N), [1, 90, 91, 300])):
        for name, values in (("x", x), ("t", t), ("w", w)):
            np.save(tmp_path / f"{name}-{n}.npy", values[rows])
    names = {"target": tmp_path / "t-*.npy", "sample_weights": tmp_path / "w-*.npy"}
    return tmp_path, names, loss_gradient(x, W, target=t, sample_weights=w, wrt="Wb", **OPTIONS)


def same(found, expected):
    return all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True) if b is not None)


@pytest.mark.parametrize("any_map", [map, backwards])
def test_a_map_in_this_process_gives_the_bits_of_all_inputs(data, any_map):
    folder, names, expected = data
    assert same(shards_gradient(folder / "x-*.npy", W, **names, **OPTIONS, map=any_map), expected)


def test_maps_of_pools_give_the_bits_of_all_inputs(data):
    folder, names, expected = data
    context = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2, context) as executor, context.Pool(2) as pool:
        for any_map in (threads.map, executor.map, pool.map, pool.imap):
            assert same(shards_gradient(folder / "x-*.npy", W, **names, **OPTIONS, map=any_map), expected)


@pytest.mark.slow
def test_the_map_of_a_dask_executor_gives_the_bits_of_all_inputs(data):
    from distributed import Client, LocalCluster

    folder, names, expected = data
    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        found = shards_gradient(folder / "x-*.npy", W, **names, **OPTIONS, map=client.get_executor().map)
    assert same(found, expected)


def test_a_tie_that_sums_do_not_settle_is_settled_from_the_shards(tmp_path):
    """1/2 + 2^-54 + 2^-301 lies above the middle between two doubles; d is exactly ±1/2."""
    for n, x in enumerate([1.0, 2.0**-53, 2.0**-300]):
        np.save(tmp_path / f"x-{n}.npy", [[x]])
        np.save(tmp_path / f"t-{n}.npy", [1])
    found = shards_gradient(tmp_path / "x-*.npy", np.zeros((1, 2)), target=tmp_path / "t-*.npy", reduction="sum")
    assert found.dE_dW.tolist() == [[0.5 + 2.0**-53, -0.5 - 2.0**-53]]


def test_an_output_may_be_left_out_by_its_bias(data):
    folder, names, _ = data
    b = [-np.inf, 0.0, 0.0, 0.0]
    np.save(folder / "t-0.npy", [1])
    for n in range(1, 5):
        np.save(folder / f"t-{n}.npy", np.ones(len(np.load(folder / f"x-{n}.npy")), int))
    assert shards_gradient(folder / "x-*.npy", W, b, **names).dE_db[0] == 0.0


REFUSED = {
    "neither side": ({"target": None}, "one of target and upstream is expected, as files of as many rows as x has"),
    "another W": ({"W": np.ones((2, 4))}, "W has 2 rows but x has 3 entries an input"),
    "an option": ({"label_smoothing": 2}, "label_smoothing is 2, where a number from 0 to 1 is expected"),
    "no such files": ({"x": "nowhere-*.npy"}, "x: no file is named like nowhere-*.npy"),
    "a mask for each": ({"mask": np.zeros((2, 4), bool)}, "mask has shape (2, 4), where (4,) or (1, 4) is expected"),
    "each alone": ({"reduction": "none"}, "reduction is 'none', where one of mean, sum is expected"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_before_work_begins(data, case):
    folder, names, _ = data
    changes, message = REFUSED[case]

    def no_work(function, items):
        raise AssertionError

    with pytest.raises(InputError) as caught:
        shards_gradient(**{"x": folder / "x-*.npy", "W": W, **names, "map": no_work, **changes})
    assert str(caught.value) == message
