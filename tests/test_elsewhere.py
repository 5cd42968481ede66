"""Without what only POSIX has: every module loads, and every command says what it says with it."""

import errno
import ntpath
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command import ROOT, SAMPLES

from softmax_cli.cli.option_values import converted
from softmax_cli.cli.options import Output
from softmax_cli.cli.own_options import Explanation
from softmax_cli.cli.streams import Descriptor
from softmax_cli.reading.manyfiles import files_named
from softmax_cli.reading.sources import named

WITHOUT = os.pathsep.join([str(ROOT / "tests" / "elsewhere"), str(ROOT)])
ARTICLE = str(SAMPLES / "article.json")
CALLS = {
    "forward": ["forward", ARTICLE],
    "json": ["forward", ARTICLE, "--json"],
    "npz": ["layer-grad", ARTICLE, "--format", "npz"],
    "npy": ["layer-grad", ARTICLE, "--format", "npy"],
    "csv": ["layer-grad", ARTICLE, "--format", "csv"],
    "a table": ["layer-grad", str(SAMPLES / "digits.json"), "--full"],
    "heatmap": ["layer-grad", ARTICLE, "--format", "heatmap"],
    "loss-grad": ["loss-grad", ARTICLE, "--target", "1", "--wrt", "z,W,b,x"],
    "shards": ["loss-grad", "-x", "part-*.npy", "-W", "1,2;3,4", "--target", "labels-*.npy", "--workers", "2"],
    "hessian": ["hessian", ARTICLE],
    "lines": ["forward", "-", "--jsonl", "-W", "1,2"],
    "check": ["check", ARTICLE],
    "function": ["check", "--function", f"{SAMPLES / 'test_layer.py'}:backward"],
    "explain": ["explain", ARTICLE],
    "bad input": ["forward", "nothing.json"],
    "a folder": ["forward", "-x", ".", "-W", "1,2"],
    "bad usage": ["forward", "--tabel"],
    "help": ["--help"],
    "version": ["--version"],
}


def python(*arguments, path, cwd, stdin=b""):
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, *arguments], input=stdin, capture_output=True, cwd=cwd, env=environment, timeout=120
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    for n, x in enumerate([[[1.0, 2.0], [3.0, 4.0]], [[-1.0, 0.5]]]):
        np.save(folder / f"part-{n}.npy", x)
        np.save(folder / f"labels-{n}.npy", np.arange(len(x)) % 2)
    return folder


def test_what_is_taken_away_is_not_there(folder):
    code = """
import os, signal
for name in ("fcntl", "resource", "pwd"):
    try:
        __import__(name)
    except ImportError:
        print(name)
print(hasattr(os, "chown"), hasattr(signal, "SIGHUP"), len(signal.valid_signals()))
"""
    done = python("-c", code, path=WITHOUT, cwd=folder)
    assert done.stdout.decode().split() == ["fcntl", "resource", "pwd", "False", "False", "6"]


def test_every_module_loads_without_it(folder):
    code = """
import importlib, pkgutil, softmax_cli
for module in pkgutil.walk_packages(softmax_cli.__path__, "softmax_cli."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    done = python("-c", code, path=WITHOUT, cwd=folder)
    assert (done.returncode, done.stderr.decode()) == (0, "")


@pytest.mark.parametrize("name", CALLS)
def test_a_command_says_the_same_without_it(name, folder):
    here, there = (
        python("-m", "softmax_cli", *CALLS[name], path=path, cwd=folder, stdin=b'{"x": [1]}\n')
        for path in (str(ROOT), WITHOUT)
    )
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)
    assert b"Traceback" not in here.stderr


@pytest.mark.parametrize("name", CALLS)
def test_no_command_reads_or_writes_text_in_whatever_encoding_the_system_has(name, folder):
    strict = ["-X", "warn_default_encoding", "-W", "error::EncodingWarning", "-m", "softmax_cli"]
    plain = python("-m", "softmax_cli", *CALLS[name], path=str(ROOT), cwd=folder, stdin=b'{"x": [1]}\n')
    done = python(*strict, *CALLS[name], path=str(ROOT), cwd=folder, stdin=b'{"x": [1]}\n')
    assert (done.returncode, done.stdout, done.stderr) == (plain.returncode, plain.stdout, plain.stderr)


@pytest.mark.parametrize("suffix", ["json", "npy", "npz", "csv"])
def test_a_file_is_written_and_replaced_without_it(suffix, folder):
    target = folder / f"out.{suffix}"
    target.write_bytes(b"old")
    for _ in range(2):
        done = python("-m", "softmax_cli", "layer-grad", ARTICLE, "-o", target.name, path=WITHOUT, cwd=folder)
        assert (done.returncode, done.stderr) == (0, b"")
        assert target.stat().st_size > 100
    assert not list(folder.glob(".*"))


def test_a_plot_is_drawn_and_a_page_is_written_without_it(folder):
    for arguments in (["layer-grad", ARTICLE, "--plot", "plot.svg"], ["explain", ARTICLE, "-o", "page.html"]):
        done = python("-m", "softmax_cli", *arguments, path=WITHOUT, cwd=folder)
        assert (done.returncode, done.stderr) == (0, b"")
    assert b"<svg" in (folder / "plot.svg").read_bytes()
    assert b"<html" in (folder / "page.html").read_bytes()


@pytest.fixture
def windows(monkeypatch, tmp_path):
    """What the code asks of the system, as Windows answers; in a folder with a file named like a drive."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os.path, "splitdrive", ntpath.splitdrive)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "C").write_bytes(b"")


def test_a_reader_that_left_is_known_by_what_windows_says_of_it(windows, monkeypatch):
    def write(descriptor, data):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(BrokenPipeError):
        Descriptor(1, was_closed=False, given_up=False).write(b"1")
    assert Descriptor(2, was_closed=False, given_up=True).write(b"1") == 1


@pytest.mark.parametrize(
    ("value", "path", "key"),
    [
        ("C:\\model.npz", "C:\\model.npz", ""),
        ("C:model.npz", "C:model.npz", ""),
        ("C:/models/a.safetensors:fc.weight", "C:/models/a.safetensors", "fc.weight"),
        ("C:\\model.npz:a:b", "C:\\model.npz", "a:b"),
        ("model.npz:weight", "model.npz", "weight"),
    ],
)
def test_the_colon_of_a_drive_parts_no_key_from_a_file(windows, value, path, key):
    assert named(value)[1:] == (path, key)


def test_a_file_is_one_file_with_either_separator(windows, monkeypatch):
    Path("answers").mkdir()
    for name in ("answers/a.npy", "answers\\a.npy"):  # which are one file on Windows
        Path(name).write_bytes(b"")
    monkeypatch.setattr(os, "sep", "\\")
    assert files_named(["answers/a.npy", "answers\\a.npy"], "--against") == (["answers\\a.npy"], [])
    assert files_named(["1/3,2/3"], "--against") == (["1/3,2/3"], [])


@pytest.mark.parametrize(
    ("text", "group", "field", "value"),
    [
        ("'1,2,0'", Explanation, "entry", "1,2,0"),
        ("'json'", Output, "format", "json"),
        ("'3'", Output, "precision", 3),
        ("'", Output, "output", "'"),
    ],
)
def test_quotes_that_cmd_hands_on_are_taken_away(windows, text, group, field, value):
    assert converted(text, "", group.__annotations__[field]) == value
