"""A large batch is left in its file: it is read a block at a time, and its file may be cut short meanwhile."""

import os

import numpy as np
import pytest
from bad_input import npy, refusal

from softmax_cli.core.arrays import Rows
from softmax_cli.core.vector_products import gradient_and_loss
from softmax_cli.reading import npy_rows
from softmax_cli.reading.read_problem import read_problem

X = np.random.default_rng(2).normal(size=(100, 3))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(npy_rows, "LARGE", 1000)
    return tmp_path


def read(in_file=True):
    return read_problem(None, "x.npy", "1,2;2,3;3,4", None, in_file=in_file).x


def test_a_large_batch_is_left_in_its_file():
    np.save("x.npy", X)
    found = read()
    assert isinstance(found, Rows)
    assert (found.shape, found.ndim, found.size, found.nbytes, len(found)) == ((100, 3), 2, 300, 2400, 100)
    assert np.asarray(found).tobytes() == X.tobytes()
    for some in (slice(0, 7), slice(7, 100), slice(99, 200), slice(5, 5), slice(9, 2), slice(-3, None)):
        assert found[some].tolist() == X[some].tolist()
    assert found[7].tolist() == X[7].tolist()


def test_it_is_read_whole_where_nothing_takes_it_in_blocks():
    np.save("x.npy", X)
    assert read(in_file=False).tobytes() == X.tobytes()


@pytest.mark.parametrize(
    "array",
    [np.ones((100, 3), ">f8"), np.ones((100, 3), "f4"), np.ones((3, 100)).T],
    ids=["swapped", "single", "Fortran"],
)
def test_what_is_not_plain_doubles_is_read_whole(array):
    np.save("x.npy", array)
    assert read().tolist() == np.ones((100, 3)).tolist()


def test_a_file_that_is_cut_short_is_refused_before_it_is_read(folder):
    (folder / "x.npy").write_bytes(npy(X)[:-8])
    assert refusal(read) == ("x.npy holds 2392 bytes of numbers, where its header (shape (100, 3)) promises 2400", "")


def test_a_shape_that_does_not_fit_is_refused(folder):
    np.save("x.npy", np.ones((50, 4)))
    assert refusal(read)[0] == "W has 3 rows but x has 4 entries an input"


@pytest.mark.parametrize("left", [0, 130, 2000])
def test_a_file_that_is_cut_short_meanwhile_ends_in_an_error(left):
    np.save("x.npy", X)
    found = read()
    os.truncate("x.npy", left)
    expected = ("x.npy was cut short while it was read", "")
    assert refusal(lambda: gradient_and_loss(found, np.ones((3, 2)), target=[0] * 100)) == expected


def test_a_file_that_is_replaced_meanwhile_is_read_as_it_was():
    np.save("x.npy", X)
    found = read()
    np.save("y.npy", np.ones((2, 2)))
    os.replace("y.npy", "x.npy")
    assert np.asarray(found).tobytes() == X.tobytes()
