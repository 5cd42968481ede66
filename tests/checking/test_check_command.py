"""`check --against FILE`: how FILE is read, laid out and reported."""

import json
from typing import get_args

import numpy as np
import pytest
from command import SAMPLES, refused, run

from softmax_cli import compare, self_check
from softmax_cli.checking.quantities import COMMANDS, QUANTITIES, Of
from softmax_cli.cli import own_options

LAYER = [str(SAMPLES / "article.json")]
J = K = 4


@pytest.fixture
def square(tmp_path):
    """A folder with a layer of 4 × 4, stored both ways, and its gradient for target 1 in G.npy, (J, K)."""
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=J), rng.normal(size=(J, K))
    for name, stored, layout in [("in.json", W, "in-out"), ("out.json", W.T, "out-in")]:
        layer = {"x": x.tolist(), "W": stored.tolist(), "weights_layout": layout}
        (tmp_path / name).write_text(json.dumps(layer))
    h = np.exp(x @ W) / np.exp(x @ W).sum()
    np.save(tmp_path / "G.npy", np.outer(x, h - np.eye(K)[1]))
    np.save(tmp_path / "GT.npy", np.outer(x, h - np.eye(K)[1]).T)
    return tmp_path


def check(folder, *arguments, status=0):
    return run("check", *arguments, "--of", "loss-grad", "--target", "1", cwd=folder, status=status).stdout


def test_the_gradient_of_a_square_w_is_expected_as_w_is_stored(square):
    assert check(square, "in.json", "--against", "G.npy") == "G.npy: loss-grad: agrees (in-out layout)\n"
    assert check(square, "out.json", "--against", "GT.npy") == "GT.npy: loss-grad: agrees (out-in layout)\n"
    for layer, matrix in [("in.json", "GT.npy"), ("out.json", "G.npy")]:
        assert "diagnosis: transposed\n" in check(square, layer, "--against", matrix, status=1)


def test_a_layout_that_is_named_comes_before_that_of_w(square):
    assert check(square, "in.json", "--against", "GT.npy", "--layout", "out-in")
    assert check(square, "out.json", "--against", "G.npy", "--layout", "in-out")
    assert check(square, "out.json", "--against", "GT.npy", "--layout", "in-out", status=1).endswith(
        "dE/dW is stored outputs × inputs, (K, J): transpose it, or say so with --layout out-in\n"
    )


def test_an_npz_archive_may_say_that_it_is_stored_outputs_by_inputs(square):
    layer = json.loads((square / "out.json").read_text())
    np.savez(square / "out.npz", **{k: np.array(v) for k, v in layer.items()}, dE_dW=np.load(square / "GT.npy"))
    for given in ("out.npz", "out.json", "in.json"):
        assert check(square, given, "--against", "out.npz") == "out.npz: loss-grad: agrees (out-in layout)\n"


@pytest.mark.parametrize("shared", [False, True])
def test_a_line_of_json_is_compared_as_its_w_or_the_shared_one_is_stored(square, shared):
    layer = json.loads((square / "out.json").read_text())
    given = ["-W", json.dumps(layer.pop("W")), "--weights-layout", "out-in"] if shared else []
    if shared:
        layer.pop("weights_layout")
    for matrix, agrees in [("GT.npy", True), ("G.npy", False)]:
        line = json.dumps(layer | {"dE_dW": np.load(square / matrix).tolist()}) + "\n"
        how = ["check", "-", "--jsonl", "--against", "-", "--of", "loss-grad", "--target", "1"]
        out = run(*how, *given, stdin=line, status=0 if agrees else 1).stdout
        assert json.loads(out)["agrees"] is agrees


def test_a_layout_says_nothing_without_a_file():
    assert refused("check", *LAYER, "--layout", "tensor") == [
        "softmax-jac: error: --layout goes with --against FILE",
        "without FILE, check compares the tool with itself, in every Jacobian",
    ]


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_the_precision_of_a_file_is_that_of_its_numbers(tmp_path, dtype, suffix):
    layer = json.loads((SAMPLES / "article.json").read_text())
    x, W = np.array(layer["x"]), np.array(layer["W"])
    h = np.exp(x @ W) / np.exp(x @ W).sum()
    right = np.kron(np.diag(h) - np.outer(h, h), x).astype(dtype)
    save = np.save if suffix == "npy" else lambda path, a: np.savez(path, dL_dW=a)
    save(tmp_path / f"m.{suffix}", right)
    precision = {2: ", float16", 4: ", float32", 8: ""}[right.dtype.itemsize]
    done = run("check", *LAYER, "--against", f"m.{suffix}", cwd=tmp_path)
    assert done.stdout == f"m.{suffix}: layer-grad: agrees (numerator layout{precision})\n"


