"""Standard streams that are full, closed, read-only, or whose reader is gone."""

import functools
import itertools
import json
import os
import subprocess
import sys

import pytest

LAYER = ["-x", "1", "-W", "1,2"]
CALLS = {
    **{name: [name, *LAYER] for name in ["forward", "layer-grad", "check", "explain"]},
    "json": ["forward", *LAYER, "--json"],
    "npz": ["layer-grad", *LAYER, "--format", "npz"],
    "the example": ["loss-grad", "--target", "1"],
    "lines": ["forward", "-", "--jsonl", "-W", "1,2"],
    "--version": ["--version"],
    "--help": ["--help"],
    "no command": [],
    "bad input": ["forward", "nothing.json"],
    "bad usage": ["forward", "--tabel"],
    "a file": ["forward", *LAYER, "-o", "out.json"],
}
WRITES_NOTHING = {"bad input", "bad usage", "a file"}
STATES = ["full", "closed", "read-only", "gone"]


def call(folder, arguments, stdout="fine", stderr="fine", **environment):
    """The exit status, and what came out of the streams that are fine."""
    gone = []

    def redirection(number, state):
        if state == "gone":
            reader, writer = os.pipe()
            os.close(reader)
            gone.append(writer)
            return f"{number}>&{writer}"
        return (
            f"{number}"
            + {"fine": f">{number}", "full": ">/dev/full", "closed": ">&-", "read-only": "</dev/null"}[state]
        )

    command = '"$@" ' + redirection(1, stdout) + " " + redirection(2, stderr)
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-m", "softmax_cli", *arguments],
        input=b'{"x": [1]}\n', cwd=folder, env={**os.environ, **environment}, pass_fds=gone, timeout=60,
    )  # fmt: skip
    for descriptor in gone:
        os.close(descriptor)
    said = (folder / "2").read_text() if stderr == "fine" else ""
    return done.returncode, (folder / "1").read_bytes() if stdout == "fine" else b"", said


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a call does where both streams are fine."""
    return functools.cache(lambda name: call(tmp_path_factory.mktemp("undisturbed"), CALLS[name]))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", CALLS)
def test_standard_error_that_cannot_be_written_changes_no_exit_and_no_output(tmp_path, undisturbed, name, state):
    status, out, _ = undisturbed(name)
    assert call(tmp_path, CALLS[name], stderr=state) == (status, out, "")


ANSWERS = {
    "full": (2, "softmax-jac: error: cannot write to standard output: No space left on device\n"),
    "closed": (2, "softmax-jac: error: standard output is closed\n"),
    "read-only": (2, "softmax-jac: error: cannot write to standard output: Bad file descriptor\n"),
    "gone": (141, ""),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", [name for name in CALLS if name not in WRITES_NOTHING])
def test_standard_output_that_cannot_be_written_is_an_error_but_for_a_reader_that_left(
    tmp_path, undisturbed, name, state
):
    status, _, said = call(tmp_path, CALLS[name], stdout=state)
    note = undisturbed(name)[2]
    assert (status, said.removeprefix(note)) == ANSWERS[state]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", sorted(WRITES_NOTHING))
def test_standard_output_that_is_not_needed_does_no_harm(tmp_path, undisturbed, name, state):
    status, _, said = undisturbed(name)
    assert call(tmp_path, CALLS[name], stdout=state)[::2] == (status, said)


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("name", ["json", "--help", "bad input"])
def test_where_neither_can_be_written_the_exit_is_that_of_standard_output(tmp_path, undisturbed, name, unbuffered):
    for stdout, stderr in itertools.product(STATES, STATES):
        status, _, _ = call(tmp_path, CALLS[name], stdout, stderr, PYTHONUNBUFFERED=unbuffered)
        expected = undisturbed(name)[0] if name in WRITES_NOTHING else ANSWERS[stdout][0]
        assert (stdout, stderr, status) == (stdout, stderr, expected)


def test_a_reader_of_both_streams_that_is_gone_ends_the_run_quietly(tmp_path):
    command = f"{sys.executable} -m softmax_cli forward --json 2>&1 >/dev/null | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("format", ["table", "json", "csv", "npy", "npz"])
@pytest.mark.parametrize("reader", ["head -c 1", "true"])
def test_a_reader_that_goes_away_ends_the_run_quietly(format, reader):
    K = ",".join(["0.5"] * 400)
    layer_grad = f"{sys.executable} -m softmax_cli layer-grad -x 1,2 -W '{K};{K}'"
    command = f"{layer_grad} --full --format {format} | {reader} >/dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (141, "")


def test_standard_input_that_is_closed_does_no_harm_where_it_is_not_read():
    command = f"{sys.executable} -m softmax_cli forward -x 1 -W 1,2 --json <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, json.loads(done.stdout)["x"]) == (0, [1.0])


@pytest.mark.parametrize("argument", ["-", "/dev/stdin"])
def test_standard_input_that_is_closed_is_an_error_where_it_is_read(argument):
    command = f"{sys.executable} -m softmax_cli forward {argument} --json <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_what_is_written_to_a_file_is_not_mixed_with_what_a_closed_standard_error_would_have_got(tmp_path):
    """The first file that a process opens has the number of the stream that was closed."""
    code = (
        "import os\nfrom softmax_cli.cli.streams import prepare_streams\nprepare_streams()\nprint(os.open('new', 65))"
    )
    done = subprocess.run(
        ["bash", "-c", '"$@" 2>&- <&-', "bash", sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert int(done.stdout) > 2


def test_an_error_of_another_file_is_not_called_one_of_standard_output(tmp_path):
    (tmp_path / "home").write_text("a file where a folder is expected")
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m softmax_cli --install-completion; exit $?"],
        capture_output=True, text=True, env=environment, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"softmax-jac: error: {tmp_path}/home")
