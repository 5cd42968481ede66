"""The command, run as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_inputs"
COMMANDS = ["forward", "softmax-grad", "linear-grad", "layer-grad"]
LAYER = ["-x", "0.1,0.5,0.4", "-W", "0.1,0.2,0.3,0.4,0.5;0.6,0.7,0.8,0.9,0.1;0.11,0.12,0.13,0.14,0.15"]


def run(*arguments, status=0, stdin=None, env=None, cwd=None):
    """Run the command as a process of its own, and insist on its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "softmax_cli", *arguments],
        input=stdin, capture_output=True, text=True, timeout=60, cwd=cwd,
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT), **(env or {})},
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done


def refused(*arguments, **options):
    """The lines on standard error of a run that exits with 2 and prints nothing."""
    done = run(*arguments, status=2, **options)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()


def result(*arguments, **options):
    return json.loads(run(*arguments, "--json", **options).stdout)
