"""Every equation that explain prints is parsed back, worked out from what is printed, and compared."""

import json
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import exact
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import assert_true_to_the_digits_shown, equations, value

from softmax_cli import InputError, layer_jacobian
from softmax_cli.explaining.derivation import steps_to
from softmax_cli.explaining.formats.text import as_text
from softmax_cli.explaining.worked_entry import worked_entry

SAMPLES = Path(__file__).parents[2] / "sample_inputs"


def walk(x, W, b=None, names=None, entry=None, digits=6, width=80):
    return as_text(steps_to(worked_entry(x, W, b, names, entry, digits)), width)


@pytest.mark.parametrize("digits", [3, 6, 12])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_equation_of_the_example_is_true(article, digits, width):
    assert_true_to_the_digits_shown(walk(*article, digits=digits, width=width), digits)


@pytest.mark.parametrize("name", ["iris", "digits", "saturated"])
def test_every_equation_of_the_samples_is_true(name):
    layer = json.loads((SAMPLES / f"{name}.json").read_text())
    assert_true_to_the_digits_shown(walk(layer["x"], layer["W"], layer.get("b")), 6)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32), st.floats(0.01, 700), st.booleans(), st.data())
def test_every_equation_of_any_layer_is_true(J, K, seed, scale, bias, data):
    x, W, b = exact.problem(seed, J, K, scale, bias)
    entry = data.draw(st.tuples(st.integers(0, K - 1), st.integers(0, J - 1), st.integers(0, K - 1)))
    assert_true_to_the_digits_shown(walk(x, W, b if bias else None, entry=entry), 6)


@pytest.mark.parametrize("digits", range(2, 16))
def test_numbers_that_differ_are_never_equal_at_any_precision(digits):
    layers = [
        ([1.0, 1.0, 0.5], [[1e-200, 3.0], [1.0, 1e-150], [1e200, 1.0]], [1.0, 1e-300]),
        ([1e-70, 1.0], [[1.0, 0.0], [0.0, 0.0]], None),
        ([1 / 3, 0.1, 1e-9], [[1 / 7, 0.3], [0.5, 1e9], [0.25, 1e-9]], None),
    ]
    for layer in layers:
        assert_true_to_the_digits_shown(walk(*layer, digits=digits), digits)


def test_a_number_that_is_rounded_is_not_equal_to_the_symbol_it_stands_for():
    assert re.search(r"∂z\[0]/∂W\[0,0] = x\[0]\n +≈ 0.333333\n", walk([1 / 3], [[0.0, 0.0]], entry=(0, 0, 0)))
    assert re.search(r"∂z\[0]/∂W\[0,0] = x\[0]\n += 0.1\n", walk([0.1], [[0.0, 0.0]], entry=(0, 0, 0)))


def test_a_reader_is_taken_to_the_entry_by_both_ways(article):
    text = walk(*article, entry=(1, 2, 0))
    assert "∂h₂/∂w₁₃" in text
    assert text.count("≈ −0.0155428") == 2
    headings = re.findall(r"^\d+\. (.*)$", text, re.MULTILINE)
    assert [heading.split(":")[0] for heading in headings] == [
        *("The layer", "The logits", "The softmax", "dS/dZ", "dZ/dW"),
        *("The chain rule", "The shortcut", "dL/db", "dL/dx", "The logarithm", "Moving the weight"),
    ]


def test_only_one_term_of_the_chain_survives(article):
    step = walk(*article, entry=(1, 2, 0)).split("6. The chain rule")[1].split("7. ")[0]
    assert step.count("× 0 ") + step.count("× 0\n") == 4


def test_the_entry_is_by_default_the_largest_off_the_diagonal(article):
    D = layer_jacobian(*article).reshape(5, 5, 3)
    off = np.abs(D * (1 - np.eye(5))[:, :, None])
    t, i, j = np.unravel_index(off.argmax(), off.shape)
    named = {f"∂h[{t}]/∂W[{j},{i}]", f"∂h[{i}]/∂W[{j},{t}]"}
    assert any(f"The entry worked out here is {name}" in walk(*article) for name in named)


def test_the_complement_is_the_sum_of_the_other_probabilities_where_a_subtraction_gives_zero():
    text = walk([37.42994775023705], [[1.0, 0.0]], entry=(0, 0, 0))
    assert "1 − h[0] = Σₙ h[n], n ≠ 0\n             ≈ 5.55112e-17" in text


def test_at_fifteen_digits_the_sum_is_that_of_the_numbers_printed():
    x, W, b = exact.problem(11, 2, 7, 1.0)
    for left, _, right in equations(walk(x, W, b, digits=15)):
        rounded = Context(prec=15, rounding=ROUND_HALF_UP).plus(value(left))
        assert rounded == Decimal(right.replace("−", "-")), (left, right)


def test_a_probability_of_zero_is_not_divided_by_without_a_word():
    text = walk([1.0], [[-900.0, 0.0]], entry=(0, 0, 1))
    assert "An exponential shown as 0 is below what double precision holds." in text
    assert "h[0], though 0 in double precision, cancels" in " ".join(text.split())


def test_one_of_each_is_spoken_of_in_the_singular():
    text = " ".join(walk([2.0], [[3.0]]).split())
    assert "x holds 1 input, W a weight from it to 1 output." in text
    assert "so a single output cannot change" in text
    assert "largest" not in text.split("2. The logits")[0]


def test_an_input_of_zero_is_said_to_leave_no_term():
    text = " ".join(walk([0.0, 2.0], [[1.0, 2.0], [3.0, 4.0]], entry=(0, 0, 1)).split())
    assert "survives, and here it is 0 as well, because x[0] is." in text


def test_names_with_brackets_survive():
    names = ("[red]a[/red]", "b[k]")
    text = walk([1.0], [[1.0, 2.0]], names=names, entry=(0, 0, 1))
    assert "∂h[[red]a[/red]]/∂W[0,b[k]]" in text


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", ["article", "iris", "digits"])
def test_no_line_is_wider_than_it_may_be(name, width):
    layer = json.loads((SAMPLES / f"{name}.json").read_text())
    assert max(map(len, walk(layer["x"], layer["W"], layer.get("b"), width=width).splitlines())) <= width


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ((5, 0, 0), "--entry 5,0,0: output 5 does not exist: there are 5, 0 to 4"),
        ((0, 3, 0), "--entry 0,3,0: input 3 does not exist: there are 3, 0 to 2"),
        ((0, 0, 9), "--entry 0,0,9: output 9 does not exist: there are 5, 0 to 4"),
    ],
)
def test_an_entry_that_does_not_exist_is_refused(article, entry, message):
    with pytest.raises(InputError) as caught:
        walk(*article, entry=entry)
    assert str(caught.value) == message


def test_many_inputs_are_refused():
    with pytest.raises(InputError) as caught:
        walk([[1.0], [2.0]], [[1.0, 2.0]])
    assert str(caught.value) == "explain works through one input, and x holds several"


def test_a_number_is_not_said_to_be_itself():
    text = walk([-0.522748], [[1.0, 2.0]], entry=(0, 0, 1))
    assert "∂z[1]/∂W[0,1] = x[0]\n                  = −0.522748\n\n" in text
