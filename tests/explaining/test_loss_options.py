"""The derivation of an error with all that it may have, and of many inputs: by its definition at sixty digits."""

import itertools
import re

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import assert_true_to_the_digits_shown, equations, latex_equations, mathml_equations
from test_loss import last_number, slope

from softmax_cli import explain
from softmax_cli.explaining.derivation import steps_to
from softmax_cli.explaining.formats.html import as_html
from softmax_cli.explaining.formats.text import as_text
from softmax_cli.explaining.worked_entry import worked_entry
from softmax_cli.explaining.worked_loss import worked_loss

small = st.floats(-3, 3).map(lambda v: round(v, 3))
weight = st.sampled_from([0.25, 1.0, 2.0, 3.5])


@st.composite
def errors(draw):
    """x (N, J), W, b and what an error may have; the inputs of which there is one may stand alone."""
    N, J, K = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(2, 8))
    x = [[draw(small) for _ in range(J)] for _ in range(N)]
    W = [[draw(small) for _ in range(K)] for _ in range(J)]
    options = {"temperature": draw(st.sampled_from([1.0, 0.5, 3.0])), "l2": draw(st.sampled_from([0.0, 0.0, 0.3]))}
    side = draw(st.sampled_from(["class", "probabilities", "upstream"]))
    if side == "upstream":
        options["upstream"] = [[draw(small) for _ in range(K)] for _ in range(N)]
    else:
        if draw(st.booleans()):
            options["label_smoothing"] = draw(st.sampled_from([0.1, 0.3, 1.0]))
        if draw(st.booleans()):
            options["class_weights"] = [draw(weight) for _ in range(K)]
        if side == "class":
            options["target"] = [draw(st.integers(0, K - 1)) for _ in range(N)]
            if N > 1 and draw(st.booleans()):
                options["target"][draw(st.integers(0, N - 1))] = -100
                options["ignore"] = -100
        else:
            rows = [[draw(st.integers(0, 3)) for _ in range(K - 1)] for _ in range(N)]
            options["target"] = [[v / 32 for v in row] + [1 - sum(row) / 32] for row in rows]
    if draw(st.booleans()):
        options["sample_weights"] = [draw(weight) for _ in range(N)]
    options["reduction"] = draw(st.sampled_from(["mean", "sum"]))
    if N == 1 and draw(st.booleans()):
        x, options["reduction"] = x[0], "mean"
        for key in options.keys() & {"upstream", "target", "sample_weights"}:
            options[key] = options[key][0]
    return x, W, [draw(small) for _ in range(K)], options


def error_by_definition(x, W, b, options, dW=None, dx=None):
    """E, or for an upstream gradient Σₙ wₙ Σₖ uₖ hₖ/norm, whose derivative it is."""
    single = np.ndim(x) == 1
    rows = [x] if single else x
    N, K, J = len(rows), len(b), len(W)
    W = [[mpmath.mpf(W[j][i]) + (dW[1] if dW and dW[0] == (j, i) else 0) for i in range(K)] for j in range(J)]
    w = options.get("sample_weights", [1.0] * N)
    w = [w] if np.ndim(w) == 0 else w
    c = options.get("class_weights", [1.0] * K)
    eps = mpmath.mpf(options.get("label_smoothing", 0.0))
    total, norm = mpmath.mpf(0), mpmath.mpf(0)
    for n, row in enumerate(rows):
        row = [mpmath.mpf(v) + (dx[1] if dx and dx[0] == (n, j) else 0) for j, v in enumerate(row)]
        z = [mpmath.fsum(row[j] * W[j][k] for j in range(J)) + b[k] for k in range(K)]
        e = [mpmath.exp(v / mpmath.mpf(options["temperature"])) for v in z]
        h = [v / mpmath.fsum(e) for v in e]
        if "upstream" in options:
            u = options["upstream"] if single else options["upstream"][n]
            total += w[n] * mpmath.fsum(a * v for a, v in zip(u, h, strict=True))
            norm += w[n]
            continue
        t = options["target"] if single else options["target"][n]
        if t == -100:
            continue
        y = [float(k == t) for k in range(K)] if np.ndim(t) == 0 else t
        mixed = [c[k] * ((1 - eps) * mpmath.mpf(y[k]) + eps / K) for k in range(K)]
        total -= w[n] * mpmath.fsum(m * mpmath.log(v) for m, v in zip(mixed, h, strict=True) if m)
        norm += w[n] * (c[t] if np.ndim(t) == 0 else 1)
    if not single and options["reduction"] == "mean":
        total /= norm
    return total + mpmath.mpf(options["l2"]) / 2 * mpmath.fsum(v * v for row in W for v in row)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(errors(), st.data())
