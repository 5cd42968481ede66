"""Shards that take a few seconds, though little room: names of one file."""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).parents[2]
SHARDS = ["loss-grad", "-W", "W.npy", "-x", "x-*.npy", "--target", "t-*.npy", "-o", "g.npz"]


def write_shards(folder, count=120, rows=15_000):
    rng = np.random.default_rng(8)
    np.save(folder / "W.npy", rng.standard_normal((64, 10)) / 8)
    np.save(folder / "x-000.npy", rng.standard_normal((rows, 64)))
    np.save(folder / "t-000.npy", rng.integers(0, 10, rows))
    for n in range(1, count):
        for name in "xt":
            os.link(folder / f"{name}-000.npy", folder / f"{name}-{n:03}.npy")


def start(folder, *arguments, **options):
    command = [sys.executable, "-m", "softmax_cli", *SHARDS, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipes, **options)


def workers_of(pid):
    """The Python workers under a process, with the seconds that each has worked."""
    found = {}
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found[child] = child.cpu_times().user
    return found


def result(folder):
    with np.load(folder / "g.npz") as file:
        return hashlib.sha256(b"".join(file[key].tobytes() for key in ("loss", "dE_dW", "dE_db"))).hexdigest()
