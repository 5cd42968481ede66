"""Standard streams that are full, closed, read-only, or whose reader is gone."""

import json
import subprocess
import sys

import pytest
from command import ROOT


@pytest.mark.parametrize("format", ["table", "json", "csv", "npy", "npz"])
@pytest.mark.parametrize("reader", ["head -c 1", "true"])
def test_a_reader_that_goes_away_ends_the_run_quietly(format, reader):
    K = ",".join(["0.5"] * 400)
    layer_grad = f"{sys.executable} -m softmax_cli layer-grad -x 1,2 -W '{K};{K}'"
    command = f"{layer_grad} --full --format {format} | {reader} >/dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("closed", ["<&-", "2>&-"])
def test_closed_standard_streams_that_are_not_needed_do_no_harm(closed):
    command = f"{sys.executable} -m softmax_cli forward -x 1 -W 1,2 --json {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, json.loads(done.stdout)["x"]) == (0, [1.0])


@pytest.mark.parametrize("format", ["table", "json", "npy"])
def test_a_closed_standard_output_is_an_error_not_a_traceback(format):
    command = f"{sys.executable} -m softmax_cli forward -x 1 -W 1,2 --format {format} >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (2, "softmax-jac: error: standard output is closed\n")