def test_every_number_is_that_of_the_definition(problem, data):
    x, W, b, options = problem
    J, K, single = len(W), len(b), np.ndim(x) == 1
    j, i = data.draw(st.integers(0, J - 1)), data.draw(st.integers(0, K - 1))
    lesson = explain(x, W, b, entry=(j, i), **options)
    text = str(lesson)
    assert_true_to_the_digits_shown(text, 6, least=3)
    assert [right for _, _, right in latex_equations(lesson._repr_markdown_())] == [r for _, _, r in equations(text)]
    n = 0
    if not single and options.get("ignore") is not None:
        n = next(n for n, t in enumerate(options["target"]) if t != -100)
    x_name = f"x[{j}]" if single else f"x[{n},{j}]"
    with mpmath.workdps(60):
        close = {"rel": 1e-5, "abs": 1e-9}
        if "upstream" not in options:
            assert last_number(text, "E") == pytest.approx(float(error_by_definition(x, W, b, options)), **close)
        by_weight = slope(lambda v: error_by_definition(x, W, b, options, dW=((j, i), v)))
        assert last_number(text, f"∂E/∂W[{j},{i}]") == pytest.approx(by_weight, **close)
        by_input = slope(lambda v: error_by_definition(x, W, b, options, dx=((n, j), v)))
        assert last_number(text, f"∂E/∂{x_name}") == pytest.approx(by_input, **close)
        assert last_number(text, f"W_new[{j},{i}]") == pytest.approx(W[j][i] - 0.1 * by_weight, **close)


@pytest.mark.parametrize("digits", [2, 3, 10, 15])
@pytest.mark.parametrize(
    "error",
    [
        {"target": 2, "label_smoothing": 0.1, "class_weights": [1, 2, 3, 0.3, 1 / 3], "l2": 0.01},
        {"target": [0.1, 0.2, 0.3, 0.4, 0.0]},
        {"upstream": [1e6, 1e6 + 1, 1e6 - 1, 3, 1e-7]},
        {"upstream": [0, -1 / 3, 0, 2, 1], "sample_weights": 1 / 3},
    ],
)
def test_every_equation_is_true_at_any_precision(article, digits, error):
    text = str(explain(*article, temperature=0.7, digits=digits, **error))
    assert_true_to_the_digits_shown(text, digits, least=6)


NEARLY = [
    {"target": 0, "label_smoothing": 1e-9},  # h[0] is 1 − 2e-18
    {"target": [1.0, 0.0]},
    {"target": 0, "class_weights": [3.0, 1.0]},
    {"upstream": [1e15 + 1, 1e15]},
]


@pytest.mark.parametrize("error", NEARLY)
def test_what_nearly_cancels_is_taken_apart_and_keeps_its_digits(error):
    z = [41.0, 0.0]
    text = str(explain(z=z, entry=(0,), **error))
    with mpmath.workdps(60):
        h = [1 / (1 + mpmath.exp(-41)), 1 / (1 + mpmath.exp(41))]
        if "upstream" in error:
            truth = h[0] * h[1]
        else:
            eps, c = mpmath.mpf(error.get("label_smoothing", 0.0)), error.get("class_weights", [1.0, 1.0])
            mixed = [c[0] * (1 - eps + eps / 2), c[1] * eps / 2]
            truth = sum(mixed) * h[0] - mixed[0]
    assert_true_to_the_digits_shown(text, 6, least=1)
    assert last_number(text, "∂E/∂z[0]") == pytest.approx(float(truth), rel=1e-6)


