"""A run that is killed at any moment leaves the old file or the new one, and it is whole."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

WRITER = """
import itertools, os, signal, sys
import numpy as np
from softmax_cli.writing.files import target
from softmax_cli.writing.formats.npy import write_array
from softmax_cli.writing.result import Stream

def terminate(signum, frame):
    raise SystemExit(143)

signal.signal(signal.SIGTERM, terminate)
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
for n in itertools.count():
    block = np.full((20, 500), float(n))
    with target("out.npy") as stream:
        write_array(stream.write, Stream((200, 500), [block] * 10))
"""


KILL = getattr(signal, "SIGKILL", 9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "litter"),
    [(signal.SIGTERM, 143, False), (signal.SIGINT, -signal.SIGINT, False), (KILL, -KILL, True)],
)
def test_a_killed_run_leaves_one_whole_file(tmp_path, number, status, litter):
    chance = random.Random(number)
    for n in range(20):
        folder = tmp_path / str(n)
        folder.mkdir()
        np.save(folder / "out.npy", np.full((200, 500), -1.0))
        with subprocess.Popen(
            [sys.executable, "-c", WRITER], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.05))
            process.send_signal(number)
            assert process.wait(30) == status
        array = np.load(folder / "out.npy")
        assert array.shape == (200, 500)
        assert (array == array[0, 0]).all()
        others = [name for name in os.listdir(folder) if name != "out.npy"]
        assert len(others) <= litter
        assert all(re.fullmatch(r"\.out\.npy\.[0-9a-f]{12}\.tmp", name) for name in others)
