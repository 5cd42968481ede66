"""Odd places to run in: locales, terminals, folders, homes, names, Python's own switches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from softmax_cli.cli.commands import FILES

ROOT = Path(__file__).parents[2]
CLI = [sys.executable, "-m", "softmax_cli"]
LAYER = ["-x", "0.1,0.5,0.4", "-W", "0.1,0.2,0.3,0.4,0.5;0.6,0.7,0.8,0.9,0.1;0.11,0.12,0.13,0.14,0.15"]


def run(*arguments, env=None, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    done = subprocess.run([*CLI, *arguments], capture_output=True, env=environment, timeout=60, **options)
    assert b"Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("home", ["/nonexistent", "/proc"])
def test_a_home_that_is_missing_or_cannot_be_written_does_no_harm(home):
    done = run("layer-grad", *LAYER, env={"HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home})
    assert (done.returncode, done.stderr) == (0, b"")


def test_no_environment_at_all():
    bare = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*CLI, "layer-grad", *LAYER], capture_output=True, env=bare, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_current_folder_that_is_gone(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"cd '{gone}' && rmdir '{gone}' && exec {' '.join(CLI)} forward -x 1 -W 1,2 --json"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert (done.returncode, json.loads(done.stdout)["x"]) == (0, [1.0])


@pytest.mark.parametrize("name", [b"with space", b"with\nnewline", b"caf\xe9", "café".encode(), b"[red]", b"-dash"])
def test_names_of_any_bytes_are_read_and_written(tmp_path, name):
    folder = os.fsencode(tmp_path) + b"/"
    with open(folder + name + b".json", "w") as file:
        json.dump({"x": [1.0], "W": [[1.0, 2.0]]}, file)
    done = run("forward", folder + name + b".json", "-o", folder + name + b".npy")
    assert (done.returncode, done.stderr, done.stdout) == (0, b"", b"")
    with open(folder + name + b".npy", "rb") as file:
        assert np.load(file).shape == (2,)


@pytest.mark.parametrize("name", [b"with\nnewline.json", b"caf\xe9.json"])
def test_an_error_about_an_odd_name_is_still_one_line(tmp_path, name):
    done = run("forward", os.fsencode(tmp_path) + b"/" + name)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1", "C.UTF-8"])
@pytest.mark.parametrize("command", [["layer-grad"], ["check"], ["--help"], ["loss-grad", "--target", "1"]])
def test_labels_degrade_and_do_not_crash_in_any_locale(locale, command):
    arguments = command if command == ["--help"] else [*command, *LAYER]
    env = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert run(*arguments, env=env).returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize(
    "command",
    [
        *(f"{name} --help" for name in FILES),
        "--help",
        "options",
        "hessian -x 1 -W 1,2 --l2 0.1",
        "explain -x 1 -W 1,2 --of loss-grad --target 0 --l2 0.1 --label-smoothing 0.1",
        "check -x 1 -W 1,2 --against 1,2 --target 0 --l2 0.1 --of loss-grad",
    ],
)
def test_no_character_of_our_own_is_a_question_mark_where_it_cannot_be_printed(command, encoding):
    whole, degraded = (run(*command.split(), env={"PYTHONIOENCODING": e}) for e in ("utf-8", encoding))
    assert whole.returncode == degraded.returncode
    assert degraded.stdout.count(b"?") == whole.stdout.count(b"?")
    assert degraded.stderr == whole.stderr == b""


def test_a_degraded_label_still_says_what_it_said():
    out = run("explain", *LAYER, "--entry", "1,2,0", env={"PYTHONIOENCODING": "ascii"}).stdout.decode("ascii")
    assert "it is dh2/dw13" in out
    assert "~= -0.0155428" in out
    assert "?" not in out


@pytest.mark.parametrize("columns", ["0", "1", "20", "-5", "wide", "100000"])
def test_any_value_of_columns_gives_a_table(columns):
    assert b"0.0154466" in run("layer-grad", *LAYER, env={"COLUMNS": columns}).stdout


@pytest.mark.parametrize(
    "place", ["/dev/null", "/dev/stdout", "fifo"], ids=["a device", "standard output by name", "a named pipe"]
)
def test_output_to_what_is_not_a_file_goes_straight_there(tmp_path, place):
    if place == "fifo":
        os.mkfifo(tmp_path / "fifo")
        command = f"cat fifo & {' '.join(CLI)} forward -x 1 -W 1,2 --json -o fifo; wait"
    else:
        command = f"{' '.join(CLI)} forward -x 1 -W 1,2 --json -o {place}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b'{"x":[1.0]') == (place != "/dev/null")


@pytest.mark.parametrize("columns", ["²", "①", "9" * 5000])
def test_digits_that_are_no_number_in_columns_are_passed_over(columns):
    assert b"0.0154466" in run("layer-grad", *LAYER, env={"COLUMNS": columns, "LINES": columns}).stdout


BEHIND = """
import os, subprocess, sys
which, argument, *command = sys.argv[1:]
ours, theirs = os.pipe()
if which == "stdin":
    os.set_blocking(ours, False)
    child = subprocess.Popen(command, stdin=ours)
    import time; time.sleep(0.5)
    os.write(theirs, argument.encode())
    os.close(theirs)
