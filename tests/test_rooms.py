"""Which room of the code may see which: imports run one way."""

import ast
from pathlib import Path

import softmax_cli

ROOT = Path(softmax_cli.__file__).parent
SEES = {
    "core": set(),
    "checking": {"core"},
    "explaining": {"core"},
    "reading": {"core"},
    "writing": {"reading", "core"},
    "drawing": {"writing", "core"},
    "running": {"writing", "reading", "core"},
    "cli": {"core", "checking", "explaining", "reading", "writing", "drawing", "running"},
}
FILES = [path for room in SEES for path in (ROOT / room).rglob("*.py")]


def imported(path):
    """The modules that a file of a room imports, wherever in it, as absolute names."""
    package = path.parent.relative_to(ROOT.parent).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from [stem] if node.module else [f"{stem}.{alias.name}" for alias in node.names]


def test_imports_run_one_way():
    wrong = []
    for path in FILES:
        room = path.relative_to(ROOT).parts[0]
        for name in imported(path):
            to = name.split(".")[1] if name.startswith("softmax_cli.") else room
            if to in SEES and to not in {room, *SEES[room]}:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_the_core_stands_on_numpy_alone():
    outside = {name.split(".")[0] for path in FILES if "core" in path.parts for name in imported(path)}
    assert not outside & {"typer", "rich", "orjson", "matplotlib"}


def test_of_what_lies_at_the_root_the_core_sees_errors_alone():
    seen = {
        name.split(".")[1]
        for path in FILES
        if "core" in path.parts
        for name in imported(path)
        if "softmax_cli." in name
    }
    assert seen == {"core", "errors"}


def test_a_room_re_exports_nothing():
    inits = [path for path in FILES if path.name == "__init__.py"]
    assert [path for path in inits if len(ast.parse(path.read_text(encoding="utf-8")).body) != 1] == []


def test_nothing_private_of_a_dependency_is_imported():
    """`_thread` and `__future__` are of the standard library, and described there."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            assert (path.name, [name for name in names if "._" in name]) == (path.name, [])
