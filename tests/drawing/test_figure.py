"""`heatmap` in Python: an image in a notebook, characters where it is printed."""

import sys
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest
from command import LAYER, run

from softmax_cli import InputError, heatmap


def printed(*arguments):
    return run(*arguments, "--format", "heatmap").stdout.rstrip("\n")


def test_it_prints_the_characters_of_the_command_line(article):
    assert str(heatmap(*article)) == printed("layer-grad", *LAYER)
    assert repr(heatmap(*article, wrt="x", log=True)) == printed("layer-grad", *LAYER, "--wrt", "x", "--log")
    assert str(heatmap(z=[1, 2], layout="denominator")) == printed(
        "softmax-grad", "-z", "1,2", "--layout", "denominator"
    )


def test_a_notebook_shows_an_image_with_the_names(article):
    image = heatmap(*article, names=["a", "b", "c", "d", "<e>"])._repr_svg_()
    root = ElementTree.fromstring(image)
    assert root.tag.endswith("svg")
    assert root.get("style") == "max-width: 100%; height: auto"  # of the width of the page at most
    assert "<!-- h[&lt;e&gt;] -->" in image


def test_without_matplotlib_the_characters_are_left(article, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    picture = heatmap(*article)
    assert picture._repr_svg_() is None
    with pytest.raises(InputError, match=r"^a figure needs matplotlib: pip install 'softmax-jac\[plot\]'$"):
        picture.figure()


def test_the_settings_of_the_program_stay_as_they_are(article):
    with matplotlib.rc_context({"axes.facecolor": "red", "svg.hashsalt": "mine"}):
        figure = heatmap(*article).figure()
        heatmap(*article)._repr_svg_()
        assert (matplotlib.rcParams["axes.facecolor"], matplotlib.rcParams["svg.hashsalt"]) == ("red", "mine")
    assert figure.axes[0].get_title() == "dL/dW  (5 × 15)"


def test_it_is_saved_in_the_format_of_the_suffix(article, tmp_path):
    heatmap(*article).save(str(tmp_path / "h.pdf"))
    assert (tmp_path / "h.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": [1], "W": [[1, 2]], "wrt": "z"}, "wrt is 'z', where 'W', 'b' or 'x' is expected"),
        ({"z": [1, 2], "layout": "tensor"}, "layout is 'tensor', where 'numerator' or 'denominator' is expected"),
        ({"z": [1, 2], "names": ["a"]}, "names has 1 entry, where 2 are expected"),
        ({"z": [[1, 2]]}, "a picture shows one input, and x holds several"),
        ({"x": [1]}, "give x and W, or the logits z"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError) as caught:
        heatmap(**options)
    assert str(caught.value) == message


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        heatmap(z=np.zeros(2)).save("h.gif")
    assert str(caught.value) == "h.gif: the suffix names no format (.png, .svg, .pdf)"
