"""The derivation as Markdown, LaTeX and HTML: the same equations, and what reads them has nothing to say."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import exact
import numpy as np
import pytest
from command import SAMPLES, refused, run
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import assert_true_to_the_digits_shown, equations, latex_equations, mathml_equations

from softmax_cli.explaining.derivation import steps_to
from softmax_cli.explaining.formats.html import as_html
from softmax_cli.explaining.formats.latex import as_latex
from softmax_cli.explaining.formats.markdown import as_markdown
from softmax_cli.explaining.formats.page_matrix import entries_of
from softmax_cli.explaining.formats.text import as_text
from softmax_cli.explaining.worked_entry import worked_entry
from softmax_cli.explaining.worked_loss import worked_loss

READ = {"markdown": latex_equations, "latex": latex_equations, "html": mathml_equations}
ERROR = {
    "target": [2, -1],
    "ignore": -1,
    "label_smoothing": 0.1,
    "class_weights": [1, 2, 3],
    "sample_weights": [1, 2],
    "l2": 0.1,
}
NAMES = ("dog & cat", "a_b$%#", "\\x{~^}", "<b>*bold*</b>", "naïve é", "日本語", "`code` [x](y)")


def steps_of(name, entry=None):
    layer = json.loads((SAMPLES / f"{name}.json").read_text())
    return steps_to(worked_entry(layer["x"], layer["W"], layer.get("b"), None, entry, 6))


def rendered(format, x, W, b=None, names=None, entry=None, digits=6):
    if format == "html":
        return as_html(worked_entry(x, W, b, names, entry, digits))
    return {"text": as_text, "markdown": as_markdown, "latex": as_latex}[format](
        steps_to(worked_entry(x, W, b, names, entry, digits))
    )


@pytest.mark.parametrize("digits", [3, 6, 12])
@pytest.mark.parametrize("format", READ)
def test_every_equation_of_the_example_is_true(article, format, digits):
    text = rendered(format, *article, entry=(1, 2, 0), digits=digits)
    assert_true_to_the_digits_shown(text, digits, READ[format])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(list(READ)), st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32), st.floats(0.01, 700))
def test_every_equation_of_any_layer_is_true_and_that_of_the_text(format, J, K, seed, scale):
    x, W, b = exact.problem(seed, J, K, scale, True)
    found = READ[format](rendered(format, x, W, b))
    assert [right for _, _, right in found] == [right for _, _, right in equations(rendered("text", x, W, b))]
    assert_true_to_the_digits_shown(rendered(format, x, W, b), 6, READ[format])


@pytest.mark.parametrize("name", ["article", "iris", "digits", "saturated"])
def test_markdown_keeps_mathematics_between_dollars_and_commands_in_backticks(name):
    text = as_markdown(steps_of(name))
    title = 'title: "The derivative of a softmax layer, worked out"'
    assert text.startswith(f'---\n{title}\ngeometry: "margin=2cm"\n---\n\n## 1. ')
    assert len(re.findall(r"^## \d+\. ", text, re.MULTILINE)) == 11
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", "", text, flags=re.DOTALL)
    assert prose.isascii()
    assert not re.search(r"[\[\]_^]|--entry|softmax-jac", prose)


def test_below_every_matrix_stands_what_it_is():
    text = as_markdown(steps_of("digits"))
    assert text.count("\\begin{bmatrix}") == len(re.findall(r"^\*The (?:vector|matrix) ", text, re.MULTILINE)) == 9
    assert (
        r"*The matrix $\frac{dL}{dW}$, $10 \times 640$; the first 6 rows and 6 columns are shown: row $h_t$, "
        r"column $W_{j,i}$, $j$ running fastest.*"
    ) in text


def pandoc():
    try:
        import pypandoc

        return pypandoc.get_pandoc_path()
    except (ImportError, OSError):
        return shutil.which("pandoc")


def wide_layer():
    """Eight outputs, some far from likely, so that numbers have exponents."""
    rng = np.random.default_rng(1)
    return rng.uniform(-9, 9, 4).round(3), rng.uniform(-3, 3, (4, 8)).round(4), rng.uniform(-1, 1, 8).round(3)


@pytest.fixture(params=["article", "digits", "names", "loss", "wide", "precise"])
def lesson(request, tmp_path):
    """A derivation as a Markdown file, and as a LaTeX document."""
    if request.param == "names":
        W = [[float(n) for n in range(len(NAMES))]]
        steps = steps_to(worked_entry([1.0], W, None, NAMES, (1, 0, 5), 6, input_names=("50% x_1 é",)))
    elif request.param == "loss":
        layer = [[1.0], [2.0]], [[1, 2, 3.0]], None, NAMES[:3], None, 6
        steps = steps_to(worked_loss(*layer, error=ERROR, rate=None, input_names=("a_b & c",)))
    elif request.param == "wide":
        steps = steps_to(worked_entry(*wide_layer(), None, None, 6))
    elif request.param == "precise":
        steps = steps_to(worked_loss(*wide_layer(), None, None, 15, error={"target": 2}, rate=None))
    else:
        steps = steps_of(request.param)
    (tmp_path / "lesson.md").write_text(as_markdown(steps), encoding="utf-8")
    (tmp_path / "lesson.tex").write_text(as_latex(steps), encoding="utf-8")
    return tmp_path


def made_without_a_word(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
@pytest.mark.skipif(not pandoc(), reason="there is no pandoc")
def test_pandoc_makes_a_page_of_the_markdown_without_a_warning(lesson):
    made_without_a_word(lesson, pandoc(), "lesson.md", "--standalone", "--mathml", "-o", "lesson.html")
    page = (lesson / "lesson.html").read_text(encoding="utf-8")
    assert page.count("<h2") == (lesson / "lesson.md").read_text(encoding="utf-8").count("\n## ")
    assert "<em>bold" not in page
    read = re.sub(r"<annotation.*?</annotation>|<[^>]+>", "", page, flags=re.DOTALL)
    assert "$" not in read.replace("a_b$%#", "")


@pytest.mark.slow
@pytest.mark.skipif(not (pandoc() and shutil.which("pdflatex")), reason="there is no pandoc, or no pdflatex")
def test_pandoc_makes_a_pdf_of_the_markdown_without_a_warning(lesson):
    made_without_a_word(lesson, pandoc(), "lesson.md", "-o", "lesson.pdf")
    assert (lesson / "lesson.pdf").read_bytes().startswith(b"%PDF")


def set_by_pdflatex(folder, name):
    """What pdflatex has to say of a document."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True)
    log = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, log[-3000:]
    return re.findall(r"^(?:Overfull|Missing character|LaTeX Warning|Package .* Warning).*", log, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.skipif(not (pandoc() and shutil.which("pdflatex")), reason="there is no pandoc, or no pdflatex")
def test_on_the_paper_that_pandoc_chooses_nothing_runs_over_the_margin(lesson):
    made_without_a_word(lesson, pandoc(), "lesson.md", "--standalone", "-o", "handout.tex")
    again = "LaTeX Warning: Label(s) may have changed. Rerun to get cross-references right."
    assert [said for said in set_by_pdflatex(lesson, "handout") if said != again] == []


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no pdflatex")
def test_pdflatex_sets_the_document_as_it_is_within_its_margins(lesson):
    assert set_by_pdflatex(lesson, "lesson") == []


@pytest.mark.parametrize(
    ("suffix", "start"), [(".md", "---"), (".html", "<!doctype"), (".tex", "\\documentclass"), (".txt", "1. ")]
)
def test_the_suffix_of_o_names_the_format_and_the_file_is_utf_8(tmp_path, suffix, start):
    run("explain", "-x", "1,2", "-W", "1,2;3,4", "-o", f"out{suffix}", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert (tmp_path / f"out{suffix}").read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize("format", ["markdown", "html", "latex"])
def test_a_format_may_go_to_standard_output_which_then_is_utf_8(tmp_path, format):
    (tmp_path / "W.csv").write_text("é,b\n1,2\n", encoding="utf-8")
    arguments = ["explain", "-x", "1", "-W", "W.csv", "--format", format]
    printed = run(*arguments, cwd=tmp_path, env={"PYTHONIOENCODING": "utf-8"}).stdout
    run(*arguments, "-o", "out", cwd=tmp_path)
    assert (tmp_path / "out").read_text(encoding="utf-8") == printed
    assert "é" in printed


def test_another_suffix_is_refused():
    assert refused("explain", "-o", "lesson.pdf") == [
        "softmax-jac: error: -o lesson.pdf: the suffix names no format (.txt, .md, .html, .tex)",
        "choose one with --format",
    ]


def test_a_file_of_json_lines_may_be_written(tmp_path):
    lines = '{"id": 1, "x": [1]}\n'
    run("explain", "-", "--jsonl", "-W", "1,2", "--format", "latex", "-o", "out.jsonl", stdin=lines, cwd=tmp_path)
    document = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert document["latex"].startswith("\\documentclass")


def test_the_folder_of_the_formats_holds_one_for_each_suffix():
    from softmax_cli.explaining.formats import registry

    there = {path.stem for path in Path(registry.__file__).parent.glob("*.py")}
    assert set(registry.SUFFIXES.values()) <= there


@pytest.mark.parametrize(("J", "K", "rows", "columns"), [(3, 5, 5, 15), (40, 120, 100, 16), (1, 20_000, 10, 1)])
def test_a_page_holds_as_many_entries_as_their_sums_allow(J, K, rows, columns):
    page = rendered("html", [1.0] * J, [[0.0] * K] * J, entry=(0, 0, K - 1))
    assert (page.count("<th scope=row>"), page.count("<th scope=col>")) == (rows, columns)


@pytest.mark.parametrize(("J", "K", "rows", "columns"), [(64, 10, 64, 10), (200, 500, 19, 21), (3, 400, 3, 166)])
def test_of_an_error_as_many_rows_as_columns_are_shown_where_not_all_are(J, K, rows, columns):
    layer = [1.0] * J, [[0.0] * K] * J, None, None, None, 3
    assert entries_of(worked_loss(*layer, error={"target": 0}, rate=None)).values.shape == (rows, columns)
