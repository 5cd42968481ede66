"""The teacher's path, as docs/teaching.md has it: its lines of shell are run, and what they make is used."""

import json
import re
import shutil
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import readme
from printed import assert_true_to_the_digits_shown, mathml_equations

pytestmark = pytest.mark.slow
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
PAGE = readme.ROOT / "docs" / "teaching.md"


def lines(beginning):
    """The lines of shell of a section, by how its heading begins."""
    (section,) = (part for part in PAGE.read_text().split("\n## ") if part.startswith(beginning))
    return "".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)).splitlines()


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(readme.ROOT / "sample_inputs", tmp_path / "sample_inputs")
    return tmp_path


def run_all(commands, folder):
    assert commands
    said = "".join(readme.output_of(command, folder) for command in commands)
    assert said == ""


def probabilities(layer):
    columns = zip(*layer["W"], strict=True)
    z = [mpmath.fdot(layer["x"], column) + b for column, b in zip(columns, layer["b"], strict=True)]
    e = [mpmath.exp(v - max(z)) for v in z]
    return [v / mpmath.fsum(e) for v in e]


@pytest.fixture
def chromium():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium to show a page in")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_on_the_pages_an_entry_is_chosen_by_the_keyboard_and_its_numbers_are_right(folder, chromium):
    run_all(lines("A page"), folder)
    layer = json.loads((folder / "sample_inputs" / "digits.json").read_text())
    x = layer["x"]
    with mpmath.workdps(60):
        h = probabilities(layer)
        own, other = h[1] * (1 - h[1]) * x[11], -h[1] * h[2] * x[11]
        slope = -(1 - h[3]) * x[12]
    page = chromium.new_page()
    page.goto((folder / "lesson.html").as_uri())
    page.wait_for_selector("#entries td[tabindex='0']")
    assert (folder / "lesson.html").stat().st_size < 1_000_000

    def shown_after(*keys):
        for key in keys:
            page.keyboard.press(key)
        return page.inner_text("#chosen").replace("−", "-").split(" = ")

    def value_of(number):
        return f"{float(number):.6g}"

    page.keyboard.press("Tab")
    down = ["PageUp", "Home", "ArrowDown"]
    assert shown_after(*down, *["ArrowRight"] * (64 + 11)) == ["∂h[1]/∂W[11,1]", value_of(own)]
    assert shown_after(*["ArrowRight"] * 64) == ["∂h[1]/∂W[11,2]", value_of(other)]
    derivation = page.inner_html("#derivation")
    assert_true_to_the_digits_shown(derivation, 6, mathml_equations)
    assert value_of(other) in [right.replace("−", "-") for _, _, right in mathml_equations(derivation)]
    page.goto((folder / "loss.html").as_uri())
    page.wait_for_selector("#entries td[tabindex='0']")
    page.keyboard.press("Tab")
    to = ["PageUp", "Home", *["ArrowRight"] * 3, *["ArrowDown"] * 12]
    assert shown_after(*to) == ["∂E/∂W[12,3]", value_of(slope)]


def test_the_handout_becomes_a_pdf_without_a_warning(folder):
    missing = [tool for tool in ("pandoc", "pdflatex") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)}")
    run_all(lines("A handout"), folder)
    assert (folder / "lesson.pdf").read_bytes().startswith(b"%PDF")


def test_a_folder_of_thirty_answers_is_checked_into_one_table(folder):
    layer = json.loads((folder / "sample_inputs" / "iris.json").read_text())
    x, W, b = (np.array(layer[key]) for key in ("x", "W", "b"))
    h = np.exp(x @ W + b) / np.exp(x @ W + b).sum()
    right = np.outer(x, h - np.eye(3)[1])
    (folder / "answers").mkdir()
    for n in range(10):
        np.save(folder / "answers" / f"student{n}.npy", right)
        np.savetxt(folder / "answers" / f"student{n + 10}.csv", right, delimiter=",")
        (folder / "answers" / f"student{n + 20}.txt").write_text(repr(right))
    np.save(folder / "answers" / "student3.npy", -right)
    np.savetxt(folder / "answers" / "student14.csv", np.outer(x, h), delimiter=",")
    (folder / "answers" / "student25.txt").write_text("I had no time.")
    (command,) = lines("The answers")
    text = readme.output_of(command, folder)
    rows = {line.split()[0]: line for line in text.splitlines() if line.startswith("answers/")}
    assert len(rows) == 30
    assert sum("loss-grad" in line and " agrees" in line for line in rows.values()) == 27
    assert "sign-flipped" in rows["answers/student3.npy"]
    assert "differs in" in rows["answers/student14.csv"]
    assert text.rstrip().splitlines()[-1].startswith("30 files: 27 agree, 2 differ")


def test_what_a_notebook_shows_is_there():
    program = re.search(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[1]
    values = re.sub(
        r"^((?:explain|heatmap|forward)\(.*?\))  #.*$", r"print(\1._repr_KIND_()[:60])", program, flags=re.M
    )
    for kind in ("markdown", "svg", "html"):
        values = values.replace("_repr_KIND_", f"_repr_{kind}_", 1)
    done = subprocess.run([sys.executable, "-c", values], capture_output=True, text=True, check=True)
    assert re.findall(r"^(## 1\. The loss|<\?xml|<table>)", done.stdout, re.MULTILINE) == [
        "## 1. The loss", "<?xml", "<table>",
    ]  # fmt: skip
