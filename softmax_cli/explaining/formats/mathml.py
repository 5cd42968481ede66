"""The LaTeX of the derivation's symbols as MathML, which browsers show by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape

NAME = r"(?:\\text(?:backslash|asciitilde|asciicircum)\{\}|\\[&%$#_{}]|[^\\{}])*"
TOKEN = re.compile(rf"\\text\{{(?P<name>{NAME})\}}|\\(?P<command>[a-zA-Z]+)|(?P<number>\d+(?:\.\d+)?)|(?P<other>\S)")
OPERATORS = {
    "sum": "∑", "cdot": "·", "times": "×", "ne": "≠", "approx": "≈", "infty": "∞", "cdots": "⋯", "vdots": "⋮",
    "lVert": "‖", "rVert": "‖",
}  # fmt: skip
LETTERS = {"partial": "∂", "delta": "δ", "varepsilon": "ε", "lambda": "λ"}
FUNCTIONS = ("exp", "ln")
NAMED = {r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^"}

Tokens = Iterator[re.Match[str]]


@lru_cache(maxsize=10_000)
def mathml(tex: str) -> str:
    """The elements of a formula, to stand within <math>."""
    return _row(iter(TOKEN.finditer(tex)))


def _row(tokens: Tokens) -> str:
    """Atoms up to the closing brace or the end, with what is set below or above them."""
    atoms: list[str] = []
    for token in tokens:
        if token["other"] == "}":
            break
        if token["other"] in ("_", "^"):
            script, base = _atom(next(tokens), tokens), atoms.pop()
            tag = "msup" if token["other"] == "^" else "munder" if "∑" in base else "msub"
            atoms.append(f"<{tag}>{base}{script}</{tag}>")
        else:
            atoms.append(_atom(token, tokens))
    return "".join(atoms)


def _atom(token: re.Match[str], tokens: Tokens) -> str:
    if token["name"] is not None:
        return f"<mtext>{escape(_unescaped(token['name']))}</mtext>"
    if token["number"] is not None:
        return f"<mn>{token['number']}</mn>"
    if token["command"] is not None:
        return _command(token["command"], tokens)
    character = token["other"]
    if character == "{":
        return f"<mrow>{_row(tokens)}</mrow>"
    if character.isalpha():
        return f"<mi>{character}</mi>"
    return f"<mo>{'−' if character == '-' else escape(character)}</mo>"


def _command(name: str, tokens: Tokens) -> str:
    if name == "frac":
        above, below = (_atom(next(tokens), tokens) for _ in range(2))
        return f"<mfrac>{above}{below}</mfrac>"
    if name == "tilde":
        return f'<mover accent="true">{_atom(next(tokens), tokens)}<mo>~</mo></mover>'
    if name == "quad":
        return '<mspace width="1em"></mspace>'
    if name in FUNCTIONS:
        return f"<mi>{name}</mi>"
    if name in LETTERS:
        return f"<mi>{LETTERS[name]}</mi>"
    return f"<mo>{OPERATORS[name]}</mo>"


def _unescaped(name: str) -> str:
    return re.sub(r"\\text\w+\{\}|\\(.)", lambda m: NAMED.get(m[0], m[1]), name)
