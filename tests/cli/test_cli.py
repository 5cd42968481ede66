import json
import re
import subprocess
import sys

import numpy as np
import pytest
from command import COMMANDS, LAYER, ROOT, SAMPLES, refused, result, run


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bare_command_runs_on_the_example_and_says_so(command):
    done = run(command)
    assert done.stderr == (
        "softmax-jac: no input given (- reads standard input), so this is the article's example (x 3, W 3 × 5)\n"
    )
    assert done.stdout.startswith({"forward": "h = softmax(z)", "layer-grad": "dL/dW  (5, 15)"}.get(command, "d"))


def test_commands_are_piped_into_each_other():
    first = run("forward", "--json").stdout
    assert len(json.loads(run("layer-grad", "-", "--json", stdin=first).stdout)["dL_dW"]) == 5


def test_every_json_output_is_an_input_of_every_command():
    for first in COMMANDS:
        document = run(first, *LAYER, "--json").stdout
        for second in COMMANDS:
            assert run(second, "-", "--json", stdin=document).stdout == run(second, *LAYER, "--json").stdout


def test_every_way_of_giving_w_gives_the_same_bytes(tmp_path):
    W = np.array([[0.1, 0.2, 1 / 3], [1e-30, 5e300, -7.0]])
    np.save(tmp_path / "W.npy", W)
    np.save(tmp_path / "Wt.npy", W.T)
    np.savez(tmp_path / "layer.npz", x=[1.0, 2.0], W=W)
    text = [[repr(float(v)) for v in row] for row in W]
    (tmp_path / "W.csv").write_text("\n".join(",".join(row) for row in text))
    (tmp_path / "W.tsv").write_text("\n".join("\t".join(row) for row in text))
    (tmp_path / "W.json").write_text(json.dumps(W.tolist()))
    inline = ";".join(",".join(row) for row in text)
    ways = [("-W", inline), ("-W", json.dumps(W.tolist()))]
    ways += [("-W", str(tmp_path / f"W.{suffix}")) for suffix in ("npy", "csv", "tsv", "json")]
    ways += [("-W", str(tmp_path / "Wt.npy"), "--weights-layout", "out-in")]
    outputs = {run("layer-grad", "-x", "1,2", *way, "--json").stdout for way in ways}
    outputs.add(run("layer-grad", str(tmp_path / "layer.npz"), "--json").stdout)
    assert len(outputs) == 1


@pytest.mark.parametrize("name", ["iris", "digits"])
def test_the_trained_models_give_scikit_learns_probabilities(name):
    document = json.loads((SAMPLES / f"{name}.json").read_text())
    h = result("forward", str(SAMPLES / f"{name}.json"))["h"]
    assert h == pytest.approx(document["predict_proba"], rel=1e-12, abs=1e-300)


def test_the_saturated_sample_keeps_its_derivative():
    assert "5.551115123125775e-17" in run("softmax-grad", str(SAMPLES / "saturated.json"), "--json").stdout


@pytest.mark.parametrize("layout", ["numerator", "denominator", "tensor"])
@pytest.mark.parametrize("command", COMMANDS[1:])
def test_json_csv_npy_and_npz_hold_the_same_numbers(command, layout, tmp_path):
    found = result(command, *LAYER, "--layout", layout)
    key = list(found)[-1]
    for suffix in ("npy", "npz"):
        run(command, *LAYER, "--layout", layout, "-o", f"out.{suffix}", cwd=tmp_path)
    assert found["layout"] == layout
    assert np.load(tmp_path / "out.npy").tolist() == found[key]
    assert np.load(tmp_path / "out.npz")[key].tolist() == found[key]
    if np.ndim(found[key]) == 2:
        lines = run(command, *LAYER, "--layout", layout, "--format", "csv").stdout.splitlines()
        assert [[float(v) for v in line.split(",")] for line in lines] == found[key]


def test_chain_and_shortcut_say_which_they_are():
    chain, shortcut = (result("layer-grad", *LAYER, "--method", m) for m in ("chain", "shortcut"))
    assert (chain["method"], shortcut["method"]) == ("chain", "shortcut")
    np.testing.assert_allclose(chain["dL_dW"], shortcut["dL_dW"], rtol=1e-14)


def test_outputs_chooses_rows():
    whole = result("layer-grad", *LAYER)["dL_dW"]
    assert result("layer-grad", *LAYER, "--outputs", "3,0-1")["dL_dW"] == [whole[3], whole[0], whole[1]]
    assert "h[3]" in run("layer-grad", *LAYER, "--outputs", "3").stdout


