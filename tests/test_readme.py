import json
import re
from xml.etree import ElementTree

import mpmath
import numpy as np
import picture
import pytest
import readme

import softmax_cli


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_the_output_shown_is_what_the_commands_print_now(page):
    text = page.read_text("utf-8")
    assert "Traceback" not in text
    assert readme.without_errors(readme.refreshed(text)) == readme.without_errors(text)


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert page == readme.README or not [link for link in links if link.startswith("..")]  # the site has no such page


def test_the_table_of_the_saturated_derivative_holds():
    layer = json.loads((readme.ROOT / "sample_inputs" / "saturated.json").read_text("utf-8"))
    h = np.exp(np.array(layer["x"]) @ layer["W"])
    h /= h.sum()
    with mpmath.workdps(60):
        e = mpmath.exp(-mpmath.mpf(layer["x"][0]))
        truth = e / (1 + e) ** 2
    rows = re.findall(r"^\| (.*) \| (\d\S*) \|$", readme.README.read_text("utf-8").split("## Exact")[1], re.MULTILINE)
    command = re.search("`(softmax-jac .*)`", rows[1][0]).group(1)
    ours = json.loads(readme.output_of(command, readme.ROOT))
    assert ours["z"] == [*layer["x"], 0.0]
    assert [value for _, value in rows[:3]] == [
        mpmath.nstr(truth, 16), repr(ours["dS_dZ"][0][0]), repr(float((np.diag(h) - np.outer(h, h))[0, 0])),
    ]  # fmt: skip


def test_every_command_is_in_the_readme():
    text = readme.README.read_text("utf-8")
    listed = re.findall(r"^  ([a-z]+(?:-[a-z]+)?)  ", readme.output_of("softmax-jac --help", "."), re.MULTILINE)
    assert {"forward", "layer-grad", "loss-grad", "hessian", "check"} <= set(listed)
    assert [name for name in listed if not re.search(f"`{name}[ `]", text)] == []


def test_the_picture_shows_what_the_command_says_now():
    """But for its own line breaks, and the width that is given to it."""
    drawn = ElementTree.parse(picture.PICTURE).getroot().iter("{http://www.w3.org/2000/svg}text")
    shown = "".join("".join(element.itertext()) for element in drawn).replace("\xa0", " ")
    assert "".join(shown.split()) == "".join(f"softmax-jac $ {picture.COMMAND} {picture.said()}".split())


def test_every_public_name_is_in_the_documentation_of_the_library():
    text = (readme.ROOT / "docs" / "api.md").read_text("utf-8")
    named = re.findall(r"^\.\. auto\w+:: softmax_cli\.(\w+)$", text, re.MULTILINE)
    assert sorted(named) == sorted({*softmax_cli.__all__} - {"__version__"})


def test_every_page_is_in_the_contents_of_the_site():
    listed = re.findall(
        r"^(\w+)$", (readme.ROOT / "docs" / "index.md").read_text("utf-8").split("```{toctree}", 1)[1], re.M
    )
    assert sorted(listed) == sorted(page.stem for page in readme.PAGES[1:] if page.stem != "index")


def test_the_cookbook_answers_twenty_questions_and_no_answer_is_an_error():
    text = (readme.ROOT / "docs" / "cookbook.md").read_text("utf-8")
    questions = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert len(questions) >= 20
    assert [q for q in questions if not re.search(r"^```(console|python)$", q, re.MULTILINE)] == []
    assert "error:" not in text
