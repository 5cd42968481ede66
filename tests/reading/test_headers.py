"""The first row of a table: names, numbers, or an error. No row is dropped without a word."""

import numpy as np
import pytest
from bad_input import refusal
from command import run

from softmax_cli.reading.option_arrays import read_array
from softmax_cli.reading.read_problem import read_problem

HEADER = "if the first row names the columns, add --header"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text, header=None, name="x.csv"):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return read_array(name, "-x", 2, header=header)


@pytest.mark.parametrize(
    "row",
    [
        "setosa,virginica", "1st,2nd", "x1,x2", "h[0],h[1]", "e1,e2", "a,−a", "é,∂", "class 1,class 2", "d1,d2",
        "True,False", "true north,infinite", "nano,nanny", "🐱,🐶", "0th,1st", "IV,V", "# a,b",
    ],
)  # fmt: skip
def test_names_are_a_header(row):
    found = read(f"{row}\n3,4\n5,6\n")
    assert found.names == tuple(row.removeprefix("# ").split(","))
    assert found.array.tolist() == [[3.0, 4.0], [5.0, 6.0]]
    assert found.notes == ()


@pytest.mark.parametrize(
    "cell",
    [
        "1d5", "1D+5", "1/2", "$1", "1 €", "£1.5", "1_000", "0x1F", "0b101", "0o17", "10%", "1\u00a0000", "1'000",
        "1e", "1.2.3", "12:30", "2020-01-02", "(1)", "1+2j", "(1-2j)", "3i", "1.5f", "2L", "½", "3²", "#1", "[0]",
        "N/A", "NULL", "NA", "n/a", "None", "nil", "<NA>", "#N/A", "#DIV/0!", "-", "--", ".", "?", "…", "−nil",
        "1.#QNAN", "np.float64(0.5)", "tensor(0.5)",
    ],
)  # fmt: skip
def test_what_could_be_a_number_or_stands_for_a_missing_one_is_no_header(cell):
    """A row of such cells, over rows of numbers, is one number row that was not understood."""
    message = f"x.csv row 1, column 1 is {cell!r}, where a number is expected"
    assert refusal(lambda: read(f"{cell}\t{cell}\n3\t4\n", name="x.csv.tsv"))[0] == message.replace("csv", "csv.tsv")
    assert refusal(lambda: read(f"{cell}\n3\n")) == (message, HEADER)


def test_a_missing_value_among_names_is_an_error_with_its_column():
    expected = ("x.csv row 1, column 2 is 'N/A', where a name is expected", HEADER)
    assert refusal(lambda: read("setosa,N/A\n1,2\n")) == expected


def test_a_mistyped_number_among_numbers_is_an_error_with_its_column():
    expected = ("x.csv row 1, column 2 is '0.2O', where a number is expected", "a header row may not hold numbers")
    assert refusal(lambda: read("0.1,0.2O\n1,2\n")) == expected


@pytest.mark.parametrize("row", ["−1,−2", "-1,-2", " −1 , −2"])
def test_a_true_minus_is_a_minus(row):
    found = read(f"{row}\n−3e−1,4\n")
    assert (found.names, found.array.tolist()) == (None, [[-1.0, -2.0], [-0.3, 4.0]])


# --- columns that are counted ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("0,1\n5,6\n", "0, 1"),
        ("0,1,2\n1,2,3\n4,5,6\n", "0, 1, 2"),
        ("0,1,2,3\n1,2,3,4\n", "0, 1, …, 3"),
        ("0\n0.5\n", "0"),
    ],
)
def test_a_first_row_that_counts_its_columns_is_data_and_a_note_says_so(text, counted):
    found = read(text)
    assert found.names is None
    assert found.array.tolist() == [[float(c) for c in row.split(",")] for row in text.split()]
    note = f"the first row of x.csv is {counted}, and is read as numbers: if it names the columns, add --header"
    assert found.notes == (note,)


@pytest.mark.parametrize("text", ["0,1\n", "1,2\n3,4\n", "0\n1\n2\n", "1\n0.5\n", "0,1,3\n1,2,3\n"])
def test_nothing_is_said_of_a_row_that_does_not_count_columns_or_of_a_column_of_classes(text):
    assert read(text).notes == ()


NOTE = "the first row of x.csv is 0, 1, 2, and is read as numbers: if it names the columns, add --header"


