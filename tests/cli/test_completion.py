"""What a shell is told when Tab is pressed."""

import os
import subprocess
import sys

import pytest

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
            ["forward", "softmax-grad", "linear-grad", "layer-grad", "weight-grad", "check", "explain"],
        ),
        ("softmax-jac l", ["linear-grad", "layer-grad"]),
        ("softmax-jac layer-grad", ["layer-grad"]),
        ("softmax-jac --ver", ["--version"]),
        ("softmax-jac layer-grad --la", ["--layout"]),
        ("softmax-jac layer-grad x.json --layout ", ["numerator", "denominator", "tensor"]),
        ("softmax-jac weight-grad --reduction m", ["mean"]),
    ],
)
def test_commands_options_and_their_values_are_offered(line, offered):
    assert complete(line) == offered


def test_zsh_and_fish_are_told_what_an_option_does():
    meaning = "Your result: .npy, .npz, .csv or .json, in any of the layouts."
    assert complete("softmax-jac check --agai", "fish") == [f"--against\t{meaning}"]
    (zsh,) = complete("softmax-jac check --agai", "zsh")
    assert '"--against":' in zsh
    assert meaning.replace(":", r"\\:") in zsh


@pytest.mark.parametrize("line", ["softmax-jac ", "softmax-jac layer-grad --la"])
def test_completion_imports_neither_numpy_nor_rich(line):
    loaded = {name.partition(".")[0] for name in complete(line, run=("-c", MODULES))[-1].split()}
    assert "typer" in loaded
    assert not {"numpy", "rich", "orjson"} & loaded
