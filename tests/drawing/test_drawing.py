"""--format heatmap and --plot, from the cells to the files."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import exact
import numpy as np
import pytest
from command import LAYER, SAMPLES, refused, run
from rich.cells import cell_len

from softmax_cli.core import layer as core
from softmax_cli.core.jacobian import layer_structure, softmax_structure
from softmax_cli.drawing.heatmap import NEGATIVE, POSITIVE, heatmap
from softmax_cli.drawing.plot import save_plot
from softmax_cli.drawing.view import View

DIGITS = str(SAMPLES / "digits.json")


def structure(J, K, scale=3.0, kind=layer_structure):
    x, W, b = exact.problem(J + K, J, K, scale)
    return kind(*core.evaluate(x, W, b))


def viewed(jacobian, layout="numerator", column=lambda c: f"W[{c}]"):
    return View(jacobian, layout, "dL/dW", "h[t]", "W[j,i]", lambda r: f"h[{r}]", column)


def drawn(jacobian, width=80, height=24, colour=False, **changes):
    return heatmap(viewed(jacobian, **changes), width=width, height=height, colour=colour)


def test_many_inputs_make_no_picture():
    assert refused("layer-grad", "-x", "[[1],[2]]", "-W", "1,2", "--format", "heatmap") == [
        "softmax-jac: error: a picture shows one input, and x holds several",
        "give one of them with -x",
    ]


@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 24), (200, 50)])
@pytest.mark.parametrize(("J", "K"), [(3, 5), (64, 10), (30, 100), (1, 1), (2000, 3)])
def test_a_heatmap_fits_its_terminal(width, height, J, K):
    lines = drawn(structure(J, K), width=width, height=height).plain.splitlines()
    assert max(len(line) for line in lines[1:-2]) <= width
    assert len(lines) <= height


def test_characters_keep_the_signs():
    jacobian = structure(1, 3, kind=softmax_structure)
    lines = drawn(jacobian).plain.splitlines()[2:5]
    for t, line in enumerate(lines):
        cells = line[5:]
        each = len(cells) // 3
        for i in range(3):
            assert set(cells[i * each : (i + 1) * each]) <= set(POSITIVE if t == i else NEGATIVE)


def test_the_block_diagonal_shows():
    table = run("layer-grad", DIGITS, "--format", "heatmap").stdout
    rows = [line[5:] for line in table.splitlines() if line.startswith("h[")]
    assert len(rows) == 10
    for t, line in enumerate(rows):
        signs = ["+" if set(line[7 * i : 7 * i + 7]) & set(POSITIVE) else "-" for i in range(10)]
        assert signs == ["+" if i == t else "-" for i in range(10)]


def test_a_label_is_left_out_rather_than_cut():
    ticks = drawn(structure(3, 40), width=80, column=lambda c: f"W[0,{c // 3}]").plain.splitlines()[1]
    assert all(re.fullmatch(r"W\[0,\d+\]", tick) for tick in ticks.split())
    assert len(ticks.split()) > 3


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("petal length " * 8, "W[petal length petal…th petal length ,2]"),
        ("花" * 60, "W[花花花花花花花花花…花花花花花花花花,2]"),
    ],
    ids=["words", "wide characters"],
)
def test_a_long_label_of_a_row_leaves_half_of_the_width_to_the_picture(name, label):
    view = viewed(structure(1, 3, kind=softmax_structure))._replace(row=lambda r: f"W[{name},{r}]")
    lines = heatmap(view, width=80, height=24, colour=False).plain.splitlines()
    assert lines[4].startswith(label)
    assert all(cell_len(line) <= 80 for line in lines)
    cells = lines[4][len(label) :].strip()
    assert [cells[6 * i : 6 * i + 6].strip(POSITIVE) == "" for i in range(3)] == [False, False, True]
    assert len(cells) == 18


def test_names_with_brackets_survive_in_a_heatmap(tmp_path):
    (tmp_path / "W.csv").write_text("[red]a[/red],b[k]\n1,2\n")
    table = run("layer-grad", "-x", "1", "-W", "W.csv", "--format", "heatmap", cwd=tmp_path).stdout
    assert "h[[red]a[/red]]" in table


def test_cells_grow_to_make_room_for_their_labels():
    jacobian = structure(1, 3, kind=softmax_structure)
    ticks = drawn(jacobian, column=lambda c: f"z[a long name {c}]").plain.splitlines()[1]
    assert ticks.split("]")[:3] == ["     z[a long name 0", " z[a long name 1", " z[a long name 2"]


def test_the_legend_says_what_a_cell_is_worth_and_what_it_covers():
    legend = drawn(structure(64, 10, 0.1)).plain.splitlines()[-2:]
    assert re.fullmatch(r"-[\d.e-]+ &%=-, \.\+\*#@ [\d.e-]+; zero is blank", legend[0])
    assert legend[1] == "each cell shows the entry of largest magnitude among up to 1 × 10 entries"


def test_colours_are_there_only_where_they_may_be():
    assert "\x1b[" not in run("layer-grad", *LAYER, "--format", "heatmap").stdout
    forced = run("layer-grad", *LAYER, "--format", "heatmap", env={"FORCE_COLOR": "1", "TERM": "xterm-256color"}).stdout
    assert "\x1b[48;" in forced
    plain = run("layer-grad", *LAYER, "--format", "heatmap", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert "\x1b[48;" not in plain
    assert "@" in plain


def test_blue_is_below_zero_and_red_above():
    text = drawn(structure(1, 2, kind=softmax_structure), colour=True)
    styles = [str(span.style) for span in text.spans if "rgb" in str(span.style)]
    assert [re.findall(r"\d+", style) for style in styles[:2]] == [["222", "45", "20"], ["0", "92", "230"]]


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_plot_is_drawn_in_the_format_of_its_suffix(tmp_path, suffix, start):
    done = run("layer-grad", *LAYER, "--plot", f"out.{suffix}", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / f"out.{suffix}").read_bytes().startswith(start)


def test_the_same_matrix_gives_the_same_svg_twice_and_a_small_one():
    first, second = io.BytesIO(), io.BytesIO()
    for stream in (first, second):
        save_plot(viewed(structure(3, 5)), stream, "svg")
    assert first.getvalue() == second.getvalue()
    assert len(first.getvalue()) < 100_000


def test_a_plot_of_names_that_look_like_formulas(tmp_path):
    (tmp_path / "W.csv").write_text("$a_{,b[k]\n1,2\n")
    run("layer-grad", "-x", "1", "-W", "W.csv", "--plot", "out.svg", cwd=tmp_path)
    assert (tmp_path / "out.svg").stat().st_size > 1000


def test_a_plot_may_be_asked_for_beside_other_output(tmp_path):
    done = run("layer-grad", *LAYER, "--plot", "out.png", "--json", cwd=tmp_path)
    assert len(json.loads(done.stdout)["dL_dW"]) == 5
    assert (tmp_path / "out.png").exists()


def test_without_matplotlib_one_line_says_what_to_install(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here')")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    said = refused("layer-grad", *LAYER, "--plot", "out.png", cwd=tmp_path, env={"PYTHONPATH": path})
    assert said == ["softmax-jac: error: --plot needs matplotlib: pip install 'softmax-jac[plot]'"]


def test_other_suffixes_and_layouts_are_refused(tmp_path):
    assert refused("layer-grad", *LAYER, "--plot", "out.gif") == [
        "softmax-jac: error: --plot out.gif: the suffix names no format (.png, .svg, .pdf)"
    ]
    assert refused("layer-grad", *LAYER, "--layout", "tensor", "--format", "heatmap") == [
        "softmax-jac: error: a picture shows two dimensions, and the tensor layout has three",
        "use --layout numerator",
    ]


@pytest.mark.slow
def test_a_matrix_of_ten_gigabytes_is_drawn_in_bounded_memory(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.standard_normal(1250))
    np.save(tmp_path / "W.npy", rng.standard_normal((1250, 1000)) / 50)
    code = (
        "import re, sys\nfrom softmax_cli.cli.app import main\ntry:\n    main(sys.argv[1:])\nfinally:\n"
        "    print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "layer-grad", "-x", "x.npy", "-W", "W.npy", "--plot", "out.png"],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=120,
    )
    assert done.returncode == 0
    assert 1024 * int(done.stderr.split()[-1]) < 400_000_000
