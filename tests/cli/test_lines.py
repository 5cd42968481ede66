"""JSON Lines: what one line holds is no other line's trouble."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from command import COMMANDS, ROOT, refused, result, run

DEEP = "[" * 254 + "]" * 254


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (f'{{"x": [1], "id": {DEEP}}}', "id is nested too deep"),
        (f'{{"x": [1], "upstream": {DEEP}}}', "upstream is nested too deep"),
        (f'{{"x": [1], "W": [[1]], "weights_layout": {"[" * 990 + "]" * 990}}}',
         "weights_layout is a list, where 'in-out' or 'out-in' is expected"),
    ],
    ids=["id", "upstream", "weights_layout"],
)  # fmt: skip
def test_a_line_with_something_nested_deep_is_reported_and_the_next_is_answered(bad, message):
    lines = f'{{"x": [1]}}\n{bad}\n{{"x": [2]}}\n'
    done = run("forward", "-", "--jsonl", "--keep-going", "-W", "1,2", stdin=lines, status=2)
    assert [json.loads(line)["x"] for line in done.stdout.splitlines()] == [[1], [2]]
    assert done.stderr.splitlines() == [f"softmax-jac: error: standard input line 2: {message}"]


class TestLines:
    """--jsonl: a document a line."""

    W = ("-W", "1,2,3;4,5,6")

    def test_every_line_is_answered_as_the_single_call_would(self):
        lines = [{"id": n, "x": [n / 7, -n]} for n in range(50)]
        out = run("forward", "-", "--jsonl", *self.W, stdin="".join(json.dumps(d) + "\n" for d in lines)).stdout
        answers = [json.loads(line) for line in out.splitlines()]
        assert [a["id"] for a in answers] == list(range(50))
        alone = result("forward", "-x", f"{5 / 7!r},-5", *self.W)
        assert (answers[5]["z"], answers[5]["h"]) == (alone["z"], alone["h"])
        assert "W" not in answers[0]

    @pytest.mark.parametrize("command", COMMANDS[1:])
    def test_jacobians_line_by_line(self, command):
        out = json.loads(run(command, "-", "--jsonl", *self.W, stdin='{"x":[1,2]}\n').stdout)
        alone = result(command, "-x", "1,2", *self.W)
        assert out == {key: value for key, value in alone.items() if key not in ("W", "weights_layout")}

    def test_a_line_may_bring_its_own_weights_and_target(self):
        out = run("loss-grad", "-", "--jsonl", *self.W, "--target", "0",
                  stdin='{"x":[1,2]}\n{"x":[1],"W":[[1,2]],"target":1}\n').stdout  # fmt: skip
        first, second = map(json.loads, out.splitlines())
        assert first["dE_dW"] == result("loss-grad", "-x", "1,2", *self.W, "--target", "0")["dE_dW"]
        assert second["dE_dW"] == result("loss-grad", "-x", "1", "-W", "1,2", "--target", "1")["dE_dW"]

    @pytest.mark.parametrize("target", ["[1,0]", "true", '"1"', "1.5"])
    def test_a_target_that_is_no_class_spoils_no_other_line(self, target):
        lines = f'{{"x":[1,2],"target":0}}\n{{"x":[1,2],"target":{target}}}\n{{"x":[1,2],"target":2}}\n'
        done = run("loss-grad", "-", "--jsonl", "--keep-going", *self.W, stdin=lines, status=2)
        assert [json.loads(line)["target"] for line in done.stdout.splitlines()] == [0, 2]
        assert done.stderr.startswith("softmax-jac: error: standard input line 2: target ")

    def test_a_moved_weight_that_overflows_is_an_error_and_not_null(self):
        done = run("loss-grad", "-", "--jsonl", *self.W, "--target", "0", "--learning-rate", "1e308",
                   stdin='{"x":[100,2]}\n', status=2)  # fmt: skip
        assert done.stderr == (
            "softmax-jac: error: standard input line 1: W_new is too large for double precision (beyond ±1.8e308)\n"
        )

    def test_a_line_that_brings_its_own_upstream_needs_no_target(self):
        lines = '{"x":[1,2],"upstream":[1,0,0]}\n{"x":[1,2]}\n'
        out = run("loss-grad", "-", "--jsonl", *self.W, "--target", "0", stdin=lines).stdout
        first, second = map(json.loads, out.splitlines())
        assert first["dE_dW"] == result("loss-grad", "-x", "1,2", *self.W, "--upstream", "1,0,0")["dE_dW"]
        assert second["dE_dW"] == result("loss-grad", "-x", "1,2", *self.W, "--target", "0")["dE_dW"]

    def test_what_has_no_end_and_no_lines_is_refused_at_once(self):
        assert refused("forward", "/dev/zero", "--jsonl", *self.W) == [
            "softmax-jac: error: /dev/zero is not JSON Lines: it holds a NUL byte on line 1"
        ]

    def test_a_bad_line_ends_the_run_after_the_good_ones_before_it(self):
        done = run("forward", "-", "--jsonl", *self.W, stdin='{"x":[1,2]}\n{"x":[1]}\n{"x":[1,2]}\n', status=2)
        assert len(done.stdout.splitlines()) == 1
        assert done.stderr == ("softmax-jac: error: standard input line 2: W has 2 rows but x has 1 entry\n")

    def test_keep_going_reports_a_bad_line_and_goes_on(self):
        done = run("forward", "-", "--jsonl", "--keep-going", *self.W,
                   stdin='{"x":[1,2]}\n{"x":[1e400,2]}\nnot json\n{"x":[3,4]}\n', status=2)  # fmt: skip
        assert [json.loads(line)["x"] for line in done.stdout.splitlines()] == [[1, 2], [3, 4]]
        assert [re.search(r"standard input line \d", line)[0] for line in done.stderr.splitlines()] == [
            "standard input line 2", "standard input line 3",
        ]  # fmt: skip

    def test_a_line_is_answered_before_the_next_is_sent(self):
        with subprocess.Popen(
            [sys.executable, "-m", "softmax_cli", "forward", "-", "--jsonl", *self.W],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        ) as process:  # fmt: skip
            for n in range(3):
                process.stdin.write(b'{"x":[%d,2]}\n' % n)
                process.stdin.flush()
                assert json.loads(process.stdout.readline())["x"] == [n, 2]
            process.stdin.close()
        assert process.returncode == 0

    def test_a_long_line_comes_in_many_reads(self):
        x = [n / 7 for n in range(40_000)]
        out = run("forward", "-", "--jsonl", "-W", "[" + ",".join(["[0.0]"] * 2) + "]", "--keep-going",
                  stdin=json.dumps({"x": x}) + '\n{"x":[1,2]}\n', status=2)  # fmt: skip
        assert [json.loads(line)["x"] for line in out.stdout.splitlines()] == [[1, 2]]
        assert "line 1: W has 2 rows but x has 40000 entries" in out.stderr

    def test_outputs_chooses_rows_of_every_line(self):
        out = json.loads(run("layer-grad", "-", "--jsonl", "--outputs", "2,0", *self.W, stdin='{"x":[1,2]}\n').stdout)
        alone = result("layer-grad", "-x", "1,2", *self.W)["dL_dW"]
        assert (out["outputs"], out["dL_dW"]) == ([2, 0], [alone[2], alone[0]])

    def test_an_own_w_is_carried_on_as_the_results_are_laid_out(self):
        first = run("forward", "-", "--jsonl", "--weights-layout", "out-in",
                    stdin='{"x":[1,2],"W":[[1,2],[3,4]]}\n').stdout  # fmt: skip
        assert [json.loads(first)[key] for key in ("W", "weights_layout")] == [[[1, 3], [2, 4]], "in-out"]
        assert json.loads(run("forward", "-", "--jsonl", stdin=first).stdout)["z"] == [5, 11]

    def test_a_layout_of_no_w_is_not_carried(self):
        line = '{"x":[1,2],"weights_layout":"out-in"}\n'
        out = json.loads(run("forward", "-", "--jsonl", *self.W, stdin=line).stdout)
        assert list(out) == ["x", "z", "h"]

    def test_check_compares_what_stands_in_the_line(self):
        right = run("layer-grad", "-", "--jsonl", *self.W, stdin='{"id":1,"x":[1,2]}\n{"id":2,"x":[3,1]}\n').stdout
        good = run("check", "-", "--jsonl", "--against", "-", *self.W, stdin=right)
        assert [(d["id"], d["agrees"]) for d in map(json.loads, good.stdout.splitlines())] == [(1, True), (2, True)]
        first, second = map(json.loads, right.splitlines())
        second["dL_dW"] = (-np.array(second["dL_dW"])).tolist()
        lines = json.dumps(first) + "\n" + json.dumps(second) + "\n"
        bad = run("check", "-", "--jsonl", "--against", "-", *self.W, stdin=lines, status=1)
        assert [json.loads(line)["diagnosis"] for line in bad.stdout.splitlines()] == [None, "sign-flipped"]

    def test_check_without_against_checks_the_tool_line_by_line(self):
        out = run("check", "-", "--jsonl", *self.W, stdin='{"x":[1,2]}\n').stdout
        assert (json.loads(out)["agrees"], len(json.loads(out)["ways"])) == (True, 7)

    def test_a_line_that_brings_nothing_to_check_is_bad(self):
        done = run("check", "-", "--jsonl", "--against", "-", *self.W, stdin='{"x":[1,2]}\n', status=2)
        assert done.stderr == "softmax-jac: error: standard input line 1: dL_dW is missing\n"

    def test_explain_writes_a_walk_a_line(self):
        out = run("explain", "-", "--jsonl", "--format", "markdown", *self.W, stdin='{"id":7,"x":[1,2]}\n').stdout
        assert json.loads(out)["id"] == 7
        assert json.loads(out)["markdown"] == run("explain", "-x", "1,2", *self.W, "--format", "markdown").stdout

    @pytest.mark.parametrize(
        ("arguments", "lines"),
        [
            (["forward", "--jsonl"], ["--jsonl needs INPUT: a file of JSON Lines, or - for standard input"]),
            (["forward", "-", "--jsonl", "-x", "1"], ["-x is given, where with --jsonl every line brings its own x"]),
            (["forward", "-", "--jsonl", "--x-rows"],
             ["--x-rows is for a batch, and with --jsonl a line holds one input"]),
            (["forward", "-", "--jsonl", "--format", "csv"],
             ["--format csv cannot be written line by line", "leave it out: --jsonl writes JSON"]),
            (["layer-grad", "-", "--jsonl", "--plot", "a.png"],
             ["--plot draws one matrix, and --jsonl makes one of every line"]),
            (["forward", "-", "--jsonl", "-W", "-"],
             ["INPUT and -W both name standard input, which can be read only once"]),
            (["loss-grad", "-", "--jsonl", "--target", "-"],
             ["INPUT and --target both name standard input, which can be read only once"]),
            (["check", "-", "--jsonl", "--against", "a.npy"],
             ["with --jsonl every line brings its own dL_dW", "write --against with the same FILE as INPUT"]),
            (["forward", "--keep-going"], ["--keep-going goes with --jsonl"]),
        ],
    )  # fmt: skip
    def test_options_that_do_not_go_together(self, arguments, lines):
        assert refused(*arguments) == ["softmax-jac: error: " + lines[0], *lines[1:]]


@pytest.mark.parametrize(
    ("option", "key", "value", "other"),
    [
        (["--temperature", "3"], "temperature", 2.0, 3.0),
        (["--mask", "1"], "mask", [0], [1]),
        (["-W", "1,2,3;4,5,6"], "W", [[0, 1, 2], [3, 4, 7]], [[1, 2, 3], [4, 5, 6]]),
        (["-b", "1,2,3"], "b", [3, 0, 1], [1, 2, 3]),
    ],
)
def test_what_a_line_says_comes_before_the_options_which_are_for_the_lines_that_do_not(option, key, value, other):
    base = {"x": [1, 2], "W": [[1, 2, 3], [4, 5, 6]]}
    without = {k: v for k, v in base.items() if k != key}
    lines = [base | {key: value}, without]
    out = run("forward", "-", "--jsonl", *option, stdin="".join(json.dumps(line) + "\n" for line in lines)).stdout
    alone = [
        json.loads(run("forward", "-", "--json", stdin=json.dumps(base | {key: v})).stdout) for v in (value, other)
    ]
    assert [json.loads(line)["h"] for line in out.splitlines()] == [found["h"] for found in alone]


def test_what_a_line_says_of_the_error_comes_before_the_options():
    line = {"x": [1, 2], "W": [[1, 2, 3], [4, 5, 6]], "target": 2, "label_smoothing": 0.25}
    out = run("loss-grad", "-", "--jsonl", "--target", "0", "--label-smoothing", "0.5", stdin=json.dumps(line)).stdout
    assert json.loads(out)["loss"] == json.loads(run("loss-grad", "-", "--json", stdin=json.dumps(line)).stdout)["loss"]
