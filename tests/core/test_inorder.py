"""Work on all cores: the results in order, the first error, and BLAS as it was before."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from softmax_cli.core import cpus, threads
from softmax_cli.core.one_blas_thread import one_blas_thread
from softmax_cli.core.threads import in_order


@pytest.fixture(autouse=True)
def three_cores(monkeypatch):
    monkeypatch.setattr(cpus, "count", lambda: 3)


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def late_first(part):
    time.sleep(0.02 if part % 3 == 0 else 0.0)
    return part * part


def test_results_come_in_the_order_of_the_parts():
    assert list(in_order(late_first, range(20))) == [part * part for part in range(20)]


def test_few_more_parts_are_asked_for_than_there_are_cores():
    asked, done = [], []

    def parts():
        for part in range(30):
            asked.append(part)
            yield part

    for result in in_order(lambda part: part, parts()):
        done.append(result)
        assert len(asked) - len(done) <= 4


def test_while_a_part_is_at_work_elsewhere_this_thread_does_another():
    here, worked = threading.current_thread(), threading.Event()

    def work(part):
        if threading.current_thread() is here:
            worked.set()
        return worked.wait(timeout=30)

    assert all(in_order(work, range(12)))


def test_an_interrupt_does_not_wait_for_the_parts_before():
    here, released = threading.current_thread(), threading.Event()

    def work(part):
        if threading.current_thread() is here:
            raise KeyboardInterrupt
        return released.wait(timeout=30)

    with pytest.raises(KeyboardInterrupt):
        list(in_order(work, range(12)))
    assert not released.is_set()
    released.set()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_work_on_another_core_does_not_end_that_core(error):
    here = threading.current_thread()
    raised, free = threading.Event(), threading.Event()

    def work(part):
        if threading.current_thread() is here:
            return raised.wait(timeout=30)
        raised.set()
        raise error

    with pytest.raises(error):
        list(in_order(work, range(12)))
    threads._asked.put(free.set)
    assert free.wait(timeout=30)


def test_the_error_of_the_first_part_that_fails_is_raised():
    def work(part):
        if part in (3, 4):
            time.sleep(0.05 if part == 3 else 0.0)
            raise ValueError(f"part {part}")
        return part

    with pytest.raises(ValueError, match="part 3"):
        list(in_order(work, range(10)))


def test_where_no_thread_is_to_be_had_the_work_is_done_here(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(threads, "_threads", [])
    assert list(in_order(late_first, range(5))) == [0, 1, 4, 9, 16]


@pytest.mark.skipif(sys.platform == "darwin", reason="Accelerate cannot be asked for its threads")
def test_the_library_that_multiplies_is_known():
    """Before 3.5 threadpoolctl did not know that of numpy 2, and nothing was held to one thread."""
    np.ones((3, 3)) @ np.ones((3, 3))
    assert blas_threads()


def test_blas_has_one_thread_inside_and_as_many_as_before_afterwards():
    np.ones((3, 3)) @ np.ones((3, 3))
    before = blas_threads()
    assert list(in_order(lambda part: blas_threads(), range(2))) == [[1] * len(before)] * 2
    assert blas_threads() == before


def test_blas_is_as_before_only_when_the_last_has_left():
    before = blas_threads()
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == [1] * len(before)
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_a_small_layer_needs_no_thread_pool():
    code = "import sys, softmax_cli; softmax_cli.forward([1.0] * 20, [[0.5] * 10] * 20)\n"
    code += "print({'threadpoolctl', 'concurrent.futures'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
