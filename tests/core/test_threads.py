import threading

import pytest

from softmax_cli.core import threads as cores


def refuse(*_):
    raise RuntimeError("can't start new thread")


@pytest.fixture
def alone(monkeypatch):
    """No thread is to be had."""
    monkeypatch.setattr(threading.Thread, "start", refuse)
    cores._helpers.cache_clear()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_every_part_is_worked_on_once(monkeypatch, threads):
    monkeypatch.setattr(cores.os, "cpu_count", lambda: threads)
    done = []
    cores.shared(range(50), lambda part: None, done.append)
    assert sorted(done) == list(range(50))


def test_one_core_makes_every_part_ready_before_it_is_worked_on(alone):
    order = []
    cores.shared("abc", lambda part: order.append(f"first {part}"), lambda part: order.append(f"then {part}"))
    assert order == ["first a", "first b", "first c", "then a", "then b", "then c"]


def test_a_core_that_is_kept_waiting_takes_what_is_not_ready(monkeypatch):
    monkeypatch.setattr(cores.os, "cpu_count", lambda: 2)
    done, others_done = [], threading.Event()

    def then(part):
        done.append(part)
        if len(done) == 4:
            others_done.set()

    cores.shared(range(5), lambda part: others_done.wait(60), then)
    assert done == [4, 3, 2, 1, 0]


def test_an_error_on_any_core_reaches_the_caller():
    def fail_at_3(part):
        if part == 3:
            raise ValueError(part)

    with pytest.raises(ValueError, match=r"^3$"):
        cores.shared(range(50), lambda part: None, fail_at_3)


def test_an_interrupt_leaves_no_thread_waiting():
    def interrupted(part):
        if part == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cores.shared(range(50), interrupted, lambda part: None)
    assert cores._helpers().submit(lambda: "free").result(timeout=60) == "free"


def test_a_thread_that_begins_late_finds_nothing_and_ends(monkeypatch):
    """As of a pool that keeps what it was given, though it had no thread for it."""
    given = []

    class Refusing:
        def submit(self, work):
            given.append(work)
            raise RuntimeError("can't start new thread")

    class Once:
        cache_clear = staticmethod(lambda: None)

        def __call__(self):
            return Refusing()

    monkeypatch.setattr(cores, "_helpers", Once())
    monkeypatch.setattr(cores.os, "cpu_count", lambda: 2)
    done = []
    cores.shared(range(50), lambda part: None, done.append)
    late = threading.Thread(target=given[0], daemon=True)
    late.start()
    late.join(60)
    assert not late.is_alive()
    assert done == list(range(50))
