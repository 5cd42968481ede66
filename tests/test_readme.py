import json
import re

import mpmath
import numpy as np
import pytest
import readme


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_the_output_shown_is_what_the_commands_print_now(page):
    text = page.read_text()
    assert "Traceback" not in text
    assert readme.refreshed(text) == text


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_table_of_the_saturated_derivative_holds():
    layer = json.loads((readme.ROOT / "sample_inputs" / "saturated.json").read_text())
    h = np.exp(np.array(layer["x"]) @ layer["W"])
    h /= h.sum()
    with mpmath.workdps(60):
        e = mpmath.exp(-mpmath.mpf(layer["x"][0]))
        truth = e / (1 + e) ** 2
    ours = json.loads(readme.output_of("softmax-jac softmax-grad sample_inputs/saturated.json --json", readme.ROOT))
    shown = re.findall(r"^\| .* \| (\d\S*) \|$", readme.README.read_text().split("## Exact")[1], re.MULTILINE)
    assert shown == [
        mpmath.nstr(truth, 16), repr(ours["dS_dZ"][0][0]), repr(float((np.diag(h) - np.outer(h, h))[0, 0])),
    ]  # fmt: skip


def test_every_command_is_in_the_readme():
    text = readme.README.read_text()
    listed = re.findall(r"^  ([a-z]+(?:-[a-z]+)?)  ", readme.output_of("softmax-jac --help", "."), re.MULTILINE)
    assert {"forward", "layer-grad", "loss-grad", "hessian", "check"} <= set(listed)
    assert [name for name in listed if f"`{name}`" not in text] == []
