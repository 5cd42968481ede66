"""What a shell is told when Tab is pressed."""

import os
import subprocess
import sys

import pytest
from command import refused

MODULES = (
    "import sys\nfrom softmax_cli.cli.app import main\ntry:\n    main()\nexcept SystemExit:\n    print(*sys.modules)\n"
)


def complete(line, shell="bash", run=("-m", "softmax_cli")):
    """The lines that the completion script of a shell gets for what stands before the cursor."""
    words = line.split(" ")
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    env = os.environ | asked | {"_SOFTMAX_JAC_COMPLETE": f"complete_{shell}"}
    done = subprocess.run([sys.executable, *run], capture_output=True, text=True, env=env, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (
            "softmax-jac ",
            [
                "forward",
                "softmax-grad",
                "linear-grad",
                "layer-grad",
                "loss-grad",
                "merge",
                "hessian",
                "check",
                "explain",
                "example",
                "options",
            ],
        ),
        ("softmax-jac l", ["linear-grad", "layer-grad", "loss-grad"]),
        ("softmax-jac layer-grad", ["layer-grad"]),
        ("softmax-jac --ver", ["--version"]),
        ("softmax-jac layer-grad --la", ["--layout"]),
        ("softmax-jac layer-grad x.json --layout ", ["numerator", "denominator", "tensor"]),
        ("softmax-jac loss-grad --reduction m", ["mean"]),
    ],
)
def test_commands_options_and_their_values_are_offered(line, offered):
    assert complete(line) == offered


def test_zsh_and_fish_are_told_what_an_option_does():
    meaning = "Count entries lost to cancellation as differences."
    assert complete("softmax-jac check --stri", "fish") == [f"--strict\t{meaning}"]
    (zsh,) = complete("softmax-jac check --stri", "zsh")
    assert f'"--strict":"{meaning}"' in zsh


@pytest.mark.parametrize("line", ["softmax-jac ", "softmax-jac layer-grad --la"])
def test_completion_imports_neither_numpy_nor_rich(line):
    loaded = {name.partition(".")[0] for name in complete(line, run=("-c", MODULES))[-1].split()}
    assert "typer" in loaded
    assert not {"numpy", "rich", "orjson"} & loaded


KNOWN = "complete_bash, complete_zsh, complete_fish, complete_powershell, complete_pwsh"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"": "nonsense"}, f"_SOFTMAX_JAC_COMPLETE is 'nonsense', where one of {KNOWN} is expected"),
        ({"": "complete_csh"}, f"_SOFTMAX_JAC_COMPLETE is 'complete_csh', where one of {KNOWN} is expected"),
        ({"": "complete_bash"}, "_SOFTMAX_JAC_COMPLETE is set, and COMP_WORDS, the line to complete, is not"),
        ({"": "complete_fish"}, "_SOFTMAX_JAC_COMPLETE is set, and _TYPER_COMPLETE_ARGS, the line to complete, is not"),
        ({"": "complete_bash", "COMP_WORDS": "a b"}, "COMP_CWORD is '', where the number of a word is expected"),
        (
            {"": "complete_bash", "COMP_WORDS": "a", "COMP_CWORD": "-1"},
            "COMP_CWORD is '-1', where the number of a word is expected",
        ),
    ],
)
def test_completion_asked_for_by_hand_and_amiss_is_an_error(variables, message):
    env = {name or "_SOFTMAX_JAC_COMPLETE": value for name, value in variables.items()}
    assert refused("forward", "--json", env=env) == [f"softmax-jac: error: {message}", "unset _SOFTMAX_JAC_COMPLETE"]


@pytest.mark.parametrize(
    "line", ["softmax-jac 'open", "softmax-jac layer-grad --layout=", "", " ", "a\nb \\", "x " * 999]
)
def test_any_line_is_completed_without_an_error(line):
    for shell in ("bash", "zsh", "fish"):
        complete(line, shell)


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_completion_for_another_shell_than_the_one_that_asks_is_refused(tmp_path, option):
    assert refused(option, "nosuch", env={"HOME": str(tmp_path)}) == [
        f"softmax-jac: error: {option} takes no value, and 'nosuch' follows it",
        "start it from the shell that is to have it",
    ]
    assert os.listdir(tmp_path) == []


def test_completion_is_installed_for_the_shell_that_asks(tmp_path):
    command = f"{sys.executable} -m softmax_cli --install-completion; exit $?"
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=os.environ | {"HOME": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, b"")
    assert "_SOFTMAX_JAC_COMPLETE=complete_bash" in (tmp_path / ".bash_completions" / "softmax-jac.sh").read_text()


def test_a_home_whose_files_are_not_utf8_gets_no_completion_and_no_traceback(tmp_path):
    (tmp_path / ".bashrc").write_bytes(b"\xff")
    command = f"{sys.executable} -m softmax_cli --install-completion; exit $?"
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=os.environ | {"HOME": str(tmp_path)})
    said = b"softmax-jac: error: --install-completion: the settings of the shell are not UTF-8\n"
    assert (done.returncode, done.stderr) == (2, said)
