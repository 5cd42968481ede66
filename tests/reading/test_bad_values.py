"""Whatever an option names, a bad value is refused in a line that says why."""

import builtins
import io
import sys

import numpy as np
import pytest
from bad_input import GOOD, REAL, SAVE_AS_TEXT, npy, npz, refusal

from softmax_cli.reading.option_arrays import read_array
from softmax_cli.reading.read_problem import read_problem

COMMA_SEMICOLON = "write , between numbers and ; between rows, or spaces and no commas"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


INLINE = [
    ("word", "abc", "-W is 'abc': neither numbers nor a file", ""),
    ("nothing", "", "-W is '': neither numbers nor a file", ""),
    ("word after an equals sign", "=abc", "-W is 'abc': neither numbers nor a file", ""),
    ("word among numbers", "1,2;3,x", "-W row 2, column 2 is 'x', where a number is expected", "  1,2;3,x\n        ^"),
    ("nan", "1,nan", "-W row 1, column 2 is 'nan', where a finite number is expected", "  1,nan\n    ^"),
    ("1e999", "1e999", "-W row 1, column 1 is '1e999', where a finite number is expected", "  1e999\n  ^"),
    ("underscore", "1_0", "-W row 1, column 1 is '1_0', where a number is expected", "  1_0\n  ^"),
    ("trailing comma", "1,2,", "-W row 1, column 3 is empty, where a number is expected", "  1,2,\n      ^"),
    ("trailing semicolon", "1,2;", "-W row 2, column 1 is empty, where a number is expected", "  1,2;\n      ^"),
    ("ragged", "1,2;3", "-W row 2 has 1 cell, where 2 are expected", ""),
    ("commas and spaces", "1,2 3", "-W row 1, column 2 is '2 3', where a number is expected", COMMA_SEMICOLON),
    ("NUL", "1,\0", "-W row 1, column 2 is '\\x00', where a number is expected", "  1,\\x00\n    ^"),
    ("byte that is no text", "\udcff", "-W is '\\udcff': neither numbers nor a file", ""),
    ("JSON with a boolean", "[[true]]", "-W[0][0] is true, where a number is expected", ""),
    ("list left open", "[[1,2]", "-W ends where ] is expected", "  [[1,2]\n        ^"),
    ("JSON of no text", '["\udcff"]', "-W is not UTF-8 text: byte 0xff on line 1", SAVE_AS_TEXT),
    ("JSON without the key", "{}", "-W has no key 'W'", "it is empty"),
    ("gone", "gone.csv", "-W: no such file: gone.csv", ""),
    ("gone from a folder", "no/W", "-W: no such file: no/W", ""),
    ("folder", "/", "-W: / is a folder, where a file is expected", ""),
    ("folder with a suffix", "folder.csv", "-W: folder.csv is a folder, where a file is expected", ""),
    ("below a file", "good.csv/W.csv", "-W: no such file: good.csv/W.csv", ""),
    ("NUL in a path", "a\0.csv", "-W: cannot read 'a\\x00.csv': not a file name", ""),
    ("newline in a path", "a\nb.csv", "-W: no such file: 'a\\nb.csv'", ""),
    ("path that is no text", "\udcff.csv", "-W: no such file: '\\udcff.csv'", ""),
    ("endless path", "a" * 5000 + ".csv", f"-W: cannot read {'a' * 200}…: file name too long", ""),
    ("empty device", "/dev/null", "/dev/null is empty", ""),
    (
        "endless device",
        "/dev/zero",
        "/dev/zero is neither text nor a .npy, .npz or .safetensors file: it holds a NUL byte",
        "",
    ),
]


@pytest.mark.parametrize(("value", "message", "advice"), [pytest.param(*case[1:], id=case[0]) for case in INLINE])
def test_a_bad_value_is_refused(folder, value, message, advice):
    (folder / "folder.csv").mkdir()
    (folder / "good.csv").write_text("1,2\n")
    assert refusal(lambda: read_array(value, "-W", 2)) == (message, advice)


