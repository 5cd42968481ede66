"""Whatever a file holds, the reader says what is wrong in a line, or reads it; memory stays bounded."""

import builtins
import functools
import io
import json
import os
import pickle
import random
import struct
import sys
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softmax_cli.errors import InputError
from softmax_cli.reading.problem import read_problem
from softmax_cli.reading.values import parse_document, read_array

GOOD = np.array([[1.5, -2.0, 3.0], [4.0, 5e-324, 6.0]])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def npy(array, **how):
    file = io.BytesIO()
    np.save(file, array, **how)
    return file.getvalue()


def npy_of(header, data=b"", version=1):
    """A .npy file with a header of one's own."""
    text = header if isinstance(header, bytes) else header.encode("latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def header(descr="'<f8'", fortran="False", shape="(2, 3)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


def npz(compressed=False, **members):
    """An archive of raw members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def twice():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("W.npy", npy(GOOD))
        archive.writestr("W.npy", npy(GOOD))
    return file.getvalue()


def other_compression():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("W.npy", npy(GOOD))
    return file.getvalue()


def encrypted():
    """Bit 0 of the flags, in the local and in the central header, is what says that a member is encrypted."""
    data = bytearray(npz(W=npy(GOOD)))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def lying(size):
    """An archive whose directory promises another size of the member."""
    data = bytearray(npz(W=npy(GOOD)))
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, size)
    return bytes(data)


def corrupt():
    data = npz(W=npy(GOOD))
    at = data.index(GOOD.tobytes())
    return data[:at] + b"\xff" + data[at + 1 :]


@functools.cache
def bomb():
    """A gigabyte of zeros in a megabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("W.npy", "w") as member:
        member.write(npy_of(header(shape=f"({1 << 14}, {1 << 13})")))
        for _ in range(1 << 10):
            member.write(bytes(1 << 20))
    return file.getvalue()


class Trap:
    def __reduce__(self):
        return open, ("sprung", "w")


REAL = "where real numbers are expected"
SAVE_AS_TEXT = "text must be saved as UTF-8, and arrays as .npy or .npz"
COMMAS = "save it with commas between cells and points in numbers"
TABS = "save it with tabs between cells and points in numbers"
NO_INDEX = "save it without an index column (pandas: index=False)"
NO_NUMBERS = "a header row may not hold numbers"
COMMA_SEMICOLON = "write , between numbers and ; between rows"
POINT = "write numbers with a decimal point"

JSON = [
    ("empty", b"", "W.json is empty", ""),
    ("blank", b" \n", "W.json is empty", ""),
    ("only a mark", b"\xef\xbb\xbf", "W.json is empty", ""),
    ("truncated", b'{"W": [[1, 2],\n[3,', "W.json ends in the middle of a value, on line 2", ""),
    ("truncated word", b"[[1, tr", "W.json is not valid JSON at line 1, column 6: found 't'", ""),
    ("truncated string", b'{"W": "a', "W.json is not valid JSON at line 1, column 7: found '\"'", ""),
    ("binary", b"\x80\x81", "W.json is not UTF-8 text: byte 0x80 on line 1", SAVE_AS_TEXT),
    ("late binary", b"[[1,\n\xff]]", "W.json is not UTF-8 text: byte 0xff on line 2", SAVE_AS_TEXT),
    ("NUL", b"[1,\0]", "W.json is neither text nor a .npy or .npz file: it holds a NUL byte", ""),
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
    ("no such key", b'{"w": [[1]]}', "W.json has no key 'W'", ""),
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
    ("key twice", b'{"W": [[1]], "W": [[2]]}', "W.json holds the key 'W' twice", ""),
    ("key twice, escaped", b'{"W": [[1]], "\\u0057": [[2]]}', "W.json holds the key 'W' twice", ""),
    ("key twice within", b'{"W": [[1]], "a": {"b:": 1, "b:": 2}}', "W.json holds the key 'b:' twice", ""),
]

CSV = [
    ("empty", b"", "W.csv is empty", ""),
    ("blank", b"\r\n\r\n", "W.csv is empty", ""),
    ("binary", b"\x80\x81", "W.csv is not UTF-8 text: byte 0x80 on line 1", SAVE_AS_TEXT),
    ("Latin-1", b"gr\xfcn\n1", "W.csv is not UTF-8 text: byte 0xfc on line 1", SAVE_AS_TEXT),
    ("NUL", b"1,2\n3,\0", "W.csv is neither text nor a .npy or .npz file: it holds a NUL byte", ""),
    ("late NUL", b"1\n" * 40_000 + b"\0", "W.csv holds a NUL byte on line 40001", ""),
    ("UTF-16", "1,2\n".encode("utf-16"), "W.csv is UTF-16 text, where UTF-8 is expected", "save it as UTF-8"),
    ("only a header", b"a,b\n", "W.csv holds no numbers below its header row", ""),
    ("ragged", b"1,2,3\n4,5\n", "W.csv row 2 has 2 cells, where 3 are expected", ""),
    ("ragged under a header", b"a\n1\n2\n3,4\n", "W.csv row 4 has 2 cells, where 1 is expected", ""),
    ("blank row", b"1,2\n\n3,4\n", "W.csv row 2 has 0 cells, where 2 are expected", ""),
    ("blank first row", b"\n1,2\n", "W.csv row 1 has 0 cells, where some are expected", ""),
    ("not a number", b"1,2\n3,four\n", "W.csv row 2, column 2 is 'four', where a number is expected", ""),
    ("typed O", b"0.1,0.2O\n1,2\n", "W.csv row 1, column 2 is '0.2O', where a number is expected", NO_NUMBERS),
    ("labelled rows", b"a,b\nx,1\n", "W.csv row 2, column 1 is 'x', where a number is expected", ""),
    ("nan", b"1,2\n3,nan\n", "W.csv row 2, column 2 is 'nan', where a finite number is expected", ""),
    ("nan first", b"nan,NaN\n3,4\n", "W.csv row 1, column 1 is 'nan', where a finite number is expected", ""),
    ("inf", b"1,-Infinity\n", "W.csv row 1, column 2 is '-Infinity', where a finite number is expected", ""),
    ("1e999", b"1\n1e999\n", "W.csv row 2, column 1 is '1e999', where a finite number is expected", ""),
    ("true", b"1,2\ntrue,false\n", "W.csv row 2, column 1 is 'true', where a number is expected", ""),
    ("hexadecimal", b"0x1F,0x2\n", "W.csv row 1, column 1 is '0x1F', where a number is expected", ""),
    ("underscore", b"1_000,2\n", "W.csv row 1, column 1 is '1_000', where a number is expected", ""),
    ("complex", b"1,2\n1+2j,3\n", "W.csv row 2, column 1 is '1+2j', where a number is expected", ""),
    ("percent", b"10%,20%\n", "W.csv row 1, column 1 is '10%', where a number is expected", ""),
    ("empty cell", b"1,2,3\n4,,6\n", "W.csv row 2, column 2 is empty, where a number is expected", ""),
    ("trailing separator", b"1,2,3\n4,5,6,\n", "W.csv row 2, column 4 is empty, where a number is expected", ""),
    ("trailing separators", b"1,2,\n4,5,\n", "W.csv row 1, column 3 is empty, where a number is expected", ""),
    ("only separators", b",,\n1,2,3\n", "W.csv row 1, column 1 is empty, where a number is expected", ""),
    ("index column", b",a,b\n0,1,2\n", "W.csv row 1, column 1 is empty, where a name is expected", NO_INDEX),
    ("unnamed column", b"a,,b\n0,1,2\n", "W.csv row 1, column 2 is empty, where a name is expected", ""),
    ("semicolons", b"1;2\n3;4\n", "W.csv has semicolons between its cells, where commas are expected", COMMAS),
    ("decimal commas", b"a;b\n1,5;2,5\n", "W.csv has semicolons between its cells, where commas are expected", COMMAS),
    ("tabs", b"1\t2\n3\t4\n", "W.csv has tabs between its cells, where commas are expected", COMMAS),
    ("spaces", b"1 2\n3 4\n", "W.csv has spaces between its cells, where commas are expected", COMMAS),
    ("quoted decimal comma", b'"0,5","0,6"\n', "W.csv row 1, column 1 is '0,5', where a number is expected", POINT),
    ("quotes left open", b'1,2\n"3,4\n', "W.csv row 2 is not valid CSV: unexpected end of data", ""),
    ("text after quotes", b'1,"2"3\n', "W.csv row 1 is not valid CSV: ',' expected after '\"'", ""),
    (
        "endless cell",
        b"1,2\n" + b"1" * 200_000,
        "W.csv row 2 is not valid CSV: field larger than field limit (131072)",
        "",
    ),
    ("long word", b"1\n" + b"a" * 100, f"W.csv row 2, column 1 is '{'a' * 40}…', where a number is expected", ""),
    ("escape codes", b"1\n\x1b[31m\n", "W.csv row 2, column 1 is '\\x1b[31m', where a number is expected", ""),
    ("row of a quoted line", b'a\n"1\n"\nx\n', "W.csv row 4, column 1 is 'x', where a number is expected", ""),
]

TSV = [
    ("commas", b"1,2\n3,4\n", "W.tsv has commas between its cells, where tabs are expected", TABS),
    ("decimal commas", b"0,5\t0,6\n", "W.tsv row 1, column 1 is '0,5', where a number is expected", POINT),
    ("trailing tab", b"1\t2\t\n", "W.tsv row 1, column 3 is empty, where a number is expected", ""),
]

NPY = [
    ("empty", b"", "W.npy is empty", ""),
    ("text", b"1,2\n", "W.npy is not in the .npy format", ""),
    ("magic alone", b"\x93NUMPY", "W.npy is cut short within its header", ""),
    (
        "version 9",
        npy_of(header(), version=1).replace(b"\1\0", b"\t\0", 1),
        "W.npy is of .npy version 9, where 1, 2 or 3 is expected",
        "",
    ),
    ("cut in the header", npy(GOOD)[:40], "W.npy is cut short within its header", ""),
    (
        "cut in the numbers",
        npy(GOOD)[:-1],
        "W.npy holds 47 bytes of numbers, where its header (shape (2, 3)) promises 48",
        "",
    ),
    (
        "bytes left over",
        npy(GOOD) + b"\0",
        "W.npy holds 49 bytes of numbers, where its header (shape (2, 3)) promises 48",
        "",
    ),
    ("header of nonsense", npy_of("nonsense(", GOOD.tobytes()), "W.npy has a damaged .npy header", ""),
    ("header that calls", npy_of("__import__('os').system('touch sprung')"), "W.npy has a damaged .npy header", ""),
    ("header that is no dict", npy_of("[1]"), "W.npy has a damaged .npy header", ""),
    ("header of brackets", npy_of("(" * 9000), "W.npy has a damaged .npy header", ""),
    ("header of bytes", npy_of(b"\xff\xfe"), "W.npy has a damaged .npy header", ""),
    (
        "header without a shape",
        npy_of("{'descr': '<f8', 'fortran_order': False}"),
        "W.npy has a damaged .npy header",
        "",
    ),
    (
        "header of gigabytes",
        npy_of(header(), version=2)[:8] + b"\xff\xff\xff\xff",
        "W.npy has a damaged .npy header",
        "",
    ),
    ("negative shape", npy_of(header(shape="(-2, -3)"), GOOD.tobytes()), "W.npy has a damaged .npy header", ""),
    ("shape of floats", npy_of(header(shape="(2.0, 3)"), GOOD.tobytes()), "W.npy has a damaged .npy header", ""),
    ("shape of booleans", npy_of(header(shape="(True, True)"), b"12345678"), "W.npy has a damaged .npy header", ""),
    (
        "shape beyond counting",
        npy_of(header(shape=f"({'9' * 4000}, {'9' * 4000})")),
        "W.npy has a damaged .npy header",
        "",
    ),
    ("fortran order of 1", npy_of(header(fortran="1"), GOOD.tobytes()), "W.npy has a damaged .npy header", ""),
    ("type of nonsense", npy_of(header("'<f8, evil'")), "W.npy has a damaged .npy header", ""),
    ("type of a number", npy_of(header("8")), "W.npy has a damaged .npy header", ""),
    ("type letter unknown", npy_of(header("'<a8'")), "W.npy has a damaged .npy header", ""),
    ("type unknown", npy_of(header("'<f7'")), "W.npy holds numbers of an unknown type, '<f7'", ""),
    (
        "terabytes",
        npy_of(header(shape="(1000000, 1000000)"), GOOD.tobytes()),
        "W.npy holds 48 bytes of numbers, where its header (shape (1000000, 1000000)) promises 8000000000000",
        "",
    ),
    (
        "more than there is address space",
        npy_of(header(shape=f"({2**62}, {2**62})")),
        f"W.npy holds 0 bytes of numbers, where its header (shape ({2**62}, {2**62})) promises {2**127}",
        "",
    ),
    ("many dimensions", npy_of(header(shape=str((1,) * 70)), b"12345678"), "W.npy has 70 dimensions", ""),
    ("no rows", npy(np.empty((0, 3))), "W.npy is empty (shape (0, 3))", ""),
    ("vector for a matrix", npy(np.ones(3)), "W.npy has shape (3,), where a matrix is expected", ""),
    ("scalar", npy(np.float64(3)), "W.npy is a single number, where a matrix is expected", ""),
    ("boolean", npy(np.array([[True]])), f"W.npy holds bool, {REAL}", ""),
    ("complex", npy(np.array([[1j]])), f"W.npy holds complex128, {REAL}", ""),
    ("complex big-endian", npy(np.array([[1j]], ">c8")), f"W.npy holds complex64, {REAL}", ""),
    ("text array", npy(np.array([["1"]])), f"W.npy holds text, {REAL}", ""),
    ("byte strings", npy(np.array([[b"1"]])), f"W.npy holds byte strings, {REAL}", ""),
    ("dates", npy(np.array([["2020-01-01"]], "M8[D]")), f"W.npy holds datetime64[D], {REAL}", ""),
    ("durations", npy(np.array([[1]], "m8[s]")), f"W.npy holds timedelta64[s], {REAL}", ""),
    ("records", npy(np.zeros((1, 1), [("a", "f8")])), f"W.npy holds records, {REAL}", ""),
    ("raw bytes", npy(np.zeros((1, 1), "V8")), f"W.npy holds records, {REAL}", ""),
    ("objects", npy(np.array([[1, None]], object), allow_pickle=True), f"W.npy holds Python objects, {REAL}", ""),
    ("pickle alone", pickle.dumps(GOOD), "W.npy is neither text nor a .npy or .npz file: it holds a NUL byte", ""),
    ("nan", npy(np.array([[1.0, np.nan]])), "W.npy[0,1] is nan, where a finite number is expected", ""),
    (
        "single-precision inf",
        npy(np.array([[-np.inf]], "f4")),
        "W.npy[0,0] is -inf, where a finite number is expected",
        "",
    ),
    ("archive", npz(W=npy(GOOD)), "W.npy is not in the .npy format", ""),
]

NPZ = [
    ("empty", b"", "W.npz is empty", ""),
    ("text", b"1,2\n", "W.npz is a damaged .npz archive", ""),
    ("cut short", npz(W=npy(GOOD))[:-30], "W.npz is a damaged .npz archive", ""),
    ("checksum", corrupt(), "W.npz is a damaged .npz archive", ""),
    ("no members", npz(), "W.npz has no array 'W'", "it is empty"),
    ("other members", npz(w=npy(GOOD), v=npy(GOOD)), "W.npz has no array 'W'", "it holds w, v"),
    ("member twice", twice(), "W.npz holds W twice", ""),
    ("encrypted", encrypted(), "W.npz: W is encrypted", ""),
    ("bzip2", other_compression(), "W.npz: W is compressed in a way that numpy does not use", ""),
    ("member of text", npz(W=b"1,2"), "W.npz: W is not in the .npy format", ""),
    ("member empty", npz(W=b""), "W.npz: W is empty", ""),
    (
        "member cut",
        npz(W=npy(GOOD)[:-8]),
        "W.npz: W holds 40 bytes of numbers, where its header (shape (2, 3)) promises 48",
        "",
    ),
    (
        "directory promises less",
        lying(100),
        "W.npz is a damaged .npz archive",
        "",
    ),
    (
        "directory promises more",
        lying(1000),
        "W.npz: W holds 872 bytes of numbers, where its header (shape (2, 3)) promises 48",
        "",
    ),
    (
        "header and directory promise terabytes",
        npz(W=npy_of(header(shape="(1000000, 1000000)"))),
        "W.npz: W holds 0 bytes of numbers, where its header (shape (1000000, 1000000)) promises 8000000000000",
        "",
    ),
    ("complex", npz(W=npy(np.array([[1j]]))), f"W.npz: W holds complex128, {REAL}", ""),
    (
        "objects",
        npz(W=npy(np.array([Trap()], object), allow_pickle=True)),
        f"W.npz: W holds Python objects, {REAL}",
        "",
    ),
    ("nan", npz(W=npy(np.array([[np.nan]]))), "W.npz: W[0,0] is nan, where a finite number is expected", ""),
]

INLINE = [
    ("word", "abc", "-W is 'abc': neither numbers nor a file", ""),
    ("nothing", "", "-W is '': neither numbers nor a file", ""),
    ("equals sign", "=-0.1", "-W is '=-0.1': neither numbers nor a file", "write -W -0.1, without ="),
    ("word among numbers", "1,2;3,x", "-W row 2, column 2 is 'x', where a number is expected", ""),
    ("nan", "1,nan", "-W row 1, column 2 is 'nan', where a finite number is expected", ""),
    ("1e999", "1e999", "-W row 1, column 1 is '1e999', where a finite number is expected", ""),
    ("underscore", "1_0", "-W row 1, column 1 is '1_0', where a number is expected", ""),
    ("trailing comma", "1,2,", "-W row 1, column 3 is empty, where a number is expected", ""),
    ("trailing semicolon", "1,2;", "-W row 2, column 1 is empty, where a number is expected", ""),
    ("ragged", "1,2;3", "-W row 2 has 1 cell, where 2 are expected", ""),
    ("spaces", "1 2 3", "-W row 1, column 1 is '1 2 3', where a number is expected", COMMA_SEMICOLON),
    ("NUL", "1,\0", "-W row 1, column 2 is '\\x00', where a number is expected", ""),
    ("byte that is no text", "\udcff", "-W is '\\udcff': neither numbers nor a file", ""),
    ("JSON with a boolean", "[[true]]", "-W[0][0] is true, where a number is expected", ""),
    ("JSON left open", "[[1,2]", "-W ends in the middle of a value, on line 1", ""),
    ("JSON of no text", '["\udcff"]', "-W is not UTF-8 text: byte 0xff on line 1", SAVE_AS_TEXT),
    ("JSON without the key", "{}", "-W has no key 'W'", ""),
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
    ("endless device", "/dev/zero", "/dev/zero is neither text nor a .npy or .npz file: it holds a NUL byte", ""),
]

FILES = [
    pytest.param(name, data, message, advice, id=f"{name}: {what}")
    for name, cases in (("W.json", JSON), ("W.csv", CSV), ("W.tsv", TSV), ("W.npy", NPY), ("W.npz", NPZ))
    for what, data, message, advice in cases
]


def refusal(work):
    with pytest.raises(InputError) as caught:
        work()
    return str(caught.value), caught.value.advice


@pytest.mark.parametrize(("name", "data", "message", "advice"), FILES)
def test_a_bad_file_is_refused(folder, name, data, message, advice):
    (folder / name).write_bytes(data)
    assert refusal(lambda: read_array(name, "-W", 2)) == (message, advice)
    assert os.listdir(folder) == [name]


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
        ("in.npz", npz(x=npy(np.ones(1))), "W is missing: give it with -W, or in INPUT", ""),
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


@pytest.mark.parametrize("name", ["W.npy", "W.npz", "W.csv", "W.json", "W"])
def test_a_pickle_is_never_run(folder, name):
    data = pickle.dumps(Trap())
    objects = npy(np.array([[Trap()]], object), allow_pickle=True)
    for trap in (data, objects, npz(W=objects), npz(W=data)):
        (folder / name).write_bytes(trap)
        refusal(lambda: read_array(name, "-W", 2))
        assert os.listdir(folder) == [name]


@pytest.mark.parametrize("disguised", [False, True])
def test_a_bomb_is_refused_in_bounded_memory(folder, disguised):
    data = bomb()
    if disguised:  # the directory says that it is hardly compressed
        at = data.index(b"PK\1\2") + 20
        data = data[:at] + struct.pack("<I", unpacked(data) - 1) + data[at + 4 :]
    (folder / "W.npz").write_bytes(data)
    tracemalloc.start()
    try:
        message, advice = refusal(lambda: read_array("W.npz", "-W", 2))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    packed = len(data) if disguised else zipfile.ZipFile(io.BytesIO(data)).getinfo("W.npy").compress_size
    start = f"W.npz: W unpacks from {packed} bytes to {unpacked(data)}"
    assert message == f"{start}: refused as out of proportion"
    assert advice == "save it with numpy.savez, which does not compress"
    assert peak < 16 << 20


def unpacked(data):
    return zipfile.ZipFile(io.BytesIO(data)).getinfo("W.npy").file_size


def test_a_header_of_terabytes_takes_no_memory(folder):
    (folder / "W.npy").write_bytes(npy_of(header(shape="(1000000, 1000000)"), GOOD.tobytes()))
    tracemalloc.start()
    try:
        refusal(lambda: read_array("W.npy", "-W", 2))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


# --- anything at all ---------------------------------------------------------------------------

WHOLE = {
    "W.json": json.dumps({"x": [1, 2], "W": GOOD.tolist(), "id": "a:b", "of": {"a": [True, None]}}).encode(),
    "W.csv": b'"a","b",c\r\n1.5,-2,3e10\r\n4,"5",6\r\n',
    "W.tsv": b"1.5\t-2\t3e10\n4\t5\t6\n",
    "W.npy": npy(GOOD),
    "W.npz": npz(W=npy(GOOD), x=npy(np.ones(2))),
    "V.npz": npz(compressed=True, W=npy(GOOD)),
    "W": npy(GOOD.astype(">f4")),
}
FUZZ = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def survives(path, data):
    path.write_bytes(data)
    found = outcome(lambda: read_array(str(path), "-W", 0, 1, 2, 3, key="W")[0])
    if isinstance(found, InputError):
        assert "\n" not in str(found) + found.advice
    else:
        assert found.dtype == np.float64
        assert np.isfinite(found).all()


def outcome(work):
    try:
        return work()
    except InputError as error:
        return error


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.binary(max_size=200))
@settings(max_examples=200, **FUZZ)
def test_any_bytes_are_read_or_refused(tmp_path, name, data):
    survives(tmp_path / name, data)


