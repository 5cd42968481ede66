"""Whatever a JSON file holds, the reader says what is wrong in a line, or reads it."""

import os

import pytest
from bad_input import SAVE_AS_TEXT, cases, refusal

from softmax_cli.reading.option_arrays import read_array


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


JSON = [
    ("empty", b"", "W.json is empty", ""),
    ("blank", b" \n", "W.json is empty", ""),
    ("only a mark", b"\xef\xbb\xbf", "W.json is empty", ""),
    ("truncated", b'{"W": [[1, 2],\n[3,', "W.json ends in the middle of a value, on line 2", ""),
    ("truncated word", b"[[1, tr", "W.json is not valid JSON at line 1, column 6: found 't'", ""),
    ("truncated string", b'{"W": "a', "W.json is not valid JSON at line 1, column 7: found '\"'", ""),
    ("binary", b"\x80\x81", "W.json is not UTF-8 text: byte 0x80 on line 1", SAVE_AS_TEXT),
    ("late binary", b"[[1,\n\xff]]", "W.json is not UTF-8 text: byte 0xff on line 2", SAVE_AS_TEXT),
    ("NUL", b"[1,\0]", "W.json is neither text nor a .npy, .npz or .safetensors file: it holds a NUL byte", ""),
    ("UTF-16", "[[1]]".encode("utf-16"), "W.json is UTF-16 text, where UTF-8 is expected", "save it as UTF-8"),
    (
        "UTF-16 big-endian",
        b"\xfe\xff" + "[[1]]".encode("utf-16-be"),
        "W.json is UTF-16 text, where UTF-8 is expected",
        "save it as UTF-8",
    ),
    ("UTF-32", "[[1]]".encode("utf-32"), "W.json is UTF-32 text, where UTF-8 is expected", "save it as UTF-8"),
    ("symbol", b"[[1, 2], [3, x]]", "W.json is not valid JSON at line 1, column 14: found 'x'", ""),
    (
        "second document",
        b'{"W": [[1]]}\n{"W": [[1]]}',
        "W.json is not valid JSON at line 2, column 1: found '{'",
        "for a document a line, add --jsonl",
    ),
    (
        "lone surrogate",
        rb'{"W": "\ud800"}',
        "W.json holds half of a surrogate pair, which is no character, on line 1",
        "",
    ),
    ("string", b'"abc"', "W.json is the string 'abc', where numbers are expected", ""),
    ("null", b"null", "W.json is null, where numbers are expected", ""),
    ("no such key", b'{"w": [[1]]}', "W.json has no key 'W'", "it holds w (1, 1): choose one with W.json:KEY"),
    ("object for numbers", b'{"W": {"a": 1}}', "W.json: W is an object, where numbers are expected", ""),
    ("true", b'{"W": [[1, 2], [3, true]]}', "W.json: W[1][1] is true, where a number is expected", ""),
    ("false in an array", b"[[false]]", "W.json[0][0] is false, where a number is expected", ""),
    ("null entry", b"[[1, null]]", "W.json[0][1] is null, where a number is expected", ""),
    ("number as text", b'[["1", "2"]]', "W.json[0][0] is the string '1', where a number is expected", ""),
    ("object entry", b"[[1, {}]]", "W.json[0][1] is an object, where a number is expected", ""),
    ("number for a row", b"[[1, 2], 3]", "W.json[1] is 3, where a row is expected", ""),
    ("row for a number", b"[1, [2]]", "W.json[1] is a list, where a number is expected", ""),
    ("ragged", b"[[1, 2, 3], [1, 2]]", "W.json[1] has 2 entries, where 3 are expected", ""),
    ("ragged by one", b"[[1], [1, 2]]", "W.json[1] has 2 entries, where 1 is expected", ""),
    ("ragged in depth", b"[[1], [[2]]]", "W.json[1] has shape (1, 1), where (1,) is expected", ""),
    ("flat", b"[1, 2]", "W.json has shape (2,), where a matrix is expected", ""),
    ("no rows", b"[]", "W.json is empty (shape (0,))", ""),
    ("empty rows", b"[[], []]", "W.json is empty (shape (2, 0))", ""),
    ("deep", b'{"W":' + b"[" * 100 + b"1" + b"]" * 100 + b"}", "W.json: W is nested too deep", ""),
    ("deeper", b"[" * 900 + b"]" * 900, "W.json is nested too deep", ""),
    ("deepest", b"[" * 100_000, "W.json is nested too deep", ""),
    ("deep elsewhere", b'{"a":' * 100_000, "W.json is nested too deep", ""),
    ("1e999", b'{"W": [[1, 2], [1e999, 0]]}', "W.json: W[1][0] is 1e999, where a finite number is expected", ""),
    ("-1e999", b"[[-1e999]]", "W.json[0][0] is -1e999, where a finite number is expected", ""),
    ("NaN", b"[[1, NaN]]", "W.json[0][1] is NaN, where a finite number is expected", ""),
    ("-Infinity", b"[[-Infinity]]", "W.json[0][0] is -Infinity, where a finite number is expected", ""),
    (
        "NaN elsewhere",
        b'{"W": [[1]], "o": {"p": [0, NaN]}}',
        "W.json: o.p[1] is NaN, where a finite number is expected",
        "",
    ),
    (
        "integer of 400 digits",
        b"[[" + b"1" * 400 + b"]]",
        f"W.json[0][0] is {'1' * 40}…, where a finite number is expected",
        "",
    ),
    (
        "integer of 5000 digits",
        b"[[" + b"1" * 5000 + b"]]",
        f"W.json[0][0] is {'1' * 40}…, where a finite number is expected",
        "",
    ),
    (
        "NaN under a key that a terminal would obey",
        rb'{"\u001b[31m": {"\u202ea": NaN}}',
        r"W.json: \x1b[31m.\u202ea is NaN, where a finite number is expected",
        "",
    ),
    (
        "NaN under a key of a million letters",
        b'{"' + b"k" * 1_000_000 + b'": [1, NaN]}',
        f"W.json: {'k' * 40}…[1] is NaN, where a finite number is expected",
        "",
    ),
    (
        "NaN among many under long keys",
        b'{"' + b"k" * 100_000 + b'": [' + b"[1]," * 100_000 + b"NaN]}",
        f"W.json: {'k' * 40}…[100000] is NaN, where a finite number is expected",
        "",
    ),
    ("key twice", b'{"W": [[1]], "W": [[2]]}', "W.json holds the key 'W' twice", ""),
    ("key twice, escaped", b'{"W": [[1]], "\\u0057": [[2]]}', "W.json holds the key 'W' twice", ""),
    ("key twice within", b'{"W": [[1]], "a": {"b:": 1, "b:": 2}}', "W.json holds the key 'b:' twice", ""),
]


@pytest.mark.parametrize(("name", "data", "message", "advice"), cases("W.json", *JSON))
def test_a_bad_file_is_refused(folder, name, data, message, advice):
    (folder / name).write_bytes(data)
    assert refusal(lambda: read_array(name, "-W", 2)) == (message, advice)
    assert os.listdir(folder) == [name]
