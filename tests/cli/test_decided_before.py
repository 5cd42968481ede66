"""What cannot be given is refused before it is computed."""

import numpy as np
import pytest

from softmax_cli.cli.app import main

MANY = ["-x", "1,2;3,4;5,6", "-W", "1,2;3,4"]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            ["layer-grad", *MANY, "-o", "a.csv"],
            ["CSV holds two dimensions, and dL_dW has three", "use --json, or -o FILE.npy"],
        ),
        (
            ["softmax-grad", *MANY, "--format", "csv"],
            ["CSV holds two dimensions, and dS_dZ has three", "use --json, or -o FILE.npy"],
        ),
        (
            ["linear-grad", *MANY, "--format", "csv", "--layout", "tensor"],
            ["CSV holds two dimensions, and dZ_dW has four", "use --json, or -o FILE.npy"],
        ),
        (
            ["check", *MANY],
            [
                "the tool is checked at one input at a time: x holds 3",
                "give one of them with -x, or a line for each with --jsonl",
            ],
        ),
    ],
    ids=lambda value: value[0] if value[0] in ("forward", "check") or "-grad" in value[0] else "",
)
def test_many_inputs_are_refused_before_the_layer_is_evaluated(arguments, lines, monkeypatch, capsys, tmp_path):
    def evaluated(*_, **__):
        raise AssertionError("evaluated")

    monkeypatch.chdir(tmp_path)
    for name in ("reading.problem.evaluate", "core.loss_gradient.in_blocks", "checking.selfcheck.evaluate"):
        monkeypatch.setattr(f"softmax_cli.{name}", evaluated)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == ["softmax-jac: error: " + lines[0], lines[1]]


def test_many_inputs_evaluated_some_at_a_time_give_the_bits_of_each(monkeypatch):
    from softmax_cli import forward
    from softmax_cli.reading.problem import Problem
    from softmax_cli.writing import forward_result

    monkeypatch.setattr(forward_result, "PART", 12)
    rng = np.random.default_rng(5)
    x, W, b = rng.normal(size=(11, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
    document = forward_result.forward_result(Problem(x, W, b)).document
    alone = [forward(row, W, b) for row in x]
    assert document["z"].tolist() == [each.z.tolist() for each in alone]
    assert document["h"].tolist() == [each.h.tolist() for each in alone]
