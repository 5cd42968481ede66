"""Every way to write down the same numbers gives the same bits."""

import io
import json
import os
import sys
import threading

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from softmax_cli.reading.jsonfile import parse_document
from softmax_cli.reading.option_arrays import read_array
from softmax_cli.reading.read_problem import read_problem

EXTREMES = [5e-324, -2.5e-310, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308, -0.0, 0.1]
DOUBLES = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(EXTREMES)
MATRICES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5), elements=DOUBLES)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stdin(monkeypatch):
    """Standard input that holds the bytes it is called with."""
    return lambda data: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def table(W, between=",", end="\n"):
    return end.join(between.join(map(repr, row)) for row in W.tolist())


def npy(W, **how):
    file = io.BytesIO()
    np.save(file, W, **how)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npz_compressed(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


FILES = {
    "csv": ("W.csv", lambda W: table(W).encode()),
    "csv with a header": ("W.csv", lambda W: (",".join(f"n{i}" for i in range(W.shape[1])) + "\n" + table(W)).encode()),
    "csv with CRLF": ("W.csv", lambda W: table(W, end="\r\n").encode() + b"\r\n\r\n"),
    "csv with CR": ("W.csv", lambda W: table(W, end="\r").encode()),
    "csv with a mark": ("W.csv", lambda W: b"\xef\xbb\xbf" + table(W).encode()),
    "csv with quotes": ("W.csv", lambda W: ('"' + table(W, '","', '"\n"') + '"').encode()),
    "csv with a true minus": ("W.csv", lambda W: table(W).replace("-", "−").encode()),
    "csv with spaces": ("W.csv", lambda W: table(W, " , ").encode() + b"\n  \n"),
    "tsv": ("W.tsv", lambda W: table(W, "\t").encode()),
    "suffix in capitals": ("W.CSV", lambda W: table(W).encode()),
    "npy": ("W.npy", npy),
    "npy in Fortran order": ("W.npy", lambda W: npy(np.asfortranarray(W))),
    "npy big-endian": ("W.npy", lambda W: npy(W.astype(">f8"))),
    "npy of long doubles": ("W.npy", lambda W: npy(W.astype(np.longdouble))),
    "npz": ("W.npz", lambda W: npz(W=W)),
    "npz among others": ("W.npz", lambda W: npz(x=np.array(["text"]), W=W)),
    "npz compressed": ("W.npz", lambda W: npz_compressed(W=W)),
    "json": ("W.json", lambda W: json.dumps(W.tolist()).encode()),
    "json indented": ("W.json", lambda W: b"\xef\xbb\xbf" + json.dumps(W.tolist(), indent=2).encode()),
    "json object": ("W.json", lambda W: json.dumps({"x": None, "W": W.tolist(), "of": {"a": 1}}).encode()),
    "npy sniffed": ("W.data", npy),
    "npz sniffed": ("W.data", lambda W: npz(W=W)),
    "json sniffed": ("W", lambda W: b" \n" + json.dumps(W.tolist()).encode()),
    "csv sniffed": ("W", lambda W: table(W).encode()),
}


@pytest.mark.parametrize("form", FILES)
@given(W=MATRICES)
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_of_any_form_gives_the_same_bits(tmp_path, form, W):
    name, written = FILES[form]
    path = tmp_path / name
    path.write_bytes(written(W))
    found = read_array(str(path), "-W", 2).array
    assert (found.shape, found.tobytes(), found.dtype) == (W.shape, W.tobytes(), np.float64)


@pytest.mark.parametrize(
    "write",
    [lambda W: table(W, end=";"), lambda W: table(W, end=";").replace("-", "−"), lambda W: json.dumps(W.tolist())],
    ids=["table", "true minus", "json"],
)
@given(W=MATRICES)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_inline_text_gives_the_same_bits(write, W):
    found = read_array(write(W), "-W", 2).array
    assert (found.shape, found.tobytes()) == (W.shape, W.tobytes())


@pytest.mark.parametrize("form", ["csv", "tsv", "npy", "npz", "json", "json object"])
def test_standard_input_is_sniffed(form, stdin):
    W = np.array([[0.1, -2.0], [5e-324, 1e308], [3.0, 4.0]])
    stdin(FILES[form][1](W))
    assert read_array("-", "-W", 2).array.tobytes() == W.tobytes()


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", "i1", "u1", "<i2", ">i4", "i8", "u8"])
def test_smaller_types_are_read_for_their_values(folder, dtype):
    np.save("W.npy", np.array([[0, 1, 2], [3, 4, 100]], dtype=dtype))
    assert read_array("W.npy", "-W", 2).array.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 100.0]]


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_npy_version_is_read(folder, version):
    with open("W.npy", "wb") as file:
        np.lib.format.write_array(file, np.array([[1.5, 2.5]]), version=version)
    assert read_array("W.npy", "-W", 2).array.tolist() == [[1.5, 2.5]]


def test_integers_in_json_are_rounded_to_the_nearest_double():
    found = read_array(f"[{2**53 + 1}, {2**64}, {10**300 + 1}, {-(2**63) - 1}]", "-x", 1).array
    assert found.tolist() == [9007199254740992.0, 18446744073709551616.0, 1e300, -9223372036854775808.0]


def test_one_row_or_one_column_of_text_is_a_vector(folder):
    (folder / "row.csv").write_text("1,2,3\n")
    (folder / "column.csv").write_text("1\n2\n3\n")
    for value in ("row.csv", "column.csv", "1,2,3", "1;2;3"):
        assert read_array(value, "-b", 1).array.tolist() == [1.0, 2.0, 3.0]


