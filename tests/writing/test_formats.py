import csv
import io
import itertools
import json
import math
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli import InputError
from softmax_cli.core import layer as core
from softmax_cli.core.jacobian import LAYOUTS, layer_structure
from softmax_cli.writing.formats.json_numbers import PIECE
from softmax_cli.writing.formats.registry import writer
from softmax_cli.writing.result import Result, Stream


def stream_of(array, rows=1):
    """An array as blocks of its rows, each in the one buffer that the next block overwrites."""
    array = np.asarray(array, dtype=float)
    flat = array.reshape(-1, array.shape[-1])
    buffer = np.empty((min(rows, len(flat)), flat.shape[1]))

    def blocks():
        for at in range(0, len(flat), rows):
            part = buffer[: len(flat[at : at + rows])]
            part[...] = flat[at : at + rows]
            yield part
            buffer[...] = -7.0

    return Stream(array.shape, blocks())


def write(stream, format, document, **fields):
    """Write a document, the last key of which is the main one."""
    writer(format)(stream, Result(document, list(document)[-1], sheets=None, **fields))


def written(format, document, **fields):
    out = io.BytesIO()
    write(out, format, document, **fields)
    return out.getvalue()


def refuse(text):
    raise AssertionError(f"{text} is not JSON")


def parsed(text):
    return json.loads(text, parse_constant=refuse)


def bits(array):
    return np.asarray(array, dtype=float).tobytes()


doubles = st.floats(allow_nan=False, allow_infinity=False)
shapes = st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple)


@st.composite
def arrays(draw):
    shape = draw(shapes)
    n = math.prod(shape)
    return np.array(draw(st.lists(doubles, min_size=n, max_size=n))).reshape(shape)


