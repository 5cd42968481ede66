"""Whatever ends a run with --workers ends all its processes; whatever ends one of these changes nothing."""

import os
import signal

import psutil
import pytest
from cluster import PATIENCE, wait_for
from large import result, start, workers_of, write_shards

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are ended by signals"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("large")
    write_shards(made)
    return made


def answer_signals():
    """As in a shell's foreground: the tests themselves may run where these are ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def at_work(process):
    """Its two workers, the busier one first, once that has read some shards."""
    busy = sorted(workers_of(process.pid).items(), key=lambda pair: -pair[1])
    return [worker for worker, _ in busy] if len(busy) == 2 and busy[0][1] > 0.8 else None


ENDS = {
    "Ctrl-C": (lambda pid: os.killpg(pid, signal.SIGINT), 130),
    "SIGINT to the command alone": (lambda pid: os.kill(pid, signal.SIGINT), 130),
    "SIGTERM": (lambda pid: os.kill(pid, signal.SIGTERM), 143),
    "a terminal that is closed": (lambda pid: os.killpg(pid, signal.SIGHUP), 129),
    "SIGKILL to the command alone": (lambda pid: os.kill(pid, signal.SIGKILL), -9),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_the_command_ends_its_workers(folder, end):
    send, status = ENDS[end]
    with start(folder, "--workers", "2", start_new_session=True, preexec_fn=answer_signals) as process:
        workers = wait_for(lambda: at_work(process))
        others = psutil.Process(process.pid).children(recursive=True)
        send(process.pid)
        out, said = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (status, b"")
        assert said == b"" or status == -9  # Python itself tells of what it cleaned up then
    _, alive = psutil.wait_procs([*workers, *others], timeout=PATIENCE)
    assert alive == []
    assert not (folder / "g.npz").exists()


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(folder):
    with start(folder, "--workers", "2", start_new_session=True) as process:
        victim, _ = wait_for(lambda: at_work(process))
        victim.kill()
        assert process.poll() is None
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    killed = result(folder)
    (folder / "g.npz").unlink()
    with start(folder) as process:
        process.communicate(timeout=PATIENCE)
    assert killed == result(folder)
    (folder / "g.npz").unlink()
