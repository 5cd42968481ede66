"""explain: the derivation, worked with one's own numbers."""

from .commands import command
from .inputs import done_if, problem_of
from .options import Inputs, Lines, Walk


@command("explain", "The derivation, worked with your own numbers")
def explain(inputs: Inputs, walk: Walk, lines: Lines) -> None:
    """Examples:

    \b
      softmax-jac explain
      softmax-jac explain model.json --entry 1,2,0
      softmax-jac explain model.json --format markdown > derivation.md

    The derivation of dL/dW, walked through with your own numbers.
    """
    from .derivation import explain_work, run_explain

    if lines.jsonl:
        from .lines import run_lines

        done_if(run_lines(inputs, lines, None, explain_work(walk)))
    else:
        run_explain(problem_of(inputs, lines), walk)
