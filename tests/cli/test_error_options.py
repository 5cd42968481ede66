"""The error of loss-grad and hessian on the command line: every option is a key of a document as well, which it
replaces; against the library, plain NumPy and torch's own numbers."""

import json

import numpy as np
import pytest
from command import LAYER, refused, result, run

import softmax_cli

X, W, B = [[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5], [1.0, 1.0]], [[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]], [0.05, -0.1, 0.2]
BATCH = ["-x", "0.5,-1;2,0.25;-0.75,1.5;1,1", "-W", "0.1,-0.2,0.3;0.4,0.5,-0.6", "-b", "0.05,-0.1,0.2"]
TARGET = ["--target", "0,2,1,1"]
SOFT = [[1.0, 0.0, 0.0], [0.25, 0.25, 0.5], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]]
KEYS = {
    "target": (["--target", "0,2,1,1"], [0, 2, 1, 1]),
    "probabilities": (["--target", "1,0,0;.25,.25,.5;0,1,0;.5,.5,0"], SOFT),
    "upstream": (["--upstream", "1,0,0;0,1,0;0,0,1;1,2,3"], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 2, 3]]),
    "label_smoothing": ([*TARGET, "--label-smoothing", "0.1"], 0.1),
    "class_weights": ([*TARGET, "--class-weights", "1,2,0.5"], [1, 2, 0.5]),
    "sample_weights": ([*TARGET, "--sample-weights", "1,0,3,0.5"], [1, 0, 3, 0.5]),
    "ignore": ([*TARGET, "--ignore", "1"], 1),
    "l2": ([*TARGET, "--l2", "0.25"], 0.25),
    "reduction": ([*TARGET, "--reduction", "sum"], "sum"),
}


def asked(name):
    """The key, its option, and its value; with the target that the others need."""
    option, value = KEYS[name]
    key = "target" if name == "probabilities" else name
    side = {} if key in ("target", "upstream") else {"target": [0, 2, 1, 1]}
    return option, {**side, key: value}


@pytest.mark.parametrize("name", KEYS)
def test_an_option_is_a_key_and_what_the_library_takes(name):
    option, keys = asked(name)
    found = result("loss-grad", *BATCH, *option, "--wrt", "z,W,b,x")
    truth = softmax_cli.loss_gradient(X, W, B, **keys, wrt=("z", "W", "b", "x"))
    assert {key: found[key] for key in truth._fields if key in found} == {
        key: value.tolist() for key, value in truth._asdict().items() if value is not None
    }
    document = json.dumps({"x": X, "W": W, "b": B, **keys})
    assert result("loss-grad", "-", "--wrt", "z,W,b,x", stdin=document) == found
    assert result("loss-grad", "-", "--wrt", "z,W,b,x", stdin=json.dumps(found)) == found


@pytest.mark.parametrize("name", [name for name in KEYS if name != "upstream"])
def test_an_option_replaces_the_key_of_a_document(name):
    others = {
        "target": [1, 1, 1, 0], "label_smoothing": 0.5, "class_weights": [3, 3, 1], "sample_weights": [1, 1, 1, 2],
        "ignore": 2, "l2": 3.0, "reduction": "none",
    }  # fmt: skip
    option, keys = asked(name)
    own = {key: others[key] for key in keys}
    found = result("loss-grad", "-", *option, stdin=json.dumps({"x": X, "W": W, "b": B, **own}))
    assert found == result("loss-grad", *BATCH, *option)


def test_target_and_upstream_replace_each_other():
    document = json.dumps({"x": X, "W": W, "b": B, "upstream": SOFT})
    assert result("loss-grad", "-", *TARGET, stdin=document) == result("loss-grad", *BATCH, *TARGET)


@pytest.mark.parametrize(
    ("option", "bad"),
    [
        ("target", {"target": "dog"}),
        ("target", {"target": [1, [2]], "upstream": "none"}),
        ("upstream", {"target": {"class": 1}}),
        ("label_smoothing", {"label_smoothing": "much"}),
        ("reduction", {"reduction": "max"}),
    ],
)
def test_what_an_option_replaces_is_not_looked_at(option, bad):
    arguments, keys = asked(option)
    document = json.dumps({"x": X, "W": W, "b": B, **keys, **bad})
    found = result("loss-grad", "-", *arguments, stdin=document)
    assert found == result("loss-grad", *BATCH, *arguments)


