"""JSON documents and the arrays in them, held to the standard: nothing twice, nothing that is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from ..core.arrays import Array
from ..errors import InputError
from ..wording import counted, escaped, quoted
from .encoding import decode

_NUMBERS: set[type] = {float, int}
_DEEPEST = 8  # dimensions that an array may have
_CARRIED_DEEPEST = 100  # of what is only carried on; orjson writes 254


def parse_json(data: bytes, source: str) -> Any:
    """The value of a JSON text. InputError, with the place, for a key given twice, NaN, Infinity, a
    number beyond double precision, a text that is not UTF-8, and whatever else is not JSON."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _invalid(data, source, error.lineno) from None
    # orjson keeps the last of two equal keys. A text with no more colons than keys has none twice;
    # any other, nested or with a colon in a string, is read again by a parser that can tell.
    if data.count(b":") != (len(value) if type(value) is dict else 0):
        _refuse_twice(data, source)
    return value


def parse_json_with_nan(data: bytes, source: str) -> Any:
    """As `parse_json`, but NaN and Infinity are let pass, as Python's json module writes them."""
    try:
        return parse_json(data, source)
    except InputError:
        import json

        try:
            value = json.loads(decode(data, source), parse_int=float)  # an int may be beyond any double
        except (ValueError, RecursionError):
            value = None
        if value is None:
            raise
        _refuse_twice(data, source)
        return value


def parse_document(text: bytes, source: str) -> dict[str, Any]:
    """A JSON object, in whose b and z -Infinity may stand, as Python's json module writes it. InputError as in
    `parse_json`, or if it is another value."""
    return as_object(parse_json_with_minus_infinity(text, source), source)


def parse_json_with_minus_infinity(data: bytes, source: str) -> Any:
    """As `parse_json`, but in b and z of an object -Infinity is let pass."""
    try:
        return parse_json(data, source)
    except InputError:
        value = _with_minus_infinity(data, source) if b"-Infinity" in data else None
        if type(value) is not dict:
            raise
    for key in value.keys() - {"b", "z"}:
        if (found := _first_marked(value[key])) is not None:
            place = "".join(_step(step) for step in reversed(found[1]))
            raise InputError(f"{source}: {escaped(key, 40)}{escaped(place)} is -Infinity, which b and z alone may hold")
    return {key: _unmarked(value[key]) if key in ("b", "z") else value[key] for key in value}


def _unmarked(value: Any) -> Any:
    """The value with −∞ for the bytes that mark it."""
    if type(value) is list:
        return [_unmarked(item) for item in value]
    return float("-inf") if type(value) is bytes else value


def as_object(value: Any, source: str) -> dict[str, Any]:
    """A value of JSON, if it is an object. InputError if it is not."""
    if type(value) is not dict:
        raise InputError(f'{source} holds {spelled(value)}, where an object like {{"x": …, "W": …}} is expected')
    return value


