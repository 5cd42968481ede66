"""check --function: the user's code in a process of its own, which may do what it likes."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from command import ROOT, refused, run

SOURCE = """
import os, sys, time
import numpy as np

print("imported")

def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def forward(x, W, b):
    print("running")
    os.write(1, b"written")
    return softmax(x @ W + b)

def backward(x, W, b, y):
    h = softmax(x @ W + b)
    h[np.arange(len(x)), y] -= 1
    return x.T @ h

def crashing(x, W, b):
    if W.shape == (3, 2):
        os.abort()
    return softmax(x @ W + b)

def leaving(x, W, b):
    if W.shape == (3, 2):
        os._exit(3)
    return softmax(x @ W + b)

def looping(x, W, b):
    while W.shape == (3, 2):
        pass
    return softmax(x @ W + b)

def endless(x, W, b):
    while True:
        time.sleep(0.1)

def asking(x, W, b):
    input("number? ")

def hostile(x, W, b):
    raise ValueError("\\x1b[31mred\\u202e")

class Layer:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        return softmax(x @ self.W + self.b)

number = 3
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "layer.py").write_text(SOURCE)
    return tmp_path


def rows(done):
    """The verdict of each row of the table, by its first and second column."""
    table = done.stdout.split("\n\n")[1].splitlines()[2:]
    return {(line[:23].strip(), line[23:32].strip()): line.split()[-1] for line in table}


def test_a_right_function_passes_and_what_it_prints_goes_to_standard_error(folder):
    done = run("check", "--function", "layer.py:forward", cwd=folder)
    assert set(rows(done).values()) == {"agrees"}
    assert done.stdout.startswith("forward: agrees on 26 problems, called as forward(x, W, b)\n")
    assert "written" not in done.stdout
    assert done.stderr.count("imported") == 1
    assert done.stderr.count("running") == done.stderr.count("written") == 26 + 2  # the first is called again


def test_a_wrong_function_fails_with_the_report_of_the_library(folder):
    done = run("check", "--function", "layer.py:backward", status=1, cwd=folder)
    program = "import layer, softmax_cli; print(softmax_cli.check_function(layer.backward))"
    library = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert library.stdout == "imported\n" + done.stdout


def test_json_says_the_same_to_a_script(folder):
    document = json.loads(run("check", "--function", "layer.py:backward", "--json", status=1, cwd=folder).stdout)
    assert (document["function"], document["agrees"], len(document["problems"])) == ("backward", False, 14)
    smallest = next(p for p in document["problems"] if p["problem"] == "J = 1")
    assert smallest["results"]["dE_dW"]["verdict"] == "differs"
    x, W, b = (np.array(smallest[name]) for name in ("x", "W", "b"))
    h = np.exp(x @ W + b) / np.exp(x @ W + b).sum(axis=1, keepdims=True)
    right = x.T @ (h - np.eye(3)[smallest["y"]]) / 4
    worst = smallest["results"]["dE_dW"]["report"]["worst"][0]
    assert worst["ours"] == pytest.approx(right[worst["row"], worst["column"]], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "verdict", "message"),
    [
        ("crashing", "crashed", "the interpreter was ended by SIGABRT"),
        ("leaving", "crashed", "the interpreter ended with status 3"),
    ],
)
def test_a_crash_is_one_line_of_the_table(folder, name, verdict, message):
    done = run("check", "--function", f"layer.py:{name}", status=1, cwd=folder)
    found = rows(done)
    assert {problem for problem, v in found.items() if v != "agrees"} == {("K = 2", "4 × 3"), ("K = 2", "3")}
    assert set(found.values()) == {"agrees", verdict}
    assert f"\n  {message}\n" in done.stdout


def test_an_endless_loop_is_one_line_of_the_table(folder):
    done = run("check", "--function", "layer.py:looping", "--time-limit", "0.5", status=1, cwd=folder)
    assert {problem for problem, v in rows(done).items() if v != "agrees"} == {("K = 2", "4 × 3"), ("K = 2", "3")}
    assert "it took longer than 0.5 s, and was ended" in done.stdout


def test_a_function_that_never_ends_is_given_up(folder):
    done = run("check", "--function", "layer.py:endless", "--time-limit", "0.3", status=1, cwd=folder)
    assert done.stdout.startswith("endless: fails on 3 of 3 problems")
    assert "endless was not called again after 3 calls that crashed or did not end" in done.stdout


