import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


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
