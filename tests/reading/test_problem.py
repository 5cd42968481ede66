"""x, W and b put together: what fits, what stands for what, and what is said when nothing does."""

import io
import json
import sys

import numpy as np
import pytest

from softmax_cli.errors import InputError
from softmax_cli.reading.layer import Weights
from softmax_cli.reading.problem import ARTICLE
from softmax_cli.reading.read_problem import problem_from_document, read_problem

DOCUMENT = {"x": [0.1, 0.5], "W": [[1, 2, 3], [4, 5, 6]], "b": [7, 8, 9]}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.json").write_text(json.dumps(DOCUMENT))
    np.savez("in.npz", **{key: np.array(value) for key, value in DOCUMENT.items()})
    return tmp_path


def read(input=None, x=None, W=None, b=None, **how):
    return read_problem(input, x, W, b, **how)


def refusal(*where, **how):
    with pytest.raises(InputError) as caught:
        read(*where, **how)
    return str(caught.value), caught.value.advice


def test_nothing_named_is_the_example_of_the_article(article):
    x, W = article
    assert read() is ARTICLE
    assert (ARTICLE.x.tolist(), ARTICLE.W.tolist(), ARTICLE.b, ARTICLE.names, ARTICLE.document) == (
        x,
        W,
        None,
        None,
        {},
    )


@pytest.mark.parametrize("name", ["in.json", "in.npz"])
def test_input_holds_x_and_W_and_b(name):
    problem = read(name)
    assert {key: getattr(problem, key).tolist() for key in "xWb"} == DOCUMENT


def test_input_without_a_suffix_is_sniffed(folder):
    for name in ("in.json", "in.npz"):
        (folder / "model").write_bytes((folder / name).read_bytes())
        assert read("model").W.tolist() == DOCUMENT["W"]


def test_input_may_be_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DOCUMENT).encode())))
    assert read("-").W.tolist() == DOCUMENT["W"]


def test_options_override_input():
    problem = read("in.json", "5,6", "1,1;2,2", "3,3")
    assert (problem.x.tolist(), problem.W.tolist(), problem.b.tolist()) == ([5, 6], [[1, 1], [2, 2]], [3, 3])


def test_an_overridden_part_of_input_is_not_looked_at(folder):
    (folder / "bad.json").write_text('{"x": "nonsense", "W": [[1], [2]]}')
    assert read("bad.json", "1,2").x.tolist() == [1, 2]


def test_x_and_W_may_come_from_the_same_file():
    problem = read(None, "in.json", "in.json")
    assert (problem.x.tolist(), problem.W.tolist(), problem.b) == (DOCUMENT["x"], DOCUMENT["W"], None)


def test_what_a_command_may_need_is_passed_on(folder):
    others = {"target": 1, "upstream": [1, 2, 3], "id": "a"}
    (folder / "more.json").write_text(json.dumps(DOCUMENT | others | {"z": [1]}))
    assert read("more.json").document == others


def test_an_archive_passes_on_plain_values():
    np.savez("more.npz", **DOCUMENT, target=np.array(1), upstream=np.array([1.0, 2.0, 3.0]))
    assert read("more.npz").document == {"target": 1, "upstream": [1.0, 2.0, 3.0]}


def test_a_header_of_W_names_the_outputs(folder):
    (folder / "W.csv").write_text("setosa,[b]\n1,2\n3,4\n")
    assert read(None, "1,2", "W.csv").names == ("setosa", "[b]")


def test_a_header_of_W_stored_outputs_by_inputs_names_no_output(folder):
    (folder / "W.csv").write_text("length,width\n1,2\n3,4\n5,6\n")
    problem = read(None, "1,2", "W.csv", layout="out-in")
    assert (problem.names, problem.W.tolist()) == (None, [[1, 3, 5], [2, 4, 6]])


