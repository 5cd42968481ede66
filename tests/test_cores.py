import threading

import pytest

from softmax_cli import cores


def refuse():
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("threads", [True, False])
def test_every_part_is_worked_on_once(monkeypatch, threads):
    if not threads:
        monkeypatch.setattr(cores, "_helpers", refuse)
    done = []
    cores.shared(range(50), lambda part: None, done.append)
    assert sorted(done) == list(range(50))


def test_one_core_makes_every_part_ready_before_it_is_worked_on(monkeypatch):
    monkeypatch.setattr(cores, "_helpers", refuse)
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