def test_one_row_of_text_is_a_matrix_where_only_a_matrix_will_do():
    assert read_array("1,2,3", "-W", 2).array.tolist() == [[1.0, 2.0, 3.0]]


def test_one_number_is_a_scalar_where_one_is_allowed():
    assert read_array("3", "--target", 0, 1).array.shape == ()


def test_four_dimensions_come_through(folder):
    np.save("J.npy", np.ones((2, 3, 4, 3)))
    assert read_array("J.npy", "--against", 2, 3, 4).array.shape == (2, 3, 4, 3)


def test_a_key_other_than_the_option_may_be_asked_for():
    assert read_array('{"dL_dW": [[1, 2]]}', "--against", 2, key="dL_dW").array.tolist() == [[1.0, 2.0]]


def test_what_is_not_finite_comes_through_where_it_may(folder):
    (folder / "J.csv").write_text("nan,inf\n1,2\n")
    np.save("J.npy", np.array([[np.nan, np.inf], [1, 2]]))
    for name in ("J.csv", "J.npy"):
        np.testing.assert_array_equal(read_array(name, "--against", 2, finite=False).array, [[np.nan, np.inf], [1, 2]])


def test_a_header_row_names_the_columns(folder):
    (folder / "W.csv").write_text('"a, b",[bold]c,1st\n1,2,3\n4,5,6\n')
    W, _, names, *_ = read_array("W.csv", "-W", 2)
    assert names == ("a, b", "[bold]c", "1st")
    assert W.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def test_a_table_without_a_header_has_no_names(folder):
    (folder / "W.csv").write_text("1,2\n")
    assert read_array("W.csv", "-W", 2).names is None


def test_a_file_with_a_bare_name_is_found(folder):
    (folder / "seven").write_text("1,2")
    assert read_array("seven", "-x", 1).array.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("name", ["7", "-1,2", "1e3"])
def test_a_number_is_a_number_though_a_file_is_called_so(folder, name):
    (folder / name).write_text("5,6")
    assert read_array(name, "-x", 1).array.tolist() == [float(v) for v in name.split(",")]
    assert read_array(f"./{name}", "-x", 1).array.tolist() == [5.0, 6.0]


def test_a_name_that_a_terminal_would_obey_is_made_harmless(folder):
    (folder / "W.csv").write_text('"\x1b[31mred","two\nlines"\n1,2\n')
    assert read_array("W.csv", "-W", 2).names == ("\\x1b[31mred", "two\\nlines")


def test_a_pipe_is_read_to_its_end(folder):
    os.mkfifo("pipe")
    W = np.arange(40000.0).reshape(200, 200)
    writer = threading.Thread(target=lambda: (folder / "pipe").write_bytes(npy(W)))
    writer.start()
    found = read_array("./pipe", "-W", 2).array
    writer.join()
    assert found.tobytes() == W.tobytes()


def test_a_pipe_that_is_named_as_a_npy_file_is_read_once(folder):
    os.mkfifo("x.npy")
    writer = threading.Thread(target=lambda: (folder / "x.npy").write_bytes(npy(np.ones((3, 2)))))
    writer.start()
    problem = read_problem(None, "x.npy", "1;2", None)
    writer.join()
    assert problem.x.shape == (3, 2)


def test_process_substitution_is_read(folder):
    read, write = os.pipe()
    os.write(write, b"1,2\n3,4\n")
    os.close(write)
    assert read_array(f"/dev/fd/{read}", "-W", 2).array.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    os.close(read)


def test_100_000_columns_are_read(folder):
    row = np.random.default_rng(1).normal(size=100_000)
    (folder / "x.csv").write_text(table(row[None]))
    assert read_array("x.csv", "-x", 1).array.tobytes() == row.tobytes()


def test_an_npz_file_is_read_without_looking_at_its_other_members(folder):
    np.savez("in.npz", W=np.eye(2), junk=np.array([{"a": 1}], dtype=object))
    assert read_array("in.npz", "-W", 2).array.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_document_is_what_orjson_reads():
    text = b'{"id": "a:b", "x": [1, 2.5], "of": {"a": {"a": 1}}, "big": 123456789012345678901234567890}'
    assert parse_document(text, "line 1") == orjson.loads(text)


def test_the_one_array_that_was_saved_without_a_name_is_found(folder):
    np.savez("W.npz", [[1.0, 2.0]])
    assert read_array("W.npz", "-W", 2).array.tolist() == [[1.0, 2.0]]


def test_what_stands_beside_the_named_array_does_not_matter(folder):
    np.savez("W.npz", np.array(["text"]), W=[[1.0, 2.0]])
    assert read_array("W.npz", "-W", 2).array.tolist() == [[1.0, 2.0]]


def test_a_header_may_be_marked_as_numpy_savetxt_does(folder):
    np.savetxt("W.csv", [[1.0, 2.0]], delimiter=",", header="cat,dog")
    assert read_array("W.csv", "-W", 2).names == ("cat", "dog")


def test_nan_and_null_in_json_are_let_pass_where_they_are_to_be_compared(folder):
    (folder / "M.json").write_text('{"M": [[NaN, null], [-Infinity, 1], [1e999, 1' + "0" * 400 + "]]}")
    found = read_array("M.json", "M", 2, finite=False).array
    np.testing.assert_array_equal(found, [[np.nan, np.nan], [-np.inf, 1], [np.inf, np.inf]])
