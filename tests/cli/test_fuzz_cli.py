"""Whole command lines, drawn at random: none ends in a traceback, and each in a documented status."""

import contextlib
import io
import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softmax_cli.cli.app import main

COMMANDS = [
    "forward",
    "softmax-grad",
    "linear-grad",
    "layer-grad",
    "loss-grad",
    "hessian",
    "check",
    "explain",
    "example",
    "",
    "nonsense",
]
VALUES = [
    "",
    "-",
    "0",
    "1",
    "-1",
    "1,2",
    "1,2;3,4",
    "1;2",
    "[1,2]",
    "[[1,2],[3,4]]",
    "[[1],[2,3]]",
    "nan",
    "1e999",
    "1e308",
    "1e-320",
    "a",
    "1,",
    ";",
    "{}",
    "in.json",
    "bad.json",
    "W.npy",
    "W.csv",
    "t.csv",
    "t.csv:y",
    "W.npy:a",
    "in.json:W",
    "a",
    "iris",
    "missing.npy",
    ".",
    "/dev/null",
    "out.json",
    "out.npy",
    "out.csv",
    "out.npz",
    "out.txt",
    "0,1",
    "1-0",
    "0-1",
    "true",
    "\x00",
    "é",
    "[red]",
    "--",
    "-x",
    "=1",
    "9" * 400,
]
FLAGS = [
    "-x",
    "-W",
    "-b",
    "-o",
    "--weights-layout",
    "--layout",
    "--format",
    "--precision",
    "--outputs",
    "--method",
    "--upstream",
    "--target",
    "--ignore",
    "--mask",
    "-z",
    "--temperature",
    "--learning-rate",
    "--reduction",
    "--of",
    "--against",
    "--rtol",
    "--json",
    "--full",
    "--strict",
    "--x-rows",
    "--jsonl",
    "--keep-going",
    "--entry",
    "--help",
    "--version",
]
CHOICES = [
    "in-out",
    "out-in",
    "numerator",
    "denominator",
    "tensor",
    "table",
    "json",
    "csv",
    "npy",
    "npz",
    "chain",
    "safetensors",
    "heatmap",
    "markdown",
    "0,0,0",
    "mean",
    "none",
]
words = st.sampled_from(VALUES + CHOICES) | st.text(max_size=8).filter(lambda t: not t.startswith("/"))
lines = st.tuples(
    st.sampled_from(COMMANDS),
    st.lists(words, max_size=1),
    st.lists(
        st.tuples(st.sampled_from(FLAGS), words).map(list) | st.sampled_from(FLAGS).map(lambda f: [f]), max_size=6
    ),
).map(lambda parts: [*([parts[0]] if parts[0] else []), *parts[1], *(w for pair in parts[2] for w in pair)])


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    import numpy as np

    before, path = os.getcwd(), tmp_path_factory.mktemp("fuzz")
    os.chdir(path)
    (path / "in.json").write_text('{"x": [1, 2], "W": [[1, 2, 3], [4, 5, 6]], "b": [0, 1, 2], "target": 1}')
    (path / "bad.json").write_text('{"x": [1, 2], "W": [[1, 2, 3], [4, 5')
    (path / "W.csv").write_text("a,[b]\n1,2\n3,4\n")
    (path / "t.csv").write_text(",p,q,y\n0,1,2,a\n1,3,4,[b]\n")
    np.save(path / "W.npy", [[1.0, 2.0], [3.0, 4.0]])
    yield
    os.chdir(before)


def status_of(arguments, stdin=b""):
    """The exit status of main, called in this process with standard streams of its own."""
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    try:
        with contextlib.suppress(FileNotFoundError):
            os.remove("out.json")
        main(arguments)
    except SystemExit as ended:
        return ended.code
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams


@settings(max_examples=3000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(lines, st.sampled_from([b"", b'{"x":[1],"W":[[1,2]]}\n', b"\x93NUMPY", b'{"x":[1]}\n{"x"']))
def test_no_command_line_ends_in_a_traceback(arguments, stdin):
    assert status_of(arguments, stdin) in (0, 1, 2)