def _with_minus_infinity(data: bytes, source: str) -> Any:
    """The value of a text that is JSON but for -Infinity in it, which bytes mark, or None."""
    import json

    def constant(name: str) -> bytes:
        if name != "-Infinity":
            raise ValueError
        return name.encode()

    def number(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            raise ValueError
        return value

    try:
        value = json.loads(decode(data, source), parse_constant=constant, parse_float=number, parse_int=number)
    except (ValueError, RecursionError):
        return None
    _refuse_twice(data, source)
    return value


def json_array(value: Any, label: str, finite: bool = True) -> Array:
    """Numbers nested in lists → an array of that shape; unless `finite`, null is NaN. InputError, with the
    place (`W[1][2]`), for what is ragged or not a number."""
    try:
        if type(value) in _NUMBERS:
            return np.array(value, dtype=np.float64)
        if type(value) is not list:
            raise InputError(f"{label} is {spelled(value)}, where numbers are expected")
        deep = len(_shape(value, label, _NUMBERS if finite else _NUMBERS | {type(None)})) > _DEEPEST
    except RecursionError:
        deep = True
    if deep:
        raise InputError(f"{label.partition('[')[0]} is nested too deep")
    return np.array(value, dtype=np.float64)


def _shape(value: list[Any], label: str, numbers: set[type]) -> tuple[int, ...]:
    kinds = set(map(type, value))
    if kinds <= numbers:
        return (len(value),)
    if kinds != {list}:
        wanted, noun = ({list}, "a row") if type(value[0]) is list else (numbers, "a number")
        i, item = next((i, item) for i, item in enumerate(value) if type(item) not in wanted)
        raise InputError(f"{label}[{i}] is {spelled(item)}, where {noun} is expected")
    first = _shape(value[0], f"{label}[0]", numbers)
    for i in range(1, len(value)):
        shape = _shape(value[i], f"{label}[{i}]", numbers)
        if shape != first:
            if len(shape) == len(first) == 1:
                found = (
                    f"has {counted(shape[0], 'entry', 'entries')}, where {first[0]} {'is' if first[0] == 1 else 'are'}"
                )
            else:
                found = f"has shape {shape}, where {first} is"
            raise InputError(f"{label}[{i}] {found} expected")
    return (len(value), *first)


def refuse_too_deep(value: Any, label: str) -> None:
    """InputError if a value that is carried on as it is could not be written again."""
    level = [value]
    for _ in range(_CARRIED_DEEPEST):
        inner = (v.values() if type(v) is dict else v for v in level if type(v) in (dict, list))
        level = [item for items in inner for item in items if type(item) in (dict, list)]
        if not level:
            return
    raise InputError(f"{label} is nested too deep")


def spelled(value: Any) -> str:
    """A JSON value as an error names it."""
    if isinstance(value, str):
        return f"the string {quoted(value)}"
    if isinstance(value, list | np.ndarray | dict):
        return "an object" if isinstance(value, dict) else "a list"
    return orjson.dumps(value).decode()


def _refuse_twice(data: bytes, source: str) -> None:
    import json
    from collections import Counter

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(pairs)
        if len(keys) < len(pairs):
            twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
            raise InputError(f"{source} holds the key {quoted(twice)} twice")
        return keys

    try:
        # the values do not matter here, and int() would refuse more than 4300 digits
        json.loads(data, object_pairs_hook=once, parse_int=len, parse_float=len)
    except RecursionError:
        raise InputError(f"{source} is nested too deep") from None


def _invalid(data: bytes, source: str, line: int) -> InputError:
    """Why orjson refused a text, by a parser that lets more pass and says more."""
    import json

    text = decode(data, source)

    def number(digits: str) -> float | bytes:
        # bytes, which no JSON value becomes, mark a number that is not finite
        return 0.0 if abs(float(digits)) < float("inf") else digits.encode()

    try:
        value = json.loads(text, parse_float=number, parse_int=number, parse_constant=str.encode)
        marked = _first_marked(value)
    except json.JSONDecodeError as error:
        rest = text[error.pos :].lstrip()
        if not rest:
            return InputError(f"{source} ends in the middle of a value, on line {error.lineno}")
        advice = ""
        if error.msg == "Extra data" and rest[0] in "[{":
            advice = "for a document a line, add --jsonl"
        line, column, symbol = error.lineno, error.colno, quoted(text[error.pos])
        return InputError(f"{source} is not valid JSON at line {line}, column {column}: found {symbol}", advice)
    except RecursionError:
        return InputError(f"{source} is nested too deep")
    if marked is None:
        return InputError(f"{source} holds half of a surrogate pair, which is no character, on line {line}")
    number_text, path = marked
    place = escaped("".join(_step(step) for step in reversed(path)).removeprefix("."))
    colon = ": " if isinstance(value, dict) else ""
    found = escaped(number_text, 40)
    return InputError(f"{source}{colon}{place} is {found}, where a finite number is expected")


def _step(key: str | int) -> str:
    return f".{escaped(key, 40)}" if isinstance(key, str) else f"[{key}]"


def _first_marked(value: Any) -> tuple[str, list[str | int]] | None:
    """The first number that is marked, and the keys and indices that lead to it, the last one first."""
    if isinstance(value, bytes):
        return value.decode(), []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        if type(item) is not float and (found := _first_marked(item)) is not None:
            found[1].append(key)
            return found
    return None
