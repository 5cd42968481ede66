"""How counts, names and quotations are put in messages."""


def shown(text: str, limit: int = 200) -> str:
    """`text` on one line and of bounded length: as it is if it prints, otherwise escaped and quoted."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    return cut if cut.isprintable() and cut.strip() else repr(cut)


def quoted(text: str) -> str:
    """A cell or a value, quoted, for an error."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


def counted(n: int, noun: str, nouns: str | None = None) -> str:
    """`1 row`, `2 rows`."""
    return f"{n} {noun if n == 1 else nouns or noun + 's'}"
