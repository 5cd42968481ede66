import subprocess
import sys
import threading

import pytest

from softmax_cli.core import threads as cores


def refuse(*_):
    raise RuntimeError("can't start new thread")


@pytest.fixture
def alone(monkeypatch):
    """No thread is to be had."""
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(cores, "_threads", [])


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_every_part_is_worked_on_once(monkeypatch, threads):
    monkeypatch.setattr(cores.cpus, "count", lambda: threads)
    done = []
    cores.shared(range(50), lambda part: None, done.append)
    assert sorted(done) == list(range(50))


def test_one_core_makes_every_part_ready_before_it_is_worked_on(alone):
    order = []
    cores.shared("abc", lambda part: order.append(f"first {part}"), lambda part: order.append(f"then {part}"))
    assert order == ["first a", "first b", "first c", "then a", "then b", "then c"]


def test_a_core_that_is_kept_waiting_takes_what_is_not_ready(monkeypatch):
    monkeypatch.setattr(cores.cpus, "count", lambda: 2)
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
    free = threading.Event()
    assert cores._helpers() == len(cores._threads)
    cores._asked.put(free.set)
    assert free.wait(timeout=60)


def test_a_thread_that_begins_late_finds_nothing_and_ends(monkeypatch):
    asked = cores.SimpleQueue()
    monkeypatch.setattr(cores, "_asked", asked)
    monkeypatch.setattr(cores, "_helpers", lambda: 1)  # who does not serve it
    monkeypatch.setattr(cores.cpus, "count", lambda: 2)
    done = []
    cores.shared(range(50), lambda part: None, done.append)
    late = threading.Thread(target=asked.get(), daemon=True)
    late.start()
    late.join(60)
    assert not late.is_alive()
    assert done == list(range(50))


def test_without_a_thread_to_be_had_one_after_the_other_is_made(alone):
    assert list(cores.ahead(lambda number: number * number, 5)) == [0, 1, 4, 9, 16]


def test_what_fails_on_another_core_fails_here_after_what_was_made_before_it():
    def make(number):
        if number == 2:
            raise ValueError(number)
        return number

    made = []
    with pytest.raises(ValueError, match=r"^2$"):
        made.extend(cores.ahead(make, 5))
    assert made == [0, 1]


REENTERED = """
import faulthandler, sys
from softmax_cli.core import threads

faulthandler.dump_traceback_later(60, exit=True)
threads.cpus.count = lambda: int(sys.argv[1])
if sys.argv[2] == "0":
    threads.shared(range(3), lambda part: None, lambda part: None)
depth, wrong, lines = 0, 0, set()

def work():
    global wrong
    done = []
    threads.shared(range(5), lambda part: None, done.append)
    wrong += sorted(done) != [0, 1, 2, 3, 4] or list(threads.ahead(str, 3)) != ["0", "1", "2"]
    wrong += list(threads.in_order(str, [1, 2, 3, 4, 5])) != ["1", "2", "3", "4", "5"]

def handler(frame, event, argument):
    global depth
    if depth == 0 and (place := (frame.f_code, frame.f_lineno)) not in lines:
        lines.add(place)
        depth = 1
        work()
        depth = 0
    return handler

sys.settrace(handler)
work()
sys.settrace(None)
print("right" if not wrong and len(lines) > 20 else (wrong, len(lines)))
"""


@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize("first", [True, False])
def test_a_signal_handler_may_do_the_same_work_as_what_it_interrupts(threads, first):
    """At every line of it, the start of the threads included: the handler is called as Python calls it,
    between two lines of the main thread."""
    done = subprocess.run([sys.executable, "-c", REENTERED, str(threads), str(int(first))],
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["right"], "")
