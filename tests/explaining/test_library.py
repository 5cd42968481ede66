"""`explain` in Python: text where it is printed, Markdown with LaTeX in a notebook."""

import pytest
from command import LAYER, run
from printed import assert_true_to_the_digits_shown, latex_equations

from softmax_cli import InputError, explain


def test_it_prints_as_the_command_line_does(article):
    assert str(explain(*article, entry=(1, 2, 0))) == run("explain", *LAYER, "--entry", "1,2,0").stdout


def test_a_notebook_shows_markdown_with_every_equation_true(article):
    shown = explain(*article, entry=(1, 2, 0), temperature=2.0, mask=[3], names="abcde")._repr_markdown_()
    assert shown.startswith("## 1. The layer\n")
    assert_true_to_the_digits_shown(shown, 6, latex_equations)


def test_it_takes_logits():
    assert str(explain(z=[1, 2, 3], entry=(0, 1))) == run("explain", "-z", "1,2,3", "--entry", "0,1").stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"z": [1, 2], "entry": (0, 2)}, "entry 0,2: output 2 does not exist: there are 2, 0 to 1"),
        ({"z": [1, 2], "entry": (0, 0, 0)}, "entry 0,0,0: t,i is expected for ∂h[t]/∂z[i]"),
        ({"x": [1], "W": [[1, 2]], "entry": (0, 0)}, "entry 0,0: t,j,i is expected for ∂h[t]/∂W[j,i]"),
        ({"z": [1, 2], "names": ["a"]}, "names has 1 entry, where 2 are expected"),
        ({"z": [1, 2], "digits": 16}, "digits is 16, where 2 to 15 are expected"),
        ({"z": [[1, 2]]}, "explain works through one input, and z holds several"),
        ({"x": [1]}, "give x and W, or the logits z"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError) as caught:
        explain(**options)
    assert str(caught.value) == message


def test_special_characters_of_names_stand_outside_of_text_in_a_notebook():
    r"""Within \text MathJax shows the backslash of \_, and does not know \textbackslash; LaTeX takes both."""
    markdown = explain([1.0], [[0.0, 1.0, 2.0]], names=["a_b", "5 % of", "\\x~^"], entry=(2, 0, 1))._repr_markdown_()
    assert r"h_{\text{5 }\%\text{ of}}" in markdown
    assert r"h_{\backslash{}\text{x}{\sim}{}^{\wedge}}" in markdown
    assert r"e_{\text{a}\_\text{b}}" in markdown
