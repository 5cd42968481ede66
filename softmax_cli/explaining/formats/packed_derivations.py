"""The derivations of many entries, packed for a page: what they share is kept once.

A derivation is a list of blocks of HTML. Blocks that differ in their numbers alone have one form, and are kept as
the number of that form and what stands in its gaps; equal blocks are kept once. What is left is compressed.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping, Sequence

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def packed(derivations: Mapping[tuple[int, int], Sequence[str]]) -> str:
    """The blocks of each entry, by row and column, as base64 of raw deflate of JSON:

    {"forms": [[text, text, …], …], "blocks": [[form, number, …], …], "entries": {"row,column": [block, …], …}}
    """
    forms: dict[tuple[str, ...], int] = {}
    blocks: dict[str, int] = {}
    filled: list[list[int | str]] = []
    entries: dict[str, list[int]] = {}
    for (row, column), derivation in derivations.items():
        for block in derivation:
            if block not in blocks:
                form = tuple(NUMBER.split(block))
                filled.append([forms.setdefault(form, len(forms)), *NUMBER.findall(block)])
                blocks[block] = len(blocks)
        entries[f"{row},{column}"] = [blocks[block] for block in derivation]
    document = {"forms": list(forms), "blocks": filled, "entries": entries}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(deflate.compress(text) + deflate.flush()).decode()