@pytest.mark.parametrize(
    "written", [b"\0" * 64, b"\xff" * 64, b"\x0c" + bytes(7) + b'{"sizes":[]}', b"\x02" + bytes(7) + b"[]"]
)
def test_what_is_no_result_is_no_result_wherever_it_is_written(tmp_path, written):
    (tmp_path / "layer.py").write_text(
        "import os\nfrom contextlib import suppress\ndef f(h):\n    for fd in range(3, 30):\n"
        f"        with suppress(OSError):\n            os.write(fd, {written!r})\n    return h\n"
    )
    done = run("check", "--function", "layer.py:f", status=1, cwd=tmp_path)
    assert set(rows(done).values()) == {"crashed"}


def test_a_standard_error_that_is_closed_changes_nothing(folder):
    command = f"{sys.executable} -m softmax_cli check --function layer.py:forward 2>&-"
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout == run("check", "--function", "layer.py:forward", cwd=folder).stdout
    assert done.returncode == 0


def test_any_number_of_seconds_is_a_limit(folder):
    run("check", "--function", "layer.py:forward", "--time-limit", "1e300", cwd=folder)


def test_there_is_nothing_to_read_for_the_function(folder):
    done = run("check", "--function", "layer.py:asking", status=1, stdin="7\n", cwd=folder)
    assert "EOFError: EOF when reading a line" in done.stdout


def test_what_an_exception_says_is_shown_and_not_obeyed(folder):
    done = run("check", "--function", "layer.py:hostile", status=1, cwd=folder)
    assert r"ValueError: \x1b[31mred\u202e" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_user_s_own_problem_is_the_first(folder):
    done = run("check", "--function", "layer.py:backward", "-x", "1,2;3,4", "-W", "1,2,3;4,5,6", status=1, cwd=folder)
    assert next(iter(rows(done))) == ("yours", "2 × 2")


def test_the_user_s_own_error_is_the_one_compared_with(folder):
    (folder / "layer.py").write_text(
        SOURCE
        + "\ndef penalised(x, W, b, y):\n    return backward(x, W, b, y) / len(x) + (W.shape == (2, 3)) * 0.5 * W\n"
    )
    options = ["-x", "1,2;3,4", "-W", "1,2,3;4,5,6", "--json"]
    for l2, verdict in (("0.5", "agrees"), ("0.25", "differs")):
        done = run("check", "--function", "layer.py:penalised", *options, "--l2", l2, status=1, cwd=folder)
        assert json.loads(done.stdout)["problems"][0]["results"]["dE_dW"]["verdict"] == verdict


def test_an_input_says_whether_x_is_a_batch(folder):
    options = ["-W", "1,2,3;4,5,6", "--json"]
    for x, axes in (("1,2", 1), ("1,2;3,4", 2)):
        document = json.loads(run("check", "--function", "layer.py:forward", "-x", x, *options, cwd=folder).stdout)
        assert {np.ndim(problem["x"]) for problem in document["problems"] if problem["problem"] != "random"} == {axes}


def test_the_user_s_own_targets_are_what_the_function_is_given(folder):
    options = ["-x", "1,2;3,4", "-W", "1,2,3;4,5,6", "--target", "2,2", "--json"]
    document = json.loads(run("check", "--function", "layer.py:backward", *options, status=1, cwd=folder).stdout)
    assert document["problems"][0]["y"] == [2, 2]


def test_a_method_is_checked_by_a_call_that_is_written_out(folder):
    done = run("check", "--function", "layer.py:Layer", "--call", "Layer(W, b).forward(x)", cwd=folder)
    assert set(rows(done).values()) == {"agrees"}


def test_a_sum_passes_where_it_is_asked_for(folder):
    run("check", "--function", "layer.py:backward", "--reduction", "sum", cwd=folder)


@pytest.mark.parametrize("name", ["json.py", "my layer.py", "numpy.py"])
def test_a_file_may_have_any_name(tmp_path, name):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / name).write_text("def f(h):\n    return h\n")
    run("check", "--function", f"deep/{name}:f", cwd=tmp_path)


