"""Columns by their names: features and target in one table, and an index that pandas wrote."""

import csv
import io

import numpy as np
import pytest
from bad_input import refusal

from softmax_cli.reading.option_arrays import read_array, read_entry
from softmax_cli.reading.read_problem import read_problem

NAMES = ("setosa", "versicolor", "virginica")
FEATURES = [[5.1, 3.5], [6.2, 2.9], [5.9, 3.0]]
SPECIES = ["setosa", "virginica", "versicolor"]
W = "1,2,3;4,5,6"


def table(rows, header, delimiter=","):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return file.getvalue()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [[*x, y] for x, y in zip(FEATURES, SPECIES, strict=True)]
    (tmp_path / "iris.csv").write_text(table(rows, ["len", "wid", "species"]))
    (tmp_path / "iris.tsv").write_text(table(rows, ["len", "wid", "species"], "\t"))
    (tmp_path / "first.csv").write_text(table([[y, *x] for *x, y in rows], ["species", "len", "wid"]))
    (tmp_path / "indexed.csv").write_text(
        table([[n, *row] for n, row in enumerate(rows)], ["", "len", "wid", "species"])
    )
    quoted = '"len","wid","the, species"\n5.1,3.5,"a ""b"", c"\n6.2,2.9,"a\nb"\n5.9,3.0,d\n'
    (tmp_path / "quoted.csv").write_text(quoted)
    (tmp_path / "bare.csv").write_text("5.1,3.5,0\n6.2,2.9,2\n5.9,3.0,1\n")
    return tmp_path


@pytest.mark.parametrize("name", ["iris.csv", "iris.tsv", "first.csv", "indexed.csv"])
def test_features_and_target_come_from_one_table(name):
    problem = read_problem(None, name, W, None, beside={"--target": f"{name}:species"})
    assert (problem.x.tolist(), problem.input_names) == (FEATURES, ("len", "wid"))
    assert f"species of {name} is what --target takes, and left out of x" in problem.notes
    target = read_array(f"{name}:species", "--target", 1, names=NAMES)
    assert [NAMES[int(index)] for index in target.array] == SPECIES


def test_a_column_may_hold_quotes_commas_and_line_breaks():
    problem = read_problem(None, "quoted.csv", W, None, beside={"--target": "quoted.csv:the, species"})
    assert problem.x.tolist() == FEATURES


def test_columns_of_a_table_without_a_header_are_counted_from_0():
    problem = read_problem(None, "bare.csv", W, None, beside={"--target": "bare.csv:2"})
    assert problem.x.tolist() == FEATURES
    assert read_array("bare.csv:2", "--target", 1).array.tolist() == [0, 2, 1]


def test_every_column_that_an_option_takes_is_left_out(folder):
    (folder / "all.csv").write_text("a,w,b,y\n1,9,2,0\n3,8,4,1\n")
    beside = {"--target": "all.csv:y", "--sample-weights": "all.csv:w"}
    assert read_problem(None, "all.csv", W, None, beside=beside).x.tolist() == [[1, 2], [3, 4]]
    assert read_array("all.csv:w", "--sample-weights", 1).array.tolist() == [9, 8]


def test_the_same_file_by_another_path_is_the_same_table(folder):
    problem = read_problem(None, str(folder / "iris.csv"), W, None, beside={"--target": "./iris.csv:species"})
    assert problem.x.tolist() == FEATURES


def test_one_column_as_x_has_nothing_left_out():
    problem = read_problem(None, "iris.csv:len", "1,2", None, beside={"--target": "iris.csv:species"})
    assert (problem.x.tolist(), problem.notes) == ([[x] for x, _ in FEATURES], ())


def test_a_column_of_another_table_is_not_left_out(folder):
    (folder / "x.csv").write_text("len,wid\n5.1,3.5\n")
    assert read_problem(None, "x.csv", W, None, beside={"--target": "iris.csv:species"}).x.tolist() == [5.1, 3.5]


