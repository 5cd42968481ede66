"""What a plot says: very small and very large values, zeros alone, a vector's one row, names in any script."""

import math

import numpy as np
import pytest
from command import run

from softmax_cli import heatmap

font_manager = pytest.importorskip("matplotlib.font_manager")

X, BIASES = np.array([1.0, -0.5, 0.25]), np.array([0.5, -2.0, 1.0, 0.0])
FAR = np.array([0.0, -3.0, -9.0, -15.0])  # biases with which sizes differ so much that the scale is logarithmic


def parts(x, b):
    """The colours of the cells, the texts beside the colour bar, and the text above it."""
    axes, bar = heatmap(x, np.zeros((len(x), len(b))), b).figure().axes
    mesh = axes.collections[0]
    return mesh.to_rgba(mesh.get_array()), [text.get_text() for text in bar.get_yticklabels()], bar.get_title()


@pytest.mark.parametrize("b", [BIASES, FAR], ids=["linear", "logarithmic"])
@pytest.mark.parametrize("power", [-1010, -960, -800, 960, 1022])
def test_colours_are_those_of_the_same_values_in_another_unit(power, b):
    expected, here = (parts(x, b)[0] for x in (X, X * 2.0**power))
    assert np.ptp(expected) > 0.5
    assert here == pytest.approx(expected, abs=1 / 128)


@pytest.mark.parametrize(("power", "unit"), [(-1000, "1e-302"), (1020, "1e+306")])
def test_the_unit_stands_above_the_colour_bar(power, unit):
    h = np.exp(BIASES) / np.exp(BIASES).sum()
    assert 1 <= max(h * (1 - h)) * 2.0**power / float(unit) < 10
    assert parts(X * 2.0**power, BIASES)[2] == unit


@pytest.mark.parametrize("power", [-1000, 0, 1020])
def test_a_logarithmic_colour_bar_has_the_values_themselves(power):
    h = np.exp(FAR) / np.exp(FAR).sum()
    top = math.ldexp(max(h * (1 - h)), power)
    values = [text.replace("−", "-") for text in parts(X * 2.0**power, FAR)[1]]
    assert (values[0], values[3], values[-1]) == (f"{-top:.1e}", "0", f"{top:.1e}")


def test_of_zeros_alone_it_is_said_that_they_are_and_there_is_no_scale(tmp_path):
    run("softmax-grad", "-z", "800,0,-800", "--plot", "out.svg", cwd=tmp_path)
    drawn = (tmp_path / "out.svg").read_text(encoding="utf-8")
    assert "<!-- z[i] -->" in drawn
    assert "<!-- all entries are 0 -->" in drawn
    assert "<!-- 1.00 -->" not in drawn
    assert len(heatmap(z=[800.0, 0.0, -800.0]).figure().axes) == 1


def test_the_one_row_of_a_vector_is_named_once(tmp_path):
    run("loss-grad", "-z", "1,2,3", "--target", "0", "--plot", "out.svg", cwd=tmp_path)
    assert (tmp_path / "out.svg").read_text(encoding="utf-8").count("<!-- E -->") == 1


def test_what_the_usual_font_lacks_is_taken_from_a_font_that_is_there(monkeypatch):
    monkeypatch.setattr(font_manager.fontManager, "get_font_names", lambda: ["Yu Gothic", "DejaVu Sans", "Papyrus"])
    title = heatmap(z=[1.0, 2.0], names=["猫", "犬"]).figure().axes[0].title
    assert title.get_fontfamily() == ["DejaVu Sans", "Yu Gothic"]
