import io
import re
import time

import numpy as np
import pytest

from softmax_cli import InputError
from softmax_cli.reading.problem import Problem
from softmax_cli.writing import memory, progress
from softmax_cli.writing.jacobian_result import Asked, jacobian_result


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, stream, patience, on=True):
    """What standard error holds after 3 of 4 GB."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress(4_000_000_000, "writing out.npy", on) as advance:
        advance(3_000_000_000)
    return stream.getvalue()


def test_a_bar_with_bytes_is_shown_on_a_terminal_once_the_work_is_long(monkeypatch):
    text = shown(monkeypatch, Terminal(), patience=-1.0)
    assert "writing out.npy" in text
    assert "3.0/4.0 GB" in text


def test_the_bar_says_how_fast_it_goes_and_how_long_it_takes_yet(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress(3_000_000_000, "24 shards") as advance:
        for _ in range(2):
            advance(1_000_000_000)
            time.sleep(0.02)
    assert re.search(r"2\.0/3\.0 GB \S+ .B/s 0:00:0", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue()))


def test_short_work_shows_nothing(monkeypatch):
    assert shown(monkeypatch, Terminal(), patience=60.0) == ""


def test_nothing_is_shown_in_a_pipe(monkeypatch):
    assert shown(monkeypatch, io.StringIO(), patience=-1.0) == ""


def test_nothing_is_shown_beside_output_on_the_terminal(monkeypatch):
    assert shown(monkeypatch, Terminal(), patience=-1.0, on=False) == ""


def test_the_chain_refuses_what_does_not_fit_in_memory_and_names_the_shortcut(monkeypatch):
    # K = 50 and J = 100: dZ/dW and dL/dW are 50 × 5000 doubles each, dS/dZ is 50 × 50.
    monkeypatch.setattr(memory, "free_bytes", lambda: 1_000_000)
    problem = Problem(np.ones(100), np.ones((100, 50)), None, None, {})
    with pytest.raises(InputError) as caught:
        jacobian_result(problem, Asked("dL_dW", method="chain"))
    assert str(caught.value) == (
        "--method chain forms dZ/dW and dL/dW whole: that takes 0.00402 GB and 0.001 GB are free"
    )
    assert caught.value.advice == "use --method shortcut"


def test_the_shortcut_asks_for_no_such_memory(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 1)
    problem = Problem(np.ones(100), np.ones((100, 50)), None, None, {})
    assert jacobian_result(problem, Asked("dL_dW", method="shortcut")).main == "dL_dW"


@pytest.mark.linux
def test_free_memory_is_known_here():
    assert memory.free_bytes() > 1_000_000
