"""What was given for an option, as what the option says it takes.

Typer reads the command line, helps and completes. It does not convert: its newer releases load pydantic for that,
which takes longer than all the rest, and their wording differs from release to release.
"""

import sys
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from ..errors import InputError
from ..wording import quoted


def converted(text: str, option: str, annotation: Any) -> Any:
    """A value as its annotation, Annotated[type | None, typer.Option(…)], has it. InputError if it is none."""
    if sys.platform == "win32" and len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]  # cmd.exe hands on the quotes that other shells take away
    kind, info = get_args(annotation)
    (kind,) = [k for k in get_args(kind) if k is not NoneType] if NoneType in get_args(kind) else [kind]
    if get_origin(kind) is Literal:
        choices = [str(choice) for choice in get_args(kind)]
        if text not in choices:
            raise InputError(f"{option} is {quoted(text)}, where {_either(choices)} is expected")
        return text
    if kind is str:
        return text
    number = text
    if kind is float and "/" in text:
        from ..reading.inline import quotient

        number = quotient(text)
    try:
        value = kind(number)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise InputError(f"{option} is {quoted(text)}, where {what} is expected") from None
    if info.min is not None and not info.min <= value <= info.max:
        raise InputError(f"{option} is {quoted(text)}, where {info.min} to {info.max} is expected")
    return value


def _either(choices: list[str]) -> str:
    return " or ".join([", ".join(choices[:-1]), choices[-1]] if len(choices) > 1 else choices)
