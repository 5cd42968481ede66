"""What is said on standard error: nothing that is said there may change what a run does."""

import sys
from contextlib import suppress


def say(*lines: str) -> None:
    """Print lines on standard error, if it is there to be written to."""
    if sys.stderr is not None:  # print would take standard output for None
        with suppress(OSError):
            print(*lines, sep="\n", file=sys.stderr, flush=True)


def noted(text: str) -> None:
    """Say what a user should know while work goes on."""
    say(f"softmax-jac: {text}")