@pytest.mark.parametrize(
    ("name", "data", "message", "advice"),
    [
        ("in.json", b"[1, 2]", 'in.json holds a list, where an object like {"x": …, "W": …} is expected', ""),
        ("in.json", b"3", 'in.json holds 3, where an object like {"x": …, "W": …} is expected', ""),
        (
            "in.json",
            b'{"x": [1], "W": [[1, "a"]]}',
            "in.json: W[0][1] is the string 'a', where a number is expected",
            "",
        ),
        ("in.npz", npz(x=npy(np.ones(1))), "W is missing: give it with -W, or in INPUT", "in.npz holds x (1,)"),
        ("in.npz", npz(x=npy(np.array(["a"])), W=npy(GOOD)), f"in.npz: x holds text, {REAL}", ""),
        ("in", b"PK", "in is a damaged .npz archive", ""),
        ("in", npy(GOOD), "INPUT in holds one array, where x and W are expected", "give it with -x, -W or -b"),
        ("W.csv", b"1,2", "INPUT W.csv holds one array, where x and W are expected", "give it with -x, -W or -b"),
        ("in", b"x,y", "in is not valid JSON at line 1, column 1: found 'x'", ""),
    ],
)
def test_bad_input_is_refused(folder, name, data, message, advice):
    (folder / name).write_bytes(data)
    assert refusal(lambda: read_problem(name, None, None, None)) == (message, advice)


def test_input_that_is_gone_is_refused():
    assert refusal(lambda: read_problem("gone", None, None, None)) == ("INPUT: no such file: gone", "")


def test_a_file_that_may_not_be_read_is_refused(folder, monkeypatch):
    (folder / "W.csv").write_text("1")

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", denied)
    assert refusal(lambda: read_array("W.csv", "-W", 2)) == ("-W: cannot read W.csv: permission denied", "")


def test_a_file_beyond_memory_is_refused(folder, monkeypatch):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr(builtins, "open", exhausted)
    assert refusal(lambda: read_array("W.npy", "-W", 2)) == ("-W: W.npy does not fit into memory", "")


@pytest.mark.parametrize("stream", [None, io.StringIO("1,2")], ids=["none", "no bytes"])
def test_standard_input_that_is_not_there_is_refused(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdin", stream)
    assert refusal(lambda: read_array("-", "-W", 2)) == ("-W: standard input is closed", "")


def test_standard_input_that_is_closed_is_refused(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(b"1"))
    stream.buffer.close()
    monkeypatch.setattr(sys, "stdin", stream)
    assert refusal(lambda: read_array("-", "-W", 2)) == ("-W: standard input is closed", "")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "standard input is empty"),
        (b"1,x", "standard input row 1, column 2 is 'x', where a number is expected"),
        (b"[[1,null]]", "standard input[0][1] is null, where a number is expected"),
        (npy(GOOD)[:-1], "standard input holds 47 bytes of numbers, where its header (shape (2, 3)) promises 48"),
        (b"PK", "standard input is a damaged .npz archive"),
    ],
)
def test_an_error_on_standard_input_says_so(monkeypatch, data, message):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert refusal(lambda: read_array("-", "-W", 2))[0] == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1" * 2_000_000 + "x", f"-W is '{'1' * 40}…': neither numbers nor a file"),
        ("1," * 1_000_000 + "x", "-W row 1, column 1000001 is 'x', where a number is expected"),
        ("1;" * 1_000_000 + "x", "-W row 1000001, column 1 is 'x', where a number is expected"),
    ],
    ids=["digits", "columns", "rows"],
)
def test_a_long_value_is_refused_without_trying_every_way_to_part_it(text, message):
    """A pattern that goes back over what it has matched would take hours for these."""
    assert refusal(lambda: read_array(text, "-W", 2))[0] == message
