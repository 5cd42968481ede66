"""example: a sample document, for those who have installed the package alone."""

from typing import Annotated, Literal, NamedTuple

import typer

from .commands import command


class Choice(NamedTuple):
    """Which one."""

    name: Annotated[
        Literal["article", "iris", "digits", "saturated"] | None,
        typer.Argument(
            metavar="[NAME]",
            help="article, three inputs and five outputs, on which commands work without an input; iris, a flower and "
            "a model of scikit-learn; digits, 64 inputs and ten outputs; saturated, an h so near 1 that 1 - h is lost. "
            "[default: article]",
        ),
    ] = None


@command("example", "a sample document, to try the commands on")
def example(choice: Choice) -> None:
    """Examples:

    \b
      softmax-jac example
      softmax-jac example iris > iris.json  the file that is read next
      softmax-jac loss-grad iris.json

    Print a sample document as JSON. Those of iris and digits hold a target, the right class, and what predict_proba
    of scikit-learn says of x.
    """
    from importlib.resources import files

    from ..writing.files import target

    data = files("softmax_cli").joinpath("examples", f"{choice.name or 'article'}.json").read_bytes()
    with target(None) as stream:
        stream.write(data)
