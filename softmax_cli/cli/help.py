"""What --help says of options, as Typer's formatter writes it."""

import textwrap
from collections.abc import Sequence
from typing import Any

WIDEST = 200  # columns of a terminal that help makes use of
HEAD = 24  # columns of a name, beyond which its meaning begins on the next line


def write_options(formatter: Any, context: Any, heading: str, parameters: Sequence[Any]) -> None:
    """Options, each with its meaning."""
    with formatter.section(heading):
        rows = [(_head(parameter), parameter.get_help_record(context)[1]) for parameter in parameters]
        formatter.write_dl(rows, col_max=HEAD)


def write_names(formatter: Any, home: str, groups: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Options by their names alone, none of them split over two lines, with the command that explains them and with
    what each group of them is about."""
    asked = home if home == "options" else f"{home} --help"
    with formatter.section(f"Explained by softmax-jac {asked}"):
        margin = " " * formatter.current_indent
        wide = max(len(about) for about, _ in groups) + 2
        for about, parameters in groups:
            lines = textwrap.wrap(
                "  ".join(_head(parameter).replace(" ", "\xa0") for parameter in parameters),
                formatter.width,
                initial_indent=margin + about.ljust(wide),
                subsequent_indent=margin + " " * wide,
                break_long_words=False,
                break_on_hyphens=False,
            )
            formatter.write("".join(f"{line}\n" for line in lines).replace("\xa0", " "))


def _head(parameter: Any) -> str:
    """An argument or an option as one writes it, with the values that it takes."""
    value = parameter.metavar or "|".join(map(str, getattr(parameter.type, "choices", None) or ["N"]))
    if parameter.param_type_name == "argument":
        return str(value)
    spelled = "/".join([*sorted(parameter.opts, key=len), *parameter.secondary_opts])
    return spelled if parameter.is_flag else f"{spelled} {value}"