@pytest.mark.parametrize("columns", ["1", "20", "60", "80", "200"])
@pytest.mark.parametrize("layout", ["numerator", "denominator", "tensor"])
def test_no_number_is_cut_at_any_width(columns, layout):
    table = run("layer-grad", *LAYER, "--layout", layout, "--precision", "17", env={"COLUMNS": columns}).stdout
    shown = sorted(float(v) for v in re.findall(r"(?<=\s)-?\d[\d.e+-]*(?=\s)", table.replace("dL/dW", "")) if "." in v)
    truth = sorted(np.ravel(result("layer-grad", *LAYER)["dL_dW"]).tolist())
    assert shown == truth
    assert "…" not in table


def test_a_large_matrix_is_elided_and_says_how_to_get_all_of_it():
    table = run("layer-grad", str(SAMPLES / "digits.json")).stdout
    assert "left out: 616 of 640 columns; all of it with --full, --json or -o FILE" in table
    assert "left out" not in run("layer-grad", str(SAMPLES / "digits.json"), "--full").stdout


def test_names_with_brackets_survive(tmp_path):
    (tmp_path / "W.csv").write_text("[red]a[/red],b[k]\n1,2\n")
    table = run("layer-grad", "-x", "1", "-W", "W.csv", cwd=tmp_path).stdout
    assert "h[[red]a[/red]]" in table
    assert "W[0,b[k]]" in table


def test_a_negative_vector_needs_no_quoting():
    assert result("forward", "-x", "-0.1,0.2", "-W", "1;2")["x"] == [-0.1, 0.2]


def test_output_to_a_dash_is_standard_output():
    assert run("layer-grad", *LAYER, "-o", "-").stdout == run("layer-grad", *LAYER).stdout
    assert run("layer-grad", *LAYER, "--json", "-o", "-").stdout == run("layer-grad", *LAYER, "--json").stdout


def test_tables_and_heatmaps_go_to_a_file(tmp_path):
    for format in ("table", "heatmap"):
        assert run("layer-grad", *LAYER, "--format", format, "-o", "out.txt", cwd=tmp_path).stdout == ""
        assert (tmp_path / "out.txt").read_text() == run("layer-grad", *LAYER, "--format", format).stdout


def test_weights_stored_out_in_come_out_in_out_and_say_so(tmp_path):
    (tmp_path / "W.csv").write_text("1,2\n3,4\n")
    document = run("forward", "-x", "1,2", "-W", "W.csv", "--weights-layout", "out-in", "--json", cwd=tmp_path).stdout
    assert (json.loads(document)["W"], json.loads(document)["weights_layout"]) == ([[1, 3], [2, 4]], "in-out")
    assert run("forward", "-", "--json", stdin=document).stdout == document
    assert refused("forward", "-", "--weights-layout", "out-in", stdin=document) == [
        "softmax-jac: error: standard input says that its W is stored in-out",
        "drop --weights-layout out-in",
    ]


def test_many_inputs_get_a_leading_axis(tmp_path):
    np.save(tmp_path / "x.npy", [[0.1, 0.5, 0.4], [1.0, 2.0, 3.0]])
    many = result("layer-grad", "-x", "x.npy", *LAYER[2:], cwd=tmp_path)["dL_dW"]
    assert many[0] == result("layer-grad", *LAYER)["dL_dW"]
    assert "input 1: dL/dW" in run("layer-grad", "-x", "x.npy", *LAYER[2:], cwd=tmp_path).stdout


def test_weight_grad_moves_the_weights():
    found = result("weight-grad", *LAYER, "--target", "1", "--learning-rate", "0.5")
    moved = np.array(found["W"]) - 0.5 * np.array(found["dE_dW"])
    assert found["W_new"] == moved.tolist()
    assert found["loss"] == pytest.approx(-np.log(0.20353145), rel=1e-7)


def test_the_reduction_of_a_document_is_that_of_the_next_command():
    batch = ["-x", "[[1,2,0],[3,1,1]]", *LAYER[2:], "--target", "0,1"]
    document = run("weight-grad", *batch, "--reduction", "sum", "--json").stdout
    assert run("weight-grad", "-", "--json", stdin=document).stdout == document


@pytest.mark.parametrize("extra", ['"target": [true, 1]', '"upstream": [[true, 0], [1, 0]]', '"target": [[0], 1]'])
def test_what_is_no_number_in_a_document_is_refused(extra):
    text = '{"x": [[1], [2]], "W": [[1, 2]], ' + extra + "}"
    (said,) = refused("weight-grad", "-", stdin=text)
    assert said.startswith(f"softmax-jac: error: INPUT: {extra.split(chr(34))[1]}[")


