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
    assert said("forward", "-z", "1", "2", "3") == [
        "softmax-jac: error: got unexpected extra argument(s) (3)", advice,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["forward", "-x", "part-*.npy", "-W", "1,2;3,4"], "-x: no such file: part-*.npy"),
        (["layer-grad", "-x", "shards", "-W", "1,2;3,4"], "-x: shards is a folder, where a file is expected"),
        (
            ["loss-grad", "-x", "1,2", "-W", "1,2;3,4", "--target", "labels-*.npy"],
            "--target: no such file: labels-*.npy",
        ),
    ],
)
def test_shards_for_a_command_that_takes_none_are_answered_with_the_one_that_does(said, folder, arguments, error):
    (folder / "shards").mkdir()
    advice = "a pattern or a folder names shards, which loss-grad takes, by -x and --target alike"
    assert said(*arguments) == [f"softmax-jac: error: {error}", advice]


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


@pytest.mark.parametrize(
    ("line", "error", "held"),
    [
        ('{"zz": [0, 0, 0]}', "x and W are missing: give W with -W, or both on every line", "it holds zz (3,)"),
        ("{}", "x and W are missing: give W with -W, or both on every line", "it is empty"),
        ('{"W": [[1, 2]]}', "x is missing", "it holds W (1, 2)"),
        ('{"x": [1, 2]}', "W is missing: give it with -W, or on every line", "it holds x (2,)"),
    ],
)
def test_what_is_missing_in_a_line_of_json_is_answered_with_what_is_there(said, folder, line, error, held):
    (folder / "lines.jsonl").write_text(line)
    assert said("softmax-grad", "lines.jsonl", "--jsonl") == [f"softmax-jac: error: lines.jsonl line 1: {error}", held]


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