def test_a_file_imports_what_stands_beside_it(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "helper.py").write_text("def same(h):\n    return h\n")
    (tmp_path / "deep" / "layer.py").write_text("from helper import same as f\n")
    run("check", "--function", "deep/layer.py:f", cwd=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--function", "layer.py:backwards"], [
            "softmax-jac: error: layer.py has no function 'backwards'",
            "it has softmax, forward, backward, crashing, leaving, looping, endless, asking, hostile, Layer",
        ]),
        (["--function", "layer.py:number"], [
            "softmax-jac: error: layer.py has no function 'number'",
            "it has softmax, forward, backward, crashing, leaving, looping, endless, asking, hostile, Layer",
        ]),
        (["--function", "broken.py:f"], [
            "softmax-jac: error: cannot import broken.py: KeyError: 'a' (broken.py line 2: {}['a'])",
        ]),
        (["--function", "fatal.py:f"], [
            "softmax-jac: error: cannot import fatal.py: the interpreter ended with status 7",
        ]),
        (["--function", "unclear.py:f"], [
            "softmax-jac: error: f takes 'cache', which is no name that is known here",
            "write the call out, as in --call 'f(x, W.T, b, y)', of x, W, b, z, h, and y (targets), onehot or u "
            "(dE/dh)",
        ]),
    ],
)  # fmt: skip
def test_a_function_that_is_not_there_or_not_clear_is_refused(folder, arguments, lines):
    (folder / "broken.py").write_text("\n{}['a']\n")
    (folder / "fatal.py").write_text("import os\nos._exit(7)\n")
    (folder / "unclear.py").write_text("def f(x, cache): return x\n")
    said = refused("check", *arguments, cwd=folder)
    assert [line for line in said if line != "imported"] == lines


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--function", "nothing.py:f"], ["softmax-jac: error: --function: there is no file nothing.py"]),
        (["--function", "layer.py"], [
            "softmax-jac: error: --function is layer.py, where FILE.py:NAME is expected",
            "name one of softmax, forward, backward, crashing, leaving, looping, endless, asking, hostile, Layer, "
            "as in layer.py:softmax",
        ]),
        (["--function", "layer.py:1"], [
            "softmax-jac: error: --function is layer.py:1, where FILE.py:NAME is expected",
        ]),
        (["--function", "layer.py:f", "--against", "mine.npy"], [
            "softmax-jac: error: --against and --function are both given", "--returns names what a function returns",
        ]),
        (["--function", "layer.py:f", "--of", "forward"], [
            "softmax-jac: error: --of and --function are both given", "--returns names what a function returns",
        ]),
        (["--function", "layer.py:f", "--layout", "out-in"], [
            "softmax-jac: error: --layout and --function are both given", "--returns names what a function returns",
        ]),
        (["--function", "layer.py:f", "--l2", "1"], [
            "softmax-jac: error: --l2 says something of INPUT, and there is none",
        ]),
        (["--function", "layer.py:f", "-z", "1,2"], [
            "softmax-jac: error: --function needs x and W, and only the logits z are given",
        ]),
        (["--function", "layer.py:f", "-x", "1", "-W", "1,2", "--target", "2"], [
            "softmax-jac: error: target 2 does not exist: there are 2 outputs, 0 to 1",
        ]),
        (["-", "--jsonl", "--function", "layer.py:f"], [
            "softmax-jac: error: --function and --jsonl are both given, where lines hold results",
        ]),
        (["--function", "layer.py:f", "--time-limit", "0"], [
            "softmax-jac: error: --time-limit is 0, where a number of seconds above 0 is expected",
        ]),
        (["--call", "f(x)"], ["softmax-jac: error: --call goes with --function FILE.py:NAME"]),
        (["--returns", "dW"], ["softmax-jac: error: --returns goes with --function FILE.py:NAME"]),
        (["--time-limit", "3"], ["softmax-jac: error: --time-limit goes with --function FILE.py:NAME"]),
    ],
)  # fmt: skip
def test_options_that_say_nothing_together_are_refused_and_nothing_is_executed(folder, arguments, lines):
    assert refused("check", *arguments, cwd=folder) == lines


