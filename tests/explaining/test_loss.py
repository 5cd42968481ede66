"""The derivation of the loss, its gradient and a step of learning: what is said, and every equation."""

import json
import re

import mpmath
import numpy as np
import pytest
from command import LAYER, refused, run
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import assert_true_to_the_digits_shown, equations, latex_equations, mathml_equations

from softmax_cli import InputError, explain
from softmax_cli.explaining.formats.html import as_html
from softmax_cli.explaining.worked_loss import worked_loss

EXAMPLE = ("explain", *LAYER, "--of", "loss-grad", "--target", "2")
small = st.floats(-3, 3)


def last_number(text, symbol):
    """The number that an equation ends with."""
    (block,) = (block for block in text.split("\n\n") if block.strip().startswith(f"{symbol} = "))
    return float(block.replace("=", "≈").split("≈ ")[-1].replace("−", "-"))


def slope(error):
    step = mpmath.mpf(10) ** -20
    return float((error(step) - error(-step)) / (2 * step))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(2, 7), st.sampled_from([1.0, 0.3, 7.5]), st.data())
def test_every_derivative_is_the_slope_of_the_loss_at_sixty_digits(J, K, T, data):
    x, b = (data.draw(st.lists(small, min_size=n, max_size=n)) for n in (J, K))
    W = [data.draw(st.lists(small, min_size=K, max_size=K)) for _ in range(J)]
    t, i, j = (data.draw(st.integers(0, n - 1)) for n in (K, K, J))

    def error(dw=0, dx=0):
        z = []
        for k in range(K):
            terms = [(W[r][k] + dw * (r == j and k == i)) * (x[r] + dx * (r == j)) for r in range(J)]
            z.append((mpmath.fsum(terms) + b[k]) / mpmath.mpf(T))
        return mpmath.log(mpmath.fsum(mpmath.exp(v - z[t]) for v in z))

    text = str(explain(x, W, b, target=t, temperature=T, entry=(j, i)))
    assert_true_to_the_digits_shown(text, 6, least=4)
    with mpmath.workdps(60):
        close = {"rel": 1e-5, "abs": 1e-12}
        assert last_number(text, "E") == pytest.approx(float(error()), **close)
        assert last_number(text, f"∂E/∂W[{j},{i}]") == pytest.approx(slope(lambda v: error(dw=v)), **close)
        assert last_number(text, f"∂E/∂x[{j}]") == pytest.approx(slope(lambda v: error(dx=v)), **close)


def test_the_formats_say_the_same(article):
    layer = (*article, [1.0, 0.0, 0.0, 0.0, 0.5])
    worked = worked_loss(*layer, None, (1, 3), 6, temperature=2.0, error={"target": 2}, rate=None)
    lesson = explain(*layer, entry=(1, 3), temperature=2, target=2)
    right = [side for _, _, side in equations(str(lesson))]
    markdown = lesson._repr_markdown_()
    page = as_html(worked)
    assert [side for _, _, side in latex_equations(markdown)] == right
    assert [side for _, _, side in mathml_equations(page)] == right


def test_a_sure_loss_keeps_its_digits_and_one_of_an_underflowed_output_is_said():
    assert last_number(str(explain(z=[0.0, 45.0], target=1)), "E") == float(
        f"{float(mpmath.log1p(mpmath.exp(-45))):.6g}"
    )
    assert "from the logits, −ln h[0] is about 900." in " ".join(str(explain(z=[0.0, 900.0], target=0)).split())


def test_a_step_moves_the_weights_and_the_loss_falls():
    text = run(*EXAMPLE, "--entry", "0,2", "--learning-rate", "0.5").stdout
    h = np.exp([0.354, 0.418, 0.482, 0.546, 0.16])
    assert last_number(text, "W_new[0,2]") == float(f"{0.3 - 0.5 * (h[2] / h.sum() - 1) * 0.1:.6g}")
    assert "The loss at this input was 1.52793, and with the new weights it is 1.0" in " ".join(text.split())