def test_an_error_names_the_column_as_the_file_has_it(folder):
    (folder / "first.csv").write_text("species,len,wid\nsetosa,5.1,3.5\nsetosa,6.2,x2\n")
    work = lambda: read_problem(None, "first.csv", W, None, beside={"--target": "first.csv:species"})  # noqa: E731
    assert refusal(work)[0] == "first.csv row 3, column 3 is 'x2', where a number is expected"


@pytest.mark.parametrize(
    ("value", "message", "advice"),
    [
        ("iris.csv:specis", "iris.csv has no column 'specis'", "its columns are len, wid, species"),
        ("iris.csv:9", "iris.csv has no column '9'", "its columns are len, wid, species"),
        (
            "iris.csv:species",
            "iris.csv row 2, species is 'setosa', where a number is expected",
            "the outputs have no names: give them in the header of W, or as outputs_names in INPUT",
        ),
        ("twice.csv:a", "twice.csv has 2 columns named 'a'", ""),
        ("short.csv:b", "short.csv row 3 has no cell in column 2, 'b'", ""),
        ("empty.csv:b", "empty.csv holds nothing below its header row", ""),
    ],
)
def test_a_column_that_cannot_be_read_is_refused(folder, value, message, advice):
    (folder / "twice.csv").write_text("a,a\n1,2\n")
    (folder / "short.csv").write_text("a,b\n1,2\n3\n")
    (folder / "empty.csv").write_text("a,b\n")
    assert refusal(lambda: read_array(value, "--target", 1)) == (message, advice)


@pytest.mark.parametrize("name", ["iris.csv", "first.csv", "indexed.csv", "quoted.csv"])
def test_a_column_of_words_is_no_input_and_is_left_out_with_a_note(name):
    problem = read_problem(None, name, W, None)
    title = "the, species" if name == "quoted.csv" else "species"
    assert (problem.x.tolist(), problem.input_names) == (FEATURES, ("len", "wid"))
    assert problem.notes[0] == f"{title} of {name} holds words, and is left out"


@pytest.mark.parametrize("cell", ["5.1x", "N/A", "", "1,5", "3 cm"])
def test_a_column_with_one_cell_that_is_no_name_is_not_left_out(folder, cell):
    (folder / "x.csv").write_text(table([[5.1, "a"], [6.2, cell], [5.9, "b"]], ["len", "what"]))
    assert refusal(lambda: read_problem(None, "x.csv", W, None))[0] == (
        "x.csv row 2, column 2 is 'a', where a number is expected"
    )


def test_a_table_in_the_place_of_a_target_is_answered_with_how_to_choose_a_column():
    assert refusal(lambda: read_array("iris.csv", "--target", 0, 1, 2, names=NAMES)) == (
        "iris.csv row 2, column 3 is 'setosa', where a number is expected",
        "one column of it is --target iris.csv:COLUMN",
    )


def test_words_in_w_are_refused(folder):
    assert refusal(lambda: read_problem(None, "1,2", "iris.csv", None)) == (
        "iris.csv row 2, column 3 is 'setosa', where a number is expected", "",
    )  # fmt: skip


def test_a_table_of_words_alone_is_refused(folder):
    (folder / "x.csv").write_text("a,b\nred,cat\nblue,dog\n")
    assert refusal(lambda: read_problem(None, "x.csv", W, None))[0] == (
        "x.csv row 2, column 1 is 'red', where a number is expected"
    )


def test_many_rows_of_a_table_are_as_numpy_reads_them(folder):
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((5000, 3)), rng.integers(3, size=5000)
    with open("big.csv", "w") as file:
        file.write("a,b,y,c\n")
        file.writelines(f"{r[0]!r},{r[1]!r},{NAMES[k]},{r[2]!r}\n" for r, k in zip(x.tolist(), y, strict=True))
    expected = np.loadtxt("big.csv", delimiter=",", skiprows=1, usecols=(0, 1, 3))
    assert np.array_equal(read_entry("big.csv", "-x", "x", left_out=("y",)).array, expected)
    assert read_array("big.csv:y", "--target", 1, names=NAMES).array.tolist() == y.tolist()


