"""The formats in which a derivation is set, by name. To add one: a file beside this, and a line here."""

from __future__ import annotations

from collections.abc import Callable

from ..derivation import steps_to
from ..worked_entry import WorkedEntry

SUFFIXES = {".txt": "text", ".md": "markdown", ".html": "html", ".tex": "latex"}

# Of an entry: for lines of some width, and with a picture of the Jacobian, where a format asks for them.
Renderer = Callable[[WorkedEntry, int, Callable[[], str]], str]


def renderer(name: str) -> Renderer:
    """What sets the derivation of an entry in a format."""
    if name == "html":
        from .html import as_html

        return lambda worked, width, picture: as_html(worked, picture())
    if name == "markdown":
        from .markdown import as_markdown

        return lambda worked, width, picture: as_markdown(steps_to(worked))
    if name == "latex":
        from .latex import as_latex

        return lambda worked, width, picture: as_latex(steps_to(worked))
    from .text import as_text

    return lambda worked, width, picture: as_text(steps_to(worked), width)
