"""softmax-grad, linear-grad and layer-grad: the Jacobians."""

import os
from typing import TYPE_CHECKING

from .commands import command
from .inputs import answer_lines, fail, problem_of, refuse_logits
from .matrix_options import Arrangement, Chain, DrawnOutput, Writers
from .options import Inputs, Lines, Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.arrays import Layout
    from ..core.batch import Quantity
    from ..core.whole_jacobians import Method
    from ..reading.problem import Problem
    from ..writing.jacobian_result import Asked
    from ..writing.result import Result
    from ..writing.write_result import Fill
    from .json_lines import Document, Work


@command("softmax-grad", "dS/dZ: h by the logits, or ln h with --log")
def softmax_grad(inputs: Inputs, log: Log, lines: Lines, shape: Arrangement, output: DrawnOutput) -> None:
    """Examples:

    \b
      softmax-jac softmax-grad -z 1,2,3  of logits that are given
      softmax-jac softmax-grad -x 0.1,0.5 -W '1,2,3;4,5,6' -o dSdZ.csv

    dS/dZ, the derivative of the probabilities with respect to the logits: row t, column i is h[t]·(δ − h[i])/T, with δ
    one where t = i and zero elsewhere. Shape (K, K). With --log, that of ln h: (δ − h[i])/T.
    """
    _jacobian("dS_dZ", inputs, lines, shape, output, log=log.log)


@command("linear-grad", "dZ/dW: z by the weights")
def linear_grad(inputs: Inputs, lines: Lines, shape: Arrangement, output: DrawnOutput) -> None:
    """Examples:

    \b
      softmax-jac linear-grad
      softmax-jac linear-grad --layout denominator  transposed, as often printed

    dZ/dW, the derivative of the logits with respect to the weights: row t has x in the columns of its own weights and
    zeros elsewhere. Shape (K, K·J); column i·J + j belongs to W[j,i].
    """
    _jacobian("dZ_dW", inputs, lines, shape, output)


@command("layer-grad", "dL/dW, dL/db, dL/dx: h by the weights, biases, inputs")
def layer_grad(
    inputs: Inputs, chain: Chain, log: Log, lines: Lines, shape: Arrangement, writers: Writers, output: DrawnOutput
) -> None:
    """Examples:

    \b
      softmax-jac layer-grad -x 0.1,0.5 -W '1,2,3;4,5,6' --method chain
      softmax-jac forward -o model.json  the file that is read next
      softmax-jac layer-grad model.json -o dLdW.npy --layout tensor
      softmax-jac layer-grad model.json --wrt x --outputs 0,3-4 --json
      softmax-jac layer-grad model.json --format heatmap
      softmax-jac layer-grad model.json -o dLdW.zarr --workers 2

    dL/dW, the derivative of the probabilities with respect to the weights: row t, column i·J + j is ∂h[t]/∂W[j,i] =
    h[t]·(δ − h[i])·x[j]/T, with δ one where t = i and zero elsewhere. Shape (K, K·J). With --wrt b, dL/db, (K, K); with
    --wrt x, dL/dx, (K, J): ∂h[t]/∂x[j] = h[t]·(W[j,t] − Σ h[i]·W[j,i])/T. With --log, those of ln h.
    """
    quantity: Quantity = {"W": "dL_dW", "b": "dL_db", "x": "dL_dx"}[chain.wrt]  # type: ignore[assignment]
    _jacobian(quantity, inputs, lines, shape, output, log.log, chain.method, writers.workers)


def _jacobian(
    quantity: "Quantity",
    inputs: Inputs,
    lines: Lines,
    shape: Arrangement,
    output: DrawnOutput,
    log: bool = False,
    method: "Method | None" = None,
    workers: str | None = None,
) -> None:
    from ..writing.jacobian_result import Asked, jacobian_result
    from ..writing.write_result import chosen_format

    def asked(problem: "Problem") -> Asked:
        if quantity != "dS_dZ":
            refuse_logits(problem, {"dZ_dW": "linear-grad"}.get(quantity, "layer-grad"))
        return Asked(quantity, shape.layout, _chosen_outputs(shape.outputs, problem), log, method)

    if workers is not None:
        from .store_workers import filled_by, refuse_workers

        refuse_workers(workers, inputs, lines, output, method)
    if inputs.input is not None and os.path.isdir(inputs.input):
        from ..reading.zarrchunks import is_store

        if is_store(inputs.input):
            from .from_zarr import read_stored

            result, format = read_stored(inputs, lines, shape, output, quantity, log, method)
            show(result, format, output, result.document["layout"])  # type: ignore[arg-type]
            return
    if lines.jsonl:
        refuse_plots_of_lines(output)
        answer_lines(inputs, lines, output, _line_work(asked))
        return
    format = chosen_format(output.format, output.json, output.output)
    problem = problem_of(inputs, lines)
    wanted = asked(problem)
    if format == "csv":
        from ..writing.formats.csv import refuse_dimensions

        apart = wanted.layout == "tensor" and wanted.wrt == "W"
        refuse_dimensions(problem.x.ndim + 1 + apart, f"{wanted.key} has")
    fill = None if workers is None else filled_by(workers, problem, wanted)
    show(jacobian_result(problem, wanted), format, output, shape.layout, fill)


def refuse_plots_of_lines(output: DrawnOutput) -> None:
    if output.plot is not None:
        fail("--plot draws one matrix, and --jsonl makes one of every line")


def show(
    result: "Result", format: str, output: DrawnOutput, layout: "Layout" = "numerator", fill: "Fill | None" = None
) -> None:
    """A result that can be drawn, drawn or written."""
    from ..writing.write_result import emit

    if output.plot is not None:
        if output.plot == output.output:
            fail(f"--plot and -o both name {output.plot}")
        from ..drawing.plot import draw_plot

        draw_plot(result, output.plot, layout)
        if output.format is None and not output.json and output.output is None:
            return
    if format == "heatmap":
        from ..drawing.heatmap import print_heatmap

        print_heatmap(result, layout, output.output)
        return
    emit(result, format, output.output, output.precision, output.full, fill)


def _line_work(asked: "Callable[[Problem], Asked]") -> "Work":
    """A Jacobian of each of many lines."""
    from ..writing.jacobian_result import batch_and_dense, in_layout
    from .json_lines import Work

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        wanted = asked(problem)
        batch, dense = batch_and_dense(problem, wanted)
        every = batch.make(slice(None))
        value = every.dense(wanted.layout) if dense is None else in_layout(dense, wanted.layout, every)
        return [{**wanted.about(), wanted.key: matrix} for matrix in value]

    return Work(compute, lambda p: max(1, p.W.size) * p.W.shape[1])


def _chosen_outputs(text: str | None, problem: "Problem") -> list[int] | None:
    from ..reading.index_ranges import chosen_indices

    return None if text is None else chosen_indices(text, problem.W.shape[1], "--outputs", "output", problem.names)
