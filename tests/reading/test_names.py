"""Names of outputs and inputs: where they come from, and that one is taken wherever an index is."""

import json

import numpy as np
import pytest
from bad_input import refusal
from command import refused, result, run

from softmax_cli.reading.read_problem import problem_from_document, read_problem

W = "setosa,versicolor,virginica\n1,2,3\n4,5,7\n"
X = "petal_len,petal_width\n0.5,-1\n2,3\n"
OUTPUTS, INPUTS = ("setosa", "versicolor", "virginica"), ("petal_len", "petal_width")
NAMED = {"x": [0.5, -1], "W": [[1, 2, 3], [4, 5, 7]], "outputs_names": [*OUTPUTS], "inputs_names": [*INPUTS]}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {"W.csv": W, "x.csv": X, "model.json": json.dumps(NAMED)}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


# --- where they come from ----------------------------------------------------------------------


def names_of(*arguments, **options):
    problem = read_problem(*arguments, **options)
    return problem.names, problem.input_names


def test_the_header_of_w_names_outputs_and_that_of_x_inputs():
    assert names_of(None, "x.csv", "W.csv", None) == (OUTPUTS, INPUTS)


def test_the_header_of_a_w_that_is_stored_outputs_by_inputs_names_inputs(folder):
    (folder / "V.csv").write_text("petal_len,petal_width\n1,4\n2,5\n3,7\n")
    assert names_of(None, "1,2", "V.csv", None, layout="out-in") == (None, INPUTS)


def test_the_index_of_words_of_a_table_of_w_names_inputs(folder):
    (folder / "V.csv").write_text(",setosa,versicolor,virginica\npetal_len,1,2,3\npetal_width,4,5,7\n")
    problem = read_problem(None, "1,2", "V.csv", None)
    assert (problem.names, problem.input_names, problem.W.tolist()) == (OUTPUTS, INPUTS, [[1, 2, 3], [4, 5, 7]])
    assert problem.notes == ("the first column of V.csv, without a name, names the rows",)


def test_a_document_says_them():
    assert names_of("model.json", None, None, None) == (OUTPUTS, INPUTS)
    assert names_of(None, None, None, None, z="1,2,3") == (None, None)
    (problem,) = [problem_from_document(NAMED, "line 1")]
    assert (problem.names, problem.input_names) == (OUTPUTS, INPUTS)


def test_a_header_comes_before_a_document(folder):
    (folder / "V.csv").write_text("a,b,c\n1,2,3\n4,5,7\n")
    assert names_of("model.json", None, "V.csv", None) == (("a", "b", "c"), INPUTS)


def test_names_for_another_number_of_outputs_are_passed_over_with_a_note_beside_a_new_w():
    problem = read_problem("model.json", None, "1,2;3,4", None)
    assert (problem.names, problem.input_names) == (None, INPUTS)
    assert problem.notes == ("model.json: outputs_names holds 3 names, and there are 2 outputs, so it is not used",)


def test_scikit_learn_keeps_them_under_names_of_its_own(folder):
    np.savez(
        "sk.npz", coef_=np.arange(6.0).reshape(3, 2), intercept_=np.zeros(3), classes_=np.array(OUTPUTS),
        feature_names_in_=np.array(INPUTS),
    )  # fmt: skip
    assert names_of("sk.npz", "1,2", None, None) == (OUTPUTS, INPUTS)


def test_the_names_of_scikit_learn_are_read_from_json_as_well(folder):
    model = {"coef_": [[0, 1], [2, 3], [4, 5]], "classes_": list(OUTPUTS), "feature_names_in_": list(INPUTS)}
    (folder / "sk.json").write_text(json.dumps(model))
    assert names_of("sk.json", "1,2", None, None) == (OUTPUTS, INPUTS)
    (folder / "sk.json").write_text(json.dumps(model | {"classes_": [0, 1, 2], "feature_names_in_": None}))
    assert names_of("sk.json", "1,2", None, None) == (None, None)


def test_a_line_of_json_with_the_names_of_scikit_learn_has_names_of_its_own():
    lines = [{"x": [1, 2], "classes_": names, "target": "c"} for names in (["a", "b", "c"], ["c", "b", "a"])]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    ran = run("loss-grad", "-", "--jsonl", "-W", "1,2,3;4,5,6", "--wrt", "z", stdin=text)
    first, second = map(json.loads, ran.stdout.splitlines())
    assert (first["outputs_names"], second["outputs_names"]) == (["a", "b", "c"], ["c", "b", "a"])
    assert first["loss"] < second["loss"]


def test_classes_that_are_numbers_and_names_that_would_have_to_be_unpickled_are_passed_over():
    np.savez("sk.npz", coef_=np.ones((3, 2)), classes_=np.arange(3), feature_names_in_=np.array(INPUTS, dtype=object))
    assert names_of("sk.npz", "1,2", None, None) == (None, None)