# --- the index of pandas -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (",len,wid\n0,5.1,3.5\n1,6.2,2.9\n2,5.9,3.0\n", ("len", "wid")),
        ("Unnamed: 0,len,wid\n0,5.1,3.5\n1,6.2,2.9\n2,5.9,3.0\n", ("len", "wid")),
        (",0,1\n0,5.1,3.5\n1,6.2,2.9\n2,5.9,3.0\n", None),
        ('"","len","wid"\n"1",5.1,3.5\n"2",6.2,2.9\n"3",5.9,3.0\n', ("len", "wid")),
        ("\ufeff,len,wid\r\n0,5.1,3.5\r\n1,6.2,2.9\r\n2,5.9,3.0\r\n", ("len", "wid")),
    ],
    ids=["named columns", "read and saved again", "counted columns", "row names of R", "of Windows"],
)
def test_an_index_that_counts_the_rows_is_left_out_with_a_note(folder, text, names):
    (folder / "x.csv").write_text(text, encoding="utf-8", newline="")
    found = read_entry("x.csv", "-x", "x")
    assert (found.array.tolist(), found.names) == (FEATURES, names)
    called = "named 'Unnamed: 0'" if "Unnamed" in text else "without a name"
    assert found.notes == (f"the first column of x.csv, {called}, counts the rows and is left out",)


NO_NAME = "x.csv row 1, column 1 is empty, where a name is expected"
NO_INDEX = "save it without an index column (pandas: index=False)"


@pytest.mark.parametrize("index", [(0, 2, 1), (5, 6, 7), (0.5, 1.5, 2.5), (0, 0, 0), (0, 1, "a")], ids=str)
def test_a_column_without_a_name_that_does_not_count_is_refused(folder, index):
    (folder / "x.csv").write_text(table([[n, *x] for n, x in zip(index, FEATURES, strict=True)], ["", "len", "wid"]))
    message, advice = refusal(lambda: read_entry("x.csv", "-x", "x"))
    if "a" in index:
        assert message == "x.csv row 4, column 1 is 'a', where a number is expected"
    else:
        assert (message, advice) == (NO_NAME, NO_INDEX)


def test_a_column_with_a_name_that_counts_is_data(folder):
    (folder / "x.csv").write_text("n,len\n0,5.1\n1,6.2\n")
    found = read_entry("x.csv", "-x", "x")
    assert (found.array.tolist(), found.notes) == ([[0, 5.1], [1, 6.2]], ())


def test_only_the_first_column_is_an_index(folder):
    (folder / "x.csv").write_text("len,\n5.1,0\n6.2,1\n")
    assert refusal(lambda: read_entry("x.csv", "-x", "x")) == (
        "x.csv row 1, column 2 is empty, where a name is expected", "",
    )  # fmt: skip


@pytest.mark.parametrize("header", [True, None])
def test_said_header_or_not_the_index_is_found(folder, header):
    (folder / "x.csv").write_text(",len\n0,5.1\n1,6.2\n")
    assert read_entry("x.csv", "-x", "x", header=header).array.tolist() == [[5.1], [6.2]]


@pytest.mark.parametrize("blank", [4095, 4096, 4097, 20_000])
def test_any_number_of_blank_lines_at_the_end_are_no_rows(folder, blank):
    (folder / "x.csv").write_text("len,wid\n5.1,3.5\n" + "\n" * blank)
    assert read_entry("x.csv", "-x", "x").array.tolist() == [[5.1, 3.5]]
    assert read_array("x.csv:wid", "-x", 1).array.tolist() == [3.5]
