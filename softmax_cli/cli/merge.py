"""merge: partial sums of a data set, put together."""

from typing import Annotated, Literal, NamedTuple

import typer

from .commands import command
from .inputs import fail, say_notes
from .options import Output


class Merging(NamedTuple):
    """Which partials are put together, and to what."""

    partials: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE.npz…", help="What loss-grad --partial wrote.", show_default=False),
    ] = None
    w: Annotated[str | None, typer.Option("-W", metavar="W", help="The weights, which --l2 needs.")] = None
    weights_layout: Annotated[Literal["in-out", "out-in"] | None, typer.Option(help="How W is stored.")] = None
    l2: Annotated[float | None, typer.Option(metavar="λ", help="Add λ/2·‖W‖² to E and λW to dE/dW.")] = None
    reduction: Annotated[Literal["mean", "sum"], typer.Option(help="Over all inputs.")] = "mean"
    wrt: Annotated[
        str | None, typer.Option(metavar="LIST", help="Any of W,b: dE/dW, dE/db. [default: W,b]", show_default=False)
    ] = None
    allow_repeats: Annotated[
        bool, typer.Option("--allow-repeats", help="The same inputs in two partials count twice.")
    ] = False
    expect_rows: Annotated[
        int | None, typer.Option(metavar="N", help="An error unless the partials cover N inputs in all.")
    ] = None


@command("merge", "the error and gradient of a data set from its parts")
def merge(merging: Merging, output: Output) -> None:
    """Examples:

    \b
      softmax-jac forward -z '1,2;3,4' -o x.npy  two inputs, for an example,
      softmax-jac forward -z '4,3;2,1' -o y.npy  their targets
      softmax-jac forward -z '0,1;2,3' -o W.npy  and weights
      softmax-jac loss-grad -x x.npy -W W.npy --target y.npy --partial -o p.npz
      softmax-jac merge p.npz --expect-rows 2 -o gradient.npz

    Each partial holds the sums of some shards, made by any machine at any time. Put together in any order they give
    what loss-grad gives for all shards at once, bit by bit. Those of another layer or error, or of the same inputs
    twice, are refused.
    """
    import numpy as np

    from ..core.arrays import Array
    from ..reading.layer import weights
    from ..reading.option_arrays import read_entry
    from ..reading.problem import Problem
    from ..running.partialfile import merged, read_partial
    from ..wording import counted
    from ..writing.loss_result import loss_result, refuse_several
    from ..writing.messages import say
    from ..writing.write_result import chosen_format, emit
    from .loss_grad_sharded import partial_files, said_of_doubt

    format = chosen_format(output.format, output.json, output.output)
    wanted = [f"dE_d{name.strip()}" for name in (merging.wrt or "W,b").split(",")]
    if not {"dE_dW", "dE_db"} >= set(wanted):
        fail(f"--wrt {merging.wrt}: a merge gives W and b", "write it as W,b")
    refuse_several(wanted, format)
    l2 = merging.l2 or 0.0
    if l2 and merging.w is None:
        fail("--l2 needs -W, the weights that the partials are of")
    W: Array | None = None
    if merging.w is not None:
        layer = weights(read_entry(merging.w, "-W", "W"), merging.weights_layout, False)
        say_notes(layer.notes)
        W = layer.W
    files = partial_files(merging.partials or [])
    total = merged([(file, read_partial(file)) for file in files], merging.allow_repeats)
    rows, shards = total.sums.rows, len(total.shards)
    say(f"softmax-jac: {counted(rows, 'row')} in {counted(shards, 'shard')} of {counted(len(files), 'partial')}")
    if merging.expect_rows is not None and rows != merging.expect_rows:
        fail(f"the partials cover {counted(rows, 'row')}, where {merging.expect_rows} are expected")
    gradient = total.sums.gradient(W, l2=l2, reduction=merging.reduction)
    said_of_doubt(total.sums)
    found = {key: value for key, value in gradient._asdict().items() if value is not None and key in ("loss", *wanted)}
    shape = total.sums.shape
    problem = Problem(np.zeros((1, shape[0])), np.zeros(shape))
    error = {"reduction": merging.reduction, **({"l2": l2} if l2 else {})}
    emit(loss_result(problem, error, found, rows), format, output.output, output.precision, output.full)
