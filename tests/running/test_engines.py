"""Processes do the work whatever happens to one of them, and none is left."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest
from cluster import wait_for

from softmax_cli import InputError
from softmax_cli.core import cpus
from softmax_cli.running import worker_pools
from softmax_cli.running.worker_pools import count_of, engine


def square(n, _folder):
    return n * n


def killed_once(n, folder):
    """n², but the first process that is given 3 is killed, as by a system that has run out of memory."""
    if n == 3:
        try:
            os.mkdir(os.path.join(folder, "killed"))
        except FileExistsError:
            return n * n
        os.kill(os.getpid(), signal.SIGKILL)
    return n * n


def always_killed(n, _folder):
    os.kill(os.getpid(), signal.SIGKILL)


def processors(n, _folder):
    return cpus.count()


def refusing(n, _folder):
    raise InputError(f"part-{n}.npy: x[7,1] is nan", "mend it")


def results(workers, work, folder, count=6):
    with engine(workers) as each:
        found = dict(each(work, [(n, str(folder)) for n in range(count)], [f"part-{n}.npy" for n in range(count)]))
    return [found[n] for n in range(count)]


@pytest.mark.parametrize("workers", [None, "1", "2"])
def test_every_call_gives_its_result(workers, tmp_path):
    assert results(workers, square, tmp_path) == [0, 1, 4, 9, 16, 25]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process is killed")
def test_a_worker_that_is_killed_changes_nothing(tmp_path):
    assert results("2", killed_once, tmp_path) == [0, 1, 4, 9, 16, 25]
    assert os.listdir(tmp_path) == ["killed"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process is killed")
def test_workers_that_are_always_killed_are_reported(tmp_path):
    with pytest.raises(InputError) as caught:
        results("1", always_killed, tmp_path, 2)
    assert str(caught.value) == "workers were ended 5 times: 2 of 2 are not done, first part-0.npy"
    assert caught.value.advice == "they may take more memory than there is: try fewer --workers"


def test_an_error_of_a_worker_is_raised_with_its_advice_and_no_worker_is_left(tmp_path):
    with pytest.raises(InputError) as caught:
        results("1", refusing, tmp_path, 1)
    assert (str(caught.value), caught.value.advice) == ("part-0.npy: x[7,1] is nan", "mend it")
    wait_for(lambda: not multiprocessing.active_children(), seconds=20)


def test_a_worker_uses_one_processor(tmp_path):
    assert results("1", processors, tmp_path, 1) == [1]


@pytest.mark.parametrize("thread", ["QueueFeederThread", ""])
def test_a_system_that_gives_no_more_threads_is_reported(monkeypatch, capfd, tmp_path, thread):
    """Whether it is the pool that needs one, or a thread of the pool."""
    start = threading.Thread.start

    def refused(self):
        if self.name.startswith(thread):
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(InputError) as caught:
        results("2", square, tmp_path)
    monkeypatch.undo()
    assert str(caught.value) == "workers cannot be started: can't start new thread"
    assert caught.value.advice == "try fewer --workers, or see ulimit -u"
    assert capfd.readouterr() == ("", "")


def slowly(n, _folder):
    time.sleep(0.5)
    return n


def test_no_wait_for_workers_is_without_an_end(monkeypatch, tmp_path):
    waits, wait = [], threading.Event.wait  # which nothing interrupts on Windows

    def noted(event, timeout=None):
        if sys._getframe(1).f_code.co_name == "as_completed":
            waits.append(timeout)
        return wait(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", noted)
    assert results("2", slowly, tmp_path, 2) == [0, 1]
    assert len(waits) > 2
    assert None not in waits
    assert max(waits) < 1


def test_on_windows_workers_are_started_without_notice_of_what_the_keyboard_sends(monkeypatch):
    calls = []
    kernel32 = SimpleNamespace(SetConsoleCtrlHandler=lambda handler, added: calls.append((handler, added)))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel32), raising=False)
    with suppress(OSError), worker_pools._signals_left_to_us():
        assert calls == [(None, True)]  # which ignores Ctrl-C, here and in every process that is started
        raise OSError
    assert calls == [(None, True), (None, False)]


@pytest.mark.parametrize("workers", ["0", "-1", "x", "", "1.5", "99999", "²"])
def test_what_is_no_number_of_processes_is_refused(workers):
    with pytest.raises(InputError) as caught:
        count_of(workers)
    assert str(caught.value).startswith("--workers is ")
    assert str(caught.value).endswith(", where a number of processes or an address, tcp://host:8786, is expected")