else:
    os.set_blocking(theirs, False)
    child = subprocess.Popen(command, stdout=theirs)
    os.close(theirs)
    import time; time.sleep(0.5)
    print(sum(len(part) for part in iter(lambda: os.read(ours, 1 << 16), b"")))
sys.exit(child.wait())
"""


def test_a_standard_stream_that_does_not_wait_is_waited_for(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    how = {"capture_output": True, "env": environment, "timeout": 60, "check": True}
    lines = [*CLI, "forward", "-", "--jsonl", "-W", "1,2;3,4"]
    done = subprocess.run([sys.executable, "-c", BEHIND, "stdin", '{"x":[1,2]}\n', *lines], **how)
    assert json.loads(done.stdout)["z"] == [7.0, 10.0]
    np.save(tmp_path / "W.npy", np.ones((2, 4000)))
    table = [*CLI, "forward", "-x", "1,1", "-W", str(tmp_path / "W.npy"), "--full"]
    shown = subprocess.run([sys.executable, "-c", BEHIND, "stdout", "", *table], **how)
    assert int(shown.stdout) == len(run(*table[3:]).stdout)


def test_settings_that_matplotlib_cannot_read_are_an_error_with_advice(tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"\xff\xfe")
    done = run("layer-grad", *LAYER, "--plot", "out.svg", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "softmax-jac: error: --plot: matplotlib does not start: 'utf-8' codec can't decode byte 0xff in position 0: "
        "invalid start byte",
        "is there a matplotlibrc that it cannot read?",
    ]
    assert os.listdir(tmp_path) == ["matplotlibrc"]


def test_writing_over_the_file_that_is_read(tmp_path):
    path = tmp_path / "layer.json"
    path.write_text('{"x": [1.0], "W": [[1.0, 2.0]]}')
    assert run("forward", str(path), "-o", str(path)).returncode == 0
    assert list(json.loads(path.read_text())) == ["x", "W", "weights_layout", "z", "h"]


@pytest.mark.slow
def test_the_built_wheel_works_outside_the_checkout(tmp_path):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)], check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True, timeout=120)
    code = """
import sys
from softmax_cli.__main__ import main
try:
    main()
finally:
    print(*(m.__file__ for n, m in sys.modules.items() if n.startswith("softmax_cli")), sep="\\n", file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "layer-grad", "--json", *LAYER],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)}, timeout=60,
    )  # fmt: skip
    assert len(json.loads(done.stdout)["dL_dW"]) == 5
    assert len(done.stderr.splitlines()) > 10
    assert [file for file in done.stderr.splitlines() if not file.startswith(str(site))] == []
    installed, ours = (
        {file.relative_to(root) for file in (root / "softmax_cli").rglob("*") if file.suffix in (".py", ".typed")}
        for root in (site, ROOT)
    )
    assert installed == ours