# --- which dimensions x has --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "W", "x_rows", "expected"),
    [
        ("1,2,3", "1;2;3", False, [1, 2, 3]),
        ("1;2;3", "1;2;3", False, [1, 2, 3]),
        ("1,2,3;4,5,6", "1;2;3", False, [[1, 2, 3], [4, 5, 6]]),
        ("1,2,3", "1;2;3", True, [[1, 2, 3]]),
        ("1", "1,2", False, [1]),
        ("1", "1,2", True, [[1]]),
        ("1;2;3", "1,2", False, [[1], [2], [3]]),
        ("1;2;3", "1,2", True, [[1], [2], [3]]),
        ("[1,2,3]", "1;2;3", False, [1, 2, 3]),
        ("[1,2,3]", "1;2;3", True, [[1, 2, 3]]),
        ("[[1,2,3]]", "1;2;3", False, [[1, 2, 3]]),
        ("[[1],[2]]", "1,2", False, [[1], [2]]),
    ],
)
def test_dimensions_of_x(x, W, x_rows, expected):
    assert read(None, x, W, x_rows=x_rows).x.tolist() == expected


def test_the_dimensions_of_a_npy_file_are_kept():
    np.save("x.npy", np.array([[1.0, 2.0]]))
    assert read(None, "x.npy", "1;2").x.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("b", ["7,8,9", "7;8;9", "[7,8,9]", "[[7,8,9]]", "[[7],[8],[9]]"])
def test_b_is_one_row_or_one_column(b):
    assert read("in.json", b=b).b.tolist() == [7, 8, 9]


# --- what does not fit -------------------------------------------------------------------------

TRANSPOSED = "if the columns of x are its inputs, transpose x; if W is the one stored otherwise, "
OUT_IN = "if W is stored outputs × inputs, add --weights-layout out-in"
QUOTE = "; if W has more rows, quote it: -W '1,2;3,4'"


@pytest.mark.parametrize(
    ("where", "how", "expected"),
    [
        ((None, "1,2,3", "1,2,3;1,2,3;1,2,3;1,2,3;1,2,3"), {}, ("W has 5 rows but x has 3 entries", OUT_IN)),
        ((None, "1,2,3", "1,2,3"), {}, ("W has 1 row but x has 3 entries", OUT_IN + QUOTE)),
        ((None, "1", "1;2"), {}, ("W has 2 rows but x has 1 entry", OUT_IN)),
        ((None, "1,2,3", "1,2;3,4"), {}, ("W has 2 rows but x has 3 entries", "")),
        ((None, "1,2,3;4,5,6", "1,2,3"), {}, ("W has 1 row but x has 3 entries an input", OUT_IN + QUOTE)),
        ((None, "1,2,3", "1,2;3,4"), {"layout": "out-in"}, ("W has 2 rows but x has 3 entries", "")),
        (
            (None, "1,2", "1,2,3;4,5,6"),
            {"layout": "out-in"},
            ("W has 3 rows but x has 2 entries", "if W is stored inputs × outputs, give --weights-layout in-out"),
        ),
        (
            (None, "1,2,3;4,5,6", "1,2;3,4;5,6"),
            {"layout": "out-in"},
            ("W has 2 rows but x has 3 entries an input", TRANSPOSED + "give --weights-layout in-out"),
        ),
        (
            (None, "1,2,3;4,5,6", "1,2,3;4,5,6"),
            {},
            ("W has 2 rows but x has 3 entries an input", TRANSPOSED + "add --weights-layout out-in"),
        ),
        (
            (None, "1,2,3,4;5,6,7,8", "1,2,3;4,5,6"),
            {},
            (
                "W has 2 rows but x has 4 entries an input",
                "x has one input a row: if its columns are the inputs, transpose it",
            ),
        ),
        # b says that the columns of W are the outputs: W is stored as it should be
        ((None, "1,2,3", "1,2,3;4,5,6", "1,2,3"), {}, ("W has 2 rows but x has 3 entries", "")),
        ((None, "1,2", "1,2,3;4,5,6", "1,2"), {"layout": "out-in"}, ("W has 3 rows but x has 2 entries", "")),
        (
            (None, "[[1],[2],[3]]", "1,2;3,4;5,6"),
            {},
            (
                "W has 3 rows but x has 1 entry an input",
                "x is a batch of inputs with one entry each: for a single input, give it as one row",
            ),
        ),
        ((None, "1,2", "1,2,3;4,5,6", "1,2"), {}, ("b has 2 entries but W has 3 columns", "")),
        ((None, "1", "1", "1,2"), {}, ("b has 2 entries but W has 1 column", "")),
        ((None, "1,2", "1;2", "1,2;3,4"), {}, ("-b has 2 × 2 numbers, where one row or one column is expected", "")),
        (("in.json", None, None, "[[1,2],[3,4]]"), {}, ("-b has shape (2, 2), where a vector is expected", "")),
        (("in.json", None, None, "[[[1,2,3]]]"), {}, ("-b has shape (1, 1, 3), where a vector is expected", "")),
        ((None, "1", "[0.1,0.2]"), {}, ("-W has shape (2,), where a matrix is expected", "")),
        ((None, "0.5", "[[[1]]]"), {}, ("-W has shape (1, 1, 1), where a matrix is expected", "")),
        ((None, "[[[1]]]", "1"), {}, ("-x has shape (1, 1, 1), where a vector or a matrix is expected", "")),
    ],
)
def test_shapes_that_do_not_fit(where, how, expected):
    assert refusal(*where, **how) == expected


