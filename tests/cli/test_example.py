"""The samples that `example` prints, and the examples in every command's help, run as they stand."""

import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from command import ROOT, SAMPLES, refused, run

from softmax_cli.cli.commands import FILES, command_of

NAMES = ["article", "iris", "digits", "saturated"]


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_the_one_beside_the_code_byte_for_byte(name):
    assert run("example", name).stdout.encode() == (SAMPLES / f"{name}.json").read_bytes()


def test_the_first_sample_is_what_commands_work_on_without_an_input():
    printed = run("forward", "-", "--json", stdin=run("example").stdout).stdout
    assert run("forward", "--json").stdout == printed


@pytest.mark.parametrize("name", NAMES[1:3])
def test_the_sample_of_a_model_has_a_target_and_the_probabilities_that_scikit_learn_finds(name):
    text = run("example", name).stdout
    found = json.loads(run("loss-grad", "-", "--wrt", "z", "--json", stdin=text).stdout)
    h = json.loads(run("forward", "-", "--json", stdin=text).stdout)["h"]
    assert h == pytest.approx(json.loads(text)["predict_proba"], rel=1e-12)
    assert found["target"] == json.loads(text)["target"]


def test_there_is_no_other_sample():
    assert refused("example", "mnist") == [
        "softmax-jac: error: name is 'mnist', where article, iris, digits or saturated is expected"
    ]


def test_the_samples_are_in_the_wheel(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*build, "-w", str(tmp_path), str(ROOT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    assert {f"softmax_cli/examples/{name}.json" for name in NAMES} <= set(held)


# --- the help ----------------------------------------------------------------------------------

LINE = re.compile(r"^ +(softmax-jac .*?)(?: {2,}\S.*)?$", re.MULTILINE)


def examples(name):
    return LINE.findall(command_of(name)[0].__doc__)


WITH_EXAMPLES = [name for name in FILES if name != "options"]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_command_run_as_printed_from_an_empty_folder(name, tmp_path, monkeypatch):
    shown = run(name, "--help", env={"COLUMNS": "200"}).stdout
    assert examples(name)
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "softmax-jac"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m softmax_cli "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for line in examples(name):
        assert line in shown
        done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (line, done.stderr)
        written = re.search(r"(?:-o|>) (\S+)", line)
        assert done.stdout or (folder / Path(written[1])).stat().st_size


def test_the_examples_of_the_whole_run_as_printed():
    from softmax_cli.cli.app import root

    lines = LINE.findall(root.__doc__)
    assert len(lines) == 3
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "softmax-jac"
        assert run(*arguments).stdout
