"""The recipes of docs/scale.md, as they stand there, on one data set: each gives the bits of all inputs at once."""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from cluster import wait_for

from softmax_cli import loss_gradient

ROOT = Path(__file__).parents[2]
ROWS = 500_000  # as the third recipe expects

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="recipes for a POSIX shell"),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    rng = np.random.default_rng(9)
    x, W, t = rng.standard_normal((ROWS, 4)), rng.standard_normal((4, 3)), rng.integers(0, 3, ROWS)
    np.save(folder / "W.npy", W)
    for n, rows in enumerate(np.array_split(np.arange(ROWS), 3)):
        np.save(folder / f"part-{n:02}.npy", x[rows])
        np.save(folder / f"labels-{n:02}.npy", t[rows])
    return folder, {l2: hash_of(loss_gradient(x, W, target=t, l2=l2)) for l2 in (0.0, 0.01)}


def hash_of(found):
    return hashlib.sha256(b"".join(np.asarray(v).tobytes() for v in (found.loss, found.dE_dW, found.dE_db))).hexdigest()


def recipe(heading):
    """The shell block below a heading, but for what installs."""
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    block = re.search(rf"^## {heading}$.*?^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]
    return re.sub(r"^pip install .*\n", "", block, flags=re.MULTILINE)


def ran(commands, folder):
    """The hash of gradient.npz. What the commands leave in the background is ended."""
    (folder / "gradient.npz").unlink(missing_ok=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with open(folder / "log", "w+b") as log:
        shell = subprocess.Popen(
            ["bash", "-euc", commands], cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PATH": path},
        )  # fmt: skip
        try:
            assert shell.wait(120) == 0, (folder / "log").read_text()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
                wait_for(lambda: os.killpg(shell.pid, 0), seconds=30)
    with np.load(folder / "gradient.npz") as file:
        return hashlib.sha256(b"".join(file[key].tobytes() for key in ("loss", "dE_dW", "dE_db"))).hexdigest()


def test_one_machine(data):
    folder, expected = data
    assert ran(recipe("One machine"), folder) == expected[0.0]


def test_a_dask_cluster(data):
    folder, expected = data
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    commands = recipe("A Dask cluster")
    assert commands.count("8786") == 3
    assert ran(commands.replace("8786", port), folder) == expected[0.0]


def test_shell_jobs(data):
    folder, expected = data
    assert ran(recipe("Shell jobs, make, SLURM"), folder) == expected[0.01]
