"""The derivation with a bias, a temperature and a mask, and of logits: what is said, and every equation."""

import re

import exact
import mpmath
import numpy as np
import pytest
from command import LAYER, refused, run
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import assert_true_to_the_digits_shown, equations, latex_equations, mathml_equations

from softmax_cli.explaining.derivation import steps_to
from softmax_cli.explaining.formats.html import as_html
from softmax_cli.explaining.formats.latex import as_latex
from softmax_cli.explaining.formats.text import as_text
from softmax_cli.explaining.worked_entry import worked_entry

LOGITS = [0.5, -1.0, 2.0, 1.5]


def worked(x=None, W=None, b=None, entry=None, digits=6, **options):
    return worked_entry(x, W, b, None, entry, digits, **options)


def text_of(*layer, **options):
    return as_text(steps_to(worked(*layer, **options)))


def words(*layer, **options):
    return " ".join(text_of(*layer, **options).split())


def probabilities(z, T, mask):
    """h at 60 digits, by its definition."""
    with mpmath.workdps(60):
        e = [mpmath.mpf(0) if k in mask else mpmath.exp(mpmath.mpf(v) / mpmath.mpf(T)) for k, v in enumerate(z)]
        return [v / mpmath.fsum(e) for v in e]


def right_side(text, symbol):
    """The number that an equation ends with."""
    block = next(block for block in text.split("\n\n") if block.strip().startswith(f"{symbol} = "))
    return float(re.split("[=≈] ", block)[-1].replace("−", "-"))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.integers(1, 6),
    st.integers(2, 8),
    st.integers(0, 2**32),
    st.sampled_from([0.01, 0.3, 1.0, 7.5, 100.0]),
    st.data(),
)
def test_every_equation_of_any_tempered_and_masked_layer_is_true(J, K, seed, T, data):
    x, W, b = exact.problem(seed, J, K, 5.0, True)
    mask = data.draw(st.sets(st.integers(0, K - 1), max_size=K - 1))
    entry = data.draw(st.tuples(st.integers(0, K - 1), st.integers(0, J - 1), st.integers(0, K - 1)))
    found = worked(x, W, b, entry, temperature=T, mask=list(mask))
    text = as_text(steps_to(found))
    assert_true_to_the_digits_shown(text, 6)
    right = [side for _, _, side in equations(text)]
    assert [side for _, _, side in latex_equations(as_latex(steps_to(found)))] == right


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(-600, 600), min_size=2, max_size=8),
    st.sampled_from([1.0, 0.3, 7.5, 100.0]),
    st.data(),
)
def test_the_entry_of_given_logits_is_that_of_sixty_digits(z, T, data):
    K = len(z)
    mask = data.draw(st.sets(st.integers(0, K - 1), max_size=K - 1))
    t, i = data.draw(st.tuples(st.integers(0, K - 1), st.integers(0, K - 1)))
    h = probabilities(z, T, mask)
    expected = h[t] * ((t == i) - h[i]) / T
    text = text_of(z=z, temperature=T, mask=list(mask), entry=(t, i))
    assert_true_to_the_digits_shown(text, 6)
    if abs(expected) > 1e-290:
        assert right_side(text, f"∂h[{t}]/∂z[{i}]") == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("digits", [3, 6, 12])
def test_every_equation_of_a_tempered_page_is_true(article, digits):
    page = as_html(worked(*article, [1.0, 0.0, -1.0, 0.5, 2.0], (1, 2, 0), digits, temperature=0.7, mask=[3]))
    assert_true_to_the_digits_shown(page, digits, mathml_equations)


def test_a_temperature_is_said_to_divide_the_logits_and_every_derivative(article):
    assert "The temperature T = 2 divides the logits before the softmax, h being the softmax of z/T. It evens the" in (
        words(*article, temperature=2)
    )
    assert "It sharpens the probabilities" in words(*article, temperature=0.5)
    assert "∂h[t]/∂W[j,i] = h[t]·(δ − h[i])·x[j]/T" in words(*article, temperature=2)


def test_a_layer_without_a_temperature_and_a_mask_is_told_of_neither(article):
    said = words(*article)
    assert "temperature" not in said
    assert "mask" not in said
    assert "/T" not in said


def test_a_mask_is_said_to_leave_outputs_out(article):
    said = words(*article, mask=[1, 3])
    assert "2 outputs (1, 3) are masked: left out of the softmax, as if their logit were −∞." in said
    assert "e[1] is 0, because the output is masked." in words(*article, mask=[1, 3], entry=(1, 0, 0))


