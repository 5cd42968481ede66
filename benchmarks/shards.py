"""2 GB of inputs in shards, by every engine: seconds, processor time, memory, and the hash of the result.

    python benchmarks/shards.py [FOLDER]

Twice 2 GB are written to FOLDER, a temporary one unless given. A cluster of two workers is started by Dask's own
commands.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

INPUTS, J, K = 4_000_000, 64, 10
RUNS = 3
PYTHON = [sys.executable, "-m"]


def write(folder: Path, count: int) -> Path:
    """The inputs in so many shards: the same ones, however they are cut."""
    made = folder / str(count)
    made.mkdir()
    rng = np.random.default_rng(0)
    np.save(made / "W.npy", rng.standard_normal((J, K)) / 8)
    for n, (a, b) in enumerate(itertools.pairwise(np.linspace(0, INPUTS, count + 1).astype(int))):
        np.save(made / f"x-{n:04}.npy", rng.standard_normal((b - a, J)))
        np.save(made / f"t-{n:04}.npy", np.arange(a, b) * 7919 % 1009 % K)
    return made


@contextmanager
def cluster(folder: Path):
    """The address of a scheduler with two workers of one thread each."""
    file, log = folder / "scheduler.json", open(folder / "dask.log", "wb")  # noqa: SIM115
    rest = {
        "stdout": log,
        "stderr": log,
        "env": {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(32 << 20)},
    }  # docs/scale.md
    dask, quiet = [*PYTHON, "dask"], ["--no-dashboard", "--scheduler-file", file]
    scheduler = subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *quiet], **rest)
    workers = subprocess.Popen([*dask, "worker", "--nworkers", "2", "--nthreads", "1", *quiet], **rest)
    try:
        while (folder / "dask.log").read_text().count("Registered to") < 2:
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in (workers, scheduler):
            process.terminate()
            process.wait()


def measured(folder: Path, *how: str) -> tuple[float, float, float, str]:
    """Seconds by the clock, seconds of processor time, MB of the largest process, and the hash of the result."""
    shards = ["loss-grad", "-W", "W.npy", "-x", "x-*.npy", "--target", "t-*.npy", "-o", "g.npz"]
    started = time.perf_counter()
    process = subprocess.Popen([*PYTHON, "softmax_cli", *shards, *how], cwd=folder)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    assert status == 0
    with np.load(folder / "g.npz") as file:
        found = hashlib.sha256(b"".join(file[key].tobytes() for key in ("loss", "dE_dW", "dE_db"))).hexdigest()
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, found


def report(what: str, folder: Path, *how: str) -> None:
    runs = [measured(folder, *how) for _ in range(RUNS)]
    seconds, processor, memory, found = min(runs)
    print(
        f"| {what} | {seconds:.1f} s ({max(runs)[0]:.1f}) | {processor:.1f} s | {memory:.0f} MB | {found[:12]} |",
        flush=True,
    )


def main(folder: Path) -> None:
    few, many = write(folder, 24), write(folder, 1000)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| | the fastest of 3 (the slowest) | processor time | memory | hash |\n|---|---|---|---|---|")
    report("24 shards, this process", few)
    for workers in ("1", "2"):
        report(f"24 shards, --workers {workers}", few, "--workers", workers)
    for workers in ("1", "2"):
        report(f"1,000 shards, --workers {workers}", many, "--workers", workers)
    with cluster(folder) as address:
        report("24 shards, a Dask cluster of two", few, "--workers", address)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