@st.composite
def jacobians(draw):
    """The Jacobian of some layer in some layout, streamed in blocks of some size, and dense."""
    N, J, K = (draw(st.integers(1, 4)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    layer, _ = core.evaluate(rng.standard_normal((N, J)), 5 * rng.standard_normal((J, K)))
    jacobian = layer_structure(layer, single=N == 1 and draw(st.booleans()))
    layout = draw(st.sampled_from(LAYOUTS))
    limit = draw(st.sampled_from([8, 24, 40, 88, 200, 10**6]))
    return Stream(jacobian.shape(layout), jacobian.blocks(layout, limit)), jacobian.dense(layout)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(arrays(), st.integers(1, 7), st.integers(1, 30))
def test_json_of_any_blocks_is_the_array_to_the_bit(array, rows, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("softmax_cli.writing.formats.json_numbers.PIECE", piece)
        text = written("json", {"a": stream_of(array, rows)})
    assert bits(parsed(text)["a"]) == bits(array)
    assert np.shape(parsed(text)["a"]) == array.shape


@settings(max_examples=200, deadline=None, derandomize=True)
@given(arrays(), st.integers(1, 7), st.integers(1, 30))
def test_json_of_any_blocks_has_the_layout_of_compact_json(array, rows, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("softmax_cli.writing.formats.json_numbers.PIECE", piece)
        text = written("json", {"a": stream_of(np.sign(array), rows)})
    assert text.decode() == json.dumps({"a": np.sign(array).tolist()}, separators=(",", ":")) + "\n"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(jacobians())
def test_json_of_a_jacobian_is_the_dense_array(case):
    stream, dense = case
    assert parsed(written("json", {"J": stream}))["J"] == dense.tolist()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(arrays(), st.integers(1, 7), st.integers(1, 30))
def test_csv_of_any_blocks_is_the_matrix_to_the_bit(array, rows, piece):
    matrix = array.reshape(len(array), -1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("softmax_cli.writing.formats.json_numbers.PIECE", piece)
        text = written("csv", {"a": stream_of(matrix, rows)}).decode()
    read = [[float(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
    assert bits(read) == bits(matrix)
    assert np.shape(read) == matrix.shape


@settings(max_examples=100, deadline=None, derandomize=True)
@given(jacobians())
def test_npy_of_a_jacobian_is_the_file_that_numpy_writes(case):
    stream, dense = case
    out = io.BytesIO()
    np.save(out, dense)
    assert written("npy", {"J": stream}) == out.getvalue()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(jacobians())
def test_npz_holds_every_member_as_numpy_reads_it(case):
    stream, dense = case
    data = written(
        "npz", {"x": np.arange(3.0), "layout": "tensor", "loss": 0.1, "outputs": [2, 0], "b": None, "J": stream}
    )
    with np.load(io.BytesIO(data), allow_pickle=False) as read:
        assert list(read) == ["x", "layout", "loss", "outputs", "J"]
        assert read["x"].tolist() == [0.0, 1.0, 2.0]
        assert (read["layout"].shape, str(read["layout"])) == ((), "tensor")
        assert (read["loss"].shape, float(read["loss"])) == ((), 0.1)
        assert read["outputs"].tolist() == [2, 0]
        assert bits(read["J"]) == bits(dense)
        assert read["J"].shape == dense.shape


def test_a_document_is_one_line_in_its_order():
    document = {
        "x": np.array([0.1, 1.0, -0.0]),
        "W": np.array([[1.0, 2.0], [3.0, 4.0]])[:, ::-1],
        "layout": 'a "name"',
        "outputs": [3, 0],
        "target": np.array([1, 2]),
        "loss": 1e-320,
        "n": 3,
        "none": None,
        "scalar": np.array(0.5),
    }
    assert written("json", document).decode() == (
        '{"x":[0.1,1.0,-0.0],"W":[[2.0,1.0],[4.0,3.0]],"layout":"a \\"name\\"","outputs":[3,0],"target":[1,2],'
        '"loss":1e-320,"n":3,"none":null,"scalar":0.5}\n'
    )


def test_rows_that_are_longer_than_a_piece_are_cut_between_numbers():
    array = np.random.default_rng(0).standard_normal((3, 2 * PIECE + 5))
    assert parsed(written("json", {"a": stream_of(array, 2)}))["a"] == array.tolist()
    lines = written("csv", {"a": stream_of(array, 2)}).decode().splitlines()
    assert [[float(cell) for cell in line.split(",")] for line in lines] == array.tolist()


def test_no_text_is_longer_than_a_piece_makes_it():
    lengths = []
    stream = SimpleNamespace(write=lambda text: lengths.append(len(text)))
    write(stream, "json", {"a": np.full((2, 3 * PIECE), -1.2345678901234567e-300)})
    assert max(lengths) <= 26 * PIECE


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_json_never_turns_a_number_into_null(bad):
    for value in (np.array([[1.0, bad]]), stream_of([[1.0, 2.0], [3.0, bad]]), bad):
        with pytest.raises(InputError) as caught:
            written("json", {"loss": value})
        assert str(caught.value) == "loss holds a number that is not finite, which text cannot carry"


def test_a_vector_is_one_line_of_csv_as_one_of_many_is():
    assert written("csv", {"a": np.array([0.1, 1.0, 1e-300])}) == b"0.1,1.0,1e-300\n"


def test_a_column_and_a_row_stay_what_they_are_in_csv():
    assert written("csv", {"a": stream_of([[1.5], [2.5]])}) == b"1.5\n2.5\n"
    assert written("csv", {"a": stream_of([[1.5, 2.5]])}) == b"1.5,2.5\n"


def test_header_names_are_quoted_as_csv_asks():
    header = ["plain", "a,b", 'say "x"', "two\nlines", "café [b]", ""]
    text = written("csv", {"a": np.ones((1, 6))}, header=header).decode()
    assert text == 'plain,"a,b","say ""x""","two\nlines",café [b],""\n1.0,1.0,1.0,1.0,1.0,1.0\n'
    assert next(csv.reader(io.StringIO(text, newline=""))) == header


@pytest.mark.parametrize(("shape", "count"), [((2, 1, 1), "three"), ((1, 2, 3, 1), "four")])
def test_csv_of_more_than_two_dimensions_is_refused_before_anything_is_written(shape, count):
    out = io.BytesIO()
    with pytest.raises(InputError) as caught:
        write(out, "csv", {"dL_dW": stream_of(np.ones(shape))}, header=["a"])
    assert str(caught.value) == f"CSV holds two dimensions, and dL_dW has {count}"
    assert caught.value.advice == "use --json, or -o FILE.npy"
    assert out.getvalue() == b""


@pytest.mark.parametrize("value", [np.arange(4), np.float64(0.1), "word", [1, 2], np.ones((2, 3)).T, np.array(3.5)])
def test_npy_of_what_is_small_is_the_file_that_numpy_writes(value):
    out = io.BytesIO()
    np.save(out, np.ascontiguousarray(value) if np.ndim(value) else value)
    assert written("npy", {"a": value}) == out.getvalue()


def test_npz_members_may_outgrow_what_their_heads_were_written_for(monkeypatch):
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 100)
    data = written("npz", {"a": stream_of(np.ones((30, 5)))})
    with np.load(io.BytesIO(data)) as read:
        assert read["a"].tolist() == [[1.0] * 5] * 30


def test_npz_goes_through_a_pipe():
    read_end, write_end = os.pipe()
    chunks = []

    def drain():
        with open(read_end, "rb") as stream:
            chunks.append(stream.read())

    reader = threading.Thread(target=drain)
    reader.start()
    array = np.random.default_rng(0).standard_normal((300, 40))
    with open(write_end, "wb") as stream:
        write(stream, "npz", {"a": stream_of(array, 7), "s": "word"})
    reader.join()
    with np.load(io.BytesIO(chunks[0]), allow_pickle=False) as read:
        assert read["a"].tolist() == array.tolist()
        assert str(read["s"]) == "word"


@pytest.mark.posix
def test_npz_can_be_appended_to_what_a_file_holds(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"some lines before\n")
    with open(path, "ab") as stream:
        write(stream, "npz", {"a": stream_of([[1.0, 2.0]]), "s": "word"})
    with np.load(io.BytesIO(path.read_bytes().removeprefix(b"some lines before\n"))) as read:
        assert read["a"].tolist() == [[1.0, 2.0]]
        assert str(read["s"]) == "word"


# Writes K = J = `size`, and prints by how many bytes its peak memory grew meanwhile.
# VmHWM, not ru_maxrss: the latter counts what the parent held when it started the child.
CHILD = """
import re, sys
import numpy as np
from softmax_cli.core import layer as core
from softmax_cli.core.jacobian import layer_structure
from softmax_cli.writing.formats.registry import writer
from softmax_cli.writing.result import Result, Stream
size, format = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
layer, single = core.evaluate(rng.standard_normal(size), rng.standard_normal((size, size)))
jacobian = layer_structure(layer, single)
stream = Stream(jacobian.shape(), jacobian.blocks())
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
before = peak()
with open(sys.argv[3], "wb") as out:
    writer(format)(out, Result({"dL_dW": stream}, "dL_dW", sheets=None))
print(peak(), peak() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "size", "bytes_written"),
    [("npy", 500, 1_000_000_000), ("npz", 500, 1_000_000_000), ("json", 300, 300_000_000), ("csv", 300, 300_000_000)],
)
def test_memory_stays_bounded_however_much_is_written(tmp_path, format, size, bytes_written):
    path = tmp_path / "out"
    command = [sys.executable, "-c", CHILD, str(size), format, str(path)]
    peak, growth = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    written_bytes = path.stat().st_size
    path.unlink()
    assert written_bytes >= bytes_written
    assert peak < 200_000_000
    assert growth < 50_000_000


def test_blocks_are_not_gathered_before_they_are_written():
    events = []

    def blocks():
        for n in range(3):
            events.append("made")
            yield np.full((1, 2), float(n))

    write(SimpleNamespace(write=lambda data: events.append("written")), "npy", {"a": Stream((3, 2), blocks())})
    assert events == ["written", *itertools.chain.from_iterable([["made", "written"]] * 3)]