@pytest.mark.parametrize("document", ['{"function": "layer.py:forward", "x": [1], "W": [[1, 2]]}'])
@pytest.mark.parametrize("options", [[], ["--jsonl"]])
def test_a_document_names_no_function(folder, document, options):
    (folder / "input.json").write_text(document)
    done = run("check", "input.json", *options, cwd=folder)
    assert "imported" not in done.stdout + done.stderr


def test_the_help_says_that_the_file_is_executed():
    text = " ".join(run("check", "--help").stdout.split())
    assert "This executes FILE.py, as you." in text
    assert "--function executes the file that it names; nothing else does." in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGKILL", 9)])
def test_the_user_s_code_ends_with_the_command(folder, number):
    (folder / "layer.py").write_text(
        "import os\nprint(os.getpid(), flush=True)\n"
        "def f(x, W, b):\n    print('in', flush=True)\n    while True: pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "softmax_cli", "check", "--function", "layer.py:f"], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    child = int(process.stderr.readline())
    assert process.stderr.readline() == b"in\n"
    process.send_signal(number)
    out, said = process.communicate(timeout=20)
    assert (out, said) == (b"", b"")
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("the function still runs")


def test_a_mask_is_checked_where_the_function_takes_one(folder):
    how = ["-x", "1,2", "-W", "1,2,3;4,5,6", "--mask", "2"]
    lines = refused("check", "--function", "layer.py:forward", *how, cwd=folder)
    assert lines[-2:] == [
        "softmax-jac: error: a mask is given, and forward takes none",
        "name a parameter mask: True leaves an output out",
    ]
    code = "import numpy as np\ndef forward(x, W, mask):\n    e = np.exp(x @ W) * ~mask\n    return e / e.sum()\n"
    (folder / "masked.py").write_text(code)
    done = run("check", "--function", "masked.py:forward", *how, cwd=folder, status=1)  # exp overflows elsewhere
    assert ["yours", "2", "2", "×", "3", "agrees"] in [line.split() for line in done.stdout.splitlines()]


def test_a_problem_of_ones_own_of_which_nothing_can_be_told_is_no_agreement(folder):
    """At the minimum of the loss, where single precision leaves nothing of the gradient but noise."""
    code = "import numpy as np\nfrom layer import backward\ndef single(x, W, b, y):\n"
    code += "    return backward(*(a.astype(np.float32) for a in (x, W, b)), y) / np.float32(len(x))\n"
    (folder / "single.py").write_text(code)
    how = ["-x", "1;1;1", "--x-rows", "-W=1e-5,0.69315719", "--target", "0,1,1"]
    done = run("check", "--function", "single.py:single", *how, cwd=folder, status=1)
    heading, problems, failure = done.stdout.split("\n\n")[:3]
    assert heading == "single: agrees on 14 of 15 problems, called as single(x, W, b, y)"
    assert [line.split()[-3:] for line in problems.splitlines() if line.startswith("yours")] == [
        ["cannot", "be", "told"]
    ]
    assert failure.splitlines()[0] == "dE/dW cannot be told on 1 of 15 problems, the smallest of which is “yours”:"
    assert failure.splitlines()[5:] == [
        "  dE_dW: cannot be told (in-out layout, float32)",
        "  2 of 2 entries are lost to cancellation: nothing can be said of them",
        "  take numbers of more digits, or other weights or inputs, at which the result is no smaller than its terms",
    ]


def test_binary_holds_a_function_to_a_binary_classifier(folder):
    """Logistic regression, on a problem of one's own too, whose W has one column."""
    code = "import numpy as np\ndef f(w, b, X, y):\n    p = 1 / (1 + np.exp(-(X @ w + b)))\n"
    code += "    return {'dw': X.T @ (p - y) / len(y), 'db': np.mean(p - y)}\n"
    (folder / "logistic.py").write_text(code)
    how = ["-x", "1,2;3,4;0,1", "-W", ".5;.25", "-b", ".1", "--target", "0,1,1"]
    done = run("check", "--function", "logistic.py:f", "--binary", *how, cwd=folder)
    assert done.stdout.splitlines()[0] == "f: agrees on 12 problems, called as f(W[:, 0], b[0], x, y)"
    assert rows(done)["yours", "3 × 2"] == "agrees"
    assert "agrees on 11 problems" in run("check", "--function", "logistic.py:f", "--binary", cwd=folder).stdout
