"""forward, softmax-grad, linear-grad and layer-grad: the layer and its Jacobians."""

from typing import TYPE_CHECKING

from .commands import command
from .inputs import answer_lines, fail, problem_of
from .options import Chain, Inputs, JacobianOutput, Lines, Output

if TYPE_CHECKING:
    from ..core.batch import Quantity


@command("forward", "z and h")
def forward(inputs: Inputs, lines: Lines, output: Output) -> None:
    """Examples:

    \b
      softmax-jac forward -x 0.1,0.5 -W '1,2,3;4,5,6' -b 0,0,1
      softmax-jac forward model.json --json
      softmax-jac forward -x batch.npy -W W.csv -o h.npy

    The logits z = Wᵀx + b and the probabilities h = softmax(z).
    """
    from ..writing.emit import chosen_format, emit

    if lines.jsonl:
        from .line_answers import forward_work

        answer_lines(inputs, lines, output, forward_work())
        return
    from ..writing.results import forward_result

    format = chosen_format(output.format, output.json, output.output)
    emit(forward_result(problem_of(inputs, lines)), format, output.output, output.precision, output.full)


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
        from .line_answers import jacobian_work

        if output.plot is not None:
            fail("--plot draws one matrix, and --jsonl makes one of every line")
        answer_lines(inputs, lines, output, jacobian_work(quantity, output.layout, output.outputs, method))
        return
    from ..writing.results import chosen_outputs, jacobian_result

    format = chosen_format(output.format, output.json, output.output)
    problem = problem_of(inputs, lines)
    outputs = chosen_outputs(output.outputs, problem.W.shape[1])
    result = jacobian_result(quantity, problem, output.layout, outputs, method)
    if output.plot is not None:
        if output.plot == output.output:
            fail(f"--plot and -o both name {output.plot}")
        from ..drawing.draw import draw_plot

        draw_plot(result, output.plot, output.layout)
        if output.format is None and not output.json and output.output is None:
            return
    if format == "heatmap":
        from ..drawing.draw import print_heatmap

        print_heatmap(result, output.layout, output.output)
        return
    emit(result, format, output.output, output.precision, output.full)
