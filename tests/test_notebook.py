"""What a notebook shows of the results: HTML tables, read back by an XML parser."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from softmax_cli import forward, loss_gradient


def shown(result):
    """The tables, by caption, and the lines of numbers."""
    tree = ElementTree.fromstring(f"<div>{result._repr_html_()}</div>")
    tables = {
        table.findtext("caption"): [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]
        for table in tree.iter("table")
    }
    return tables, [line.text for line in tree.iter("p")]


def test_an_array_is_a_table_with_its_indices():
    tables, lines = shown(forward([1.0, 2.0], [[0.5, -3.0], [0.0, 0.5]]))
    assert tables["z, 2"] == [["", "0", "1"], ["", "0.5", "−2"]]
    assert tables["h, 2"] == [["", "0", "1"], ["", "0.924142", "0.0758582"]]
    assert lines == []


def test_a_number_is_a_line_and_what_was_not_asked_for_is_not_there():
    tables, lines = shown(loss_gradient([[1.0], [-2.0]], [[0.0, 0.0]], target=[0, 1], wrt=("W", "z")))
    assert lines == ["loss = 0.693147"]
    assert tables == {
        "dE/dz, 2 × 2": [["", "0", "1"], ["0", "−0.25", "0.25"], ["1", "0.25", "−0.25"]],
        "dE/dW, 1 × 2": [["", "0", "1"], ["0", "−0.75", "0.75"]],
    }


def test_a_large_array_says_that_it_goes_on():
    tables, _ = shown(forward(z=np.zeros((11, 12))))
    rows = tables["h, 11 × 12"]
    assert len(rows) == 1 + 10 + 1
    assert [len(row) for row in rows[:-1]] == [1 + 10 + 1] * 11
    assert (rows[0][-1], rows[1][-1], rows[-1][0]) == ("…", "…", "…")


def test_of_an_array_of_three_dimensions_the_first_matrix_is_shown():
    found = loss_gradient([[1.0], [-2.0]], [[0.0, 0.0]], target=[0, 1], wrt=("W",), reduction="none")
    tables, _ = shown(found)
    assert tables["dE/dW, 2 × 1 × 2, the first"] == [["", "0", "1"], ["0", "−0.5", "0.5"]]


MAKERS = {
    "forward": "forward([1.0], [[0.0, 0.0]])",
    "loss_gradient": "loss_gradient([1.0], [[0.0, 0.0]], target=0)",
    "sums": "sums([[1.0]], [[0.0, 0.0]], target=[0]).gradient()",
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_result_shows_whichever_public_name_made_it(name):
    code = f"from softmax_cli import {name}; print({MAKERS[name]}._repr_html_())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert "<table>" in done.stdout
