"""softmax-grad, linear-grad and layer-grad: the Jacobians."""

import re
from typing import TYPE_CHECKING

from ..wording import counted, quoted, shown
from .commands import command
from .inputs import answer_lines, fail, problem_of
from .options import Chain, Inputs, JacobianOutput, Lines

if TYPE_CHECKING:
    from ..core.batch import Quantity
    from ..core.jacobian import Method
    from ..reading.problem import Problem
    from .lines import Document, Work


@command("softmax-grad", "dS/dZ: the probabilities by the logits")
def softmax_grad(inputs: Inputs, lines: Lines, output: JacobianOutput) -> None:
    """Examples:

    \b
      softmax-jac softmax-grad -x 0.1,0.5 -W '1,2,3;4,5,6'
      softmax-jac softmax-grad model.json -o dSdZ.csv

    dS/dZ, the derivative of the probabilities with respect to the logits: row t, column i is h[t]·(δ − h[i]), with δ
    one where t = i and zero elsewhere. Shape (K, K).
    """
    _jacobian("softmax-grad", inputs, lines, output)


@command("linear-grad", "dZ/dW: the logits by the weights")
def linear_grad(inputs: Inputs, lines: Lines, output: JacobianOutput) -> None:
    """Examples:

    \b
      softmax-jac linear-grad
      softmax-jac linear-grad --layout denominator     transposed, as it is often printed

    dZ/dW, the derivative of the logits with respect to the weights: row t has x in the columns of its own weights and
    zeros elsewhere. Shape (K, K·J); column i·J + j belongs to W[j,i].
    """
    _jacobian("linear-grad", inputs, lines, output)


@command("layer-grad", "dL/dW: the probabilities by the weights")
def layer_grad(inputs: Inputs, lines: Lines, chain: Chain, output: JacobianOutput) -> None:
    """Examples:

    \b
      softmax-jac layer-grad -x 0.1,0.5 -W '1,2,3;4,5,6' --method chain
      softmax-jac layer-grad model.json -o dLdW.npy --layout tensor
      softmax-jac layer-grad model.json --outputs 0,3-5 --json
      softmax-jac layer-grad model.json --format heatmap

    dL/dW, the derivative of the probabilities with respect to the weights: row t, column i·J + j is ∂h[t]/∂W[j,i] =
    h[t]·(δ − h[i])·x[j], with δ one where t = i and zero elsewhere. Shape (K, K·J).
    """
    _jacobian("layer-grad", inputs, lines, output, chain)


def _jacobian(
    quantity: "Quantity", inputs: Inputs, lines: Lines, output: JacobianOutput, chain: Chain | None = None
) -> None:
    from ..writing.emit import chosen_format, emit

    method = chain.method if chain else None
    if lines.jsonl:
        if output.plot is not None:
            fail("--plot draws one matrix, and --jsonl makes one of every line")
        answer_lines(inputs, lines, output, _line_work(quantity, output, method))
        return
    from ..writing.jacobian_result import KEYS, jacobian_result

    format = chosen_format(output.format, output.json, output.output)
    problem = problem_of(inputs, lines)
    outputs = _chosen_outputs(output.outputs, problem.W.shape[1])
    if format == "csv":
        from ..writing.formats.csv import refuse_dimensions

        apart = output.layout == "tensor" and quantity != "softmax-grad"
        refuse_dimensions(problem.x.ndim + 1 + apart, f"{KEYS[quantity]} has")
    result = jacobian_result(quantity, problem, output.layout, outputs, method)
    if output.plot is not None:
        if output.plot == output.output:
            fail(f"--plot and -o both name {output.plot}")
        from ..drawing.plot import draw_plot

        draw_plot(result, output.plot, output.layout)
        if output.format is None and not output.json and output.output is None:
            return
    if format == "heatmap":
        from ..drawing.heatmap import print_heatmap

        print_heatmap(result, output.layout, output.output)
        return
    emit(result, format, output.output, output.precision, output.full)


def _line_work(quantity: "Quantity", output: JacobianOutput, method: "Method | None") -> "Work":
    """A Jacobian of each of many lines."""
    from ..core.batch import batch_of
    from ..core.jacobian import chain_product
    from ..core.layer import evaluate
    from ..writing.jacobian_result import KEYS, in_layout
    from .lines import Work

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        chosen = _chosen_outputs(output.outputs, problem.W.shape[1])
        if method == "chain":
            layer, single = evaluate(problem.x, problem.W, problem.b)
            value = in_layout(chain_product(layer, problem.W, single, outputs=chosen), problem.W, output.layout)
        else:
            batch = batch_of(quantity, problem.x, problem.W, problem.b, chosen)
            value = batch.make(slice(None)).dense(output.layout)
        about: Document = {"layout": output.layout}
        if chosen is not None:
            about["outputs"] = chosen
        if method is not None:
            about["method"] = method
        return [about | {KEYS[quantity]: matrix} for matrix in value]

    return Work(compute, lambda p: p.W.size * p.W.shape[1])


def _chosen_outputs(text: str | None, count: int) -> list[int] | None:
    """3,7,10-12 as a list of indices below `count`."""
    if text is None:
        return None
    option = f"--outputs {shown(text, 40)}"
    chosen: list[int] = []
    for part in map(str.strip, text.split(",")):
        first, dash, last = part.partition("-")
        if not all(re.fullmatch(r"[0-9]{1,18}", n) for n in ((first, last) if dash else (first,))):
            fail(f"{option}: {quoted(part)} is no index and no range", "write it as 3,7,10-12")
        low, high = int(first), int(last or first)
        if high < low:
            fail(f"{option}: {part} runs backwards", f"write it as {high}-{low}")
        if high >= count:
            fail(f"{option}: {part} is not within the {counted(count, 'output')}, 0 to {count - 1}")
        chosen += range(low, high + 1)
    return chosen