ADVICE = "if W is stored outputs × inputs, add --weights-layout out-in"
ERRORS = {
    "an option where a value is expected": (
        ["forward", "-x", "-W", "1"], ["-x is followed by -W, where a value is expected"]),
    "shapes that do not fit": (
        ["forward", "-x", "1,2,3", "-W", "1,2,3;4,5,6"], ["W has 2 rows but x has 3 entries", ADVICE]),
    "only x": (
        ["forward", "-x", "1"], ["W is missing: give it with -W, or in INPUT"]),
    "an unknown suffix": (
        ["forward", "-o", "out.txt"],
        ["-o out.txt: the suffix names no format (.json, .csv, .npy, .npz)", "choose one with --format"]),
    "two formats": (
        ["forward", "--json", "--format", "csv"], ["--json and --format csv ask for different formats"]),
    "an empty INPUT": (
        ["forward", ""], ["INPUT is empty, where a file or - is expected"]),
    "one file for two results": (
        ["layer-grad", *LAYER, "--plot", "a.png", "-o", "a.png", "--json"], ["--plot and -o both name a.png"]),
    "an index of 5000 digits": (
        ["explain", *LAYER, "--entry", "0,0," + "9" * 5000],
        [f"--entry is '0,0,{'9' * 36}…', where t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]"]),
    "a target beyond counting": (
        ["weight-grad", *LAYER, "--target", "1e30"],
        ["--target holds 1e+30, where a class index, a whole number from 0, is expected"]),
    "an output that does not exist": (
        ["layer-grad", *LAYER, "--outputs", "5"], ["--outputs 5: 5 is not within the 5 outputs, 0 to 4"]),
    "an output that is no index": (
        ["layer-grad", *LAYER, "--outputs", "a"],
        ["--outputs a: 'a' is no index and no range", "write it as 3,7,10-12"]),
    "no upstream": (
        ["weight-grad", *LAYER],
        ["every column of dL/dW sums to zero, because the outputs sum to one: its plain column sum moves no weight",
         "give --upstream u1,…,uK (dE/dh), or --target T, the right class, for the cross-entropy"]),
    "a class that does not exist": (
        ["weight-grad", *LAYER, "--target", "5"], ["target 5 does not exist: there are 5 outputs, 0 to 4"]),
    "a tensor as csv": (
        ["layer-grad", *LAYER, "--layout", "tensor", "--format", "csv"],
        ["CSV holds two dimensions, and dL_dW has three", "use --json, or -o FILE.npy"]),
    "outputs that run backwards": (
        ["layer-grad", *LAYER, "--outputs", "3-1"], ["--outputs 3-1: 3-1 runs backwards", "write it as 1-3"]),
    "standard input named twice": (
        ["check", "-", "--against", "-"],
        ["INPUT and --against both name standard input, which can be read only once"]),
    "check options without a file": (
        ["check", *LAYER, "--target", "2"],
        ["--target goes with --against FILE",
         "without FILE, check compares the tool with itself, in every Jacobian"]),
    "an unknown command": (
        ["backward"], ["no such command 'backward'", "see softmax-jac --help"]),
    "an unknown method": (
        ["layer-grad", "--method", "loops"],
        ["invalid value for '--method': 'loops' is not one of 'shortcut', 'chain'",
         "see softmax-jac layer-grad --help"]),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "lines"), ERRORS.values(), ids=ERRORS.keys())
def test_a_mistake_gets_one_line_and_at_most_one_of_advice(arguments, lines):
    said = [line for line in refused(*arguments) if "no input given" not in line]
    assert said == ["softmax-jac: error: " + lines[0], *lines[1:]]


def test_an_unknown_option_is_named():
    # What typer says behind the name, other options that were perhaps meant, differs from version to version.
    first, second = refused("forward", "--tabel")
    assert first.startswith("softmax-jac: error: no such option: --tabel")
    assert second == "see softmax-jac forward --help"


@pytest.mark.parametrize("format", ["table", "json", "csv", "npy", "npz"])
@pytest.mark.parametrize("reader", ["head -c 1", "true"])
def test_a_reader_that_goes_away_ends_the_run_quietly(format, reader):
    K = ",".join(["0.5"] * 400)
    layer_grad = f"{sys.executable} -m softmax_cli layer-grad -x 1,2 -W '{K};{K}'"
    command = f"{layer_grad} --full --format {format} | {reader} >/dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("closed", ["<&-", "2>&-"])
