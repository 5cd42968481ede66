"""The options that commands share, in groups."""

from typing import Annotated, Literal, NamedTuple

import typer

Format = Literal["table", "json", "csv", "npy", "npz"]
JacobianFormat = Literal["table", "json", "csv", "npy", "npz", "heatmap"]


class Inputs(NamedTuple):
    """Where x, W and b come from."""

    input: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]", help="A .json or .npz file with x, W and b, or - for JSON on standard input."
        ),
    ] = None
    x: Annotated[
        str | None, typer.Option("-x", metavar="X", help="x: 0.1,0.5,0.4 inline, or a .json, .csv, .tsv or .npy file.")
    ] = None
    w: Annotated[str | None, typer.Option("-W", metavar="W", help="W, J rows of K: 1,2;3,4;5,6 inline, or a file.")] = (
        None
    )
    b: Annotated[str | None, typer.Option("-b", metavar="B", help="b, K biases: inline or a file; zero if absent.")] = (
        None
    )
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
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE: .json, .csv, .npy or .npz.")
    ] = None
    precision: Annotated[int, typer.Option(min=1, max=17, help="Significant digits in tables.")] = 6
    full: Annotated[bool, typer.Option("--full", help="Show a table whole, however long.")] = False


class JacobianOutput(NamedTuple):
    """How a Jacobian is shown or written."""

    format: Annotated[
        JacobianFormat | None, typer.Option(help="What to print. [default: table, or by the suffix of -o]")
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE: .json, .csv, .npy or .npz.")
    ] = None
    precision: Annotated[int, typer.Option(min=1, max=17, help="Significant digits in tables.")] = 6
    full: Annotated[bool, typer.Option("--full", help="Show a table whole, however long.")] = False
    layout: Annotated[
        Literal["numerator", "denominator", "tensor"],
        typer.Option(
            help="numerator (K, K·J), denominator (its transpose), or tensor (K, J, K) with [t, j, i] = ∂h[t]/∂W[j,i]."
        ),
    ] = "numerator"
    outputs: Annotated[str | None, typer.Option(metavar="LIST", help="Only these rows: 3,7,10-12 (zero-based).")] = None
    plot: Annotated[str | None, typer.Option(metavar="FILE", help="Draw the matrix to FILE: .png, .svg or .pdf.")] = (
        None
    )


class Chain(NamedTuple):
    """How dL/dW is formed."""

    method: Annotated[
        Literal["shortcut", "chain"],
        typer.Option(help="shortcut: entry by entry; chain: the product of dense dS/dZ and dZ/dW."),
    ] = "shortcut"


class ErrorSide(NamedTuple):
    """What weights the rows of dL/dW."""

    upstream: Annotated[
        str | None, typer.Option(metavar="U", help="dE/dh: K numbers (N rows of K for N inputs), inline or a file.")
    ] = None
    target: Annotated[
        str | None,
        typer.Option(metavar="T", help="The right class, zero-based: E is the cross-entropy. N of them for N inputs."),
    ] = None
    reduction: Annotated[
        Literal["mean", "sum", "none"] | None,
        typer.Option(help="Over N inputs: mean, sum, or a gradient for each. [default: mean, unless INPUT says]"),
    ] = None


class Step(NamedTuple):
    """What is made of the gradient."""

    learning_rate: Annotated[
        float | None,
        typer.Option(
            metavar="R", help="Find the moved weights W - R·dE/dW as well, as W_new: what csv and npy then hold."
        ),
    ] = None


class Against(NamedTuple):
    """What check compares, and how strictly."""

    of: Annotated[
        Literal["forward", "softmax-grad", "linear-grad", "layer-grad", "weight-grad"] | None,
        typer.Option(help="What FILE should hold. [default: layer-grad]"),
    ] = None
    against: Annotated[
        str | None, typer.Option(metavar="FILE", help="Your result: .npy, .npz, .csv or .json, in any of the layouts.")
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
            help="Relative difference that an entry may have. [default: 1e-6, or what the precision of FILE allows]"
        ),
    ] = None
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
        str | None, typer.Option(metavar="t,j,i", help="The entry worked out: ∂h[t]/∂W[j,i], zero-based.")
    ] = None
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
