"""The site of these pages: `pip install '.[docs]'`, then `sphinx-build -W docs site`."""

import re

import softmax_cli

project = "softmax-jac"
author = copyright = "The softmax-jac authors"
version = release = softmax_cli.__version__
html_title = "softmax-jac"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_show_sphinx = False
nitpicky = True
myst_heading_anchors = 3
autodoc_typehints = "none"
autodoc_member_order = "bysource"


def as_written(app, what, name, thing, options, lines):
    """A docstring is Markdown of a few kinds of paragraph: text, in which |x| and a_b are what they seem; formulas and
    tables, which are indented; and examples."""
    said = []
    for paragraph in "\n".join(lines).strip().split("\n\n"):
        if paragraph.startswith("    "):
            said += ["::", "", *paragraph.split("\n"), ""]
        elif paragraph.startswith(">>>"):
            said += [*paragraph.split("\n"), ""]
        else:
            pieces = paragraph.split("`")
            pieces[::2] = (re.sub(r"([*|_\\])", r"\\\1", text) for text in pieces[::2])
            said += ["``".join(pieces).replace("\n", " "), ""]
    lines[:] = said


def setup(app):
    app.connect("autodoc-process-docstring", as_written)
