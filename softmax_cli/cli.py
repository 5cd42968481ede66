"""The command line: reads it and calls the rest in order. Its exits are in `exits`.

numpy and rich are imported by what uses them, so that --version and completion never pay for them.
"""

import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from . import __version__
from .exits import Status, run_and_exit
from .notes import say
from .options import (
    COMMANDS,
    Against,
    Chain,
    ErrorSide,
    Inputs,
    JacobianOutput,
    Lines,
    Output,
    Step,
    Walk,
    add_command,
    command,
)

if TYPE_CHECKING:
    from .batch import Quantity
    from .lines import Work
    from .problem import Problem


def _print_version(asked: bool) -> None:
    if asked:
        print(f"softmax-jac {__version__}")
        raise typer.Exit(Status.DONE)


def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Examples:

    \b
      softmax-jac layer-grad                          every ∂h/∂W of the article's example
      softmax-jac forward -x 1,2 -W '0.1,0.2;0.3,0.4'  z and h of your own layer
      softmax-jac layer-grad model.json -o dLdW.npy   from and to a file
      softmax-jac forward --json | softmax-jac layer-grad - --json | jq .dL_dW
      softmax-jac check model.json --against mine.npy  what is wrong with my gradient?

    The Jacobian of a softmax layer h = softmax(Wᵀx + b), exact to the last digits. x has J entries, W is J × K
    (inputs × outputs), b and h have K. Indices are zero-based and name array elements. With no input, a command runs
    on the example x = (0.1, 0.5, 0.4) with five outputs.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


@command("forward", "z and h")
def forward(inputs: Inputs, lines: Lines, output: Output) -> None:
    """Examples:

    \b
      softmax-jac forward -x 0.1,0.5 -W '1,2,3;4,5,6' -b 0,0,1
      softmax-jac forward model.json --json
      softmax-jac forward -x batch.npy -W W.csv -o h.npy

    The logits z = Wᵀx + b and the probabilities h = softmax(z).
    """
    from .emit import chosen_format, emit

    if lines.jsonl:
        from .line_work import forward_work

        _answer_lines(inputs, lines, output, forward_work())
        return
    from .results import forward_result

    format = chosen_format(output.format, output.json, output.output)
    emit(forward_result(_problem(inputs, lines)), format, output.output, output.precision, output.full)


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
    from .emit import chosen_format, emit

    if lines.jsonl:
        from .line_work import weight_grad_work

        _check_values(inputs, {"--upstream": error.upstream, "--target": error.target})
        _answer_lines(inputs, lines, output, weight_grad_work(error, step))
        return
    from .learning import learn

    format = chosen_format(output.format, output.json, output.output)
    problem = _problem(inputs, lines, {"--upstream": error.upstream, "--target": error.target})
    emit(learn(problem, error, step), format, output.output, output.precision, output.full)


@command("check", "Is this gradient right, and if not, where and why?")
def check(inputs: Inputs, error: ErrorSide, against: Against, lines: Lines) -> None:
    """Examples:

    \b
      softmax-jac check model.json                     is the tool right? four ways, compared
      softmax-jac check model.json --against mine.npy  is my dL/dW right? if not, where and why
      softmax-jac check model.json --of weight-grad --target 2 --against grad.csv

    Find the mistake in a gradient. Exit 0 when all agrees, 1 when not.
    """
    from .report import check_lines, run_check

    if lines.jsonl:
        raise typer.Exit(check_lines(inputs, lines, error, against))
    named = {"--upstream": error.upstream, "--target": error.target, "--against": against.against}
    if not run_check(_problem(inputs, lines, named), error, against):
        raise typer.Exit(Status.DIFFERS)


@command("explain", "The derivation, worked with your own numbers")
def explain(inputs: Inputs, walk: Walk, lines: Lines) -> None:
    """Examples:

    \b
      softmax-jac explain
      softmax-jac explain model.json --entry 1,2,0
      softmax-jac explain model.json --format markdown > derivation.md

    The derivation of dL/dW, walked through with your own numbers.
    """
    from .report import explain_work, run_explain

    if lines.jsonl:
        from .lines import run_lines

        _done_if(run_lines(inputs, lines, None, explain_work(walk)))
    else:
        run_explain(_problem(inputs, lines), walk)