def test_of_a_batch_the_first_input_that_counts_is_worked_through_and_the_rest_named(article):
    x, W = article
    lesson = str(explain([x, x, [9.0, 9.0, 9.0]], W, target=[-1, 0, -1], ignore=-1))
    said = " ".join(lesson.split())
    assert "There are 3 inputs, and input 1 is worked through." in said
    assert "2 inputs (0, 2) have the target −1 and do not count." in said
    assert "The error is the mean over the inputs that count, norm = 1." in said


def test_a_mask_leaves_the_smoothing_to_the_others(article):
    said = " ".join(str(explain(*article, target=2, label_smoothing=0.5, mask=[0, 1])).split())
    assert "spreads it evenly over the 3 outputs that the mask leaves." in said
    assert "ỹ[2] = p·y[2] + q = 0.5 × 1 + 0.166667 = 0.666667" in said


def test_the_formats_say_the_same():
    x, W = [[0.5, -1.0], [1.0, 2.0]], [[0.1, 0.2, 0.3], [0.0, -0.5, 1.5]]
    error = {
        "target": [1, 2],
        "label_smoothing": 0.1,
        "class_weights": [1, 2, 3],
        "sample_weights": [1, 0.5],
        "l2": 0.1,
    }
    right = [side for _, _, side in equations(str(explain(x, W, entry=(1, 0), temperature=2.0, **error)))]
    page = as_html(worked_loss(x, W, None, None, (1, 0), 6, temperature=2.0, error=error, rate=None))
    assert [side for _, _, side in mathml_equations(page)][: len(right)] == right


def test_long_sums_say_what_they_leave_out():
    K = 9
    z, y = [k / 10 for k in range(K)], [1 / K] * K
    said = " ".join(str(explain(z=z, target=y)).split())
    assert said.count("The last number stands for the 4 terms left out, added up.") == 2
    assert "So for the other 3 as well." in said


def test_each_of_the_ways_to_say_the_norm():
    x, W, rows = [[1.0], [2.0]], [[1.0, -1.0]], {"target": [0, 1]}
    found = {}
    for weights, classes in itertools.product([None, [2, 0.5]], [None, [3, 4]]):
        text = str(explain(x, W, **rows, sample_weights=weights, class_weights=classes))
        found[weights is not None, classes is not None] = last_number(text, "norm") if weights or classes else 2
    assert found == {(False, False): 2, (True, False): 2.5, (False, True): 7, (True, True): 8}


def test_an_ignored_input_of_which_the_first_output_is_masked_costs_nothing():
    text = str(explain([[1.0], [2.0]], [[0.5, -1.0, 2.0]], target=[-1, 2], ignore=-1, mask=[0]))
    assert "C = [ 0  0.00247569 ]" in text
    assert last_number(text, "E") == pytest.approx(float(mpmath.log1p(mpmath.exp(-6))), rel=1e-5)


def test_what_is_out_of_range_after_a_step_is_not_said():
    text = str(explain([1e150], [[1.0, 1.0]], target=0, learning_rate=1e5, class_weights=[1e100, 1.0]))
    assert_true_to_the_digits_shown(text, 6)
    assert "with the new weights" not in text


def test_the_names_of_the_inputs_stand_where_their_numbers_would(article):
    names = {"names": tuple("abcde"), "input_names": ("length", "wide", "k")}
    layer = {"entry": (1, 2), "digits": 6, **names}
    text = as_text(steps_to(worked_loss(*article, None, **layer, error={"target": 2}, rate=None)))
    assert {"∂E/∂W[wide,c]", "∂E/∂x[wide]", "W_new[wide,c]"} <= set(re.findall(r"\S+\]", text))
    assert not re.search(r"[xW]\[\d", text)
    text = as_text(steps_to(worked_entry(*article, None, **{**layer, "entry": (0, 1, 2)})))
    assert "from input wide to output c." in " ".join(text.split())
    assert not re.search(r"[xW]\[\d", text)