def test_two_classes_of_a_binary_classifier_name_both_outputs():
    np.savez("sk.npz", coef_=np.ones((1, 2)), intercept_=np.zeros(1), classes_=np.array(OUTPUTS[:2]))
    assert names_of("sk.npz", "1,2", None, None) == (OUTPUTS[:2], None)


@pytest.mark.parametrize(
    ("said", "message", "advice"),
    [
        ("setosa", "line 1: outputs_names is no list of names", 'write it as "outputs_names": ["one", "two"]'),
        (["a", 2, "c"], "line 1: outputs_names is no list of names", 'write it as "outputs_names": ["one", "two"]'),
        (["a", " ", "c"], "line 1: outputs_names is no list of names", 'write it as "outputs_names": ["one", "two"]'),
        (["a", "b"], "line 1: outputs_names holds 2 names, where 3 outputs are", ""),
    ],
)
def test_what_is_no_list_of_names_is_refused(said, message, advice):
    assert refusal(lambda: problem_from_document(NAMED | {"outputs_names": said}, "line 1")) == (message, advice)


def test_columns_of_x_in_another_order_than_the_inputs_of_the_model_are_refused(folder):
    (folder / "turned.csv").write_text("petal_width,petal_len\n1,2\n")
    assert refusal(lambda: read_problem("model.json", "turned.csv", None, None)) == (
        "input 0 is 'petal_width' in the header, and 'petal_len' in model.json: inputs_names",
        "put the columns in one order",
    )


def test_columns_of_x_in_another_order_than_the_rows_of_w_are_refused(folder):
    (folder / "turned.csv").write_text("petal_width,petal_len\n1,2\n")
    (folder / "V.csv").write_text("petal_len,petal_width\n1,4\n2,5\n3,7\n")
    assert refusal(lambda: read_problem(None, "turned.csv", "V.csv", None, layout="out-in")) == (
        "input 0 is 'petal_width' in the header, and 'petal_len' in the table of W",
        "put the columns in one order",
    )


# --- where they go -----------------------------------------------------------------------------


def test_they_label_the_tables():
    lines = run("loss-grad", "model.json", "--target", "setosa").stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[4:6]] == ["W[petal_len,:]", "W[petal_width,:]"]
    assert "h[setosa]" in lines[1]
    header = run("layer-grad", "model.json", "--outputs", "setosa").stdout.splitlines()[1]
    assert header.split()[:2] == ["W[petal_len,setosa]", "W[petal_width,setosa]"]
    assert run("layer-grad", "model.json", "--wrt", "x").stdout.splitlines()[1].split() == [
        "x[petal_len]", "x[petal_width]",
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["json", "npz"])
def test_they_survive_a_pipe_and_an_archive(form, folder):
    run("forward", "-x", "x.csv", "-W", "W.csv", "-o", f"out.{form}")
    assert names_of(f"out.{form}", None, None, None) == (OUTPUTS, INPUTS)


def test_they_survive_json_lines():
    answer = json.loads(run("forward", "-", "--jsonl", stdin=json.dumps(NAMED)).stdout)
    assert (answer["outputs_names"], answer["inputs_names"]) == ([*OUTPUTS], [*INPUTS])


# --- a name wherever an index is ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "by_index"),
    [
        (["layer-grad", "--outputs", "virginica,setosa"], ["--outputs", "2,0"]),
        (["forward", "--mask", "versicolor"], ["--mask", "1"]),
        (["loss-grad", "--target", "virginica"], ["--target", "2"]),
        (["loss-grad", "--target", "virginica", "--ignore", "virginica"], ["--target", "2", "--ignore", "2"]),
        (["explain", "--entry", "virginica,petal_width,setosa"], ["--entry", "2,1,0"]),
    ],
)
def test_an_option_takes_a_name_where_it_takes_an_index(arguments, by_index):
    command, *named = arguments
    assert run(command, "model.json", *named).stdout == run(command, "model.json", *by_index).stdout


TARGETS = ["virginica", "setosa"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("y.csv", "virginica\nsetosa\n"),
        ("y.csv", "species\nvirginica\nsetosa\n"),
        ("y.txt", "virginica\nsetosa"),
        ("y.csv", "virginica\n0\n"),
        ("y.json", '["virginica", "setosa"]'),
        ("y.json", '{"target": ["virginica", "setosa"]}'),
        ("t.csv", "petal_len,species\n1,virginica\n2,setosa\n"),
    ],
)
def test_targets_are_names_in_any_file_of_them(folder, name, content):
    (folder / name).write_text(content)
    value = f"{name}:species" if name == "t.csv" else name
    by_index = result("loss-grad", "model.json", "-x", "x.csv", "--target", "2,0")
    assert result("loss-grad", "model.json", "-x", "x.csv", "--target", value) == by_index


def test_targets_are_names_inline():
    by_index = result("loss-grad", "model.json", "-x", "x.csv", "--target", "2,0")
    assert result("loss-grad", "model.json", "-x", "x.csv", "--target", "virginica,setosa") == by_index


