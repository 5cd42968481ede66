"""What --help says of options: of each its names and values, and its meaning, from what its annotation holds."""

import textwrap
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from typer.models import ArgumentInfo

from .loss_options import ErrorSide
from .matrix_options import DrawnOutput
from .options import Inputs, Lines, Output

HEAD = 24  # columns of a name, beyond which its meaning begins on the next line

# Options that several commands take: what they are about, and the command whose help explains them.
SHARED: dict[type, tuple[str, str]] = {
    Inputs: ("the layer", "options"),
    Lines: ("many layers", "options"),
    ErrorSide: ("the error", "loss-grad"),
    Output: ("the result", "options"),
    DrawnOutput: ("the result", "options"),
}


def write_options(formatter: Any, heading: str, groups: Iterable[Any], more: Sequence[tuple[str, str]] = ()) -> None:
    """The options of some groups, and more, each with its meaning."""
    rows = [(_head(field, kind), _meaning(kind, group._field_defaults[field])) for group, field, kind in _of(groups)]
    with formatter.section(heading):
        formatter.write_dl([*rows, *more], col_max=HEAD)


def write_names(formatter: Any, home: str, groups: Sequence[tuple[str, Any]]) -> None:
    """Options by their names alone, none of them split over two lines, with the command that explains them and with
    what each group of them is about."""
    asked = home if home == "options" else f"{home} --help"
    with formatter.section(f"Explained by softmax-jac {asked}"):
        margin = " " * formatter.current_indent
        wide = max(len(about) for about, _ in groups) + 2
        for about, group in groups:
            lines = textwrap.wrap(
                "  ".join(_head(field, kind).replace(" ", "\xa0") for _, field, kind in _of([group])),
                formatter.width,
                initial_indent=margin + about.ljust(wide),
                subsequent_indent=margin + " " * wide,
                break_long_words=False,
                break_on_hyphens=False,
            )
            formatter.write("".join(f"{line}\n" for line in lines).replace("\xa0", " "))


def _of(groups: Iterable[Any]) -> list[tuple[Any, str, Any]]:
    return [(group, field, annotation) for group in groups for field, annotation in group.__annotations__.items()]


def _head(field: str, annotation: Any) -> str:
    """An argument or an option as one writes it, with the values that it takes."""
    kind, info = get_args(annotation)
    if isinstance(info, ArgumentInfo):
        return str(info.metavar)
    names = [name for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
    spelled = "/".join(names or [f"--{field.replace('_', '-')}"])
    (kind,) = [k for k in get_args(kind) if k is not NoneType] if NoneType in get_args(kind) else [kind]
    if kind is bool:
        return spelled
    choices = get_args(kind) if get_origin(kind) is Literal else ["N"]
    return f"{spelled} {info.metavar or '|'.join(choices)}"


def _meaning(annotation: Any, default: Any) -> str:
    """What an option's help says, and what Typer would add to it."""
    _, info = get_args(annotation)
    more = [f"default: {default}"] if default not in (None, False) else []
    if info.min is not None:
        more.append(f"from {info.min} to {info.max}")
    return f"{info.help} [{', '.join(more)}]" if more else str(info.help)
