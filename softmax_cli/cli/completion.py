"""What a shell is told when Tab is pressed, and how it comes to ask: Typer does both, where it is asked rightly."""

import os
import re
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import InputError
from ..wording import quoted

REQUEST = "_SOFTMAX_JAC_COMPLETE"
LINE = {"bash": "COMP_WORDS", **dict.fromkeys(("zsh", "fish", "powershell", "pwsh"), "_TYPER_COMPLETE_ARGS")}
OPTIONS = ("--install-completion", "--show-completion")


def line_to_complete() -> str | None:
    """The command line that a shell's completion script wants completed, if one asks. InputError if it asks amiss,
    as where its variables are set by hand."""
    request = os.environ.get(REQUEST)
    if not request:
        return None
    action, _, shell = request.partition("_")
    if action not in ("complete", "source") or shell not in LINE:
        known = ", ".join(f"complete_{name}" for name in LINE)
        raise InputError(f"{REQUEST} is {quoted(request)}, where one of {known} is expected", f"unset {REQUEST}")
    if action == "source":
        return ""
    if LINE[shell] not in os.environ:
        raise InputError(f"{REQUEST} is set, and {LINE[shell]}, the line to complete, is not", f"unset {REQUEST}")
    position = os.environ.get("COMP_CWORD", "")
    if shell == "bash" and not re.fullmatch("[0-9]{1,9}", position):
        raise InputError(
            f"COMP_CWORD is {quoted(position)}, where the number of a word is expected", f"unset {REQUEST}"
        )
    return os.environ[LINE[shell]]


class Root(TyperGroup):
    """The command without a command, whose options for completion stand alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in OPTIONS:
            return super().parse_args(ctx, args)
        option, *more = args
        if more:
            raise InputError(
                f"{option} takes no value, and {quoted(more[0])} follows it",
                "start it from the shell that is to have it",
            )
        try:
            return super().parse_args(ctx, args)
        except typer.Exit:
            known = "bash, zsh, fish or PowerShell"
            raise InputError(f"{option} goes by the shell that starts it, and that is not {known}") from None
        except UnicodeError:
            raise InputError(f"{option}: the settings of the shell are not UTF-8") from None

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        names = ["/".join(sorted(parameter.opts, key=len)) for parameter in self.get_params(ctx)]
        formatter.write_paragraph()
        formatter.write_text(f"Options: {', '.join(names)}")
