"""Which tests need what not every system has: told by what they name, and the functions of their file that they use."""

import ast
import functools
import re
from pathlib import Path

LINUX = re.compile(r"/proc\b|/dev/full|sched_\w+affinity|setpriv|xattr|MADV|RLIMIT|\bpeak_of\b")
POSIX = re.compile(
    r"\bbash\b|/dev/|/proc\b|mkfifo|umask|chmod|chown|symlink|preexec_fn|pass_fds|killpg|os\.kill|os\.fork|fcntl|"
    r"\bresource\b|SIG(?!INT|TERM|ABRT)[A-Z]+\d?|readme\.|\bjq\b|sched_\w+affinity|xattr|\bpty\b|set_blocking"
)


def marks(function) -> list[str]:
    """The marks of a test: `linux`, `posix`, both or none."""
    text = _text(function.__code__.co_filename, function.__name__)
    return [name for name, needed in {"linux": LINUX, "posix": POSIX}.items() if needed.search(text)]


@functools.cache
def _parts(path: str) -> dict[str, str]:
    """The text of every function, method and constant of a file, by its name, decorators included."""
    text, found = Path(path).read_text("utf-8"), {}
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.Assign):
            continue
        targets = getattr(node, "targets", [])
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        for name in [getattr(node, "name", ""), *(target.id for target in targets if isinstance(target, ast.Name))]:
            found[name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


@functools.cache
def _text(path: str, name: str) -> str:
    """A part of a file and all parts that it names, and that these name."""
    parts, wanted, seen = _parts(path), [name], set()
    while wanted:
        if (name := wanted.pop()) in parts and name not in seen:
            seen.add(name)
            wanted += re.findall(r"\w+", parts[name])
    return "\n".join(parts[name] for name in seen)
