"""Whether x, W and b fit, and what to do where they do not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.arrays import Array, Rows
from ..errors import InputError
from ..wording import counted, escaped
from .document_keys import WeightsLayout
from .entries import Entry, fitted
from .sources import named


def refuse_missing(missing: list[str], held: str) -> None:
    """InputError for what is missing, with what is `held` instead."""
    if missing:
        how = " and ".join(f"-{key}" for key in missing)
        verb, it = ("is", "it") if len(missing) == 1 else ("are", "them")
        raise InputError(f"{' and '.join(missing)} {verb} missing: give {it} with {how}, or in INPUT", held)


def inputs_in(entry: Entry, J: int, x_rows: bool) -> Array:
    """x as (J,) or (N, J). Text has no dimensions of its own: one row is a single input, and so is one
    column unless J = 1, where each of its rows is one."""
    if not entry.loose:
        x = fitted(entry, 1, 2)
        return x[None] if x_rows and x.ndim == 1 else x
    x = entry.array
    rows, columns = x.shape
    if not x_rows and (rows == 1 or (columns == 1 and J != 1)):
        return x.ravel()
    return x


def refuse_misfit(
    x: Array | Rows, W: Array, b: Array | None, stored: WeightsLayout, prefix: str = "", alone: bool = False,
    titles: str = "",
) -> None:  # fmt: skip
    """InputError unless the shapes of x, W (J, K), which was `stored` so or (K, J), and b fit. Advice is given
    for what fits when it is followed; where two things would, it names both. W that
    was written `alone`, as one row, may have had more; `titles` is what is said of one whose first row may be none."""
    (J, K), n = W.shape, x.shape[-1]
    if n == J and b is not None and len(b) != K:
        raise InputError(f"{prefix}b has {counted(len(b), 'entry', 'entries')} but W has {counted(K, 'column')}")
    if n == J:
        return
    entries = counted(n, "entry", "entries") + (" an input" if x.ndim == 2 else "")
    columns = x.ndim == 2 and len(x) == J
    otherwise = n == K and (b is None or len(b) == J)
    how = "add --weights-layout out-in" if stored == "in-out" else "give --weights-layout in-out"
    advice = ""
    if x.shape == (J, 1):
        advice = "x is a batch of inputs with one entry each: for a single input, give it as one row"
    elif columns and otherwise:
        advice = f"if the columns of x are its inputs, transpose x; if W is the one stored otherwise, {how}"
    elif columns:
        advice = "x has one input a row: if its columns are the inputs, transpose it"
    elif otherwise:
        advice = f"if W is stored {'outputs × inputs' if stored == 'in-out' else 'inputs × outputs'}, {how}"
    if titles and stored == "in-out" and n == J - 1:
        advice = f"{titles}; {advice}" if advice else titles
    if alone:
        rows = "if W has more rows, quote it: -W '1,2;3,4'"
        advice = f"{advice}; {rows}" if advice else rows
    raise InputError(f"{prefix}W has {counted(J, 'row')} but x has {entries}", advice)


def may_be_titles(entry: Entry, value: str | None, header: bool | None) -> str:
    """What to say of a table whose first row is whole numbers that count up, such as 0, 1, 2 or years: they may name
    its columns. Nothing of numbers that are written inline, or where it is said whether there is a header."""
    if value is None or header is not None or not entry.loose or entry.names or named(value).kind == "numbers":
        return ""
    first = entry.array[0]
    if len(first) < 2 or first[0] != np.floor(first[0]) or not (np.diff(first) == 1).all():
        return ""
    row = ", ".join(f"{n:.0f}" for n in first) if len(first) <= 3 else f"{first[0]:.0f}, …, {first[-1]:.0f}"
    return f"if the first row of {entry.label}, {row}, names its columns, add --header"


def cut_by_shell(options: Mapping[str, str | None], missing: list[str]) -> str:
    """What to say where one is missing, and the last of the options may have lost what came after a semicolon: a shell
    ends a command there."""
    last = [(key, value) for key, value in options.items() if value is not None and named(value).kind == "numbers"]
    if not last or ";" in last[-1][1] or len(missing) > 1:
        return ""
    key, value = last[-1]
    return f"if there was a ; in it, quote it: -{key} '{escaped(value, 20)};…'"