def test_a_name_of_an_output_is_a_target(tmp_path):
    (tmp_path / "W.csv").write_text("cat,dog,cow\n1,2,3\n4,5,6\n")
    arguments = ["loss-grad", "-x", "1,2", "-W", "W.csv", "--target"]
    assert result(*arguments, "cow", cwd=tmp_path) == result(*arguments, "2", cwd=tmp_path)


def test_torchs_gradients_of_a_batch_are_reproduced_in_one_line():
    # torch 2.13, float64: CrossEntropyLoss(weight=[1, 2, .5], label_smoothing=.1, ignore_index=-100)(x @ W + b, target)
    truth = {
        "loss": 1.248982025610686,
        "dE_dW": [[0.22641925277958191, -0.3334491520049282, 0.10702989922534627],
                  [0.4586860072455071, -0.37655737850176807, -0.08212862874373902]],
        "dE_db": [0.07362731198944825, -0.3327277122893468, 0.2591004002998985],
        "dE_dx": [[0.03273480301902237, -0.18982940221037514], [-0.013830266790724837, 0.05708365599780652],
                  [0.0, 0.0], [0.1327338575184862, -0.15962742531626453]],
    }  # fmt: skip
    options = ["--ignore", "-100", "--class-weights", "1,2,0.5", "--label-smoothing", "0.1", "--wrt", "W,b,x"]
    found = result("loss-grad", *BATCH, "--target", "0,2,-100,1", *options)
    for key, value in truth.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-13, atol=0)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--label-smoothing", "2"], ["--label-smoothing is 2, where a number from 0 to 1 is expected"]),
        (["--l2=-1"], ["--l2 is -1, where a number from 0 is expected"]),
        (["--class-weights", "1,2"], ["--class-weights has 2 entries, where one for each output, 3, is expected"]),
        (["--class-weights", "1,-2,1"], ["--class-weights[1] is -2, where a weight, 0 or more, is expected"]),
        (["--sample-weights", "1"], ["--sample-weights has 1 entry, where one for each input, 4, is expected"]),
        (
            ["--reduction", "none", "--l2", "1"],
            ["--l2 belongs to the error of all rows, and with reduction none each row stands alone"],
        ),
        (["--wrt", "W,w"], ["--wrt W,w: 'w' is none of z, W, b and x", "write it as W,b,x"]),
        (["--wrt", ""], ["--wrt '': '' is none of z, W, b and x", "write it as W,b,x"]),
        (["--wrt", "x", "--learning-rate", "1"], ["--learning-rate moves W and b, and --wrt names neither"]),
    ],
)
def test_what_is_wrong_with_an_option_is_said_of_the_option(arguments, lines):
    assert refused("loss-grad", *BATCH, *TARGET, *arguments) == [f"softmax-jac: error: {lines[0]}", *lines[1:]]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"label_smoothing": 2}, "label_smoothing is 2, where a number from 0 to 1 is expected"),
        ({"reduction": "avg"}, "reduction is the string 'avg', where one of mean, sum and none is expected"),
        ({"ignore": 1.5}, "ignore is 1.5, where a target, a whole number, is expected"),
        ({"class_weights": [1, 2]}, "class_weights has 2 entries, where one for each output, 3, is expected"),
    ],
)
def test_what_is_wrong_with_a_key_is_said_of_the_key(keys, message):
    document = json.dumps({"x": X, "W": W, "target": [0, 2, 1, 1], **keys})
    assert refused("loss-grad", "-", stdin=document) == [f"softmax-jac: error: INPUT: {message}"]


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ([], "dE_dW and dE_db"),
        (["--wrt", "x,z"], "dE_dx and dE_dz"),
        (["--learning-rate", "1"], "W_new and b_new"),
        (["--learning-rate", "1", "--wrt", "b,x,W"], "W_new and b_new"),
    ],
)
@pytest.mark.parametrize("format", ["csv", "npy"])
def test_csv_and_npy_hold_one_result(more, keys, format):
    assert refused("loss-grad", *BATCH, *TARGET, *more, "--format", format) == [
        f"softmax-jac: error: {format} holds one result, and there are {keys}",
        "choose one, as in --wrt W, or write .npz or .json",
    ]


def test_with_a_learning_rate_csv_holds_what_is_moved():
    found = result("loss-grad", *BATCH, *TARGET, "--learning-rate", "0.5")
    csv = run("loss-grad", *BATCH, *TARGET, "--learning-rate", "0.5", "--wrt", "W,x", "--format", "csv").stdout
    assert [[float(v) for v in line.split(",")] for line in csv.split()] == found["W_new"]