def _problem(inputs: Inputs, lines: Lines, also_read: dict[str, str | None] | None = None) -> "Problem":
    """The problem that the options name. `also_read` are the other options that may name standard input."""
    from .problem import ARTICLE, read_problem

    if lines.keep_going:
        _fail("--keep-going goes with --jsonl")
    _check_values(inputs, also_read or {})
    problem = read_problem(
        inputs.input, inputs.x, inputs.w, inputs.b, layout=inputs.weights_layout, x_rows=inputs.x_rows
    )
    if problem is ARTICLE:
        say("softmax-jac: no input given (- reads standard input), so this is the article's example (x 3, W 3 × 5)")
    return problem


def _check_values(inputs: Inputs, also_read: dict[str, str | None]) -> None:
    from .problem import refuse_stdin_twice

    options = {"-x": inputs.x, "-W": inputs.w, "-b": inputs.b}
    for option, value in options.items():
        if value is not None and value.startswith("-") and value[1:2] in ("-", *"xWboh"):
            _fail(f"{option} is followed by {value}, where a value is expected")
    refuse_stdin_twice({"INPUT": inputs.input, **options, **also_read})


def _jacobian(
    quantity: "Quantity", inputs: Inputs, lines: Lines, output: JacobianOutput, chain: Chain | None = None
) -> None:
    from .emit import chosen_format, emit

    method = chain.method if chain else None
    if lines.jsonl:
        from .line_work import jacobian_work

        if output.plot is not None:
            _fail("--plot draws one matrix, and --jsonl makes one of every line")
        _answer_lines(inputs, lines, output, jacobian_work(quantity, output.layout, output.outputs, method))
        return
    from .results import chosen_outputs, jacobian_result

    format = chosen_format(output.format, output.json, output.output)
    problem = _problem(inputs, lines)
    outputs = chosen_outputs(output.outputs, problem.W.shape[1])
    result = jacobian_result(quantity, problem, output.layout, outputs, method)
    if output.plot is not None:
        if output.plot == output.output:
            _fail(f"--plot and -o both name {output.plot}")
        from .pictures import draw_plot

        draw_plot(result, output.plot, output.layout)
        if output.format is None and not output.json and output.output is None:
            return
    if format == "heatmap":
        from .pictures import print_heatmap

        print_heatmap(result, output.layout, output.output)
        return
    emit(result, format, output.output, output.precision, output.full)


def _answer_lines(inputs: Inputs, lines: Lines, output: Output | JacobianOutput, work: "Work") -> None:
    from .lines import run_lines

    _check_values(inputs, {})
    if output.format not in (None, "json"):
        _fail(f"--format {output.format} cannot be written line by line", "leave it out: --jsonl writes JSON")
    _done_if(run_lines(inputs, lines, output.output, work))


def _done_if(good: bool) -> None:
    if not good:
        raise typer.Exit(Status.BAD_INPUT)


def _fail(message: str, advice: str = "") -> NoReturn:
    from .core import InputError

    raise InputError(message, advice)


def _app(arguments: list[str]) -> typer.Typer:
    """The application, with the command that comes first, or all of them: to make the parameters of a
    command takes as long as a small layer."""
    app = typer.Typer(
        name="softmax-jac",
        invoke_without_command=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    first = _first_word(arguments)
    for name in [first] if first in COMMANDS else [] if first == "--version" else COMMANDS:
        add_command(app, name)
    return app


def _first_word(arguments: list[str]) -> str:
    """Of the command line, or the command of the one that a shell wants completed."""
    if "_SOFTMAX_JAC_COMPLETE" in os.environ:
        line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
        arguments = [word for word in line.split()[1:2] if word in COMMANDS]
    return arguments[0] if arguments else ""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    given = sys.argv[1:] if arguments is None else arguments
    run_and_exit(_app(given), given)
