"""What a command is: a function of option groups, every field of which is a parameter."""

import inspect
from collections.abc import Callable
from typing import Any

import typer

Command = Callable[..., None]
COMMANDS: dict[str, tuple[Command, str]] = {}  # of option groups, and a line that says what each does


def command(name: str, summary: str) -> Callable[[Command], Command]:
    """Name a function of option groups as a command."""

    def register(function: Command) -> Command:
        COMMANDS[name] = function, summary
        return function

    return register


def add_command(app: typer.Typer, name: str) -> None:
    """Give an application a command: every field of every group is a parameter."""
    function, summary = COMMANDS[name]
    groups = list(function.__annotations__.values())[:-1]
    parameters = [
        inspect.Parameter(
            field, inspect.Parameter.KEYWORD_ONLY, default=group._field_defaults[field], annotation=annotation
        )
        for group in groups
        for field, annotation in group.__annotations__.items()
    ]

    def run(**values: Any) -> None:
        function(*(group(*(values[field] for field in group._fields)) for group in groups))

    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    app.command(name, help=function.__doc__, short_help=summary)(run)
