"""What a command is: a function of option groups, every field of which is a parameter."""

import inspect
import itertools
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from ..errors import InputError
from .blas import limit_blas_threads
from .option_values import converted

Command = Callable[..., None]
FILES = {  # what each command is written in, in the order of --help; only the one that is run is read
    "forward": "forward",
    "softmax-grad": "jacobians",
    "linear-grad": "jacobians",
    "layer-grad": "jacobians",
    "loss-grad": "loss_grad",
    "merge": "merge",
    "hessian": "hessian",
    "check": "check",
    "explain": "explain",
    "example": "example",
    "options": "options_command",
}
_COMMANDS: dict[str, tuple[Command, str]] = {}  # those that are read


def command_of(name: str) -> tuple[Command, str]:
    """A command, a function of option groups, and a line that says what it does."""
    import_module(f".{FILES[name]}", __package__)
    return _COMMANDS[name]


def command(name: str, summary: str) -> Callable[[Command], Command]:
    """Name a function of option groups as a command."""

    def register(function: Command) -> Command:
        _COMMANDS[name] = function, summary
        return function

    return register


class OnceEach(TyperCommand):
    """A command that converts what is given itself, and refuses an option that is given twice, of which the last
    would win in silence. Its help explains its own options, and names those that another one's help explains."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        given, more, order = self.make_parser(ctx).parse_args(args=_each_named(args, self.get_params(ctx)))
        names = {parameter.name: "/".join(parameter.opts + parameter.secondary_opts) for parameter in order}
        for number, parameter in enumerate(order):
            if parameter in order[:number] and not parameter.multiple:
                raise InputError(f"{names[parameter.name]} is given twice")
        if more or given.get("help"):
            return super().parse_args(ctx, _each_named(args, self.get_params(ctx)))
        for field in inspect.signature(self.callback).parameters.values():  # type: ignore[arg-type]
            value = given[field.name] if field.name in names else field.default
            text = field.name in names and isinstance(value, str)
            ctx.params[field.name] = converted(value, names[field.name], field.annotation) if text else value
        return []

    def format_options(self, ctx: Any, formatter: Any) -> None:
        from .help import SHARED, write_names, write_options

        groups = self.callback.groups  # type: ignore[union-attr]
        elsewhere = [group for group in groups if group in SHARED and SHARED[group][1] != ctx.info_name]
        own = [group for group in groups if group not in elsewhere]
        write_options(formatter, "Options", own, [("-h/--help", "Show this message and exit.")])
        for home in dict.fromkeys(SHARED[group][1] for group in elsewhere):
            there = [group for group in elsewhere if SHARED[group][1] == home]
            write_names(formatter, home, [(SHARED[group][0], group) for group in there])


class Explaining(TyperCommand):
    """A command that is its own help: the meaning of the options that it is the home of."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        from .help import SHARED, write_options

        for about, group in {about: group for group, (about, home) in SHARED.items() if home == ctx.info_name}.items():
            write_options(formatter, about[:1].upper() + about[1:], [group])


def _each_named(args: Sequence[str], parameters: Sequence[Any]) -> list[str]:
    """Arguments in which each value of an option that takes many has the option before it: --against a --against b for
    --against a b, which is what a shell makes of --against *. The last value is INPUT, if there is no other, it may be
    one, and stands alone or is of another kind than the first."""
    options = [parameter for parameter in parameters if parameter.param_type_name == "option"]
    many = {name for option in options if option.multiple for name in option.opts}
    takes = {name for option in options if not option.is_flag for name in option.opts}
    made: list[str] = []
    left, has_input = list(args), False
    while left:
        word = left.pop(0)
        made.append(word)
        name, _, _ = word.partition("=")
        if word == "--":
            return made + left
        if word in takes and left:
            made.append(left.pop(0))
        if name not in many:
            has_input = has_input or word == "-" or not word.startswith("-")
            continue
        more = [*itertools.takewhile(lambda text: text == "-" or not text.startswith("-"), left)]
        if more and not has_input and _may_be_input(more[-1]):
            first = word.partition("=")[2] or made[-1]
            if len(more) == 1 or os.path.splitext(first)[1] != os.path.splitext(more[-1])[1]:
                more = more[:-1]
        made += [part for value in more for part in (name, value)]
        del left[: len(more)]
    return made


def _may_be_input(value: str) -> bool:
    return os.path.splitext(value)[1].lower() not in (".npy", ".csv", ".tsv", ".txt", ".zarr") and not value.endswith(
        "/"
    )


def add_command(app: typer.Typer, name: str) -> None:
    """Give an application a command: every field of every group is a parameter. One without groups is its help."""
    function, summary = command_of(name)
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
    run.groups = groups  # type: ignore[attr-defined]
    kind = OnceEach if groups else Explaining
    app.command(name, cls=kind, help=function.__doc__, short_help=summary, options_metavar="[OPTIONS]")(run)
