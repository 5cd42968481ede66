"""A key that only its case or a usual name parts from one that is read is no key to pass over."""

import json

import numpy as np
import pytest
from bad_input import refusal

from softmax_cli.reading.read_problem import problem_from_document, read_problem

DOCUMENT = {"x": [1, 2], "W": [[1, 2, 3], [4, 5, 6]]}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(document, **options):
    with open("in.json", "w") as file:
        json.dump(document, file)
    return read_problem("in.json", options.get("x"), options.get("W"), options.get("b"))


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("bias", "b"), ("B", "b"), ("Bias", "b"), ("biases", "b"), ("intercept_", "b"), ("intercept", "b"),
        ("Target", "target"), ("targets", "target"), ("Upstream", "upstream"), ("REDUCTION", "reduction"),
        ("weights-layout", "weights_layout"), ("weightsLayout", "weights_layout"), ("weight_layout", "weights_layout"),
    ],
)  # fmt: skip
def test_a_key_beside_those_that_are_read_is_refused_with_both_names(key, meant):
    message, advice = refusal(lambda: read(DOCUMENT | {key: [1, 2, 3]}))
    assert message == f"in.json holds '{key}', where '{meant}' is the key that is read"
    assert advice.startswith(f"name it {meant}")


@pytest.mark.parametrize(
    ("key", "meant"), [("X", "x"), ("w", "W"), ("weights", "W"), ("coef_", "W"), ("kernel", "W"), ("bias", "b")]
)
def test_both_a_key_and_its_double_are_refused(key, meant):
    document = {**DOCUMENT, "b": [1, 2, 3], key: 1}
    assert refusal(lambda: read(document)) == (
        f"in.json holds both '{meant}' and '{key}'",
        "leave out what is not meant",
    )


@pytest.mark.parametrize("key", ["z", "h", "note", "name", "weight_decay", "inputs", "wide", "a" * 1000, ""])
def test_other_keys_go_by(key):
    assert read(DOCUMENT | {key: "anything"}).W.tolist() == DOCUMENT["W"]


def test_a_double_of_what_an_option_gives_goes_by():
    assert read(DOCUMENT | {"bias": "anything"}, b="7,8,9").b.tolist() == [7, 8, 9]


def test_an_archive_is_held_to_the_same():
    np.savez("in.npz", **DOCUMENT, bias=[1, 2, 3])
    assert refusal(lambda: read_problem("in.npz", None, None, None)) == (
        "in.npz holds 'bias', where 'b' is the key that is read",
        "name it b, or give it with -b",
    )


def test_a_line_of_json_is_held_to_the_same():
    assert refusal(lambda: problem_from_document(DOCUMENT | {"bias": [1]}, "line 3")) == (
        "line 3 holds 'bias', where 'b' is the key that is read",
        "name it b, or give it with -b",
    )


@pytest.mark.parametrize(
    ("key", "meant"),
    [("output_names", "outputs_names"), ("inputNames", "inputs_names"), ("Outputs-Names", "outputs_names")],
)
def test_names_under_nearly_their_key_are_refused(key, meant):
    assert refusal(lambda: problem_from_document(DOCUMENT | {key: ["a"]}, "line 3")) == (
        f"line 3 holds '{key}', where '{meant}' is the key that is read", f"name it {meant}",
    )  # fmt: skip