@pytest.mark.parametrize("name", WHOLE)
@given(seed=st.integers(0, 2**32), edits=st.integers(1, 6))
@settings(max_examples=400, **FUZZ)
def test_a_damaged_file_is_read_or_refused(tmp_path, name, seed, edits):
    survives(tmp_path / name, damaged(WHOLE[name], random.Random(seed), edits))


@given(text=st.text(alphabet='0123456789.,;-+eE_ xXnaif[]{}":=\t\n\0\udcff', max_size=30))
@settings(max_examples=1000, **FUZZ)
def test_any_inline_text_is_read_or_refused(text):
    found = outcome(lambda: read_problem(None, text, text, text))
    if isinstance(found, InputError):
        assert "\n" not in str(found) + found.advice
    else:
        assert np.isfinite(found.W).all()


@given(seed=st.integers(0, 2**32), edits=st.integers(0, 6))
@settings(max_examples=500, **FUZZ)
def test_a_damaged_line_of_json_is_read_or_refused(seed, edits):
    found = outcome(lambda: parse_document(damaged(WHOLE["W.json"], random.Random(seed), edits), "line 1"))
    assert isinstance(found, dict) or str(found).startswith("line 1")


def damaged(data, chance, edits):
    """Bytes changed, taken out, put in, doubled or cut off."""
    data = bytearray(data)
    for _ in range(edits):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + chance.randrange(1, 9)]
            case 2:
                data[at:at] = chance.choice([b",", b";", b"[", b"]", b'"', b"\n", b"\0", b"1e999", b"NaN", b"\xff\xff"])
            case 3:
                data[at:at] = data[at : at + chance.randrange(1, 40)]
            case _:
                del data[-chance.randrange(1, 30) :]
    return bytes(data)
