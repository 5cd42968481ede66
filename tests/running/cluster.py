"""A Dask cluster of two worker processes on this machine, by Dask's own commands."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

PATIENCE = 240  # seconds that a slow machine may take

DASK = [sys.executable, "-m", "dask"]


@contextmanager
def two_workers(folder, *, protocol="tcp", env=None):
    """Its address, and the process that looks after the workers."""
    file, said = folder / "scheduler.json", folder / "dask.log"
    with open(said, "wb") as log, _ended_after() as started:
        rest = {"cwd": folder, "env": {**os.environ, **(env or {})}, "stdout": log, "stderr": log}
        host = ["--host", "127.0.0.1", "--port", "0", "--protocol", protocol, "--no-dashboard"]
        started.append(subprocess.Popen([*DASK, "scheduler", *host, "--scheduler-file", file], **rest))
        wait_for(lambda: file.exists() and file.read_text().strip(), said)
        workers = ["--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--scheduler-file", file]
        started.append(subprocess.Popen([*DASK, "worker", "--protocol", protocol, *workers], **rest))
        wait_for(lambda: said.read_text().count("Registered to") >= 2, said)
        yield json.loads(file.read_text())["address"], started[-1]


def wait_for(condition, log=None, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, log and log.read_text()
        time.sleep(0.05)
    return found


@contextmanager
def _ended_after():
    started = []
    try:
        yield started
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)
