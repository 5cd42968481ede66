"""MathML of the derivation's symbols, read back by an XML parser."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli.explaining.formats.mathml import mathml
from softmax_cli.explaining.worked_entry import tex_escaped

PRINTABLE = st.characters(exclude_categories=["Cs", "Cc", "Cn"])


def elements(tex):
    return ElementTree.fromstring(f"<math>{mathml(tex)}</math>")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(PRINTABLE | st.sampled_from("\\{}$&%#_~^<>\"'"), max_size=12))
def test_a_name_is_the_text_that_it_is(name):
    (below,) = elements(f"h_{{\\text{{{tex_escaped(name)}}}}}")
    assert [part.tag for part in below] == ["mi", "mrow"]
    assert (below[1].find("mtext").text or "") == name


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("h_t", "<msub><mi>h</mi><mi>t</mi></msub>"),
        ("W_{j,i}", "<msub><mi>W</mi><mrow><mi>j</mi><mo>,</mo><mi>i</mi></mrow></msub>"),
        ("s^2", "<msup><mi>s</mi><mn>2</mn></msup>"),
        (
            r"\tilde{y}_k",
            '<msub><mover accent="true"><mrow><mi>y</mi></mrow><mo>~</mo></mover><mi>k</mi></msub>',
        ),
        (r"\lambda \lVert W \rVert^2", "<mi>λ</mi><mo>‖</mo><mi>W</mi><msup><mo>‖</mo><mn>2</mn></msup>"),
        ("-0.25", "<mo>−</mo><mn>0.25</mn>"),
        (r"\frac{a}{b} c", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac><mi>c</mi>"),
        (r"\sum_k e_k", "<munder><mo>∑</mo><mi>k</mi></munder><msub><mi>e</mi><mi>k</mi></msub>"),
        (r"3 \cdot 10^{-5}", "<mn>3</mn><mo>·</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>5</mn></mrow></msup>"),
    ],
)
def test_a_formula_is_set_as_it_is_written(tex, expected):
    assert mathml(tex) == expected
