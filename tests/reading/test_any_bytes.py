"""Fuzzing of every reader: bytes and text of any kind are read, or refused in a line."""

import json
import random

import numpy as np
import pytest
from bad_input import GOOD, npy, npz, outcome
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softmax_cli.errors import InputError
from softmax_cli.reading.entries import read_array
from softmax_cli.reading.jsonfile import parse_document
from softmax_cli.reading.problem import read_problem

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


def is_told(error):
    """A line that says what is wrong, and under it a line of advice, or a line with a caret below."""
    message, advice = str(error), error.advice.split("\n")
    return all(line.isprintable() for line in [message, *advice]) and len(advice) <= 2


def survives(path, data):
    path.write_bytes(data)
    found = outcome(lambda: read_array(str(path), "-W", 0, 1, 2, 3, key="W").array)
    if isinstance(found, InputError):
        assert is_told(found)
    else:
        assert found.dtype == np.float64
        assert np.isfinite(found).all()


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
        assert is_told(found)
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
