"""Numbers as programs print them and people paste them: inline, and in files of text."""

import re

import numpy as np
import pytest
from bad_input import outcome, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from softmax_cli.errors import InputError
from softmax_cli.reading.option_arrays import read_array
from softmax_cli.reading.read_problem import read_problem

FUZZ = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
ARRAYS = hnp.arrays(
    np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(allow_nan=False, allow_infinity=False)
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[[0.1 0.2]\n [0.3 0.4]]", [[0.1, 0.2], [0.3, 0.4]]),
        ("[[ 0.1 -0.2]\n [ 3.   4. ]]", [[0.1, -0.2], [3, 4]]),
        ("array([[0.1, 0.2],\n       [0.3, 0.4]])", [[0.1, 0.2], [0.3, 0.4]]),
        ("np.array([[1., 2.]], dtype=float32)", [[1, 2]]),
        ("tensor([[0.1000, 0.2000]], dtype=torch.float64, grad_fn=<AddBackward0>)", [[0.1, 0.2]]),
        ("tensor([[1., 2.]], device='cuda:0', requires_grad=True)", [[1, 2]]),
        ("tensor([[1., 2.]], size=(1, 2), dtype=torch.float64)", [[1, 2]]),
        ("[[np.float64(0.5), np.float64(-1.5)]]", [[0.5, -1.5]]),
        ("[[1, 2,], [3, 4,],]", [[1, 2], [3, 4]]),
        ("[[+1, .5], [1., 1e5]]", [[1, 0.5], [1, 1e5]]),
        ("[1 2; 3 4]", [[1, 2], [3, 4]]),
        ("[1, 2; 3, 4;]", [[1, 2], [3, 4]]),
        ("[1 2\n 3 4]", [1, 2, 3, 4]),
        ("[1 −2]", [1, -2]),
        ("[[[1 2] [3 4]] [[5 6] [7 8]]]", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ("1 2; 3 4", [[1, 2], [3, 4]]),
        ("1,2\n3,4", [[1, 2], [3, 4]]),
        ("1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ("  1   2 ", [[1, 2]]),
        ("'1,2;3,4'", [[1, 2], [3, 4]]),
        ('"[1 2; 3 4]"', [[1, 2], [3, 4]]),
        ("1/3,-2/3;1,0/7", [[1 / 3, -2 / 3], [1, 0]]),
        ("1/3", [[1 / 3]]),
    ],
)
def test_what_is_pasted_is_read(text, values):
    found = read_array(text, "-W", 1, 2, 3).array
    assert np.array_equal(np.squeeze(found), np.squeeze(values))


def test_a_table_with_semicolons_may_stand_for_a_vector():
    assert read_problem(None, "[1; 2]", "[1 2; 3 4]", "[5 6]").x.tolist() == [1, 2]
    assert read_problem(None, "[[1], [2]]", "[[1 2]]", None).x.tolist() == [[1], [2]]


@given(a=ARRAYS, how=st.sampled_from([repr, str]), file=st.booleans())
@settings(max_examples=300, **FUZZ)
def test_what_numpy_prints_in_full_is_what_it_held(a, how, file):
    with np.printoptions(precision=17, floatmode="maxprec" if how is repr else "unique", threshold=10**6):
        text = how(a)
    if file:
        with open("a", "w") as stream:
            stream.write(text + "\n")
    found = read_array("a" if file else text, "-W", 0, 1, 2, 3).array
    assert (found.shape, found.tolist()) == (a.shape, a.tolist())


@pytest.mark.parametrize(("delimiter", "fmt"), [(" ", "%.18e"), (" ", "%.17g"), ("   ", "%9.3f"), ("\t", "%.17g")])
def test_what_savetxt_writes_is_read(delimiter, fmt):
    a = np.array([[1.5, -2.0, 3.0], [4.0, 1000.0, 6.25]])
    np.savetxt("a.txt", a, delimiter=delimiter, fmt=fmt)
    assert read_array("a.txt", "-W", 2).array.tolist() == a.tolist()


def test_the_header_of_savetxt_names_the_columns():
    np.savetxt("a.txt", [[1.0, 2.0]], header="cat dog")
    found = read_array("a.txt", "-W", 2)
    assert (found.names, found.array.tolist()) == (("cat", "dog"), [[1, 2]])


def test_one_column_under_a_name_of_two_words_is_one_column(folder):
    (folder / "a").write_text("class name\n1\n2\n")
    assert read_array("a", "-b", 1).names == ("class name",)


# --- mistakes ----------------------------------------------------------------------------------

LEFT_OUT = "print it whole: numpy.set_printoptions(threshold=sys.maxsize), torch.set_printoptions(profile='full')"


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("[0.1 0.2 x 0.4]", "-W has 'x', where a number is expected", "  [0.1 0.2 x 0.4]\n           ^"),
        ("[1 2; 3 True]", "-W has 'True', where a number is expected", "  [1 2; 3 True]\n          ^"),
        ("[1+2j 3]", "-W has '1+2j', where a number is expected", "  [1+2j 3]\n   ^"),
        ("[1,,2]", "-W has ',', where a number is expected", "  [1,,2]\n     ^"),
        ("[,1]", "-W has ',', where a number is expected", "  [,1]\n   ^"),
        ("[1 2;;3 4]", "-W has ';', where a number is expected", "  [1 2;;3 4]\n       ^"),
        ("[[1 2] [3 4]", "-W ends where ] is expected", "  [[1 2] [3 4]\n              ^"),
        ("[1 2] 3", "-W has '3', where nothing more is expected", "  [1 2] 3\n        ^"),
        ("array([1 2]", "-W ends where ) is expected", "  array([1 2]\n             ^"),
        ("array([1 2], 3)", "-W has ',', where ) is expected", "  array([1 2], 3)\n             ^"),
        (
            "[0,5 0,6]",
            "-W has '0', after a space, where a comma is expected as between the others",
            "  [0,5 0,6]\n       ^",
        ),
        ("[猫 1]", "-W has '猫', where a number is expected", "  [猫 1]\n   ^"),
        ("[1 猫 x]", "-W has '猫', where a number is expected", "  [1 猫 x]\n     ^"),
        ("[" + "1 " * 50 + "x]", "-W has 'x', where a number is expected",
         "  …" + "1 " * 15 + "x]\n  " + " " * 31 + "^"),
        ("[1 \x1b[31m]", "-W has '\\x1b', where a number is expected", "  [1 \\x1b[31m]\n     ^"),
        ("[[1 2]\n [3]]", "-W[1] has 1 entry, where 2 are expected", ""),
        ("[[1 2] 3 4]", "-W[1] is 3.0, where a row is expected", ""),
        ("[1 nan]", "-W[1] is nan, where a finite number is expected", ""),
        ("[[1e999 2]]", "-W[0][0] is inf, where a finite number is expected", ""),
        ("[" * 9 + "1 2" + "]" * 9, "-W is nested too deep", ""),
        ("[[0.1 ... 0.2]]", "-W has ..., where numbers were left out when it was printed", LEFT_OUT),
        ("tensor([1., 2., …])", "-W has ..., where numbers were left out when it was printed", LEFT_OUT),
        ("1,0/0", "-W row 1, column 2 is '0/0', where a number is expected", "  1,0/0\n    ^"),
        ("1 2; 3 x", "-W row 2, column 2 is 'x', where a number is expected", "  1 2; 3 x\n         ^"),
    ],
)  # fmt: skip
def test_a_mistake_in_what_is_pasted_is_pointed_at(text, message, advice):
    assert refusal(lambda: read_array(text, "-W", 1, 2)) == (message, advice)


