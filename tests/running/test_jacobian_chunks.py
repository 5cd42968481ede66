"""A Jacobian that workers write to a store: the bytes that one process writes."""

import os

import numpy as np
import pytest
from command import LAYER, refused, run

from softmax_cli import InputError
from softmax_cli.reading.problem import Problem
from softmax_cli.running.jacobian_chunks import Chunks, Goal, _tasks, fill_by, write_chunks
from softmax_cli.running.worker_pools import engine
from softmax_cli.writing.formats.zarr import about, chunk_places, new_store, write_store
from softmax_cli.writing.jacobian_result import Asked, jacobian_result

RNG = np.random.default_rng(4)
W, B = RNG.standard_normal((6, 5)), RNG.standard_normal(5)
ONE = Problem(RNG.standard_normal(6), W, B, temperature=2.0, mask=np.array([False, True, False, False, False]))
MANY = Problem(RNG.standard_normal((7, 6)), W, mask=np.eye(7, 5, dtype=bool))


def files(folder):
    """What is in a folder, by paths."""
    return {
        os.path.relpath(path := os.path.join(at, name), folder): open(path, "rb").read()
        for at, _, names in os.walk(folder)
        for name in names
    }


@pytest.fixture(scope="module")
def two_processes():
    with engine("2") as each:
        yield each


@pytest.mark.parametrize("size", [8, 100, 500, 10**6])
@pytest.mark.parametrize("layout", ["numerator", "denominator", "tensor"])
@pytest.mark.parametrize("quantity", ["dL_dW", "dL_db", "dL_dx"])
def test_workers_write_the_bytes_that_one_process_writes(two_processes, tmp_path, monkeypatch, quantity, layout, size):
    """Chunks smaller than a row as well, and larger than all."""
    monkeypatch.setattr("softmax_cli.writing.formats.zarr.CHUNK_BYTES", size)
    monkeypatch.setattr("softmax_cli.writing.formats.zarr.LONGEST_ROW", size)
    for name, problem in (("one", ONE), ("many", MANY)):
        asked = Asked(quantity, layout, [3, 0], log=name == "many")
        result = jacobian_result(problem, asked)
        write_store(str(tmp_path / "here.zarr"), result)
        with new_store(str(tmp_path / "there.zarr"), result.document[asked.key].shape, about(result)) as array:
            written = sum(fill_by(two_processes, array, problem, asked, 2))
        assert files(tmp_path / "there.zarr") == files(tmp_path / "here.zarr")
        assert written == 8 * np.prod(result.document[asked.key].shape)
        assert sorted(os.listdir(tmp_path)) == ["here.zarr", "there.zarr"]


@pytest.mark.parametrize(("shape", "chunks"), [((40, 30), (3, 30)), ((9, 4, 5, 6), (1, 3, 5, 6)), ((6, 50), (1, 20))])
@pytest.mark.parametrize("workers", [1, 2, 24])
def test_every_chunk_has_its_task_and_no_row_two(shape, chunks, workers):
    tasks = _tasks(shape, chunks, workers)
    places = list(chunk_places(shape, chunks))
    assert [n for task in tasks for n in range(task.first, task.stop)] == list(range(len(places)))
    rows = int(np.prod(shape[:-1]))
    assert [n for task in tasks for n in range(*task.rows)] == list(range(rows))
    for task in tasks:
        held = sum(int(np.prod([s.stop - s.start for s in at])) for at in places[task.first : task.stop])
        assert held == shape[-1] * (task.rows[1] - task.rows[0])


def test_a_worker_that_does_not_see_the_store_says_so(tmp_path):
    goal = Goal(W, B, 1.0, Asked("dL_dW"), str(tmp_path / "a.tmp"), (5, 30), (5, 30))
    with pytest.raises(InputError) as caught:
        write_chunks(goal, ONE.x, None, Chunks(0, 1, (0, 5)))
    assert str(caught.value) == f"a worker finds no folder {tmp_path / 'a.tmp'}"
    assert caught.value.advice == "the path of -o is to be the same for all workers"
    assert os.listdir(tmp_path) == []


def test_the_command_writes_what_it_writes_alone(tmp_path):
    run("layer-grad", *LAYER, "-o", "a.zarr", cwd=tmp_path)
    run("layer-grad", *LAYER, "-o", "b c.zarr", "--workers", "2", cwd=tmp_path)
    assert files(tmp_path / "b c.zarr") == files(tmp_path / "a.zarr")
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "b c.zarr"]


WRONG = "--workers goes with -o FILE.zarr, whose chunks the workers make and write"
REFUSED = {
    "a table": ([], WRONG),
    "another format": (["-o", "a.npy"], WRONG),
    "lines": (["--jsonl", "-o", "a.zarr"], WRONG),
    "matrices that are whole": (
        ["-o", "a.zarr", "--method", "chain"], "--workers does not go with --method chain, which forms dL/dW whole",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_workers_are_for_stores(tmp_path, case):
    arguments, message = REFUSED[case]
    assert refused("layer-grad", *LAYER, *arguments, "--workers", "2", cwd=tmp_path) == [
        f"softmax-jac: error: {message}"
    ]
    assert os.listdir(tmp_path) == []


def test_a_number_of_workers_is_looked_at_before_work(tmp_path):
    assert refused("layer-grad", *LAYER, "-o", "a.zarr", "--workers", "0", cwd=tmp_path) == [
        "softmax-jac: error: --workers is 0, where a number of processes or an address, tcp://host:8786, is expected"
    ]
    assert os.listdir(tmp_path) == []


def test_a_store_is_not_written_again_by_workers(tmp_path):
    run("layer-grad", *LAYER, "-o", "a.zarr", cwd=tmp_path)
    assert refused("layer-grad", "a.zarr", "-o", "b.zarr", "--workers", "2", cwd=tmp_path) == [
        "softmax-jac: error: --workers does not go with a store, which holds the result itself"
    ]
