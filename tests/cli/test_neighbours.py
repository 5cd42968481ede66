"""Errors that know the neighbour: what was probably meant is said in the line of advice."""

import json

import pytest

from softmax_cli.cli.app import main

PRINTED = "numbers are printed so: give the file another name than .json, or save it as json.dumps(W.tolist())"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said(capsys):
    """The lines on standard error of a run in this process that is refused."""

    def refused(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([*arguments])
        assert ended.value.code == 2
        return capsys.readouterr().err.splitlines()

    return refused


@pytest.mark.parametrize(
    ("command", "option", "meant"),
    [
        ("forward", "-w", "-W"),
        ("forward", "-X", "-x"),
        ("forward", "--weights", "-W"),
        ("forward", "--bias", "-b"),
        ("forward", "--logits", "-z"),
        ("forward", "--tempreature", "--temperature"),
        ("forward", "--weights_layout", "--weights-layout"),
        ("loss-grad", "--lr", "--learning-rate"),
        ("loss-grad", "--learning_rate", "--learning-rate"),
        ("loss-grad", "--weight-decay", "--l2"),
        ("loss-grad", "--ignore_index", "--ignore"),
        ("loss-grad", "-y", "--target"),
        ("loss-grad", "--labels", "--target"),
        ("layer-grad", "--rows", "--outputs"),
        ("layer-grad", "--transpose", "--weights-layout"),
    ],
)
def test_an_option_that_is_called_otherwise_elsewhere_is_answered_with_its_name_here(said, command, option, meant):
    assert said(command, option, "1") == [f"softmax-jac: error: no such option: {option}", f"do you mean {meant}?"]


@pytest.mark.parametrize(("command", "option"), [("forward", "--lr"), ("forward", "--nonsense"), ("forward", "-q")])
def test_where_the_command_has_nothing_like_it_the_help_is_named(said, command, option):
    assert said(command, option, "1") == [
        f"softmax-jac: error: no such option: {option}", f"see softmax-jac {command} --help",
    ]  # fmt: skip


def test_a_semicolon_that_the_shell_may_have_taken_is_to_be_quoted(said):
    assert said("forward", "-x", "1,2") == [
        "softmax-jac: error: W is missing: give it with -W, or in INPUT",
        "if there was a ; in it, quote it: -x '1,2;…'",
    ]
    assert said("forward", "-x", "1,2", "-W", "3,4") == [
        "softmax-jac: error: W has 1 row but x has 2 entries",
        "if W is stored outputs × inputs, add --weights-layout out-in; if W has more rows, quote it: -W '1,2;3,4'",
    ]


def test_where_there_is_a_semicolon_nothing_is_said_of_it(said):
    assert said("forward", "-x", "1,2;3,4") == ["softmax-jac: error: W is missing: give it with -W, or in INPUT"]
    assert said("forward", "-x", "1,2", "-W", "1,2,3;4,5,6;7,8,9") == [
        "softmax-jac: error: W has 3 rows but x has 2 entries"
    ]


def test_numbers_in_the_place_of_a_file_belong_to_an_option(said):
    advice = "numbers go with an option, in quotes where there is a space: -x '1 2'"
    assert said("forward", "-x", "0.1", "0.2", "-W", "1,2;3,4") == [
        "softmax-jac: error: INPUT: no such file: 0.2", advice,
    ]  # fmt: skip


def test_what_is_missing_is_answered_with_what_is_there_and_how_to_name_it(said, folder):
    (folder / "m.json").write_text(json.dumps({"proj": [[1, 2], [3, 4]], "x": [1, 2]}))
    assert said("forward", "m.json") == [
        "softmax-jac: error: W is missing: give it with -W, or in INPUT",
        "m.json holds proj (2, 2), x (2,): if proj is W, add -W m.json:proj",
    ]


@pytest.mark.parametrize(
    "text", ["[[1. 2.]\n [3. 4.]]", "array([[1., 2.],\n       [3., 4.]])", "[1 2; 3 4]", "[[1, 2], [3, 4],]"]
)
def test_a_print_of_numbers_in_a_file_of_json_is_called_so(said, folder, text):
    (folder / "W.json").write_text(text)
    first, second = said("forward", "-x", "1,2", "-W", "W.json")
    assert first.startswith("softmax-jac: error: W.json is not valid JSON at line 1, column ")
    assert (
        second == "numbers are printed so: give the file another name than .json, or save it as json.dumps(W.tolist())"
    )


LINES = """{"x":[1 2]}
{"x":
{"x":[1,2]} {"x":[2,3]}
{"x":[1,2,3]}
"""


def test_json_lines_say_their_own_line_once(said, folder):
    (folder / "lines.jsonl").write_text(LINES)
    assert said("forward", "lines.jsonl", "--jsonl", "--keep-going", "-W", "1,2;3,4") == [
        "softmax-jac: error: lines.jsonl line 1 is not valid JSON at column 9: found '2'",
        "softmax-jac: error: lines.jsonl line 2 ends in the middle of a value",
        "softmax-jac: error: lines.jsonl line 3 is not valid JSON at column 13: found '{'",
        "softmax-jac: error: lines.jsonl line 4: W has 2 rows but x has 3 entries",
    ]
