"""The derivatives of an error as heatmaps and plots."""

import math

import numpy as np
import pytest
from command import LAYER, refused, run

LOSS = ("loss-grad", *LAYER, "--target", "2")
TWO = ("loss-grad", "-x", "1,2;3,4", "-W", "1,2;3,4", "--target", "0,1")


def drawn(*arguments):
    """The title, the ticks, the rows and the legend."""
    title, ticks, *rows, legend = run(*arguments, "--format", "heatmap").stdout.rstrip("\n").splitlines()
    return title, ticks.split(), [row.split() for row in rows], legend


def test_the_gradient_in_the_weights_is_drawn_with_its_signs():
    title, ticks, rows, legend = drawn(*LOSS, "--wrt", "W")
    assert title == "dE/dW  (3 × 5): row W[j,:], column W[:,i]"
    assert ticks == [f"W[:,{i}]" for i in range(5)]
    assert [row[0] for row in rows] == ["W[0,:]", "W[1,:]", "W[2,:]"]
    below = [["".join(row[1:])[7 * i] in ",-=%&" for i in range(5)] for row in rows]
    assert below == [[False, False, True, False, False]] * 3
    z = np.array([0.354, 0.418, 0.482, 0.546, 0.16])
    largest = 0.5 * (1 - np.exp(z[2]) / np.exp(z).sum())
    assert legend == f"-{largest:.3g} &%=-, .+*#@ {largest:.3g}; zero is blank"


@pytest.mark.parametrize(
    ("arguments", "title", "rows"),
    [
        ([*LOSS, "--wrt", "b"], "dE/db  (1 × 5): row E, column b[i]", ["E"]),
        ([*LOSS, "--wrt", "x"], "dE/dx  (1 × 3): row E, column x[j]", ["E"]),
        ([*TWO, "--wrt", "z"], "dE/dz  (2 × 2): row n, column z[i]", ["input", "input"]),
        (
            [*TWO, "--wrt", "W", "--learning-rate", "1"],
            "W_new  (2 × 2): row W[j,:], column W[:,i]",
            ["W[0,:]", "W[1,:]"],
        ),
    ],
)
def test_vectors_are_rows_and_inputs_have_a_row_each(arguments, title, rows):
    found = drawn(*arguments)
    assert (found[0], [row[0] for row in found[2]]) == (title, rows)


def test_the_hessian_of_many_inputs_is_one_matrix():
    title, _, rows, legend = drawn("hessian", "-x", "1,2;3,4", "-W", "1,2;3,4")
    assert title == "d²E/dW²  (4 × 4): row W[j,i], j running fastest, column W[j,i]"
    assert [row[0] for row in rows] == ["W[0,0]", "W[1,0]", "W[0,1]", "W[1,1]"]
    slopes = [math.exp(d) / (1 + math.exp(d)) ** 2 for d in (3, 7)]  # z[1] - z[0] is the sum of x
    largest = (slopes[0] * 2**2 + slopes[1] * 4**2) / 2
    assert legend == f"-{largest:.3g} &%=-, .+*#@ {largest:.3g}; zero is blank"


def test_a_plot_takes_the_place_of_the_table(tmp_path):
    done = run(*LOSS, "--wrt", "x", "--plot", "out.svg", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", "")
    assert "<!-- dE/dx  (1 × 3) -->" in (tmp_path / "out.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*LOSS, "--format", "heatmap"],
         ["a picture shows one result, and there are dE_dW and dE_db", "choose one, as in --wrt W"]),
        ([*LOSS, "--plot", "out.png"],
         ["a picture shows one result, and there are dE_dW and dE_db", "choose one, as in --wrt W"]),
        ([*TWO, "--wrt", "W", "--reduction", "none", "--format", "heatmap"],
         ["a picture shows one matrix, and dE/dW is one of each input", "use --reduction mean"]),
        (["loss-grad", "-", "--jsonl", "--target", "0", "--plot", "out.png"],
         ["--plot draws one matrix, and --jsonl makes one of every line"]),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(arguments, said):
    assert refused(*arguments) == [f"softmax-jac: error: {said[0]}", *said[1:]]