def test_a_number_alone_in_a_file_is_no_vector(folder):
    (folder / "x.json").write_text("0.5")
    assert refusal(None, "x.json", "1") == ("x.json is a single number, where a vector or a matrix is expected", "")


@pytest.mark.parametrize(
    ("where", "message", "advice"),
    [
        ((None, "1"), "W is missing: give it with -W, or in INPUT", "if there was a ; in it, quote it: -x '1;…'"),
        ((None, None, "1"), "x is missing: give it with -x, or in INPUT", "if there was a ; in it, quote it: -W '1;…'"),
        ((None, None, None, "1"), "x and W are missing: give them with -x and -W, or in INPUT", ""),
        (("part.json",), "W is missing: give it with -W, or in INPUT", "part.json holds x (1,)"),
        (("-", "-", "1"), "INPUT and -x both name standard input, which can be read only once", ""),
        ((None, "1", "-", "-"), "-W and -b both name standard input, which can be read only once", ""),
    ],
)
def test_what_is_missing_or_asked_for_twice(folder, where, message, advice):
    (folder / "part.json").write_text('{"x": [1]}')
    assert refusal(*where) == (message, advice)


# --- a line of JSON ----------------------------------------------------------------------------


def test_a_document_brings_its_own_weights():
    problem = problem_from_document(DOCUMENT | {"id": 5}, "line 1")
    assert {key: getattr(problem, key).tolist() for key in "xWb"} == DOCUMENT
    assert problem.document == {"id": 5}


def test_weights_that_are_shared_come_first():
    W, b = np.array([[1.0], [2.0]]), np.array([3.0])
    layer = Weights(W, ("a",), "in-out", False, ())
    problem = problem_from_document(DOCUMENT, "line 1", layer, b)
    assert problem.W is W
    assert problem.b is b
    assert problem.names == ("a",)


def test_a_documents_own_weights_may_be_stored_outputs_by_inputs():
    document = {"x": [1, 2, 3], "W": [[1, 2, 3], [4, 5, 6]], "weights_layout": "out-in"}
    assert problem_from_document(document, "line 1").W.tolist() == [[1, 4], [2, 5], [3, 6]]


# --- how W is stored ---------------------------------------------------------------------------

SQUARE = {"x": [1, 2], "W": [[1, 2], [3, 4]]}


