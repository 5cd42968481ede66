"""Numbers in brackets, as they are printed and pasted: by NumPy and torch, in Python's lists, in MATLAB.

    text   = [ name "=" ] value [ ";" ]                                     W = …, as in code
    value  = array | name "(" array { "," name "=" anything } ")"           array(…), np.array(…), tensor(…, dtype=…)
    array  = "[" [ item { [ "," ] item } [ "," ] ] "]" | "[" row { ";" row } [ ";" ] "]"
    item   = array | number | name "(" number ")"                           np.float64(…)

Numbers are parted by commas or by spaces, not by both.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from ..errors import InputError
from ..wording import escaped, quoted
from .cell_values import number
from .jsonfile import json_array
from .sources import OPENING

LARGEST = 1 << 24  # bytes of JSON that is none which are looked at once more, as a print
PRINTED = "numbers are printed so: give the file another name than .json, or save it as json.dumps(W.tolist())"
_DEEPEST = 8
_WIDTH = 30  # characters shown on either side of a mistake

_HEAD = re.compile(
    r"\s*(?:[A-Za-z_]\w*\s*=\s*)?(?:(?:[A-Za-z_]\w*\.)*(?:array|asarray|tensor|Tensor|matrix|Matrix)\s*\()?\s*"
)
_TOKEN = re.compile(r"\s+|\.\.\.|…|[\[\],;]|(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*\([^()\[\]]*\)|[^\s\[\],;()]+|[()]")
_SCALAR = re.compile(r"(?:np|numpy)\.(?:float|int|uint)\d+\(([^()]*)\)")


class Pasted(NamedTuple):
    """Nested lists of numbers; `rows` says that a semicolon parted them, and so that they are a table."""

    value: Any
    rows: bool


def read_pasted(text: str, label: str, finite: bool = True) -> tuple[Any, bool]:
    """The array (of any dimensions up to 8) that stands in a text, and whether semicolons made it a table, where one
    row or one column may stand for a vector. InputError with a caret under the place."""
    found = _Parser(text, label).parsed()
    array = json_array(found.value, label)
    if finite:
        _refuse_not_finite(array, label)
    return array, found.rows


def is_print(data: bytes) -> bool:
    """Whether what should be JSON is a print of numbers: by NumPy, torch, Python or MATLAB."""
    if len(data) > LARGEST or not OPENING.match(data[:200].decode("latin-1")):
        return False
    try:
        read_pasted(data.decode(), "")
    except (InputError, ValueError):
        return False
    return True


def pointed(text: str, at: int) -> str:
    """The part of a text around a place, and below it a caret: the one advice of two lines, since what is pasted is too
    long to say the place in words."""
    start, stop = max(0, at - _WIDTH), at + _WIDTH
    before = ("…" if start else "") + escaped(text[start:at])
    line = before + escaped(text[at:stop]) + ("…" if stop < len(text) else "")
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before)
    return f"  {line}\n  {' ' * width}^"


def _ends_call(rest: str) -> bool:
    """Whether a text is what may follow the array in a call: `, dtype=torch.float32, grad_fn=<AddBackward0>)`."""
    rest = rest.strip()
    options = re.sub(r"\([^()]*\)", "", rest[:-1]).split(",")
    return rest.endswith(")") and not options[0].strip() and all("=" in o or not o.strip() for o in options)


def _refuse_not_finite(array: Any, label: str) -> None:
    import numpy as np

    if not np.isfinite(array).all():
        at = np.argwhere(~np.isfinite(array))[0]
        place = "".join(f"[{i}]" for i in at)
        raise InputError(f"{label}{place} is {array[tuple(at)]}, where a finite number is expected")


class _Parser:
    def __init__(self, text: str, label: str) -> None:
        self.text, self.label = text, label

    def parsed(self) -> Pasted:
        head = _HEAD.match(self.text)
        start = head.end() if head else 0
        if self.text[start : start + 1] != "[":
            raise self._wrong(start, "where [ is expected")
        value, rows, end = self._array(start)
        rest = self.text[end:].rstrip()
        rest = rest.removesuffix(";")
        called = "(" in self.text[:start]
        if not (_ends_call(rest) if called else not rest.strip()):
            at = end + len(rest) - len(rest.lstrip())
            raise self._wrong(at, f"where {') is' if called else 'nothing more is'} expected")
        return Pasted(value, rows)

    def _array(self, start: int) -> tuple[list[Any], bool, int]:
        """The list that opens at `start`, whether semicolons part its rows, and where it ends."""
        open_lists: list[_List] = []
        for token in _TOKEN.finditer(self.text, start):
            word, at = token[0], token.start()
            if word.isspace():
                continue
            if word in ("...", "…"):
                raise self._left_out(at)
            if word == "[":
                if len(open_lists) == _DEEPEST:
                    raise InputError(f"{self.label} is nested too deep")
                open_lists.append(_List())
                continue
            inner = open_lists[-1]
            if word == "]":
                open_lists.pop()
                value = inner.closed()
                if not open_lists:
                    return value, bool(inner.rows), token.end()
                open_lists[-1].add(value, number=False)
            elif word == ",":
                if inner.comma or not inner.items:
                    raise self._wrong(at, "where a number is expected")
                inner.comma = True
            elif word == ";":
                if inner.comma or not inner.items or not inner.flat:
                    raise self._wrong(at, "where a number is expected")
                inner.end_row()
            elif not inner.add(self._number(word, at), number=True):
                raise self._wrong(at, "after a space, where a comma is expected as between the others")
        raise self._wrong(len(self.text), "where ] is expected")

    def _number(self, word: str, at: int) -> float:
        scalar = _SCALAR.fullmatch(word)
        try:
            return number(scalar[1] if scalar else word)
        except ValueError:
            raise self._wrong(at, "where a number is expected") from None

    def _wrong(self, at: int, where: str) -> InputError:
        token = _TOKEN.match(self.text, at)
        found = f"has {quoted(token[0])}, " if token else "ends "
        return InputError(f"{self.label} {found}{where}", pointed(self.text, at))

    def _left_out(self, at: int) -> InputError:
        how = "print it whole: numpy.set_printoptions(threshold=sys.maxsize), torch.set_printoptions(profile='full')"
        return InputError(f"{self.label} has ..., where numbers were left out when it was printed", how)


class _List:
    """A list that is being read. `flat` tells that it holds numbers and no lists, `comma` that one came last, and
    `parted` whether commas or spaces part its numbers."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.rows: list[list[Any]] = []
        self.comma, self.flat = False, True
        self.parted: bool | None = None

    def add(self, item: Any, number: bool) -> bool:
        """Append an item. False, and it is not, if it is parted otherwise than the numbers before."""
        if self.items and number and self.flat:
            if self.parted is not None and self.parted != self.comma:
                return False
            self.parted = self.comma
        self.flat = self.flat and number
        self.items.append(item)
        self.comma = False
        return True

    def end_row(self) -> None:
        self.rows.append(self.items)
        self.items, self.comma = [], False

    def closed(self) -> list[Any]:
        return [*self.rows, self.items] if self.rows and self.items else self.rows or self.items
