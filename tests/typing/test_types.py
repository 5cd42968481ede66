"""The public names, checked by mypy as in a user's program, and where they say they live."""

import inspect
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import softmax_cli

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAMES = [name for name in softmax_cli.__all__ if name != "__version__"]


def complaints(program, folder):
    """The line and the code of everything that mypy --strict has to say about a program."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={folder}", str(HERE / program)],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    found = re.findall(rf"{program}:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert len(found) == done.stdout.count(" error: "), done.stdout
    return [(int(line), code) for line, code in found]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.slow
def test_a_program_that_uses_every_name_as_it_is_meant_is_well_typed(cache):
    program = (HERE / "right_uses.py").read_text(encoding="utf-8")
    assert [name for name in NAMES if not re.search(rf"\b{name}\(|\b{name} as\b", program)] == []
    assert complaints("right_uses.py", cache) == []


@pytest.mark.slow
def test_every_wrong_use_is_found(cache):
    lines = (HERE / "wrong_uses.py").read_text(encoding="utf-8").splitlines()
    marked = [(n, line.split("# wrong: ")[1]) for n, line in enumerate(lines, 1) if "# wrong: " in line]
    assert complaints("wrong_uses.py", cache) == marked


def test_the_package_says_that_it_is_typed():
    assert (Path(softmax_cli.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_says_where_a_user_finds_it(name):
    value = getattr(softmax_cli, name)
    assert f"{value.__module__}.{value.__qualname__}" == f"softmax_cli.{name}"
    assert pickle.loads(pickle.dumps(value)) is value


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_speaks_of_public_names_alone(name):
    quoted = set(re.findall(r"`([\w.]+)`", getattr(softmax_cli, name).__doc__))
    parameters = set(inspect.signature(getattr(softmax_cli, name)).parameters)
    assert [word for word in quoted if word not in {*NAMES, *parameters, "diagnosis", "others"}] == []


def test_a_traceback_names_the_public_exception_without_the_root_having_been_asked_for_it():
    code = "from softmax_cli.core.layer import forward\nforward([1.0, 2.0], [[1.0]])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == "softmax_cli.InputError: W has 1 row but x has 2 entries"


def test_no_other_name_is_there():
    with pytest.raises(AttributeError) as caught:
        softmax_cli.nosuch  # noqa: B018
    assert str(caught.value) == "module 'softmax_cli' has no attribute 'nosuch'"
    assert dir(softmax_cli) == sorted(softmax_cli.__all__)
