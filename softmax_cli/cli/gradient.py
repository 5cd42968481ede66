"""weight-grad: the gradient that moves the weights."""

from .commands import command
from .inputs import answer_lines, check_values, problem_of
from .options import ErrorSide, Inputs, Lines, Output, Step


@command("weight-grad", "dE/dW: the gradient that moves the weights")
def weight_grad(inputs: Inputs, error: ErrorSide, step: Step, lines: Lines, output: Output) -> None:
    """Examples:

    \b
      softmax-jac weight-grad model.json --target 2
      softmax-jac weight-grad model.json --upstream 0,0,-1.5,0,0
      softmax-jac weight-grad model.json --target 2 --learning-rate 0.1 --json | jq .W_new
      softmax-jac weight-grad -x X.npy -W W.npy --target labels.csv --reduction mean

    dE/dW, shaped like W: the gradient of an error E in the weights. The outputs sum to one, so every column of dL/dW
    sums to zero: adding up its rows as they are moves no weight. Each row has to be weighted by what its output costs,
    the upstream gradient dE/dh. Give that, or the right class for the cross-entropy E = −ln h[target].
    """
    from ..writing.emit import chosen_format, emit

    if lines.jsonl:
        from .line_answers import weight_grad_work

        check_values(inputs, {"--upstream": error.upstream, "--target": error.target})
        answer_lines(inputs, lines, output, weight_grad_work(error, step))
        return
    from .learning import learn

    format = chosen_format(output.format, output.json, output.output)
    problem = problem_of(inputs, lines, {"--upstream": error.upstream, "--target": error.target})
    emit(learn(problem, error, step), format, output.output, output.precision, output.full)
