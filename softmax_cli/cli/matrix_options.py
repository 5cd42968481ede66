"""The options of what gives a matrix, in groups."""

from typing import Annotated, Literal, NamedTuple

import typer

from .options import Written

JacobianFormat = Literal["table", "json", "csv", "npy", "npz", "safetensors", "zarr", "heatmap"]


class DrawnOutput(NamedTuple):
    """How a matrix is shown, drawn or written."""

    format: Annotated[
        JacobianFormat | None, typer.Option(help="What to print. [default: table, or by the suffix of -o]")
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False
    output: Written = None
    precision: Annotated[int, typer.Option(min=1, max=17, help="Significant digits in tables.")] = 6
    full: Annotated[bool, typer.Option("--full", help="Show a table whole, however long.")] = False
    plot: Annotated[str | None, typer.Option(metavar="FILE", help="Draw the matrix to FILE: .png, .svg or .pdf.")] = (
        None
    )


class Arrangement(NamedTuple):
    """How a Jacobian is laid out, and which of its rows are wanted."""

    layout: Annotated[
        Literal["numerator", "denominator", "tensor"],
        typer.Option(
            help="numerator (K, K·J), denominator (its transpose), or tensor (K, J, K) with [t, j, i] = ∂h[t]/∂W[j,i]."
        ),
    ] = "numerator"
    outputs: Annotated[str | None, typer.Option(metavar="LIST", help="Only these rows: 3,7,10-12 (zero-based).")] = None


class Chain(NamedTuple):
    """Which derivative of the layer, and how it is formed."""

    wrt: Annotated[
        Literal["W", "b", "x"],
        typer.Option(help="The weights W, the biases b or the inputs x: dL/dW, dL/db or dL/dx."),
    ] = "W"

    method: Annotated[
        Literal["shortcut", "chain"],
        typer.Option(help="shortcut: entry by entry; chain: the product of dense dS/dZ and dZ/dW."),
    ] = "shortcut"


class Writers(NamedTuple):
    """Who writes a Jacobian to a store."""

    workers: Annotated[
        str | None,
        typer.Option(
            metavar="N|ADDRESS",
            help="With -o FILE.zarr: have its chunks made and written by N processes or by a Dask cluster, "
            "tcp://host:8786.",
        ),
    ] = None
