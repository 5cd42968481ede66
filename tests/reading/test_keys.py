"""A key that only its case or a usual name parts from one that is read is no key to pass over."""

import json

import numpy as np
import pytest
from bad_input import refusal
from command import refused

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


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("T", "temperature"), ("temp", "temperature"), ("tau", "temperature"), ("masks", "mask"),
        ("temperatur", "temperature"), ("temperatuer", "temperature"), ("temprature", "temperature"),
        ("label_smothing", "label_smoothing"), ("Reducton", "reduction"), ("weights_layuot", "weights_layout"),
        ("upstraem", "upstream"), ("ignored", "ignore"), ("sample_wieghts", "sample_weights"),
    ],
)  # fmt: skip
def test_a_usual_name_and_a_letter_mistyped_are_refused(key, meant):
    message, advice = refusal(lambda: read(DOCUMENT | {key: 1}))
    assert message == f"in.json holds '{key}', where '{meant}' is the key that is read"
    assert advice.startswith(f"name it {meant}")
    assert refusal(lambda: problem_from_document(DOCUMENT | {key: 1}, "line 3"))[0] == message.replace(
        "in.json", "line 3"
    )


@pytest.mark.parametrize("key", ["t", "tem", "task", "mass", "id2", "inputs", "comment", "results", "names", "output"])
def test_short_and_other_words_are_not_taken_for_mistyped_ones(key):
    assert read(DOCUMENT | {key: 1}).temperature == 1.0


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("labels", "target"), ("label", "target"), ("y_true", "target"), ("smoothing", "label_smoothing"),
        ("reg", "l2"), ("lambda", "l2"), ("weight_decay", "l2"), ("l2_reg", "l2"),
    ],
)  # fmt: skip
def test_usual_names_of_the_error_are_refused_where_a_command_takes_one(key, meant, folder):
    read(DOCUMENT | {key: 1})
    message = f"in.json holds '{key}', where '{meant}' is the key that is read"
    advice = f"name it {meant}, or give it with --{meant.replace('_', '-')}"
    assert refusal(lambda: read_problem("in.json", None, None, None, error={}))[0] == message
    assert refused("loss-grad", "in.json") == [f"softmax-jac: error: {message}", advice]
    line = f"softmax-jac: error: {message.replace('in.json', 'in.json line 1')}"
    assert refused("loss-grad", "in.json", "--jsonl") == [line, advice]
    assert read_problem("in.json", None, None, None, error={meant: 1}).W.tolist() == DOCUMENT["W"]


def test_labels_beside_a_target_may_be_names():
    read(DOCUMENT | {"target": 2, "labels": ["cat", "dog", "owl"]})
    assert read_problem("in.json", None, None, None, error={}).document == {"target": 2}


def test_a_temperature_that_an_option_gives_may_stand_in_the_document_under_another_name(folder):
    (folder / "in.json").write_text(json.dumps(DOCUMENT | {"T": 3}))
    assert read_problem("in.json", None, None, None, temperature=2.0).temperature == 2.0


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
