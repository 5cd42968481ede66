"""What people have, read in one line: files that torch, safetensors, scikit-learn, pandas and NumPy made, kept beside
this test and, where these libraries are installed, made anew."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command import run
from made_by_libraries import FEATURES, MAKERS, SPECIES, X

from softmax_cli import forward
from softmax_cli.reading.read_problem import read_problem

FILES = Path(__file__).parent / "files"
EXPECTED = json.loads((FILES / "expected.json").read_text())
ROWS = ";".join(",".join(map(str, row)) for row in X)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def probabilities(name):
    """Of a file that is INPUT if it is a model, and W if it is a table or a print."""
    model = name.endswith((".npz", ".safetensors"))
    problem = read_problem(name if model else None, ROWS, None if model else name, None)
    return forward(problem.x, problem.W, problem.b).h


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_that_is_kept_gives_the_probabilities_of_the_library_that_made_it(folder, name):
    shutil.copy(FILES / name, folder)
    np.testing.assert_allclose(probabilities(name), EXPECTED[name], rtol=1e-12)


@pytest.mark.parametrize("library", MAKERS)
def test_a_file_that_is_made_anew_gives_the_probabilities_of_the_library_that_made_it(folder, library):
    pytest.importorskip(library)
    if library == "torch":
        pytest.importorskip("safetensors")
    for name, h in MAKERS[library](folder).items():
        np.testing.assert_allclose(probabilities(name), h, rtol=1e-12)


def test_a_print_of_torch_is_read_to_the_digits_that_it_shows(folder):
    shutil.copy(FILES / "torch_print.txt", folder)
    W = read_problem(None, ROWS, "torch_print.txt", None).W
    np.testing.assert_allclose(W, np.arange(12).reshape(3, 4).T / 7 - 0.8, atol=5e-5)


@pytest.mark.parametrize("name", ["frame.csv", "frame_index.csv"])
def test_features_and_species_of_one_table_go_into_a_gradient_in_one_line(folder, name):
    for file in (name, "sklearn3.npz"):
        shutil.copy(FILES / file, folder)
    line = ["loss-grad", "sklearn3.npz", "-x", name, "--target", f"{name}:species", "--json"]
    found = json.loads(run(*line).stdout)
    h = np.array(EXPECTED["sklearn3.npz"])
    assert found["target"] == [2, 0, 1]
    assert found["loss"] == pytest.approx(-np.mean(np.log([h[0, 2], h[1, 0], h[2, 1]])), rel=1e-12)
    assert (found["outputs_names"], found["inputs_names"]) == (sorted(SPECIES), FEATURES)


def test_a_table_of_pandas_without_names_goes_in_with_its_index(folder):
    for file in ("counted.csv", "W.csv"):
        shutil.copy(FILES / file, folder)
    assert read_problem(None, "counted.csv", "W.csv", None).x.tolist() == X


ARTICLE = {  # the lines of its code, and what print says of them
    "x = np.array([0.1,0.5,0.4])": """W = np.array([[0.1, 0.2, 0.3, 0.4, 0.5],
[0.6, 0.7, 0.8, 0.9, 0.1],
[0.11, 0.12, 0.13, 0.14, 0.15]])""",
    "[0.1 0.5 0.4]": """[[0.1  0.2  0.3  0.4  0.5 ]
 [0.6  0.7  0.8  0.9  0.1 ]
 [0.11 0.12 0.13 0.14 0.15]]""",
}


@pytest.mark.parametrize(("x", "W"), ARTICLE.items())
def test_the_matrices_of_the_article_are_pasted_as_they_stand_there(x, W):
    assert run("forward", "-x", x, "-W", W, "--json").stdout == run("forward", "--json").stdout


def test_a_jacobian_that_was_printed_over_several_lines_a_row_is_checked(folder):
    right = np.array(json.loads(run("layer-grad", "--json").stdout)["dL_dW"])
    with np.printoptions(precision=5, suppress=True, linewidth=60):
        (folder / "J.txt").write_text(f"{right}\n")
    assert "agrees to 5 decimals" in run("check", "--against", "J.txt").stdout


@pytest.mark.parametrize("form", [str, repr, np.array2string, lambda W: np.array2string(W, separator=", ")])
def test_a_print_between_quotes_is_the_matrix(form):
    W = np.arange(12.0).reshape(4, 3) / 8 - 0.5
    assert read_problem(None, ROWS, form(W), None).W.tolist() == W.tolist()
