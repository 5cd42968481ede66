"""The options of check and explain alone, in groups."""

from typing import Annotated, Literal, NamedTuple

import typer

from ..checking.quantities import Of


class Against(NamedTuple):
    """What check compares, and how strictly."""

    of: Annotated[
        Of | None,
        typer.Option(
            metavar="RESULT",
            help="What FILE holds, by command or by key, dE_db or dL_dx. [default: as its keys or its shape tell]",
        ),
    ] = None
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE…",
            help="Your result: .npy, .npz, .zarr, .csv or .json, in any of the layouts. Of many files, folders or "
            "patterns, a line for each.",
        ),
    ] = None
    layout: Annotated[
        Literal["numerator", "denominator", "tensor", "in-out", "out-in"] | None,
        typer.Option(
            help="How FILE is laid out: a Jacobian numerator, denominator or tensor; dE/dW in-out or out-in. [default: "
            "as its shape tells; where it fits several, numerator, or as W is stored]"
        ),
    ] = None
    rtol: Annotated[
        float | None,
        typer.Option(
            help="Relative difference of an entry that is allowed. [default: 1e-6, or what FILE's precision allows]"
        ),
    ] = None
    atol: Annotated[float, typer.Option(help="Absolute difference allowed besides.")] = 0.0
    strict: Annotated[bool, typer.Option("--strict", help="Count entries lost to cancellation as differences.")] = False
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False


class Function(NamedTuple):
    """A function of the user's, and how it is called."""

    function: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.py:NAME",
            help="A function of yours, called on problems made to break it. This executes FILE.py, as you.",
        ),
    ] = None
    call: Annotated[
        str | None,
        typer.Option(
            metavar="EXPR",
            help="How it is called, in Python, where its parameters' names do not say: 'f(x, W.T, b, y)', of x, W, b, "
            "z, h, y (class indices), onehot and u (dE/dh).",
        ),
    ] = None
    returns: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="What it returns: dW, or a name for each: dW,_ (_ is not checked)."),
    ] = None
    time_limit: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="How long a call may take. [default: 10]")
    ] = None


class Explanation(NamedTuple):
    """What explain shows."""

    entry: Annotated[
        str | None,
        typer.Option(
            metavar="t,j,i",
            help="The entry worked out, zero-based: t,j,i of ∂h[t]/∂W[j,i], t,i with -z; of the loss j,i of ∂E/∂W[j,i]"
            ", i with -z.",
        ),
    ] = None
    of: Annotated[
        Literal["layer-grad", "loss-grad"],
        typer.Option(
            help="The Jacobian dL/dW (dS/dZ with -z), or the error of --target or --upstream and a step of learning."
        ),
    ] = "layer-grad"
    learning_rate: Annotated[
        float | None, typer.Option(metavar="R", help="With --of loss-grad: of the step of learning. [default: 0.1]")
    ] = None
    brief: Annotated[bool, typer.Option("--brief", help="The formulas and the one entry alone.")] = False
    format: Annotated[
        Literal["text", "markdown", "html", "latex"] | None,
        typer.Option(
            help="text; markdown with LaTeX formulas; html, a page on which an entry is chosen; latex. "
            "[default: text, or by the suffix of -o]"
        ),
    ] = None
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE: .txt, .md, .html or .tex.")
    ] = None
    precision: Annotated[int, typer.Option(min=2, max=15, help="Significant digits.")] = 6
