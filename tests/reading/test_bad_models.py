"""What a .safetensors file says that is not so, and files of other programs."""

import pickle
import random
import struct
import tracemalloc

import numpy as np
import pytest
from bad_input import DATA, Trap, outcome, refusal, tensor, tensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softmax_cli.errors import InputError
from softmax_cli.reading.option_arrays import read_array

DAMAGED = "W.safetensors is a damaged .safetensors file"
REAL = "where real numbers are expected"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


CASES = {
    "empty": (b"", DAMAGED),
    "short": (b"\1\2\3", DAMAGED),
    "cut in the header": (tensors({"W": tensor()})[:40], DAMAGED),
    "cut in the numbers": (tensors({"W": tensor()}, DATA[:-1]), DAMAGED),
    "bytes left over": (tensors({"W": tensor()}, DATA + b"\0"), DAMAGED),
    "header beyond counting": (tensors({"W": tensor()}, length=2**63), DAMAGED),
    "header of 100 MB": (tensors({"W": tensor()}, length=10**8), DAMAGED),
    "header of a list": (tensors(b"[1, 2]"), DAMAGED),
    "tensor of a list": (tensors({"W": [1]}), DAMAGED),
    "no offsets": (tensors({"W": {"dtype": "F64", "shape": [2, 3]}}), DAMAGED),
    "more than the format has": (tensors({"W": tensor(extra=1)}), DAMAGED),
    "type of a number": (tensors({"W": tensor(dtype=8)}), DAMAGED),
    "negative shape": (tensors({"W": tensor(shape=(2, -3))}), DAMAGED),
    "shape of floats": (tensors({"W": tensor(shape=(2.0, 3))}), DAMAGED),
    "shape of booleans": (tensors({"W": tensor(shape=(True, 6))}), DAMAGED),
    "shape of exabytes": (tensors({"W": tensor(shape=(2**62, 2**62))}), DAMAGED),
    "many dimensions": (tensors({"W": tensor(shape=(1,) * 40, offsets=(0, 8))}, DATA[:8]), DAMAGED),
    "offsets of exabytes": (tensors({"W": tensor(offsets=(0, 2**62))}), DAMAGED),
    "offsets backwards": (tensors({"W": tensor(offsets=(48, 0))}), DAMAGED),
    "a hole before": (tensors({"W": tensor(offsets=(8, 56))}, DATA + bytes(8)), DAMAGED),
    "overlap": (tensors({"W": tensor(), "b": tensor((3,), (24, 48))}), DAMAGED),
    "a hole between": (tensors({"W": tensor(), "b": tensor((1,), (56, 64))}, DATA + bytes(16)), DAMAGED),
    "a name twice": (tensors(b'{"W": 1, "W": 2}'), "W.safetensors holds the key 'W' twice"),
    "header cut short": (tensors(b'{"W": '), "W.safetensors ends in the middle of a value, on line 1"),
    "header nested deep": (tensors(b'{"a":' * 100_000), "W.safetensors is nested too deep"),
    "booleans": (tensors({"W": tensor((48,), dtype="BOOL")}), f"W.safetensors: W holds BOOL, {REAL}"),
    "type that a terminal would obey": (
        tensors({"W": tensor(dtype="\x1b[31m" + "X" * 1000)}),
        rf"W.safetensors: W holds \x1b[31m{'X' * 15}…, {REAL}",
    ),
    "no rows": (tensors({"W": tensor((0, 3), (0, 0))}, b""), "W.safetensors: W is empty (shape (0, 3))"),
    "nan": (
        tensors({"W": tensor()}, struct.pack("<6d", 1, 2, 3, float("nan"), 5, 6)),
        "W.safetensors: W[1,0] is nan, where a finite number is expected",
    ),
    "other names": (tensors({"w": tensor()}), "W.safetensors has no key 'W'"),
    "no tensors": (tensors({}, b""), "W.safetensors has no key 'W'"),
}


@pytest.mark.parametrize(("data", "message"), CASES.values(), ids=CASES.keys())
def test_a_damaged_file_of_tensors_is_refused_in_little_memory(folder, data, message):
    (folder / "W.safetensors").write_bytes(data)
    tracemalloc.start()
    try:
        assert refusal(lambda: read_array("W.safetensors", "-W", 2))[0] == message
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_tensors_that_are_gone_or_a_folder_are_refused(folder):
    (folder / "f.safetensors").mkdir()
    assert refusal(lambda: read_array("gone.safetensors", "-W", 2))[0] == "-W: no such file: gone.safetensors"
    message = "-W: f.safetensors is a folder, where a file is expected"
    assert refusal(lambda: read_array("f.safetensors", "-W", 2))[0] == message


WHOLE = tensors({"__metadata__": {"a": "b"}, "W": tensor(), "b": tensor((3,), (48, 72))}, DATA + DATA[:24])


@given(seed=st.integers(0, 2**32), edits=st.integers(1, 6))
@settings(
    max_examples=1000, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_file_of_tensors_with_any_damage_is_read_or_refused(folder, seed, edits):
    chance, data = random.Random(seed), bytearray(WHOLE)
    for _ in range(edits):
        at = chance.randrange(len(data))
        if chance.random() < 0.5:
            data[at] = chance.randrange(256)
        else:
            data[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
    (folder / "W.safetensors").write_bytes(data)
    found = outcome(lambda: read_array("W.safetensors", "-W", 0, 1, 2).array)
    if isinstance(found, InputError):
        assert "\n" not in str(found) + found.advice
    else:
        assert np.isfinite(found).all()


# --- files of other programs -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "what", "line"),
    [
        ("m.pt", "a checkpoint of PyTorch", "torch.load('m.pt', weights_only=True)"),
        ("m.PTH", "a checkpoint of PyTorch", "torch.load('m.PTH', weights_only=True)"),
        ("m.pkl", "a pickle", "coef_=model.coef_, intercept_=model.intercept_"),
        ("m.joblib", "a pickle of joblib", "coef_=model.coef_, intercept_=model.intercept_"),
        ("m.h5", "an HDF5 file", "('kernel', 'bias')"),
        ("m.keras", "a model of Keras", "('kernel', 'bias')"),
        ("m.onnx", "a model of ONNX", "onnx.load('m.onnx')"),
        ("m.parquet", "a Parquet table", "pandas.read_parquet('m.parquet').to_csv('table.csv', index=False)"),
        ("m.xlsx", "a workbook of Excel", "pandas.read_excel('m.xlsx').to_csv('table.csv', index=False)"),
        ("m.mat", "a file of MATLAB", "scipy.io.loadmat('m.mat')"),
    ],
)
def test_a_file_of_another_program_is_named_with_a_line_that_saves_it(folder, name, what, line):
    (folder / name).write_bytes(b"PK\3\4 anything")
    for value in (name, f"{name}:weight"):
        message, advice = refusal(lambda value=value: read_array(value, "-W", 2))
        assert message == f"{name} is {what}, which is not read"
        assert advice.startswith("save its numbers in Python: ")
        assert line in advice


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (pickle.dumps(Trap(), protocol=2), "a pickle"),
        (pickle.dumps(Trap(), protocol=5), "a pickle"),
        (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
        (b"PAR1\0", "a Parquet table"),
        (b"MATLAB 5.0 MAT-file, \0", "a file of MATLAB"),
    ],
)
def test_a_file_of_another_program_is_told_by_its_first_bytes(folder, data, what):
    (folder / "model").write_bytes(data)
    assert refusal(lambda: read_array("model", "-W", 2))[0] == f"model is {what}, which is not read"
    assert [path.name for path in folder.iterdir()] == ["model"]
