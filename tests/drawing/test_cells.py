"""A picture's cells, against looking at every entry, and the scale that colours them."""

from dataclasses import replace

import exact
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli.core import layer as core
from softmax_cli.core.jacobian import Jacobian, layer_structure, linear_structure, softmax_structure
from softmax_cli.drawing.colour_scale import scale_of
from softmax_cli.drawing.downsample import downsample
from softmax_cli.drawing.view import View


def structure(J, K, scale=3.0, outputs=None):
    x, W, b = exact.problem(J + K, J, K, scale)
    return layer_structure(*core.evaluate(x, W, b), outputs)


def viewed(jacobian, layout="numerator"):
    return View(jacobian, layout, "dL/dW", "h[t]", "W[j,i]", lambda r: f"h[{r}]", lambda c: f"W[{c}]")


def assert_cells_are_the_largest_entries(jacobian, layout, rows, columns):
    picture, dense = downsample(viewed(jacobian, layout), rows, columns), jacobian.dense(layout)
    assert picture.cells.shape <= (rows, columns)
    assert (picture.row_edges[-1], picture.column_edges[-1]) == dense.shape
    for p, (a, b) in enumerate(zip(picture.row_edges, picture.row_edges[1:], strict=False)):
        for q, (c, d) in enumerate(zip(picture.column_edges, picture.column_edges[1:], strict=False)):
            part = dense[a:b, c:d]
            high, low = max(0.0, part.max()), min(0.0, part.min())
            assert picture.cells[p, q] == (high if high >= -low else low)


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize(("J", "K"), [(3, 5), (7, 4), (40, 30), (1, 50), (100, 2)])
@pytest.mark.parametrize(("rows", "columns"), [(4, 10), (20, 70), (1000, 1000)])
def test_a_cell_shows_the_entry_of_largest_magnitude_that_it_covers(layout, J, K, rows, columns):
    assert_cells_are_the_largest_entries(structure(J, K), layout, rows, columns)


values = st.sampled_from([0.0, 1.0, -1.0, 0.5, -3.0, 1e-310, -700.0, 1e150])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data(), st.integers(1, 5), st.integers(1, 7), st.sampled_from(["layer", "softmax", "linear"]))
def test_ties_zeros_chosen_rows_and_any_signs(data, J, K, kind):
    x = np.array(data.draw(st.lists(values, min_size=J, max_size=J)))
    b = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0, -800.0]), min_size=K, max_size=K)))
    outputs = data.draw(st.none() | st.lists(st.integers(0, K - 1), min_size=1, max_size=9))
    if kind == "linear":
        jacobian = linear_structure(x[None], K, True, outputs)
    else:
        layer, single = core.evaluate(x, np.zeros((J, K)), b)
        jacobian = (layer_structure if kind == "layer" else softmax_structure)(layer, single, outputs)
    rows, columns = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 40))
    layout = data.draw(st.sampled_from(["numerator", "denominator"]))
    assert_cells_are_the_largest_entries(jacobian, layout, rows, columns)


def test_no_entry_of_a_huge_matrix_is_formed(monkeypatch):
    jacobian = structure(2, 100_000, 0.01)
    some = replace(jacobian, outputs=jacobian.outputs[:5000])  # the rows of the first cell
    top = max(np.abs(block[:, :4000]).max() for block in some.blocks())  # and the columns of the first cell
    for name in ("blocks", "dense", "entries", "rows"):
        monkeypatch.delattr(Jacobian, name)
    picture = downsample(viewed(jacobian), 20, 50)
    assert (picture.row_edges[1], picture.column_edges[1]) == (5000, 4000)
    assert abs(picture.cells[0, 0]) == top


def test_a_small_matrix_is_shown_entry_by_entry():
    jacobian = structure(3, 5)
    assert downsample(viewed(jacobian), 100, 100).cells.tolist() == jacobian.dense().tolist()


def test_the_scale_is_linear_until_entries_span_many_orders():
    assert scale_of(np.array([[1.0, -0.5, 0.0]])).threshold is None
    assert scale_of(np.array([[1.0, -1e-6, 1e-6]])).threshold == 1e-6


def test_a_scale_keeps_order_sign_and_zero():
    for cells in (np.array([-2.0, -0.1, 0.0, 0.1, 2.0]), np.array([-1.0, -1e-9, 0.0, 1e-9, 1.0, 1e-9])):
        levels = scale_of(cells).of(cells)
        assert (np.sign(levels) == np.sign(cells)).all()
        assert np.abs(levels).max() == 1.0
