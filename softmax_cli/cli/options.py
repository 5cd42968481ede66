"""The options that commands share, in groups."""

from typing import Annotated, Literal, NamedTuple

import typer

Format = Literal["table", "json", "csv", "npy", "npz", "safetensors", "zarr"]

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


class Log(NamedTuple):
    """Of what."""

    log: Annotated[bool, typer.Option("--log", help="Of ln h, to all digits where h underflows.")] = False
