"""The project's own files agree with each other."""

import re
import tomllib
from pathlib import Path

import softmax_cli

ROOT = Path(__file__).parent.parent


def test_the_oldest_dependencies_tested_are_the_oldest_allowed():
    pinned = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    allowed = dict(re.match(r"(\w+)>=([\d.]+)", pin).groups() for pin in pinned)
    tested = dict(re.findall(r"^(\w+)==([\d.]+)$", (ROOT / ".ci" / "oldest.txt").read_text(), re.MULTILINE))
    assert {name: version.removesuffix(".0") for name, version in tested.items()} == allowed


def test_the_changelog_speaks_of_this_version():
    assert f"## {softmax_cli.__version__}\n" in (ROOT / "CHANGELOG.md").read_text()