def test_an_npz_archive_holds_all_of_it_and_is_an_input(tmp_path):
    found = result("loss-grad", *BATCH, *TARGET, "--wrt", "z,W,b,x", "--learning-rate", "1")
    run("loss-grad", *BATCH, *TARGET, "--wrt", "z,W,b,x", "--learning-rate", "1", "-o", "all.npz", cwd=tmp_path)
    with np.load(tmp_path / "all.npz") as archive:
        assert {key: archive[key].tolist() for key in archive} == found
    again = result("loss-grad", "all.npz", "--wrt", "z,W,b,x", "--learning-rate", "1", cwd=tmp_path)
    assert again == found


def test_label_smoothing_under_a_mask_gets_a_note():
    note = "softmax-jac: label smoothing is spread over the 4 outputs that the mask leaves\n"
    arguments = [*LAYER, "--target", "1", "--mask", "2", "--label-smoothing", "0.1"]
    for command in ("loss-grad", "hessian"):
        assert run(command, *arguments, "--json").stderr == note
    line = '{"x": [1], "W": [[1, 2, 3, 4, 5]], "mask": [0], "target": 1, "label_smoothing": 0.1}\n'
    assert run("loss-grad", "-", "--jsonl", stdin=line * 3).stderr == note


def test_a_row_that_does_not_count_costs_nothing_and_names_no_output():
    done = run("loss-grad", *LAYER, "--target", "-100", "--ignore", "-100", "--wrt", "b")
    assert done.stdout.splitlines()[1] == "E = 0"


@pytest.mark.parametrize("command", ["loss-grad", "hessian"])
def test_a_line_comes_before_the_options_which_are_for_the_others(command):
    own = '{"x": [1, 2], "W": [[1, 2], [3, 4]], "target": 0, "label_smoothing": 0.5, "l2": 2}'
    bare = '{"x": [1, 2], "W": [[1, 2], [3, 4]], "target": 0}'
    done = run(command, "-", "--jsonl", "--label-smoothing", "0.1", "--l2", "1", stdin=f"{own}\n{bare}\n").stdout
    key = "dE_dW" if command == "loss-grad" else "d2E_dW2"
    alone = ["-x", "1,2", "-W", "1,2;3,4", "--target", "0"]
    assert [json.loads(line)[key] for line in done.splitlines()] == [
        result(command, *alone, "--label-smoothing", smoothing, "--l2", l2)[key]
        for smoothing, l2 in [("0.5", "2"), ("0.1", "1")]
    ]


def test_an_upstream_gradient_says_nothing_of_the_second_derivative():
    assert refused("hessian", *LAYER, "--upstream", "1,0,0,0,0") == [
        "softmax-jac: error: --upstream says nothing of the second derivative: give --target, or neither"
    ]


@pytest.mark.parametrize(
    "key", ["z", "h", "log_h", "dS_dZ", "dlogS_dZ", "dZ_dW", "dL_dW", "dL_db", "dL_dx", "dlogL_dW", "dlogL_db",
            "dlogL_dx", "loss", "dE_dz", "dE_dW", "dE_db", "dE_dx"],
)  # fmt: skip
def test_check_knows_every_result_by_its_key(tmp_path, key):
    options = [*TARGET, "--label-smoothing", "0.1"] if key == "loss" or key.startswith("dE") else []
    if options:
        made = result("loss-grad", *BATCH, *options, "--wrt", "z,W,b,x")
    elif key in ("z", "h", "log_h"):
        made = result("forward", *BATCH, "--log")
    else:
        command = {"S_dZ": "softmax-grad", "Z_dW": "linear-grad"}.get(key[-4:], "layer-grad")
        wrt = ["--wrt", key[-1]] if command == "layer-grad" else []
        made = result(command, *BATCH, *wrt, *(["--log"] if "log" in key else []))
    np.savez(tmp_path / "mine.npz", **{key: made[key]})
    np.savez(tmp_path / "wrong.npz", **{key: np.array(made[key]) + 1.0})
    check = ["check", *BATCH, *options, "--of", key, "--against"]
    assert "agrees" in run(*check, "mine.npz", cwd=tmp_path).stdout
    assert "differs" in run(*check, "wrong.npz", cwd=tmp_path, status=1).stdout
