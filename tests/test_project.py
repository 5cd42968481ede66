"""The project's own files agree with each other."""

import itertools
import json
import re
import tomllib
from pathlib import Path

import softmax_cli

ROOT = Path(__file__).parent.parent


def test_the_oldest_dependencies_tested_are_the_oldest_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = [*project["dependencies"], *(project["optional-dependencies"][extra][0] for extra in ("cluster", "zarr"))]
    allowed = dict(re.match(r"(\w+)>=([\d.]+)", pin).groups() for pin in pinned)
    tested = dict(re.findall(r"^(\w+)==([\d.]+)$", (ROOT / ".ci" / "oldest.txt").read_text("utf-8"), re.MULTILINE))
    assert {name: version.removesuffix(".0") for name, version in tested.items()} == allowed


def test_the_changelog_speaks_of_this_version():
    assert f"## {softmax_cli.__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_what_is_cited_is_this_version():
    assert f"\nversion: {softmax_cli.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_every_python_that_the_package_says_it_runs_on_is_tested_on_every_system():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    said = [c.rsplit(" ", 1)[1] for c in project["classifiers"] if re.search(r":: 3\.\d+$", c)]
    tested = re.findall(r"^ +python: (\[.*\])$", (ROOT / ".github/workflows/ci.yml").read_text("utf-8"), re.MULTILINE)
    assert [json.loads(versions) for versions in tested] == [said, said]


def test_every_file_that_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"`([\w./]+\.py|[\w./]+/)`", text)
    places = [ROOT, ROOT / "softmax_cli", *(path.parent for path in (ROOT / "softmax_cli").rglob("registry.py"))]
    places += [ROOT / "softmax_cli" / room for room in ("checking", "explaining")]
    assert len(rows) > 20
    assert [name for name in rows if not any((place / name).exists() for place in places)] == []


def test_contributing_names_every_room():
    rooms = {path.name for path in (ROOT / "softmax_cli").iterdir() if (path / "__init__.py").exists()}
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert rooms == set(re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE))


def test_no_two_test_files_have_one_name():
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [a for a, b in itertools.pairwise(names) if a == b] == []  # pytest would not tell them apart
