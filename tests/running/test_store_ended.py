"""A store that workers write is whole or not there, whatever ends one of them or the command."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from cluster import PATIENCE, two_workers, wait_for
from large import workers_of

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are ended by signals"),
]


@pytest.fixture
def folder(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.linspace(0.5, 1.5, 1000), W=np.random.default_rng(1).standard_normal((1000, 350)))
    return tmp_path


@contextmanager
def start(folder, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "softmax_cli", "layer-grad", "m.npz", "-o", "a.zarr", *arguments], cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def hashed(folder):
    """A hash of what is in the store, and of the names of it; the store is removed."""
    found = hashlib.sha256()
    for path in sorted(path for path in (folder / "a.zarr").rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(folder)};".encode() + path.read_bytes())
    shutil.rmtree(folder / "a.zarr")
    return found.hexdigest()


def a_chunk_is_there(folder):
    return list(folder.glob(".a.zarr.*.tmp/c/*/*"))


def killed_in_the_middle(process, folder, nanny):
    """Kill a worker that has begun a chunk, while all stand still."""
    wait_for(lambda: a_chunk_is_there(folder))
    workers = list(workers_of(nanny))
    for worker in workers:
        worker.suspend()
    assert process.poll() is None
    workers[0].kill()
    for worker in workers[1:]:
        with suppress(psutil.NoSuchProcess):
            worker.resume()


def test_a_worker_that_is_killed_changes_nothing(folder):
    with start(folder, "--workers", "2") as process:
        killed_in_the_middle(process, folder, process.pid)
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert sorted(os.listdir(folder)) == ["a.zarr", "m.npz"]
    killed = hashed(folder)
    with start(folder) as process:
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert killed == hashed(folder)


def test_a_worker_of_a_cluster_that_is_killed_changes_nothing(folder):
    with two_workers(folder) as (address, nanny), start(folder, "--workers", address) as process:
        killed_in_the_middle(process, folder, nanny.pid)
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert not list(folder.glob(".a.zarr*"))
    killed = hashed(folder)
    with start(folder) as process:
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert killed == hashed(folder)


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_command_that_is_ended_leaves_no_store(folder, sign, status):
    with start(folder, "--workers", "2") as process:
        wait_for(lambda: a_chunk_is_there(folder))
        workers = list(workers_of(process.pid))
        os.kill(process.pid, sign)
        out, said = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (status, b"")
        assert said == b"" or sign == signal.SIGKILL  # Python itself tells of what it cleaned up then
    assert psutil.wait_procs(workers, timeout=PATIENCE)[1] == []
    assert not (folder / "a.zarr").exists()
    if sign != signal.SIGKILL:
        assert os.listdir(folder) == ["m.npz"]
