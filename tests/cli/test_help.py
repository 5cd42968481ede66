"""What --help shows: short enough for a terminal, and every option explained in one place."""

import re

import pytest
import typer
from command import refused, run

from softmax_cli.cli.commands import FILES, add_command
from softmax_cli.cli.help import SHARED


def lines(*arguments, columns):
    return run(*arguments, env={"COLUMNS": str(columns)}).stdout.splitlines()


def names(text):
    return re.findall(r"(?<![\w-])-{1,2}\w[\w-]*", text)


def test_the_help_of_all_fits_a_terminal():
    text = lines("--help", columns=80)
    assert len(text) <= 24
    assert max(map(len, text)) <= 80


@pytest.mark.parametrize("command", FILES)
def test_the_help_of_a_command_is_at_most_fifty_lines(command):
    text = lines(command, "--help", columns=80)
    assert len(text) <= 50
    assert max(map(len, text)) <= 80


@pytest.mark.parametrize("command", [*FILES, None])
def test_a_wide_terminal_is_used(command):
    arguments = [command, "--help"] if command else ["--help"]
    wide, narrow = (lines(*arguments, columns=columns) for columns in (200, 80))
    assert len(wide) < len(narrow)
    assert 100 < max(map(len, wide)) <= 200


@pytest.mark.parametrize("command", FILES)
def test_every_option_of_a_command_is_in_its_help_by_the_names_it_is_taken_by_and_no_other_is(command):
    app = typer.Typer(add_completion=False)
    add_command(app, command)
    options = [p for p in typer.main.get_command(app).params if p.param_type_name == "option"]
    taken = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    text = "\n".join(lines(command, "--help", columns=80))
    told = text.partition("\nOptions:")[2] + text.partition("\nExplained by")[2]
    assert taken <= set(names(told)) or command == "options"
    heads = re.findall(r"^  (-\S+)", told, re.MULTILINE)
    assert {name for head in heads for name in head.split("/")} - {"-h", "--help"} <= taken


def test_what_an_option_that_commands_share_means_is_said_once():
    text = {command: " ".join(" ".join(lines(command, "--help", columns=200)).split()) for command in FILES}
    for group, (_, home) in SHARED.items():
        for annotation in group.__annotations__.values():
            (info,) = annotation.__metadata__
            if group.__name__ != "Output":
                said = " ".join(info.help.split())
                assert [name for name in FILES if said in text[name]] == [home]


def test_options_is_its_own_help_and_takes_nothing():
    assert run("options").stdout == run("options", "--help").stdout
    assert refused("options", "-x") == ["softmax-jac: error: no such option: -x", "see softmax-jac options --help"]
    assert refused("options", "forward")[1] == "see softmax-jac options --help"
