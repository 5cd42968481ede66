"""Fuzzing of every reader: bytes and text of any kind are read, or refused in a line."""

import csv
import json
import random

import numpy as np
import pytest
from bad_input import GOOD, npy, npz, outcome, tensor, tensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softmax_cli.errors import InputError
from softmax_cli.reading.jsonfile import parse_document
from softmax_cli.reading.option_arrays import read_array, read_entry
from softmax_cli.reading.read_problem import read_problem

WHOLE = {
    "W.json": json.dumps({"x": [1, 2], "W": GOOD.tolist(), "id": "a:b", "of": {"a": [True, None]}}).encode(),
    "W.csv": b'"a","b",c\r\n1.5,-2,3e10\r\n4,"5",6\r\n',
    "W.tsv": b"1.5\t-2\t3e10\n4\t5\t6\n",
    "W.npy": npy(GOOD),
    "W.npz": npz(W=npy(GOOD), x=npy(np.ones(2))),
    "V.npz": npz(compressed=True, W=npy(GOOD)),
    "W": npy(GOOD.astype(">f4")),
    "W.safetensors": tensors({"__metadata__": {"outputs_names": '["a","b","c"]'}, "W": tensor()}),
    "i.csv": b",a,b,c\n0,1.5,-2,3e10\n1,4,5,6\n",
    "n.csv": b'y,a,b,c\ncat,1.5,-2,3e10\n"dog, or",4,5,6\n',
    "p.txt": b"W = np.array([[1.5, -2., 3e10],\n [4, 5, np.float64(6)]], dtype=float32);\n",
    "m.txt": "[1.5 −2 3e10; 4 5 6]".encode(),
}
NAMES = ("cat", "dog, or", "a", "1")
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


@pytest.mark.parametrize("name", ["W.csv", "n.csv", "i.csv", "W.npz", "W.safetensors", "W.json", "p.txt"])
@given(seed=st.integers(0, 2**32), edits=st.integers(0, 6), key=st.sampled_from(["y", "W", "a", "0", "3", ""]))
@settings(max_examples=300, **FUZZ)
def test_targets_and_what_is_left_of_a_damaged_table_are_read_or_refused(tmp_path, name, seed, edits, key):
    path = tmp_path / name
    path.write_bytes(damaged(WHOLE[name], random.Random(seed), edits))
    value = f"{path}:{key}" if key else str(path)
    left_out = (key,) if key else ()
    for found in (
        outcome(lambda: read_array(value, "--target", 0, 1, 2, 3, names=NAMES).array),
        outcome(lambda: read_entry(str(path), "-x", "x", left_out=left_out).array),
        outcome(lambda: read_problem(str(path), "1,2", None, None).W),
    ):
        assert is_told(found) if isinstance(found, InputError) else np.isfinite(found).all()


WORDS = st.lists(st.sampled_from(["cat", "dog, or", "a", "1", "0", "2.0", "-1", "", "bird", "1e9", " a "]), max_size=6)


@given(words=WORDS, end=st.sampled_from(["\n", "\r\n", "\r"]), title=st.sampled_from([None, "species", "a"]))
@settings(max_examples=1000, **FUZZ)
def test_a_column_of_any_words_is_read_as_the_definition_has_it_or_refused(tmp_path, words, end, title):
    """By a loop over the cells: a name is its index, and where all are numbers they stay what they are."""
    path = tmp_path / "y.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator=end).writerows([["n", title or "y"], *([0, word] for word in words)])
    found = outcome(lambda: read_array(f"{path}:{title or 'y'}", "--target", 1, names=NAMES).array.tolist())
    bare = [word.strip() for word in words]
    numbers = all(word.replace(".", "").replace("-", "").isdigit() or word == "1e9" for word in bare)
    sound = bare and all(numbers or word in NAMES or word in ("0", "2.0", "-1") for word in bare)
    right = [float(word) if numbers or word not in NAMES else NAMES.index(word) for word in bare] if sound else None
    assert isinstance(found, InputError) if right is None else found == right


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
