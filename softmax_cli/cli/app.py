"""The application: its commands put together. What each does is in the file of its group."""

import sys
from typing import Annotated, NoReturn

import typer

from .. import __version__
from .commands import FILES, add_command
from .completion import Root, line_to_complete
from .exits import Status, run_and_exit

WIDEST = 200  # columns of a terminal that help makes use of


def _print_version(asked: bool) -> None:
    if asked:
        print(f"softmax-jac {__version__}")
        raise typer.Exit(Status.DONE)


def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """The derivatives of a softmax layer h = softmax(Wᵀx + b), exact to the last digits. With no input a command works
    on an example, three inputs and five outputs.

    \b
    softmax-jac layer-grad                           how h answers to each weight
    softmax-jac forward -x 1,2 -W '0.1,0.2;0.3,0.4'  z and h of your own layer
    softmax-jac softmax-grad -z 1,2,3                the Jacobian of given logits
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


def _app(first: str, alone: bool) -> typer.Typer:
    """The application, with the command of that name, `alone` with no more than that needs, or with all of them: to
    read the file of a command and make its parameters takes as long as a small layer, and to read those of the root
    may load pydantic."""
    app = typer.Typer(
        name="softmax-jac",
        cls=Root,
        add_completion=not alone,
        add_help_option=not alone,
        invoke_without_command=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        options_metavar="",
        subcommand_metavar="COMMAND [INPUT] [OPTIONS]",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
    )
    app.callback()(root)
    for name in [first] if first in FILES else [] if first == "--version" else FILES:
        add_command(app, name)
    return app


def _run(arguments: list[str]) -> object:
    """Run the command that comes first on the line, or complete the line."""
    line = line_to_complete()
    words = arguments if line is None else line.split()[1:]
    first = words[0] if words and (line is None or words[0] in FILES) else ""
    alone = line is None and (first in FILES or words == ["--version"])
    return _app(first, alone)(arguments, prog_name="softmax-jac", standalone_mode=False)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    given = sys.argv[1:] if arguments is None else arguments
    run_and_exit(lambda: _run(given))
