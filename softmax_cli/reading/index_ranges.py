"""A list of outputs, as people write it: 0,3-5."""

from __future__ import annotations

import re

from ..errors import InputError
from ..wording import counted, quoted, shown
from .names import index_of, listing


def chosen_indices(text: str, count: int, option: str, noun: str, names: tuple[str, ...] | None = None) -> list[int]:
    """3,7,10-12 as a list of indices below `count`; a name stands for its index. InputError for what is none, runs
    backwards or does not exist."""
    option = f"{option} {shown(text, 40)}"
    chosen: list[int] = []
    whole = names is not None and text.strip() in names  # a comma may be part of a name
    for part in [text.strip()] if whole else map(str.strip, text.split(",")):
        if (index := index_of(part, names, option)) is not None:
            chosen.append(index)
            continue
        first, dash, last = part.partition("-")
        if not all(re.fullmatch(r"[0-9]{1,18}", n) for n in ((first, last) if dash else (first,))):
            how = "write it as 3,7,10-12" if names is None else f"the {noun}s are {listing(names)}"
            raise InputError(f"{option}: {quoted(part)} is no index and no range", how)
        low, high = int(first), int(last or first)
        if high < low:
            raise InputError(f"{option}: {part} runs backwards", f"write it as {high}-{low}")
        if high >= count:
            raise InputError(f"{option}: {part} is not within the {counted(count, noun)}, 0 to {count - 1}")
        chosen += range(low, high + 1)
    return chosen