def test_closed_standard_streams_that_are_not_needed_do_no_harm(closed):
    command = f"{sys.executable} -m softmax_cli forward -x 1 -W 1,2 --json {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, json.loads(done.stdout)["x"]) == (0, [1.0])


@pytest.mark.parametrize("format", ["table", "json", "npy"])
def test_a_closed_standard_output_is_an_error_not_a_traceback(format):
    command = f"{sys.executable} -m softmax_cli forward -x 1 -W 1,2 --format {format} >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (2, "softmax-jac: error: standard output is closed\n")


@pytest.mark.parametrize(
    "env",
    ["PYTHONIOENCODING=latin-1", "PYTHONIOENCODING=ascii", "LC_ALL=C", "TERM=dumb", "NO_COLOR=1", "FORCE_COLOR=1"],
)
def test_odd_terminals_get_every_number(env):
    env = dict([env.split("=")])
    table = re.sub(r"\x1b\[[0-9;]*m", "", run("layer-grad", *LAYER, env=env).stdout)
    assert "-0.00388569" in table
    assert "W[2,4]" in table


def test_plain_text_without_colour_in_a_pipe():
    assert "\x1b" not in run("layer-grad", *LAYER).stdout


def test_python_that_treats_warnings_as_errors_is_not_disturbed():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-O", "-m", "softmax_cli", "layer-grad", *LAYER, "--json"],
        capture_output=True, text=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["layer-grad", "--help"]])
def test_the_version_and_the_help_import_neither_numpy_nor_rich(arguments):
    code = (
        "import sys\nfrom softmax_cli.cli.app import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    print(*sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "typer" in loaded
    assert not {"numpy", "rich", "orjson"} & loaded


def test_without_a_command_the_help_is_printed_with_a_line_for_each():
    text = run().stdout
    assert text == run("--help").stdout
    listed = re.findall(r"^  (\S+)  +(\S.*)$", text.split("Commands:")[1], re.MULTILINE)
    assert [name for name, _ in listed] == [*COMMANDS, "weight-grad", "check", "explain"]
    assert "Examples:" not in dict(listed).values()


def test_help_begins_with_examples():
    assert run("layer-grad", "-h").stdout.split("\n\n")[1].strip().startswith("Examples:")


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
        out = run("weight-grad", "-", "--jsonl", *self.W, "--target", "0",
                  stdin='{"x":[1,2]}\n{"x":[1],"W":[[1,2]],"target":1}\n').stdout  # fmt: skip
        first, second = map(json.loads, out.splitlines())
        assert first["dE_dW"] == result("weight-grad", "-x", "1,2", *self.W, "--target", "0")["dE_dW"]
        assert second["dE_dW"] == result("weight-grad", "-x", "1", "-W", "1,2", "--target", "1")["dE_dW"]

    @pytest.mark.parametrize("target", ["[1]", "true", '"1"', "1.5"])
    def test_a_target_that_is_no_class_spoils_no_other_line(self, target):
        lines = f'{{"x":[1,2],"target":0}}\n{{"x":[1,2],"target":{target}}}\n{{"x":[1,2],"target":2}}\n'
        done = run("weight-grad", "-", "--jsonl", "--keep-going", *self.W, stdin=lines, status=2)
        assert [json.loads(line)["target"] for line in done.stdout.splitlines()] == [0, 2]
        assert done.stderr.startswith("softmax-jac: error: standard input line 2: target ")

    def test_a_moved_weight_that_overflows_is_an_error_and_not_null(self):
        done = run("weight-grad", "-", "--jsonl", *self.W, "--target", "0", "--learning-rate", "1e308",
                   stdin='{"x":[100,2]}\n', status=2)  # fmt: skip
        assert done.stderr == (
            "softmax-jac: error: standard input line 1: W_new is too large for double precision (beyond ±1.8e308)\n"
        )

    def test_a_line_that_brings_its_own_upstream_needs_no_target(self):
        lines = '{"x":[1,2],"upstream":[1,0,0]}\n{"x":[1,2]}\n'
        out = run("weight-grad", "-", "--jsonl", *self.W, "--target", "0", stdin=lines).stdout
        first, second = map(json.loads, out.splitlines())
        assert first["dE_dW"] == result("weight-grad", "-x", "1,2", *self.W, "--upstream", "1,0,0")["dE_dW"]
        assert second["dE_dW"] == result("weight-grad", "-x", "1,2", *self.W, "--target", "0")["dE_dW"]

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
            (["weight-grad", "-", "--jsonl", "--target", "-"],
             ["INPUT and --target both name standard input, which can be read only once"]),
            (["check", "-", "--jsonl", "--against", "a.npy"],
             ["with --jsonl every line brings its own dL_dW", "write --against with the same FILE as INPUT"]),
            (["forward", "--keep-going"], ["--keep-going goes with --jsonl"]),
        ],
    )  # fmt: skip
    def test_options_that_do_not_go_together(self, arguments, lines):
        assert refused(*arguments) == ["softmax-jac: error: " + lines[0], *lines[1:]]


