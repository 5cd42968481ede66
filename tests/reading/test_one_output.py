"""A layer of one output: what it means, and the weights of a binary classifier."""

import json

import mpmath
import numpy as np
import pytest
from bad_input import refusal

from softmax_cli import forward
from softmax_cli.reading.layer import ONE_OUTPUT
from softmax_cli.reading.read_problem import problem_from_document, read_problem


def test_one_output_is_noted():
    assert ONE_OUTPUT == (
        "W has one output, so h is 1 and every derivative 0: if these are the weights of a binary classifier, "
        "add --binary"
    )
    assert read_problem(None, "1,2", "3;4", None).notes == (ONE_OUTPUT,)
    assert problem_from_document({"x": [1], "W": [[2]]}, "line 1").notes == (ONE_OUTPUT,)
    assert read_problem(None, "1", "3,4", None).notes == ()


def test_the_one_column_becomes_the_second_of_two():
    problem = read_problem(None, "1,2", "3;4", "5", binary=True)
    assert (problem.W.tolist(), problem.b.tolist()) == ([[0, 3], [0, 4]], [0, 5])
    assert problem.notes == ()


def test_without_a_bias_there_is_none():
    assert read_problem(None, "1,2", "3;4", None, binary=True).b is None


def test_coef_and_intercept_of_a_binary_classifier_fit_as_they_are(tmp_path):
    (tmp_path / "in.json").write_text(json.dumps({"x": [1, 2], "W": [[3, 4]], "b": [5], "weights_layout": "out-in"}))
    problem = read_problem(str(tmp_path / "in.json"), None, None, None, binary=True)
    assert (problem.W.tolist(), problem.b.tolist()) == ([[0, 3], [0, 4]], [0, 5])


def test_the_name_of_the_one_output_is_kept(tmp_path):
    (tmp_path / "W.csv").write_text("spam\n1\n2\n")
    assert read_problem(None, "1,2", str(tmp_path / "W.csv"), None, binary=True).names == ("not spam", "spam")


def test_the_second_output_is_the_probability_of_a_logistic_regression():
    """1/(1 + exp(−(wᵀx + b))) at 60 digits for the doubles given, as predict_proba's second column is defined."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        x, w, b = rng.normal(size=4) * 10, rng.normal(size=(4, 1)) * 10, rng.normal()
        problem = read_problem(None, json.dumps(x.tolist()), json.dumps(w.tolist()), json.dumps([b]), binary=True)
        h = forward(problem.x, problem.W, problem.b).h
        with mpmath.workdps(60):
            z = sum((mpmath.mpf(s) * mpmath.mpf(t) for s, t in zip(x, w[:, 0], strict=True)), mpmath.mpf(b))
            right = 1 / (1 + mpmath.exp(-z))
            assert abs(h[1] / right - 1) < 1e-15
            assert abs(h[0] / (1 / (1 + mpmath.exp(z))) - 1) < 1e-15


@pytest.mark.parametrize(
    ("W", "b", "layout", "expected"),
    [
        ("1,2;3,4", None, None, ("--binary takes weights of one output, and W has 2", "")),
        (
            "3,4",
            None,
            None,
            (
                "--binary takes weights of one output, and W has 2",
                "if W is stored outputs × inputs, add --weights-layout out-in",
            ),
        ),
        ("3;4", "1,2", None, ("--binary takes the bias of one output, and b has 2 entries", "")),
    ],
)
def test_weights_of_more_outputs_are_refused(W, b, layout, expected):
    assert refusal(lambda: read_problem(None, "1,2", W, b, layout=layout, binary=True)) == expected


def test_the_example_is_no_binary_classifier():
    expected = ("--binary takes weights of one output, and the example has 5", "")
    assert refusal(lambda: read_problem(None, None, None, None, binary=True)) == expected


def test_a_line_of_json_may_hold_a_binary_classifier():
    problem = problem_from_document({"x": [1, 2], "W": [[3], [4]], "b": [5]}, "line 1", binary=True)
    assert (problem.W.tolist(), problem.b.tolist()) == ([[0, 3], [0, 4]], [0, 5])