def write(file, document):
    """A document as JSON, or as an archive of arrays, by the suffix of the file."""
    if file.suffix == ".npz":
        np.savez(file, **{key: np.array(value) for key, value in document.items()})
    else:
        file.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("said", "asked", "expected"),
    [
        (None, None, [[1, 2], [3, 4]]),
        (None, "out-in", [[1, 3], [2, 4]]),
        ("out-in", None, [[1, 3], [2, 4]]),
        ("out-in", "out-in", [[1, 3], [2, 4]]),
        ("in-out", None, [[1, 2], [3, 4]]),
    ],
)
@pytest.mark.parametrize("file", ["in.json", "in.npz"])
def test_a_document_or_an_option_says_how_w_is_stored(folder, file, said, asked, expected):
    write(folder / file, SQUARE if said is None else SQUARE | {"weights_layout": said})
    assert read(file, layout=asked).W.tolist() == expected


@pytest.mark.parametrize("file", ["in.json", "in.npz"])
def test_an_option_that_contradicts_the_document_is_refused_and_not_a_second_transposition(folder, file):
    write(folder / file, SQUARE | {"weights_layout": "in-out"})
    assert refusal(file, layout="out-in") == (
        f"{file} says that its W is stored in-out",
        "drop --weights-layout out-in",
    )


@pytest.mark.parametrize("file", ["in.json", "in.npz"])
def test_what_a_document_says_of_its_w_is_not_said_of_another(folder, file):
    write(folder / file, SQUARE | {"weights_layout": "in-out"})
    assert read(file, W="5,6;7,8", layout="out-in").W.tolist() == [[5, 7], [6, 8]]


@pytest.mark.parametrize("file", ["in.json", "in.npz"])
def test_a_document_says_the_reduction_of_its_error(folder, file):
    write(folder / file, SQUARE | {"reduction": "sum"})
    assert read(file).document == {"reduction": "sum"}


@pytest.mark.parametrize(
    ("said", "found"),
    [('"rows"', "the string 'rows'"), ("3", "3"), ("[" * 990 + "]" * 990, "a list")],
    ids=["word", "number", "nested deep"],
)
def test_an_unknown_storage_is_refused(folder, said, found):
    (folder / "in.json").write_text(f'{{"x": [1], "W": [[1]], "weights_layout": {said}}}')
    message = f"in.json: weights_layout is {found}, where 'in-out' or 'out-in' is expected"
    assert refusal("in.json") == (message, "")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("rows", "weights_layout is the string 'rows', where 'in-out' or 'out-in' is expected"),
        (3, "weights_layout is 3, where 'in-out' or 'out-in' is expected"),
        (["in-out"], "weights_layout is a list, where 'in-out' or 'out-in' is expected"),
        (b"in-out", "weights_layout holds byte strings, where a word is expected"),
    ],
)
def test_an_unknown_storage_in_an_archive_is_refused(folder, said, message):
    write(folder / "in.npz", SQUARE | {"weights_layout": said})
    assert refusal("in.npz") == (f"in.npz: {message}", "")


@pytest.mark.parametrize("key", ["id", "target", "upstream", "reduction"])
def test_what_is_passed_on_is_not_nested_deeper_than_can_be_written(folder, key):
    (folder / "in.json").write_text(json.dumps(SQUARE | {key: json.loads("[" * 254 + "]" * 254)}))
    assert refusal("in.json") == (f"in.json: {key} is nested too deep", "")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "line 7: x and W are missing: give W with -W, or both on every line"),
        ({"W": [[1]]}, "line 7: x is missing"),
        ({"x": [1]}, "line 7: W is missing: give it with -W, or on every line"),
        ({"x": [1, None], "W": [[1]]}, "line 7: x[1] is null, where a number is expected"),
        ({"x": [1], "W": [1]}, "line 7: W has shape (1,), where a matrix is expected"),
        ({"x": [1, 2], "W": [[1]]}, "line 7: W has 1 row but x has 2 entries"),
        ({"x": [1], "W": [[1]], "b": [1, 2]}, "line 7: b has 2 entries but W has 1 column"),
        ({"x": [1], "W": [[1]], "b": "b"}, "line 7: b is the string 'b', where numbers are expected"),
    ],
)
def test_an_error_in_a_line_names_the_line(document, message):
    with pytest.raises(InputError) as caught:
        problem_from_document(document, "line 7")
    assert str(caught.value) == message
