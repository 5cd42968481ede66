import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `exact`, the 60-digit oracle


@pytest.fixture
def article():
    """x and W of the article."""
    return [0.1, 0.5, 0.4], [[0.1, 0.2, 0.3, 0.4, 0.5], [0.6, 0.7, 0.8, 0.9, 0.1], [0.11, 0.12, 0.13, 0.14, 0.15]]
