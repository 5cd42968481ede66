"""What stands in the environment decides how a table looks at most, and no outcome."""

import os
import subprocess
import sys

import pytest
from command import LAYER, run
from surroundings import KEPT

VARIABLES = [
    *("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONOPTIMIZE", "PYTHONDEVMODE", "PYTHONFAULTHANDLER"),
    *("NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_ACTIONS", "PY_COLORS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("PYTHONWARNINGS=error", "PYTHONHASHSEED=7", "PYTHONMALLOC=debug", "PYTHONUTF8=1", "PYTHONINSPECT="),
    *("TERM=dumb", "TERM=nosuch", "LANG=C", "LC_ALL=tr_TR.UTF-8", "COLUMNS=20", "LINES=0", "TZ=nowhere", "PWD=/"),
    *("HOME=/nonexistent", "HOME=", "TMPDIR=/nonexistent", "XDG_CACHE_HOME=/dev/null", "XDG_CONFIG_HOME=/dev/null"),
    *("TYPER_USE_RICH=0", "TYPER_STANDARD_TRACEBACK=1", "_TYPER_COMPLETE_ARGS=softmax-jac", "COMP_WORDS=a b"),
    *("_TYPER_STANDARD_TRACEBACK=1", "COMP_CWORD=x", "SOFTMAX_JAC_PRECISION=3", "SOFTMAX_JAC_FORWARD_X=9"),
]
PLOTTING = ["MPLBACKEND=nosuch", "MATPLOTLIBRC=rc", "MPLCONFIGDIR=/dev/null", "SOURCE_DATE_EPOCH=soon", "DISPLAY=:9"]


def setting(variable):
    name, _, value = variable.partition("=")
    return {name: value if "=" in variable else "1"}


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_changes_neither_numbers_nor_errors(variable):
    for arguments, status in [(["layer-grad", *LAYER, "--json"], 0), (["forward", "-x", "1", "-W", "1;2"], 2)]:
        plain, other = (run(*arguments, status=status, env=env) for env in ({}, setting(variable)))
        assert (other.stdout, other.stderr) == (plain.stdout, plain.stderr)


@pytest.mark.parametrize("variable", PLOTTING)
def test_a_variable_changes_no_plot(tmp_path, variable):
    (tmp_path / "rc").write_bytes(b"\xff\xfe: no settings")
    run("layer-grad", *LAYER, "--plot", "plain.svg", "--json", cwd=tmp_path)
    other = run("layer-grad", *LAYER, "--plot", "other.svg", "--json", cwd=tmp_path, env=setting(variable))
    assert other.stderr == ""
    assert (tmp_path / "other.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()


def test_the_tests_see_nothing_of_what_else_the_caller_has_set(seen):
    assert {name for name in seen if not name.startswith(("PIP_", "PYTEST_"))} <= KEPT


def test_the_tests_start_the_code_beside_them(tmp_path):
    code = "import softmax_cli; print(softmax_cli.__file__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert os.path.dirname(os.path.dirname(done.stdout)) == os.environ["PYTHONPATH"]


def test_settings_of_matplotlib_in_the_current_folder_change_no_plot(tmp_path):
    run("layer-grad", *LAYER, "--plot", "plain.svg", "--json", cwd=tmp_path)
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nimage.cmap: gray\nsavefig.dpi: 7\nfont.size: 40\n")
    run("layer-grad", *LAYER, "--plot", "other.svg", "--json", cwd=tmp_path)
    assert (tmp_path / "other.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()
