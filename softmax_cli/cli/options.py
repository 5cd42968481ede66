"""The options that commands share, in groups."""

from typing import Annotated, Literal, NamedTuple

import typer

Format = Literal["table", "json", "csv", "npy", "npz", "safetensors", "zarr"]
JacobianFormat = Literal["table", "json", "csv", "npy", "npz", "safetensors", "zarr", "heatmap"]

Written = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Write to FILE: .json, .csv, .npy, .npz, .safetensors or .zarr."
    ),
]


class Inputs(NamedTuple):
    """Where x, W and b come from."""

    input: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="A .json, .npz or .safetensors file with x, W and b, or - for JSON on standard input.",
        ),
    ] = None
    x: Annotated[
        str | None, typer.Option("-x", metavar="X", help="x: 0.1,0.5,0.4 inline, or a file: .json, .csv, .tsv, .npy.")
    ] = None
    w: Annotated[
        str | None,
        typer.Option("-W", metavar="W", help="W, J rows of K: 1,2;3,4;5,6 inline, a file, or FILE:KEY for one array."),
    ] = None
    b: Annotated[str | None, typer.Option("-b", metavar="B", help="b, K biases: inline or a file; zero if absent.")] = (
        None
    )
    z: Annotated[
        str | None, typer.Option("-z", metavar="Z", help="The logits z themselves, in the place of x, W and b.")
    ] = None
    temperature: Annotated[
        float | None, typer.Option(metavar="T", help="Divide the logits by T: h = softmax(z/T). [default: 1]")
    ] = None
    mask: Annotated[
        str | None, typer.Option(metavar="LIST", help="Leave outputs out, 0,3-5: h = 0. So does -inf in b or z.")
    ] = None
    weights_layout: Annotated[
        Literal["in-out", "out-in"] | None,
        typer.Option(
            help="How W is stored: in-out (inputs × outputs; the default, unless INPUT says otherwise), or out-in, as "
            "torch.nn.Linear and scikit-learn's coef_ do. Results are in-out all the same."
        ),
    ] = None
    x_rows: Annotated[
        bool, typer.Option("--x-rows", help="Each row of x is an input of its own, even if there is one.")
    ] = False
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="The first row of every CSV and TSV table names its columns, or does not. [default: as it looks]",
        ),
    ] = None
    binary: Annotated[
        bool,
        typer.Option(
            "--binary",
            help="W and b are a binary classifier's, of one output: it becomes the second of two, the first being 0.",
        ),
    ] = False


class Lines(NamedTuple):
    """Documents a line."""

    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help="INPUT is JSON Lines: a document a line in, a document a line out, as it comes."),
    ] = False
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="With --jsonl: report a bad line and go on; exit 2 at the end.")
    ] = False


class Output(NamedTuple):
    """How results are shown or written."""

    format: Annotated[Format | None, typer.Option(help="What to print. [default: table, or by the suffix of -o]")] = (
        None
    )
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False
    output: Written = None
    precision: Annotated[int, typer.Option(min=1, max=17, help="Significant digits in tables.")] = 6
    full: Annotated[bool, typer.Option("--full", help="Show a table whole, however long.")] = False


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


class Log(NamedTuple):
    """Of what."""

    log: Annotated[bool, typer.Option("--log", help="Of ln h, to all digits where h underflows.")] = False


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


# Options that several commands take: what they are about, and the command whose help explains them.
SHARED: dict[type, tuple[str, str]] = {
    Inputs: ("the layer", "options"),
    Lines: ("many layers", "options"),
    ErrorSide: ("the error", "loss-grad"),
    Output: ("the result", "options"),
    DrawnOutput: ("the result", "options"),
}
