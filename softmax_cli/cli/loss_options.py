"""The options of the error E and of its gradient, in groups."""

from typing import Annotated, Literal, NamedTuple

import typer


class ErrorSide(NamedTuple):
    """The error E: what the outputs should be, or what each of them costs."""

    upstream: Annotated[
        str | None, typer.Option(metavar="U", help="dE/dh: K numbers or N rows of K, inline or a file.")
    ] = None
    target: Annotated[
        str | None,
        typer.Option(
            metavar="T",
            help="The right class, an index or a name, or K probabilities: E is the cross-entropy. Of N inputs, N "
            "of them.",
        ),
    ] = None
    label_smoothing: Annotated[
        float | None, typer.Option(metavar="ε", help="Take (1 - ε) of the target and ε/K of every class.")
    ] = None
    class_weights: Annotated[
        str | None, typer.Option(metavar="C", help="K weights of the classes, inline or a file.")
    ] = None
    sample_weights: Annotated[
        str | None, typer.Option(metavar="w", help="N weights of the inputs, inline or a file.")
    ] = None
    ignore: Annotated[str | None, typer.Option(metavar="T", help="Inputs of target T, such as -100, do not count.")] = (
        None
    )
    l2: Annotated[float | None, typer.Option(metavar="λ", help="Add λ/2·‖W‖² to E; b is not penalised.")] = None
    reduction: Annotated[
        Literal["mean", "sum", "none"] | None,
        typer.Option(help="Of N inputs: mean, sum, or each alone (none). [default: mean, or what INPUT says]"),
    ] = None


class Step(NamedTuple):
    """Which derivatives, and what is made of them."""

    wrt: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Any of z,W,b,x: dE/dz, dE/dW, dE/db, dE/dx. [default: W,b; z with -z]"),
    ] = None
    learning_rate: Annotated[
        float | None,
        typer.Option(
            metavar="R", help="Find W - R·dE/dW and b - R·dE/db as well, W_new and b_new: what csv and npy then hold."
        ),
    ] = None


class Running(NamedTuple):
    """Who works on a data set in shards."""

    workers: Annotated[
        str | None,
        typer.Option(
            metavar="N|ADDRESS",
            help="Work on .npy shards, which -x and --target name by a pattern or a folder, in N processes or on a "
            "Dask cluster, tcp://host:8786.",
        ),
    ] = None
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Write the sums of these shards to -o FILE.npz, to be put together by merge."),
    ] = False
