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
    found = result("loss-grad", *LAYER, "--target", "1", "--learning-rate", "0.5")
    moved = np.array(found["W"]) - 0.5 * np.array(found["dE_dW"])
    assert found["W_new"] == moved.tolist()
    assert found["loss"] == pytest.approx(-np.log(0.20353145), rel=1e-7)


def test_the_reduction_of_a_document_is_that_of_the_next_command():
    batch = ["-x", "[[1,2,0],[3,1,1]]", *LAYER[2:], "--target", "0,1"]
    document = run("loss-grad", *batch, "--reduction", "sum", "--json").stdout
    assert run("loss-grad", "-", "--json", stdin=document).stdout == document


@pytest.mark.parametrize("extra", ['"target": [true, 1]', '"upstream": [[true, 0], [1, 0]]', '"target": [[0], 1]'])
def test_what_is_no_number_in_a_document_is_refused(extra):
    text = '{"x": [[1], [2]], "W": [[1, 2]], ' + extra + "}"
    (said,) = refused("loss-grad", "-", stdin=text)
    assert said.startswith(f"softmax-jac: error: INPUT: {extra.split(chr(34))[1]}[")


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


LOADED = (
    "import sys\nfrom softmax_cli.cli.app import main\n"
    "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    print(*sys.modules)\n"
)


def loaded_by(*arguments):
    """The packages that a run loads."""
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["layer-grad", "--help"]])
def test_the_version_and_the_help_import_neither_numpy_nor_rich(arguments):
    assert {"typer", "numpy", "rich", "orjson"} & loaded_by(*arguments) == {"typer"}


@pytest.mark.parametrize("arguments", [["forward", "--json"], ["layer-grad", *LAYER, "--json", "--precision", "3"]])
def test_a_run_loads_nothing_that_typer_would_convert_with(arguments):
    assert {"typer", "numpy", "rich", "pydantic"} & loaded_by(*arguments) == {"typer", "numpy"}


def test_a_plain_run_loads_no_arithmetic_but_that_of_numpy():
    assert {"numpy", "decimal", "fractions"} & loaded_by("forward", *LAYER, "--json") == {"numpy"}
    assert {"numpy", "decimal", "fractions"} & loaded_by("layer-grad", *LAYER, "--json") == {"numpy"}


def test_without_a_command_the_help_is_printed_with_a_line_for_each():
    text = run().stdout
    assert text == run("--help").stdout
    listed = re.findall(r"^  (\S+)  +(\S.*)$", text.split("Commands:")[1], re.MULTILINE)
    assert [name for name, _ in listed] == [
        *COMMANDS,
        "loss-grad",
        "merge",
        "hessian",
        "check",
        "explain",
        "example",
        "options",
    ]
    assert "Examples:" not in dict(listed).values()


def test_help_begins_with_examples():
    assert run("layer-grad", "-h").stdout.split("\n\n")[1].strip().startswith("Examples:")
