"""The page that explain -o lesson.html writes, in a real browser."""

import shutil

import numpy as np
import pytest
from command import SAMPLES, run
from printed import mathml_equations

from softmax_cli import loss_gradient
from softmax_cli.explaining.formats.html import as_html
from softmax_cli.explaining.worked_entry import worked_entry
from softmax_cli.explaining.worked_loss import worked_loss

pytestmark = pytest.mark.slow
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
SIZES = [(360, 740), (800, 600), (1400, 900)]
NAMES = ("dog & cat", "<b>é</b>", "日本語")
LAYER = [0.5, -1.25], [[0.1, 0.2, 0.3], [-0.4, 0.5, 0.6]], [0.0, 1.0, -1.0]


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium to show a page in")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """The page of a small layer with names, and of one more."""
    folder = tmp_path_factory.mktemp("lesson")
    page = as_html(worked_entry(*LAYER, NAMES, (0, 1, 2), 6))
    inputs = as_html(worked_loss(*LAYER, NAMES, None, 6, error={"target": 2}, rate=None, input_names=("len<gth>", "é")))
    (folder / "inputs.html").write_text(inputs, encoding="utf-8")
    (folder / "names.html").write_text(page, encoding="utf-8")
    run("explain", str(SAMPLES / "article.json"), "--entry", "1,2,0", "-o", "article.html", cwd=folder)
    layer = ("-x", "0.5,-1.25", "-W", "names.csv", "-b", "0,1,-1")
    (folder / "names.csv").write_text("dog & cat,<b>é</b>,日本語\n0.1,0.2,0.3\n-0.4,0.5,0.6\n", encoding="utf-8")
    run("explain", *layer, "--of", "loss-grad", "--target", "2", "-o", "loss.html", cwd=folder)
    soft = ("--target", "0.25,0.75,0", "--label-smoothing", "0.1", "--class-weights", "1,2,3", "--l2", "0.5")
    run("explain", *layer, "--of", "loss-grad", *soft, "--temperature", "2", "-o", "soft.html", cwd=folder)
    names = ("Weight (kg)", "Height (cm)")
    long = as_html(worked_entry(*LAYER, ("dog", "cat", "mouse"), (0, 1, 2), 6, input_names=names))
    (folder / "long.html").write_text(long, encoding="utf-8")
    rng = np.random.default_rng(1)
    wide = rng.uniform(-9, 9, 4), rng.uniform(-3, 3, (4, 12)), rng.uniform(-1, 1, 12)
    for digits in (6, 15):
        (folder / f"wide{digits}.html").write_text(as_html(worked_entry(*wide, None, None, digits)), encoding="utf-8")
    run("explain", "-z", "1,2,4", "--of", "loss-grad", "--target", "0", "-o", "logits.html", cwd=folder)
    return folder


@pytest.fixture
def shown(browser, lesson):
    """Show a page; nothing may go wrong in it, and nothing be asked of a network."""
    contexts, troubles = [], []

    def show(name="article", width=800, height=600, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text))
        page.on("request", lambda request: request.url.startswith("file:") or troubles.append(request.url))
        page.goto((lesson / f"{name}.html").as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("#entries td[tabindex='0']")
        return page

    yield show
    for context in contexts:
        context.close()
    assert troubles == []


def derivation(page):
    return mathml_equations(page.inner_html("#derivation"))


def expected(t, j, i):
    return mathml_equations(as_html(worked_entry(*LAYER, NAMES, (t, j, i), 6)))


def chosen(page):
    return page.inner_text("#chosen")


def test_the_keyboard_chooses_an_entry_and_its_derivation_takes_the_others_place(shown):
    page = shown("names")
    before = derivation(page)
    assert before == expected(0, 1, 2)
    page.focus("td[aria-selected=true]")
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    h = np.exp(np.array(LAYER[0]) @ LAYER[1] + LAYER[2])
    h /= h.sum()
    assert chosen(page) == f"∂h[<b>é</b>]/∂W[1,<b>é</b>] = {h[1] * (1 - h[1]) * -1.25:.6g}".replace("-", "−")
    assert derivation(page) == expected(1, 1, 1) != before
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")  # there is no further one
    assert derivation(page) == expected(1, 1, 2)


def test_every_entry_has_the_numbers_that_a_page_of_its_own_has(shown):
    page = shown("names")
    for t, j, i in [(t, j, i) for t in range(3) for i in range(3) for j in range(2)]:
        page.click(f"#entries tbody tr:nth-child({t + 1}) td:nth-of-type({2 * i + j + 1})")
        assert derivation(page) == expected(t, j, i)
        assert page.inner_html("#derivation h2:first-child").startswith("1. ")


SOFT = {"target": [0.25, 0.75, 0], "label_smoothing": 0.1, "class_weights": [1, 2, 3], "l2": 0.5}


@pytest.mark.parametrize(("name", "error", "T"), [("loss", {"target": 2}, 1.0), ("soft", SOFT, 2.0)])
def test_of_an_error_every_weight_has_the_numbers_that_a_page_of_its_own_has(shown, name, error, T):
    page = shown(name)
    dW = loss_gradient(*LAYER, **error, temperature=T).dE_dW
    page.focus("td[aria-selected=true]")
    page.keyboard.press("PageUp")
    page.keyboard.press("Home")
    for j, i in [(j, i) for j in range(2) for i in range(3)]:
        assert chosen(page) == f"∂E/∂W[{j},{NAMES[i]}] = {dW[j, i]:.6g}".replace("-", "−")
        own = worked_loss(*LAYER, NAMES, (j, i), 6, error=error, rate=None, temperature=T)
        assert derivation(page) == mathml_equations(as_html(own))
        for key in ("ArrowRight",) if i < 2 else ("ArrowDown", "Home"):
            page.keyboard.press(key)


def test_the_names_of_inputs_name_an_entry(shown):
    page = shown("inputs")
    page.click("#entries tbody tr:nth-child(1) td:nth-of-type(3)")
    assert chosen(page).startswith("∂E/∂W[len<gth>,日本語] = ")
    assert page.locator("#derivation mtext", has_text="len<gth>").count()


def test_of_an_error_the_column_of_the_right_output_is_marked(shown):
    marked = "cells => cells.map(c => [c.parentNode.rowIndex, c.cellIndex])"
    assert shown("loss").eval_on_selector_all("td.own", marked) == [[1, 3], [2, 3]]
    assert shown("soft").eval_on_selector_all("td.own", marked) == []


def test_of_an_error_of_logits_the_derivative_is_a_row(shown):
    page = shown("logits")
    page.click("#entries tbody td:nth-of-type(2)")
    assert chosen(page) == "∂E/∂z[1] = 0.114195"
    assert page.locator("figure").count() == 0


def test_the_tab_key_reaches_the_entries_and_leaves_them(shown):
    page = shown()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#entries')") is None


def test_a_finger_chooses_as_well_and_so_does_the_picture(shown):
    page = shown(width=360, height=740, has_touch=True)
    page.tap("#entries tbody tr:nth-child(3) td:nth-of-type(2)")
    assert chosen(page) == "∂h[2]/∂W[1,0] = −0.0207125"
    picture = page.locator("figure svg")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 14.5 / 15, "y": box["height"] * 4.5 / 5})
    assert chosen(page) == "∂h[4]/∂W[2,4] = 0.0530083"


def test_both_cases_are_marked_in_the_matrix(shown):
    page = shown()
    marked = page.eval_on_selector_all("td.own", "cells => cells.map(c => [c.parentNode.rowIndex, c.cellIndex])")
    assert marked == [[t + 1, 3 * t + j + 1] for t in range(5) for j in range(3)]


def test_without_script_the_page_can_be_read(shown):
    page = shown(java_script_enabled=False)
    assert page.is_hidden("#hint")
    assert page.locator("#derivation h2").count() == 11
    assert page.locator("#entries td").count() == 1 + 75
    assert "Here" in page.inner_text("#derivation")


LOOKS = [("names", size, scheme) for size in SIZES for scheme in ("light", "dark")]


@pytest.mark.parametrize(("name", "size", "scheme"), [*LOOKS, ("soft", SIZES[0], "dark"), ("loss", SIZES[1], "light")])
def test_an_accessibility_checker_finds_nothing_and_nothing_is_wider_than_the_page(shown, name, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    width, height = size
    page = shown(name, width, height, color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


IN_FRONT = """() => [...document.querySelectorAll("#entries tr > :first-child")].map(cell => {
  const box = cell.getBoundingClientRect();
  return [cell.textContent, document.elementFromPoint(box.left + 2, box.bottom - 4).textContent];
})"""


def test_scrolled_sideways_the_names_of_rows_stay_in_front_and_a_column_begins_beside_them(shown):
    page = shown("long", 400, 700)
    page.evaluate("document.getElementById('entries').scrollTo(230, 0)")
    front = page.evaluate(IN_FRONT)
    assert [seen for _, seen in front] == [name for name, _ in front] == ["", "h[dog]", "h[cat]", "h[mouse]"]
    sides = "cells => cells.map(cell => cell.getBoundingClientRect()).map(box => [box.left, box.right])"
    (_, edge), *columns = page.eval_on_selector_all("#entries thead > tr > *", sides)
    assert min(abs(left - edge) for left, _ in columns) < 1
    assert min(left for left, _ in columns) < 0


def test_what_is_chosen_by_a_key_is_not_under_the_names(shown):
    page = shown("long", 400, 700)
    page.focus("td[aria-selected=true]")
    for key in ("End", "Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        edge = page.eval_on_selector("#entries thead td", "corner => corner.getBoundingClientRect().right")
        assert page.eval_on_selector("td[aria-selected=true]", "cell => cell.getBoundingClientRect().left") > edge - 1


def test_on_paper_the_derivation_stands_and_the_chooser_does_not(shown):
    page = shown()
    page.emulate_media(media="print")
    assert page.is_hidden("#entries")
    assert page.is_visible("#derivation")
    assert page.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["article", "soft", "long", "wide6", "wide15"])
def test_on_paper_nothing_is_wider_than_a_page(shown, name):
    between_margins = 210 - 2 * 15  # millimetres of A4
    width = int(between_margins / 25.4 * 96)
    page = shown(name, width)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_of_the_example_is_small(lesson):
    assert (lesson / "article.html").stat().st_size < 150_000


def test_of_a_layer_too_large_for_a_page_a_part_is_shown_and_said_to_be(lesson, shown):
    x, W = [1.0] * 40, [[(j * k % 7) / 10 for k in range(120)] for j in range(40)]
    page = as_html(worked_entry(x, W, None, None, (119, 0, 3), 6))
    (lesson / "large.html").write_text(page, encoding="utf-8")
    page = shown("large")
    assert "The first 100 rows and 16 columns are shown." in page.inner_text("#what")
    assert chosen(page) == ""  # the entry that was asked for is not among them, and stays
    assert page.locator(
        "#derivation p", has_text="how output 119 answers to the weight from input 0 to output 3"
    ).count()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert chosen(page).startswith("∂h[0]/∂W[1,0] = ")
    page.click("#entries tbody tr:nth-child(100) td:nth-of-type(16)")
    assert chosen(page).startswith("∂h[99]/∂W[15,0] = ")
    assert page.locator("#entries td[tabindex='0']").count() == 1