def test_minus_infinity_in_b_is_shown_and_masks(article):
    text = text_of(*article, [0.0, -np.inf, 0.0, 0.0, 0.0], entry=(1, 0, 0))
    assert "b = [ 0  −∞  0  0  0 ]" in text
    assert "Output 1 is masked" in text
    assert r"\infty" in as_latex(steps_to(worked(*article, [0.0, -np.inf, 0.0, 0.0, 0.0])))
    assert_true_to_the_digits_shown(text, 6)


def test_a_masked_output_is_not_the_right_answer(article):
    said = words(*article, mask=[1], entry=(1, 0, 1))
    assert "Output 1 is masked, so it cannot be the right answer" in said
    assert "loss-grad" not in said


def test_a_bias_is_said_to_have_the_derivative_of_its_logit(article):
    said = words(*article, [1.0] * 5)
    assert "so ∂z[i]/∂b[i] is 1, and the derivative of h by b is that by z in step 4." in said
    assert "∂b[i]" not in words(*article)


def test_given_logits_have_the_steps_from_the_softmax_on():
    headings = re.findall(r"^\d\. ([^:\n]*)", text_of(z=LOGITS), re.MULTILINE)
    assert headings == ["The logits", "The softmax", "dS/dZ", "Moving the logit"]


def test_the_command_line_takes_logits_a_temperature_and_a_mask():
    text = run("explain", "-z", "0.5,-1,2,1.5", "--temperature", "2", "--mask", "1", "--entry", "0,2").stdout
    h = probabilities(LOGITS, 2, {1})
    assert right_side(text, "∂h[0]/∂z[2]") == float(f"{float(-h[0] * h[2] / 2):.6g}")
    h = probabilities([0.354, 0.418, 0.482, 0.546, 0.16], 3, {4})
    text = run("explain", *LAYER, "--temperature", "3", "--mask", "4", "--entry", "1,2,0").stdout
    assert right_side(text, "∂h[1]/∂W[2,0]") == float(f"{float(-h[1] * h[0] * mpmath.mpf('0.4') / 3):.6g}")


def test_lines_hold_logits_with_a_temperature():
    lines = '{"z": [1, 2], "temperature": 2}\n'
    assert "The temperature T = 2 divides" in run("explain", "-", "--jsonl", stdin=lines).stdout


def test_the_page_of_logits_holds_dS_dZ(tmp_path):
    run("explain", "-z", "1,2,-inf", "-o", "out.html", cwd=tmp_path)
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<caption><span>dS/dZ, 3 × 3</span></caption>" in page
    assert page.count("<th scope=col>z[") == 3
    assert "W[" not in page


def test_an_entry_of_logits_has_two_indices():
    assert refused("explain", "-z", "1,2", "--entry", "0,0,1") == [
        "softmax-jac: error: --entry is '0,0,1', where t,i is expected, as in 1,0 for ∂h[1]/∂z[0]"
    ]
    assert refused("explain", "-z", "1,2", "--entry", "0,2") == [
        "softmax-jac: error: --entry 0,2: output 2 does not exist: there are 2, 0 to 1"
    ]


def test_several_rows_of_logits_are_refused():
    assert refused("explain", "-z", "1,2;3,4") == [
        "softmax-jac: error: explain works through one input, and z holds several",
        "give one of them with -z",
    ]


def test_in_brief_there_are_the_formulas_and_the_entry_alone():
    text = run("explain", *LAYER, "--entry", "1,2,0", "--brief").stdout
    assert [block.strip().split("\n")[0] for block in text.split("\n\n") if block.strip()] == [
        "1. In brief",
        "z = Wᵀx",
        "h = softmax(z)",
        "∂h[t]/∂W[j,i] = h[t]·(δ − h[i])·x[j]",
        "∂h[1]/∂W[2,0] = −h[1]·h[0]·x[2]",
    ]
    assert text.rstrip().endswith("≈ −0.0155428")
    text = run("explain", "-z", "0.5,-1,2,1.5", "--temperature", "2", "--entry", "0,2", "--brief").stdout
    h = probabilities(LOGITS, 2, set())
    assert right_side(text, "∂h[0]/∂z[2]") == float(f"{float(-h[0] * h[2] / 2):.6g}")
