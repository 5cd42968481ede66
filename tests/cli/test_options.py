"""Options as they are given: once each, and what is said of how they were taken."""

import json

import pytest
from command import refused, result, run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["forward", "-x", "1", "-x", "2", "-W", "1,2"], "-x is given twice"),
        (["check", "--of", "h", "--of", "z"], "--of is given twice"),
        (["layer-grad", "-o", "a.npy", "--output", "b.npy"], "-o/--output is given twice"),
        (["forward", "--json", "--json"], "--json is given twice"),
        (["explain", "--entry=0,0,0", "--entry", "0,1,0"], "--entry is given twice"),
    ],
)
def test_an_option_given_twice_is_refused(arguments, message):
    assert refused(*arguments) == [f"softmax-jac: error: {message}"]


def test_a_name_of_an_option_that_a_terminal_would_obey_is_printed_escaped():
    assert refused("forward", "--\x1b[31m")[0].startswith("softmax-jac: error: no such option: --\\x1b[31m")


def test_what_an_option_is_set_equal_to_is_its_value():
    assert result("forward", "-x=-1,2", "-W=1;2")["x"] == [-1.0, 2.0]


def test_a_number_may_be_a_fraction_as_it_may_be_inline():
    layer = ["-x", "1,2", "-W", "1,2;3,4", "--target", "0"]
    assert result("loss-grad", *layer, "--l2", "2/150", "--label-smoothing=1/10") == result(
        "loss-grad", *layer, "--l2", repr(2 / 150), "--label-smoothing", "0.1"
    )
    for text in ("2/0", "1/2/3", "a/2", "1.5/2"):
        error = f"softmax-jac: error: --l2 is '{text}', where a number is expected"
        assert refused("loss-grad", *layer, "--l2", text) == [error]


def test_a_note_is_said_on_standard_error_of_every_table_of_the_call(tmp_path):
    (tmp_path / "x.csv").write_text("0,1\n5,6\n")
    (tmp_path / "u.csv").write_text("0,1,2\n5,6,7\n")
    arguments = ["loss-grad", "-x", "x.csv", "-W", "1,2,3;4,5,6", "--upstream", "u.csv", "--json"]
    done = run(*arguments, cwd=tmp_path)
    note = "softmax-jac: the first row of {} is {}, and is read as numbers: if it names the columns, add --header"
    assert done.stderr.splitlines() == [note.format("x.csv", "0, 1"), note.format("u.csv", "0, 1, 2")]
    done = run(*arguments, "--header", cwd=tmp_path)
    assert done.stderr == ""
    assert json.loads(done.stdout)["upstream"] == [5.0, 6.0, 7.0]


def test_header_and_no_header_exclude_each_other():
    assert refused("forward", "--header", "--no-header") == ["softmax-jac: error: --header/--no-header is given twice"]


def test_binary_is_taken_by_every_line_and_a_note_is_said_once():
    lines = '{"x": [1, 2]}\n{"x": [3, 4]}\n{"x": [1, 2], "W": [[1], [2]], "b": [3]}\n'
    arguments = ["forward", "-", "--jsonl", "-W", "3;4", "-b", "5"]
    done = run(*arguments, "--binary", stdin=lines)
    assert [len(json.loads(line)["h"]) for line in done.stdout.splitlines()] == [2, 2, 2]
    own = json.loads(done.stdout.splitlines()[2])
    assert (own["W"], own["b"], own["weights_layout"]) == ([[0.0, 1.0], [0.0, 2.0]], [0.0, 3.0], "in-out")
    done = run(*arguments, stdin=lines)
    assert done.stderr.count("W has one output") == 1
