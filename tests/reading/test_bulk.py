"""Tables and arrays that are read a piece at a time hold what a reader of single rows finds, in little memory."""

import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from bad_input import header, npy_of, outcome, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softmax_cli.errors import InputError
from softmax_cli.reading import fast_decimals, jsonarrays
from softmax_cli.reading.option_arrays import read_array
from softmax_cli.reading.read_problem import read_problem

FUZZ = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
CELLS = st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.sampled_from(
    ["0", "-0", "-0.0", "1", "+1", "01", ".5", "5.", "1e5", "1E-3", " 7 ", "−2", "1e-400", str(2**53 + 1), "9" * 30]
)
TABLES = st.integers(1, 4).flatmap(lambda C: st.lists(st.lists(CELLS, min_size=C, max_size=C), min_size=1, max_size=12))


@pytest.fixture(autouse=True)
def small_pieces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fast_decimals, "PIECE", 40)
    monkeypatch.setattr(jsonarrays, "LARGE", 1)


def bits(rows):
    return [struct.pack("<d", float(cell.replace("−", "-"))) for row in rows for cell in row]


@pytest.mark.parametrize(("name", "between"), [("x.csv", ","), ("x.tsv", "\t")])
@given(rows=TABLES, end=st.sampled_from(["\n", "\r\n", "\r"]), named=st.booleans(), last=st.booleans())
@settings(max_examples=300, **FUZZ)
def test_a_table_holds_the_double_nearest_to_every_cell(name, between, rows, end, named, last):
    text = end.join(between.join(row) for row in ([[f"n{i}" for i in range(len(rows[0]))]] if named else []) + rows)
    with open(name, "w", newline="", encoding="utf-8") as file:
        file.write(text + end * last)
    found = read_array(name, "-x", 2).array
    assert found.shape == (len(rows), len(rows[0]))
    assert [struct.pack("<d", v) for v in found.ravel()] == bits(rows)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
NESTED = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=5), max_leaves=30)
MATRICES = st.integers(1, 4).flatmap(lambda C: st.lists(st.lists(NUMBERS, min_size=C, max_size=C), max_size=12))


@given(value=MATRICES | st.lists(NUMBERS) | NESTED, indent=st.sampled_from([None, 1]), data=st.data())
@settings(max_examples=400, **FUZZ)
def test_an_array_in_json_holds_the_doubles_that_it_says_or_is_refused_as_ever(value, indent, data):
    text = json.dumps(value, indent=indent)
    if data.draw(st.booleans()):  # damaged: taken in pieces only if it is what a whole parser takes
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(["", ",", "[", "]", " ", "0", "null"])) + text[at + 1 :]
    with open("x.json", "w") as file:
        file.write(text)
    found = outcome(lambda: read_array("x.json", "-x", 0, 1, 2, 3).array)
    try:
        right = np.array(json.loads(text, parse_int=float), dtype=np.float64)
    except (ValueError, TypeError):
        right = None
    if isinstance(found, InputError):
        assert right is None or right.size == 0 or right.ndim > 3 or not np.isfinite(right).all()
    else:
        assert (found.shape, found.tolist()) == (right.shape, right.tolist())


def test_an_object_is_read_by_its_arrays():
    document = {"x": [[1, 2.5], [3, 4]], "W": [[1], [2]], "b": [0.5], "id": 'a"b', "target": [0, 0], "note": True}
    with open("in.json", "w") as file:
        json.dump(document, file, indent=2)
    problem = read_problem("in.json", None, None, None)
    assert (problem.x.tolist(), problem.W.tolist(), problem.b.tolist()) == ([[1, 2.5], [3, 4]], [[1], [2]], [0.5])
    assert problem.document == {"target": [0, 0], "id": 'a"b'}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x": [1, 2], "x": [3, 4]}', "in.json holds the key 'x' twice"),
        ('{"x": [1, 2], "W": [[1], [2]] "b": 1}', "in.json is not valid JSON at line 1, column 31: found '\"'"),
        ('{"x": [1, 2], "W": [[1], [2]]', "in.json ends in the middle of a value, on line 1"),
        ('{"x": [1, 2], "W": [[1], [2, 3]]}', "in.json: W[1] has 2 entries, where 1 is expected"),
        ('{"x": [1, 2], "W": [[1], [NaN]]}', "in.json: W[1][0] is NaN, where a finite number is expected"),
        ('{"x": [1, 2], "W": [[1], [2]], "id": null} 3', "in.json is not valid JSON at line 1, column 44: found '3'"),
    ],
)
def test_an_object_with_a_mistake_in_it_is_refused_as_ever(text, message):
    with open("in.json", "w") as file:
        file.write(text)
    assert refusal(lambda: read_problem("in.json", None, None, None))[0] == message


def test_a_row_is_counted_from_the_top_of_the_file():
    with open("x.csv", "w") as file:
        file.write("a,b\n" + "1,2\n" * 50 + '"3",4\n' * 2 + "5,x\n")
    message = "x.csv row 54, column 2 is 'x', where a number is expected"
    assert refusal(lambda: read_array("x.csv", "-x", 2))[0] == message


# --- memory ------------------------------------------------------------------------------------


def peak(work):
    """The memory that `work` takes at its peak, and what it gives or the InputError that it raises."""
    tracemalloc.start()
    try:
        found = outcome(work)
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" + "[]," * 8_000_000 + "[]]", "x.json would take 1.0 GB as JSON"),
        ("[" + "{}," * 8_000_000 + "{}]", "x.json would take 2.2 GB as JSON"),
        ("[" + "[[1]]," * 4_000_000 + "[[1]]]", "x.json would take 0.9 GB as JSON"),
    ],
    ids=["empty lists", "objects", "lists of lists"],
)
def test_json_that_would_take_many_times_its_size_is_refused_before_it_does(monkeypatch, tmp_path, text, told):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    with open("x.json", "w") as file:
        file.write(text)
    size, found = peak(lambda: read_array("x.json", "-x", 1, 2))
    assert (str(found), found.advice) == (told, "save its numbers as .npy or .npz")
    assert size < 4 * len(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "1\n" * 2_000_000),
        ("x.csv", "1," * 1_999_999 + "1\n"),
        ("x.json", "[" + "[1]," * 1_999_999 + "[1]]"),
        ("x.json", "[" + "1," * 1_999_999 + "1]"),
    ],
    ids=["column", "row", "JSON column", "JSON row"],
)
def test_small_numbers_take_little_more_than_their_doubles(monkeypatch, tmp_path, name, text):
    monkeypatch.undo()
    path = tmp_path / name
    path.write_text(text)
    size, found = peak(lambda: read_array(str(path), "-x", 1, 2))
    assert found.array.size == 2_000_000
    assert size < 3 * found.array.nbytes + 3 * len(text)


@pytest.mark.parametrize(("names", "refused"), [(["W"], "W"), (["x", "W", "b"], "x")])
def test_an_archive_of_zeros_is_refused_before_it_is_unpacked(tmp_path, names, refused):
    """A quarter of a megabyte that holds 260 MB, as one array or as three."""
    rows = (260 << 20) // 8 // 1024 // len(names)
    path = tmp_path / "in.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            with archive.open(f"{name}.npy", "w") as member:
                member.write(npy_of(header(shape=f"({rows}, 1024)")))
                for _ in range(rows):
                    member.write(bytes(8192))
    assert path.stat().st_size < 300_000
    size, found = peak(lambda: read_problem(str(path), None, None, None))
    assert str(found).startswith(f"{path}: {refused} unpacks from ")
    assert size < 3_000_000
