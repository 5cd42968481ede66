"""How counts, names and quotations are put in messages.

Whatever comes from outside (a file's name, a key, a cell, a label) is printed through `escaped`.
"""

from collections.abc import Sequence


def escaped(text: str, limit: int = 200) -> str:
    """`limit` characters of `text` at most, on one line. What does not print is escaped: a code that a
    terminal would obey, a line break, a mark that turns the direction of writing."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def quoted(text: str, limit: int = 40) -> str:
    """A cell, a key or a value, between quotation marks."""
    safe = escaped(text, limit)
    mark = '"' if "'" in safe and '"' not in safe else "'"
    return f"{mark}{safe}{mark}"


def shown(text: str, limit: int = 200) -> str:
    """A file's name or a path: as it is if it prints, otherwise escaped and between quotation marks."""
    return escaped(text, limit) if text[:limit].isprintable() and text.strip() else quoted(text, limit)


def counted(n: int, noun: str, nouns: str | None = None) -> str:
    """`1 row`, `2 rows`."""
    return f"{n} {noun if n == 1 else nouns or noun + 's'}"


def joined(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
