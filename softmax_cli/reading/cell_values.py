"""What stands in a cell of a table: a number, what could be meant as one, or a name."""

from __future__ import annotations

import re
import unicodedata
from math import isfinite

MINUS = "\N{MINUS SIGN}"

# How missing values are written by pandas, R and spreadsheets.
_MISSING = frozenset(
    (
        "na", "n/a", "#na", "#n/a", "<na>", "nan", "null", "none", "nil", "inf", "infinity", "1.#ind", "1.#qnan",
        "1.#inf", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!",
    )
)  # fmt: skip
# A digit, then digits, signs and points, parted by what may follow a digit: an exponent (1e5, 1d5), an imaginary unit,
# or the mark of a type (1f, 1L).
_NUMBER = re.compile(r"\d[\d\W]*(?:[edqijfl][\d\W]*)*")
_PRINTED = re.compile(r"(?:np|numpy)\.\w+\(|(?:torch\.)?tensor\(|array\(")  # a number of NumPy or torch, as it prints
_BASED = re.compile(r"0(?:x[\da-f]+|b[01]+|o[0-7]+)")


def number(cell: str) -> float:
    """The double nearest to a decimal number. ValueError for anything else, such as 1_000."""
    if "_" in cell:
        raise ValueError
    try:
        return float(cell)
    except ValueError:
        if MINUS not in cell:
            raise
        return float(cell.replace(MINUS, "-"))


def is_number(cell: str) -> bool:
    """Whether a cell is a number, finite or not."""
    try:
        number(cell)
    except ValueError:
        return False
    return True


def is_name(cell: str) -> bool:
    """Whether a cell can only be a name: it is not empty, could not be meant as a number (1_000, 0x1F, 0,5, 10%,
    1/2, $1, 1d5, 1 000 …) and does not stand for a missing one."""
    text = unicodedata.normalize("NFKC", cell).replace(MINUS, "-").strip().casefold().replace("_", "")
    if text.lstrip("+-") in _MISSING or all(c in "-–—.…?*/#" for c in text):
        return False
    if _PRINTED.match(text):
        return False
    first = next((i for i, c in enumerate(text) if c.isalnum()), len(text))
    rest = text[first:]
    return not (_NUMBER.fullmatch(rest) or _BASED.fullmatch(rest))


def expected(cell: str, finite: bool) -> str:
    """What a cell should hold instead, or nothing if it is good."""
    if not is_number(cell):
        return "a number"
    return "" if not finite or isfinite(number(cell)) else "a finite number"
