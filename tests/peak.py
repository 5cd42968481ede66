"""The memory that a run of the command takes."""

import subprocess
import sys

from command import ROOT

# VmHWM, not ru_maxrss: the latter counts what the parent held when it started the child.
CHILD = """
import re, sys
from softmax_cli.cli.app import main
try:
    main(sys.argv[1:])
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr)
"""


def peak_of(*arguments, stdin=None, stdout=subprocess.DEVNULL):
    """The peak memory of a run, in bytes."""
    pipes = {"stdin": stdin, "stdout": stdout, "stderr": subprocess.PIPE}
    done = subprocess.run([sys.executable, "-c", CHILD, *arguments], cwd=ROOT, timeout=120, **pipes)
    assert done.returncode == 0, done.stderr
    return 1024 * int(done.stderr.split()[-1])