class TestCheck:
    @pytest.mark.parametrize("name", ["article", "saturated", "iris", "digits"])
    def test_the_tool_agrees_with_itself_on_every_sample(self, name):
        assert result("check", str(SAMPLES / f"{name}.json"))["agrees"] is True

    def test_a_wrong_gradient_is_told_what_is_wrong_with_it(self, tmp_path):
        np.save(tmp_path / "wrong.npy", -np.array(result("layer-grad", *LAYER)["dL_dW"]))
        report = json.loads(run("check", *LAYER, "--against", str(tmp_path / "wrong.npy"), "--json", status=1).stdout)
        assert report["diagnosis"] == "sign-flipped"

    def test_a_right_one_saved_by_the_tool_passes(self, tmp_path):
        for name in ("out.npy", "out.npz", "out.csv", "out.json"):
            run("layer-grad", *LAYER, "-o", name, cwd=tmp_path)
            assert "agrees" in run("check", *LAYER, "--against", name, cwd=tmp_path).stdout

    @pytest.mark.parametrize(
        ("command", "layer"),
        [
            ("linear-grad", ["-x", "1,2,3", "-W", "1;2;3"]),
            ("layer-grad", ["-x", "1,2,3", "-W", "1;2;3"]),
            ("softmax-grad", ["-x", "1", "-W", "2"]),
            ("weight-grad", ["-x", "1", "-W", "1,2,3"]),
            ("forward", ["-x", "1,2", "-W", "1,2,3;4,5,6"]),
        ],
    )
    def test_a_csv_of_one_row_or_one_column_passes(self, command, layer, tmp_path):
        target = ["--target", "0"] if command == "weight-grad" else []
        run(command, *layer, *target, "-o", "out.csv", cwd=tmp_path)
        assert "agrees" in run("check", *layer, *target, "--of", command, "--against", "out.csv", cwd=tmp_path).stdout

    def test_an_overflow_saved_as_json_is_named(self, tmp_path):
        (tmp_path / "h.json").write_text("[NaN, NaN]")
        done = run(
            "check", "-x", "1", "-W", "800,790", "--of", "forward", "--against", "h.json", cwd=tmp_path, status=1
        )
        assert "diagnosis: logits-not-shifted" in done.stdout

    def test_what_no_known_mistake_explains_is_said_to_be_so(self, tmp_path):
        np.save(tmp_path / "m.npy", np.random.default_rng(0).normal(size=(5, 15)))
        done = run("check", *LAYER, "--against", "m.npy", cwd=tmp_path, status=1)
        assert done.stdout.endswith("diagnosis: none: no known mistake explains the whole matrix\n")

    def test_a_target_where_no_error_is_meant_is_refused(self, tmp_path):
        np.save(tmp_path / "m.npy", np.zeros((5, 15)))
        assert refused("check", *LAYER, "--target", "1", "--against", "m.npy", cwd=tmp_path) == [
            "softmax-jac: error: --target goes with --of weight-grad"
        ]

    def test_single_precision_is_compared_as_such(self, tmp_path):
        layer = ["-x", "20", "-W", "1,0"]
        h = np.float32([1.0, 2.0611537e-09])
        np.save(tmp_path / "f.npy", np.diag(h) - np.outer(h, h))
        report = json.loads(
            run(
                "check", *layer, "--of", "softmax-grad", "--against", "f.npy", "--rtol", "1e-4", "--json", cwd=tmp_path
            ).stdout
        )
        assert (report["agrees"], report["lost_to_cancellation"]) == (True, 1)


class TestExplain:
    def test_it_takes_the_reader_to_the_entry_that_was_asked_for(self):
        text = run("explain", *LAYER, "--entry", "1,2,0").stdout
        assert "∂h₂/∂w₁₃" in text
        assert "≈ −0.0155428" in text

    def test_markdown(self):
        assert run("explain", *LAYER, "--format", "markdown").stdout.startswith("## 1. The layer\n")

    def test_an_entry_that_is_none(self):
        assert refused("explain", *LAYER, "--entry", "1,2") == [
            "softmax-jac: error: --entry is '1,2', where t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]"
        ]