def test_a_file_whose_name_says_json_stays_strict(folder):
    (folder / "W.json").write_text("[[1 2]\n [3 4]]")
    message = "W.json is not valid JSON at line 1, column 5: found '2'"
    advice = "numbers are printed so: give the file another name than .json, or save it as json.dumps(W.tolist())"
    assert refusal(lambda: read_array("W.json", "-W", 2)) == (message, advice)
    assert refusal(lambda: read_problem("W.json", None, None, None)) == (message, advice)
    (folder / "W.json").rename(folder / "W")
    assert read_array("W", "-W", 2).array.tolist() == [[1, 2], [3, 4]]


@given(text=st.text(alphabet="[](),;. 12-eE\nnaxt=_/−…'\"", max_size=40))
@settings(max_examples=3000, **FUZZ)
def test_any_text_in_brackets_is_read_or_refused(text):
    found = outcome(lambda: read_array("[" + text, "-W", 0, 1, 2, 3))
    if isinstance(found, InputError):
        assert "\n" not in str(found)
        assert re.fullmatch(r"[^\n]*(\n +\^)?", found.advice)
    else:
        assert np.isfinite(found.array).all()


@pytest.mark.parametrize(
    "text",
    [
        "[" + "1 " * 300_000 + "x]", "[" * 300_000, "[" + "a." * 300_000, "[" + "a(" * 300_000, "[" + "(" * 300_000,
        "array([1]" + ", a=" * 200_000, "array([1], a=" + " " * 300_000 + "x", "a." * 300_000 + "[",
        "[" + " " * 300_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_a_long_mistake_is_found_without_trying_every_way_to_part_the_text(text):
    """A pattern that goes back over what it has matched would take hours for these."""
    assert isinstance(outcome(lambda: read_array(text, "-W", 2)), InputError)
