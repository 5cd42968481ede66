import subprocess
import sys

import pytest


@pytest.fixture
def child(tmp_path):
    """Run Python source, after `from softmax_cli.writing.files import target`, in tmp_path."""

    def run(source, *flags, **options):
        head = (
            "import os, sys\nfrom softmax_cli.errors import InputError\nfrom softmax_cli.writing.files import target\n"
        )
        options = {"capture_output": True, "cwd": tmp_path, "timeout": 60} | options
        return subprocess.run([sys.executable, *flags, "-c", head + source], **options)

    return run
