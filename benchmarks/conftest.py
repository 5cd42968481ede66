import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def use_memory_again(below: int) -> None:
    """Have glibc keep the memory of what is freed and is smaller than so many bytes, and get that of anything
    larger new from the system. Left to itself it does the one or the other by what went before, and a measurement
    is of that. Other allocators are left alone."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None:
        mallopt(M_MMAP_THRESHOLD, below)
        mallopt(M_TRIM_THRESHOLD, 32 * below)


def pytest_configure() -> None:
    use_memory_again(below=1 << 23)


@pytest.fixture
def layer():
    """A function of (J, K) that makes x and W."""

    def make(J, K):
        rng = np.random.default_rng(0)
        return rng.standard_normal(J), rng.standard_normal((J, K)) / np.sqrt(J)

    return make


@pytest.fixture
def command():
    """The argument list of the installed command."""
    return [str(Path(sys.executable).parent / "softmax-jac")]