def test_an_error_that_is_more_than_the_loss_is_called_so():
    alone, more = (" ".join(run(*EXAMPLE, *options).stdout.split()) for options in ([], ["--l2", "0.5"]))
    assert "The loss at this input was 1.52793, " in alone
    assert "The error at this input was 2.26431, " in more  # 1.52793 + ½·0.5·2.9455
    assert re.findall(r"The (\w+) and", alone) == ["loss", "loss"]
    assert re.findall(r"The (\w+) and", more) == ["error", "error"]


def test_a_bias_of_minus_infinity_stays(article):
    assert "b_new = [ −∞ " in str(explain(*article, [-np.inf, 0, 0, 0, 0], target=2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "--target", "2"], ["--target belongs to the loss", "add --of loss-grad"]),
        (["explain", "--learning-rate", "1"], ["--learning-rate belongs to the loss", "add --of loss-grad"]),
        (["explain", "-z", "1,2", "--of", "loss-grad", "--target", "0", "--learning-rate", "1"],
         ["a learning rate moves W and b, and only the logits z are given"]),
        (["explain", "--sample-weights", "1"], ["--sample-weights belongs to the loss", "add --of loss-grad"]),
        ([*EXAMPLE, "--entry", "1,2,0"], ["--entry is '1,2,0', where j,i is expected, as in 2,0 for ∂E/∂W[2,0]"]),
        (["explain", "-z", "1,2", "--of", "loss-grad", "--target", "0", "--entry", "2"],
         ["--entry 2: output 2 does not exist: there are 2, 0 to 1"]),
        (["explain", "-x", "1;2", "-W", "1,2", "--of", "loss-grad", "--target", "0,1", "--reduction", "none"],
         ["explain works through one error, and with reduction none each input has its own"]),
        (["explain", "-z", "1,2;3,4", "--of", "loss-grad", "--target", "5,5", "--ignore", "5", "--reduction", "sum"],
         ["no input counts, and there is nothing to work through"]),
        ([*EXAMPLE, "--class-weights", "1,2"],
         ["--class-weights has 2 entries, where one for each output, 5, is expected"]),
        ([*EXAMPLE, "--mask", "2"], ["target 2 is masked: its probability is 0"]),
        ([*EXAMPLE, "--learning-rate", "0"], ["the learning rate is 0, where a number above 0 is expected"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(arguments, message):
    assert refused(*arguments) == [f"softmax-jac: error: {message[0]}", *message[1:]]


def test_a_document_says_of_the_error_what_the_options_do_not():
    document = '{"z": [1, 2], "target": 1, "class_weights": [1, 2]}'
    said = run("explain", "-", "--of", "loss-grad", stdin=document).stdout
    options = ["--target", "1", "--class-weights", "1,2"]
    assert said == run("explain", "-z", "1,2", "--of", "loss-grad", *options).stdout
    line = run("explain", "-", "--jsonl", "--of", "loss-grad", "--class-weights", "5,5", stdin=document).stdout
    assert json.loads(line)["text"] == said


def test_a_learning_rate_without_a_target_is_refused(article):
    with pytest.raises(
        InputError, match=r"^learning_rate belongs to an error, and neither target nor upstream is given$"
    ):
        explain(*article, learning_rate=0.1)


def test_in_brief_there_are_the_derivatives_of_the_one_entry():
    whole, brief = (run(*EXAMPLE, "--entry", "1,0", "--temperature", "2", *more).stdout for more in ([], ["--brief"]))
    assert brief.startswith("1. In brief\n\n    z = Wᵀx\n\n    h = softmax(z/T)\n")
    assert "All of them" not in brief
    symbols = [line.split(" = ")[0].strip() for line in brief.splitlines() if line.startswith("    ∂E/∂")]
    assert symbols == ["∂E/∂z[t]", "∂E/∂z[i]", "∂E/∂z[2]", "∂E/∂z[0]", "∂E/∂W[1,0]"]
    assert equations(brief) == [pair for pair in equations(whole) if pair in equations(brief)] != []
    assert brief.rstrip().endswith(str(last_number(whole, "∂E/∂W[1,0]")))
