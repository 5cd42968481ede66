"""Whatever a .npy or .npz file holds, the reader says what is wrong in a line, or reads it, in bounded memory."""

import io
import os
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from bad_input import (
    GOOD,
    REAL,
    Trap,
    bomb,
    cases,
    corrupt,
    encrypted,
    header,
    lying,
    npy,
    npy_of,
    npz,
    other_compression,
    refusal,
    twice,
)

from softmax_cli.reading.option_arrays import read_array


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


LISTED = "it holds w (2, 3), v (2, 3): choose one with W.npz:KEY"
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
    (
        "pickle alone",
        pickle.dumps(GOOD),
        "W.npy is a pickle, which is not read",
        "save its numbers in Python: numpy.savez('model.npz', coef_=model.coef_, intercept_=model.intercept_)",
    ),
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
    ("no members", npz(), "W.npz has no key 'W'", "it is empty"),
    ("other members", npz(w=npy(GOOD), v=npy(GOOD)), "W.npz has no key 'W'", LISTED),
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


@pytest.mark.parametrize(("name", "data", "message", "advice"), cases("W.npy", *NPY) + cases("W.npz", *NPZ))
def test_a_bad_file_is_refused(folder, name, data, message, advice):
    (folder / name).write_bytes(data)
    assert refusal(lambda: read_array(name, "-W", 2)) == (message, advice)
    assert os.listdir(folder) == [name]


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
