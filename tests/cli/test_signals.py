"""Signals, whenever they come, and what else may end a run from outside."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

FAULTS = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"}
NOT_ENDING = {"SIGKILL", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT", "SIGCHLD", "SIGURG", "SIGWINCH"}
IGNORED_BY_PYTHON = {"SIGPIPE", "SIGXFSZ"}
OTHERS = FAULTS | NOT_ENDING | IGNORED_BY_PYTHON
ENDING = sorted(s for s in signal.Signals if s.name not in OTHERS)


def answer_signals():
    """As in a shell's foreground: the tests themselves may run where these are ignored."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_an_ended_run_leaves_no_file_and_says_nothing(tmp_path, number):
    np.save(tmp_path / "x.npy", np.ones(400))
    np.save(tmp_path / "W.npy", np.ones((400, 400)))
    with subprocess.Popen(
        [sys.executable, "-m", "softmax_cli", "layer-grad", "-x", "x.npy", "-W", "W.npy", "-o", "out.csv"],
        cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=answer_signals,
    ) as process:  # fmt: skip
        while len(os.listdir(tmp_path)) < 3:  # until it writes
            time.sleep(0.01)
        process.send_signal(number)
        said = process.stderr.read()
        assert (process.wait(30), said) == (128 + number, b"")
    assert sorted(os.listdir(tmp_path)) == ["W.npy", "x.npy"]


@pytest.mark.parametrize(
    "number",
    [getattr(signal, name) for name in ("SIGHUP", "SIGUSR1") if hasattr(signal, name)],
    ids=lambda number: number.name,
)
def test_a_signal_that_the_caller_has_ignored_stays_ignored(tmp_path, number):
    code = (
        "import os; from softmax_cli.cli.exits import run_and_exit; run_and_exit(lambda: os.kill(os.getpid(), NUMBER))"
    )
    code = code.replace("NUMBER", str(int(number)))
    ignoring = {"preexec_fn": lambda: signal.signal(number, signal.SIG_IGN)}
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, **ignoring).returncode == 0


INTERRUPTED_IMPORT = """
import os, signal, sys
from softmax_cli.__main__ import main

class Interrupts:
    left = int(sys.argv.pop(1))

    def find_spec(self, name, path=None, target=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)

interrupts = Interrupts()
sys.meta_path.insert(0, interrupts)
try:
    main()
finally:
    os.write(1, b"left %d" % interrupts.left)
"""


def interrupted(folder, at):
    """The command, sent SIGINT as it looks for the nth module that it imports."""
    command = [
        sys.executable,
        "-c",
        INTERRUPTED_IMPORT,
        str(at),
        "layer-grad",
        "-x",
        "1",
        "-W",
        "1,2",
        "--json",
        "-o",
        "o",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, preexec_fn=answer_signals, timeout=60)


@pytest.mark.slow
def test_an_interrupt_at_any_import_ends_the_run_in_silence(tmp_path):
    count = 10**6 - int(interrupted(tmp_path, 10**6).stdout.split()[-1])
    assert count > 100
    for at in [1, 2, 3, *range(4, count + 1, count // 30)]:
        (tmp_path / "o").unlink(missing_ok=True)
        done = interrupted(tmp_path, at)
        assert (at, done.stderr, os.listdir(tmp_path)) == (at, b"", [])
        assert done.returncode in (130, -signal.SIGINT)


def test_nothing_is_imported_before_an_interrupt_is_quiet():
    """What is loaded until then is Python's own, or ours."""
    code = "import sys; before = set(sys.modules); import softmax_cli.__main__; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"softmax_cli", "softmax_cli.__main__"}


FEW_PROCESSES = """
import os, resource, sys
os.cpu_count = os.process_cpu_count = lambda: 4
if os.getuid() == 0:  # whom no limit binds: be somebody else, who may read what root may
    import ctypes
    os.setgroups([]), os.setresuid(54321, 54321, 0), ctypes.CDLL(None).setfsuid(0)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
from softmax_cli.__main__ import main
main()
"""


@pytest.mark.parametrize("arguments", [["forward", "--json"], ["layer-grad", "--format", "npy"]])
def test_a_user_who_may_have_no_other_process_gets_the_same_answer(arguments):
    run = {"capture_output": True, "timeout": 60}
    layer = ["-x", "1,2", "-W", "[[" + "1," * 499 + "1]," + "[" + "2," * 499 + "2]]"]
    few = subprocess.run([sys.executable, "-c", FEW_PROCESSES, *arguments, *layer], **run)
    many = subprocess.run([sys.executable, "-m", "softmax_cli", *arguments, *layer], **run)
    assert (few.returncode, few.stderr, few.stdout) == (0, b"", many.stdout)