def test_the_note_comes_too_where_a_column_is_left_out_or_taken_out_of_the_table():
    read("0,1,2\n5,6,1\n7,8,0\n")
    problem = read_problem(None, "x.csv", "1,2;3,4", None, beside={"--target": "x.csv:2"})
    assert problem.notes == ("2 of x.csv is what --target takes, and left out of x", NOTE)
    assert read_array("x.csv:2", "--target", 1).notes == (NOTE,)
    assert read_array("x.csv:2", "--target", 1, header=True).notes == ()


def test_a_cell_of_the_column_that_is_left_out_counts_as_it_was_written(folder):
    (folder / "x.csv").write_text("0,1,setosa\n5,6,virginica\n7,8,setosa\n")
    problem = read_problem(None, "x.csv", "1,2;3,4", None, beside={"--target": "x.csv:2"})
    assert problem.notes == ("2 of x.csv is what --target takes, and left out of x",)


def test_one_note_says_it_of_a_table_of_inputs_and_targets(folder):
    read("0,1,2\n5,6,1\n7,8,0\n")
    ran = run("loss-grad", "-x", "x.csv", "-W", "1,2,1;3,4,0", "--target", "x.csv:2", "--wrt", "b")
    assert ran.stderr.count(NOTE) == 1


@pytest.mark.parametrize(
    ("rows", "x", "advice"),
    [
        ("0,1,2\n1,2,3\n3,4,5\n", "1,2", "if the first row of W.csv, 0, 1, 2, names its columns, add --header"),
        (
            "2019,2020\n1,2\n3,4\n", "1,2",
            "if the first row of W.csv, 2019, 2020, names its columns, add --header; "
            "if W is stored outputs × inputs, add --weights-layout out-in",
        ),
        ("0,1,2,3\n1,2,3,4\n5,6,7,8\n", "1,2", "if the first row of W.csv, 0, …, 3, names its columns, add --header"),
        ("0,2,4\n1,2,3\n3,4,5\n", "1,2", ""),
        ("0,1,2\n1,2,3\n3,4,5\n", "1,2,3,4", ""),
    ],
)  # fmt: skip
def test_a_first_row_that_counts_up_and_is_one_too_many_may_be_a_header(folder, rows, x, advice):
    (folder / "W.csv").write_text(rows)
    expected = (f"W has 3 rows but x has {x.count(',') + 1} entries", advice)
    assert refusal(lambda: read_problem(None, x, "W.csv", None)) == expected
    assert "--header" not in refusal(lambda: read_problem(None, x, "W.csv", None, header=False))[1]
    assert "--header" not in refusal(lambda: read_problem(None, x, rows.strip().replace("\n", ";"), None))[1]


def test_a_header_that_is_asked_for_may_be_numbers():
    found = read("0,1\n5,6\n", header=True)
    assert (found.names, found.array.tolist(), found.notes) == (("0", "1"), [[5.0, 6.0]], ())


def test_a_header_that_is_asked_for_may_be_anything_but_empty():
    assert read("N/A,1/2\n5,6\n", header=True).names == ("N/A", "1/2")
    assert refusal(lambda: read("a,\n5,6\n", header=True))[0] == (
        "x.csv row 1, column 2 is empty, where a name is expected"
    )


def test_a_header_that_is_ruled_out_is_an_error_without_advice():
    assert read("0,1\n5,6\n", header=False).notes == ()
    expected = ("x.csv row 1, column 1 is 'a', where a number is expected", "")
    assert refusal(lambda: read("a,b\n5,6\n", header=False)) == expected


def test_one_choice_holds_for_every_table_of_a_problem(folder):
    (folder / "x.csv").write_text("0,1\n5,6\n7,8\n")
    (folder / "W.csv").write_text("0,1,2\n1,2,3\n4,5,6\n")
    problem = read_problem(None, "x.csv", "W.csv", None, header=True)
    assert (problem.x.tolist(), problem.W.tolist()) == ([[5, 6], [7, 8]], [[1, 2, 3], [4, 5, 6]])
    assert (problem.names, problem.header, problem.notes) == (("0", "1", "2"), True, ())


def test_a_problem_carries_the_notes_of_its_tables(folder):
    (folder / "x.csv").write_text("0,1\n5,6\n7,8\n")
    problem = read_problem(None, "x.csv", "1,2;3,4", None)
    assert len(problem.notes) == 1
    assert np.array_equal(problem.x, [[0, 1], [5, 6], [7, 8]])