def test_what_is_printed_is_the_report_of_the_library(tmp_path):
    layer = json.loads((SAMPLES / "article.json").read_text())
    theirs = np.random.default_rng(0).normal(size=(5, 15))
    np.save(tmp_path / "m.npy", theirs)
    done = run("check", *LAYER, "--against", "m.npy", cwd=tmp_path, status=1)
    assert done.stdout == f"m.npy: {compare(theirs, layer['x'], layer['W'])}\n"
    assert run("check", *LAYER).stdout == f"{self_check(layer['x'], layer['W'])}\n"


def test_what_can_be_checked_is_the_same_on_the_command_line_and_in_the_library():
    assert set(get_args(own_options.Of)) == set(get_args(Of)) == {*COMMANDS, *QUANTITIES}


@pytest.mark.parametrize("key", ["z", "h", "log_h", "dL_dx", "dE_dz", "dE_db", "dE_dx", "loss"])
@pytest.mark.parametrize("suffix", ["npz", "csv"])
def test_every_result_is_checked_from_the_shell(tmp_path, key, suffix):
    layer = json.loads((SAMPLES / "article.json").read_text())
    x, W = np.array(layer["x"]), np.array(layer["W"])
    z = x @ W
    h = np.exp(z) / np.exp(z).sum()
    d = h - np.eye(5)[2]
    right = {
        "z": z, "h": h, "log_h": np.log(h), "dL_dx": (np.diag(h) - np.outer(h, h)) @ W.T, "dE_dz": d, "dE_db": d,
        "dE_dx": W @ d, "loss": -np.log(h[2]),
    }[key]  # fmt: skip
    if suffix == "npz":
        np.savez(tmp_path / "m.npz", **{key: right})
    else:
        np.savetxt(tmp_path / "m.csv", np.atleast_2d(right), delimiter=",")
    target = ["--target", "2"] if key in ("loss", "dE_dz", "dE_db", "dE_dx") else []
    done = run("check", *LAYER, "--of", key, "--against", f"m.{suffix}", *target, cwd=tmp_path)
    assert done.stdout.startswith(f"m.{suffix}: {key}: agrees (")


def test_atol_is_what_an_entry_may_be_off_by_besides(tmp_path):
    layer = json.loads((SAMPLES / "article.json").read_text())
    z = np.array(layer["x"]) @ np.array(layer["W"])
    np.save(tmp_path / "z.npy", z + 1e-3)
    how = ["check", *LAYER, "--of", "z", "--against", "z.npy"]
    assert "differs" in run(*how, "--atol", "9e-4", cwd=tmp_path, status=1).stdout
    assert "agrees" in run(*how, "--atol", "1.1e-3", cwd=tmp_path).stdout
    assert refused(*how, "--atol", "-1", cwd=tmp_path) == [
        "softmax-jac: error: atol is -1.0, where a number from 0 is expected"
    ]


@pytest.mark.parametrize("own", ["own.json", "own.npz"])
def test_a_document_of_loss_grad_is_laid_out_as_it_says_whatever_the_layout_of_w(square, own):
    run("loss-grad", "out.json", "--target", "1", "--wrt", "W", "-o", own, cwd=square)
    run("loss-grad", "out.json", "--target", "1", "--wrt", "W", "-o", "own.npy", cwd=square)
    assert check(square, "out.json", "--against", own) == f"{own}: loss-grad: agrees (in-out layout)\n"
    assert check(square, "out.json", "--against", "own.npy", "--layout", "in-out")
    assert check(square, "out.json", "--against", "own.npy", status=1).endswith(
        "dE/dW is stored inputs × outputs, (J, K): transpose it, or say so with --layout in-out\n"
    )


@pytest.mark.parametrize(
    ("how", "key", "option"),
    [(["--wrt", "W"], "dE_dW", "--layout"), (["--wrt", "W", "--learning-rate", "1"], "W_new", "--weights-layout")],
)
def test_a_file_of_loss_grad_that_does_not_say_its_layout_gets_a_note_where_w_had_another(square, how, key, option):
    def notes(layer, file):
        return run("loss-grad", layer, "--target", "1", *how, "-o", file, cwd=square).stderr

    said = f"{key} is written inputs × outputs, and W was given outputs × inputs: read it with {option} in-out"
    said = f"softmax-jac: {said}\n"
    assert [notes("out.json", f"own.{suffix}") for suffix in ("npy", "csv")] == [said] * 2
    assert [notes("out.json", f"own.{suffix}") for suffix in ("json", "npz")] == ["", ""]
    assert notes("in.json", "own.npy") == ""