@pytest.mark.parametrize(
    ("key", "named", "index"), [("target", "virginica", 2), ("ignore", "setosa", 0), ("mask", ["setosa"], [0])]
)
def test_a_document_takes_a_name_where_it_takes_an_index(key, named, index):
    document = NAMED | {"target": 1}
    by_name, by_index = (
        json.loads(run("loss-grad", "-", "--json", stdin=json.dumps(document | {key: value})).stdout)
        for value in (named, index)
    )
    assert by_name == by_index


def test_an_option_stands_for_another_index_where_a_line_has_other_names():
    lines = [NAMED, NAMED | {"outputs_names": ["virginica", "setosa", "versicolor"]}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    answers = run("loss-grad", "-", "--jsonl", "--target", "virginica", stdin=text).stdout.splitlines()
    assert [json.loads(line)["dE_db"].index(min(json.loads(line)["dE_db"])) for line in answers] == [2, 0]


LIST = "the outputs are setosa, versicolor, virginica"


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (["loss-grad", "--target", "verginica"], "--target is 'verginica': neither numbers nor a file", LIST),
        (["forward", "--mask", "verginica"], "--mask verginica: 'verginica' is no index and no range", LIST),
        (["loss-grad", "--target", "1", "--ignore", "x"], "--ignore is 'x', where a whole number is expected", LIST),
    ],
)
def test_a_name_that_there_is_not_is_answered_with_those_that_are_there(arguments, message, advice):
    command, *rest = arguments
    assert refused(command, "model.json", *rest) == [f"softmax-jac: error: {message}", advice]


def test_a_name_in_a_file_that_there_is_not_is_answered_with_its_row(folder):
    (folder / "y.csv").write_text("setosa\nverginica\n")
    assert refused("loss-grad", "model.json", "-x", "x.csv", "--target", "y.csv") == [
        "softmax-jac: error: y.csv row 2 is 'verginica', which is no output", LIST,
    ]  # fmt: skip


def test_a_name_of_two_outputs_is_refused():
    document = json.dumps(NAMED | {"outputs_names": ["a", "b", "a"], "target": "a"})
    assert refused("loss-grad", "-", stdin=document) == [
        "softmax-jac: error: INPUT: target: 'a' is the name of 0 and 2", "give the index",
    ]  # fmt: skip


TWO = {"x": [1, 2], "W": [[1, 2], [3, 4]], "outputs_names": ["a", "b"]}


@pytest.mark.parametrize(
    ("x", "target", "found"),
    [
        ([1, 2], ["b", "a"], "2 classes, where one is"),
        ([[1, 2], [3, 4]], [["a", "b"], ["b", "a"]], "4 classes, where one for each input is"),
        ([[1, 2], [3, 4]], "a", "1 class, where one for each input is"),
    ],
)
def test_names_are_indices_and_never_probabilities(folder, x, target, found):
    """As indices [1, 0] they would sum to 1."""
    (folder / "two.json").write_text(json.dumps(TWO | {"x": x, "target": target}))
    (folder / "y.json").write_text(json.dumps(target))
    assert refused("loss-grad", "two.json") == [f"softmax-jac: error: INPUT: target holds {found} expected"]
    (folder / "two.json").write_text(json.dumps(TWO | {"x": x}))
    given = target if isinstance(target, str) else "y.json"
    assert refused("loss-grad", "two.json", "--target", given) == [
        f"softmax-jac: error: --target holds {found} expected"
    ]
    if x == [1, 2]:
        assert refused("loss-grad", "two.json", "--target", "b,a")[0].endswith(f"{found} expected")


# --- where there are none ----------------------------------------------------------------------

NAMELESS = "the outputs have no names: give them in the header of W, or as outputs_names in INPUT"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("species\nsetosa\nvirginica\n", "row 2, column 1 is 'setosa', where a number is expected"),
        ("setosa\nvirginica\n", "row 2, column 1 is 'virginica', where a number is expected"),
    ],
)
def test_a_table_of_words_for_outputs_without_names_is_answered_with_where_names_come_from(folder, text, message):
    (folder / "y.csv").write_text(text)
    expected = [f"softmax-jac: error: y.csv {message}", NAMELESS]
    assert refused("loss-grad", "-x", "x.csv", "-W", "1,2,3;4,5,7", "--target", "y.csv", cwd=folder) == expected


def test_a_word_for_an_output_without_a_name_is_answered_so_inline_and_in_a_document(folder):
    assert refused("loss-grad", "-x", "1,2", "-W", "1,2,3;4,5,7", "--target", "setosa", cwd=folder) == [
        "softmax-jac: error: --target is 'setosa': neither numbers nor a file", NAMELESS,
    ]  # fmt: skip
    document = json.dumps({"x": [1, 2], "W": [[1, 2], [3, 4]], "target": "setosa"})
    assert refused("loss-grad", "-", stdin=document) == [
        "softmax-jac: error: INPUT: target is the string 'setosa', where numbers are expected", NAMELESS,
    ]  # fmt: skip
