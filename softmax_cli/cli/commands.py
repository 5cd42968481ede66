"""What a command is: a function of option groups, every field of which is a parameter."""

import inspect
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand

from ..errors import InputError
from .blas import limit_blas_threads
from .given import converted

Command = Callable[..., None]
COMMANDS: dict[str, tuple[Command, str]] = {}  # of option groups, and a line that says what each does


def command(name: str, summary: str) -> Callable[[Command], Command]:
    """Name a function of option groups as a command."""

    def register(function: Command) -> Command:
        COMMANDS[name] = function, summary
        return function

    return register


class OnceEach(TyperCommand):
    """A command that converts what is given itself, and refuses an option that is given twice, of which the last
    would win in silence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        given, more, order = self.make_parser(ctx).parse_args(args=list(args))
        names = {parameter.name: "/".join(parameter.opts + parameter.secondary_opts) for parameter in order}
        for number, parameter in enumerate(order):
            if parameter in order[:number]:
                raise InputError(f"{names[parameter.name]} is given twice")
        if more or given.get("help"):
            return super().parse_args(ctx, args)
        for field in inspect.signature(self.callback).parameters.values():  # type: ignore[arg-type]
            value = given[field.name] if field.name in names else field.default
            text = field.name in names and isinstance(value, str)
            ctx.params[field.name] = converted(value, names[field.name], field.annotation) if text else value
        return []


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
        limit_blas_threads()
        function(*(group(*(values[field] for field in group._fields)) for group in groups))

    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    app.command(name, cls=OnceEach, help=function.__doc__, short_help=summary)(run)
