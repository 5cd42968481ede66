import os
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # for what tests share: `command`, `exact`, …

from surroundings import KEPT  # noqa: E402
from systems import marks  # noqa: E402

for name in set(os.environ) - KEPT:
    if not name.startswith(("PIP_", "PYTEST_")):
        del os.environ[name]  # no outcome may depend on what else the caller's environment holds
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's & leaves it, and every process that is started
    signal.signal(signal.SIGINT, signal.default_int_handler)
SEEN = frozenset(os.environ)
os.environ["PYTHONPATH"] = str(ROOT)  # the processes that tests start run this code, wherever they are started


@pytest.fixture
def seen():
    """The names of the variables that the tests begin with; libraries set others."""
    return SEEN


@pytest.fixture
def article():
    """x and W of the article."""
    return [0.1, 0.5, 0.4], [[0.1, 0.2, 0.3, 0.4, 0.5], [0.6, 0.7, 0.8, 0.9, 0.1], [0.11, 0.12, 0.13, 0.14, 0.15]]


@pytest.fixture(autouse=True)
def _signals_are_answered_as_before():
    """The command line, called in this process, answers every signal by the end of it."""
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield
    for number, answer in before.items():
        if signal.getsignal(number) is not answer:
            signal.signal(number, answer)


def pytest_collection_modifyitems(items):
    """Mark what cannot run on every system."""
    for item in items:
        for mark in marks(item.function):
            item.add_marker(mark)


def pytest_terminal_summary(terminalreporter, config):
    """By which the order in which a test failed can be had again; -q hides it."""
    seed = config.getoption("randomly_seed", None)
    if terminalreporter.stats.get("failed") and seed is not None:
        terminalreporter.write_line(f"in this order: --randomly-seed={seed}")
