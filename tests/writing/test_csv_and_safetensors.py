"""CSV as pandas reads it best, and .safetensors: each read back by something else than what wrote it."""

import csv
import io
import json
import struct

import numpy as np
import pytest
from command import refused, result, run

from softmax_cli.reading.read_problem import read_problem

NAMES = ["setosa", "versi,color", "virginica"]
W = [[1, 2, 3], [4, 5, 7]]
X = [[0.5, -1], [2, 3]]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = {"x": X, "W": W, "outputs_names": NAMES, "inputs_names": ["len", "wid"]}
    (tmp_path / "named.json").write_text(json.dumps(named))
    (tmp_path / "bare.json").write_text(json.dumps({"x": X, "W": W}))
    return tmp_path


def rows_of(*arguments):
    text = run(*arguments, "--format", "csv").stdout
    return list(csv.reader(io.StringIO(text, newline="")))


def numbers(rows):
    return [[float(cell) for cell in row] for row in rows]


# --- forward -----------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["z", "h", "log_h"])
def test_a_batch_is_one_row_an_input_under_the_outputs_names(of):
    header, *rows = rows_of("forward", "named.json", "--of", of)
    assert header == NAMES
    assert numbers(rows) == result("forward", "named.json", "--log")[of]


def test_one_input_has_the_shape_of_one_of_many():
    first = rows_of("forward", "named.json", "-x", "0.5,-1")
    assert first == rows_of("forward", "named.json")[:2]


def test_without_names_there_is_no_header():
    assert numbers(rows_of("forward", "bare.json")) == result("forward", "bare.json")["h"]


def test_unless_of_says_otherwise_csv_holds_h_and_with_log_ln_h():
    assert rows_of("forward", "bare.json") == rows_of("forward", "bare.json", "--of", "h")
    assert rows_of("forward", "bare.json", "--log") == rows_of("forward", "bare.json", "--of", "log_h")


def test_of_chooses_what_npy_holds_as_well(folder):
    run("forward", "bare.json", "--of", "z", "-o", "z.npy")
    assert np.load(folder / "z.npy").tolist() == (np.array(X) @ np.array(W)).tolist()


def test_a_masked_output_has_minus_infinity_in_z_and_ln_h_as_float_reads_it():
    header, row = rows_of("forward", "named.json", "-x", "1,2", "-b=-inf,0,0", "--of", "z")
    assert (header, numbers([row])) == (NAMES, [[-np.inf, 12, 17]])


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        ([], "--of chooses what one array holds, and table shows all results", "add -o FILE.csv or FILE.npy"),
        (["--json"], "--of chooses what one array holds, and json shows all results", "add -o FILE.csv or FILE.npy"),
    ],
)
def test_of_is_for_formats_of_one_array(arguments, message, advice):
    assert refused("forward", "--of", "z", *arguments) == [f"softmax-jac: error: {message}", advice]


# --- loss-grad ---------------------------------------------------------------------------------

EACH = ["loss-grad", "named.json", "--target", "0,2", "--reduction", "none"]


@pytest.mark.parametrize("key", ["z", "x", "b"])
def test_a_row_an_input_under_the_names_of_its_columns(key):
    header, *rows = rows_of(*EACH, "--wrt", key)
    assert header == (["len", "wid"] if key == "x" else NAMES)
    assert numbers(rows) == result(*EACH, "--wrt", key)[f"dE_d{key}"]


@pytest.mark.parametrize(
    ("model", "outputs", "inputs"), [("named", NAMES, ["len", "wid"]), ("bare", [*"012"], [*"01"])]
)
def test_the_gradient_in_w_of_each_input_has_columns_for_the_input_and_the_row(model, outputs, inputs):
    arguments = ["loss-grad", f"{model}.json", *EACH[2:], "--wrt", "W"]
    header, *rows = rows_of(*arguments)
    assert header == ["n", "j", *outputs]
    assert [row[:2] for row in rows] == [[str(n), j] for n in range(2) for j in inputs]
    gradient = np.array(numbers(row[2:] for row in rows)).reshape(2, 2, 3)
    assert gradient.tolist() == result(*arguments)["dE_dW"]


def test_pandas_reads_what_is_written(folder):
    pandas = pytest.importorskip("pandas")
    run(*EACH, "--wrt", "W", "-o", "dW.csv")
    run("forward", "named.json", "-o", "h.csv")
    frame = pandas.read_csv("dW.csv", index_col=["n", "j"])
    assert frame.loc[(1, "wid"), "setosa"] == pytest.approx(result(*EACH, "--wrt", "W")["dE_dW"][1][1][0], rel=1e-15)
    h = pandas.read_csv("h.csv")
    assert list(h.columns) == NAMES
    np.testing.assert_allclose(h.to_numpy(), result("forward", "named.json")["h"], rtol=1e-15)


# --- safetensors -------------------------------------------------------------------------------


def tensors(path):
    """By the description of the format: a length, a header in JSON, raw numbers."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    words = header.pop("__metadata__", {})
    types = {"F64": "<f8", "I64": "<i8", "BOOL": "?"}
    found, end = {}, 0
    assert length % 8 == 0
    for key, about in header.items():
        start, stop = about["data_offsets"]
        assert start == end
        numbers = np.frombuffer(data[8 + length + start : 8 + length + stop], types[about["dtype"]])
        found[key], end = numbers.reshape(about["shape"]), stop
    assert 8 + length + end == len(data)
    return found, words


def test_a_safetensors_file_holds_every_result(folder):
    arguments = ["loss-grad", "named.json", "--target", "0,2", "--mask", "versi,color", "--wrt", "z,W,b,x"]
    run(*arguments, "-o", "all.safetensors")
    found, words = tensors(folder / "all.safetensors")
    expected = result(*arguments)
    for key in ("x", "W", "target", "loss", "dE_dz", "dE_dW", "dE_db", "dE_dx"):
        assert found[key].tolist() == expected[key]
    assert np.flatnonzero(found["mask"]).tolist() == expected["mask"]
    assert words["reduction"] == "mean"
    assert json.loads(words["outputs_names"]) == NAMES


def test_it_is_an_input_with_its_names_and_its_mask(folder):
    run("forward", "named.json", "--mask", "0", "-o", "all.safetensors")
    problem = read_problem("all.safetensors", None, None, None)
    assert (problem.names, problem.input_names) == (tuple(NAMES), ("len", "wid"))
    assert (problem.mask.tolist(), problem.x.tolist(), problem.W.tolist()) == ([True, False, False], X, W)


def test_a_jacobian_that_is_made_in_blocks_goes_into_one(folder):
    run("layer-grad", "bare.json", "-o", "L.safetensors")
    assert tensors(folder / "L.safetensors")[0]["dL_dW"].tolist() == result("layer-grad", "bare.json")["dL_dW"]


def test_the_library_of_the_format_reads_it(folder):
    library = pytest.importorskip("safetensors.numpy")
    run("forward", "named.json", "-o", "all.safetensors")
    assert library.load_file("all.safetensors")["h"].tolist() == result("forward", "named.json")["h"]
