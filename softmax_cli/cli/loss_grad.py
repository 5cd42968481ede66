"""loss-grad: an error, its derivatives, and a step of learning."""

import os
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..wording import quoted, shown
from .commands import command
from .inputs import answer_lines, check_values, fail, problem_of, say_notes
from .jacobians import refuse_plots_of_lines, show
from .loss_options import ErrorSide, Running, Step
from .matrix_options import DrawnOutput
from .options import Inputs, Lines

if TYPE_CHECKING:
    from ..core.arrays import Array
    from ..core.loss_arguments import Wrt
    from ..reading.problem import Problem
    from .json_lines import Document, Work


@command("loss-grad", "the error E, its gradient in W, b, x, z: what training needs")
def loss_grad(
    inputs: Inputs, error: ErrorSide, step: Step, lines: Lines, running: Running, output: DrawnOutput
) -> None:
    """Examples:

    \b
      softmax-jac forward -o model.json  the file that is read next
      softmax-jac loss-grad model.json --target 2
      softmax-jac loss-grad model.json --target 2 --wrt W --learning-rate 0.1
      softmax-jac loss-grad model.json --upstream 0,0,-1.5,0,0 --wrt x
      softmax-jac loss-grad -x '1,2;3,4' -W '1,2,3;4,5,6' --target 0,2 --l2 0.1
      softmax-jac loss-grad -z 1,2,3 --target 0.2,0.3,0.5

    An error E and its gradient in the weights, the biases, the inputs or the logits. E is the cross-entropy of the
    class or the probabilities that --target gives, as torch.nn.CrossEntropyLoss has it, or any error whose dE/dh
    --upstream gives. The plain column sums of dL/dW are zero, because the outputs sum to one, and move no weight: each
    row has to be weighted by what its output costs.
    """
    from ..writing.loss_result import loss_result, refuse_several
    from ..writing.write_result import chosen_format
    from .error_options import error_of, named_as_given, say_spread

    read_too = {f"--{key.replace('_', '-')}": getattr(error, key) for key in READ}
    if running.workers is not None or running.partial or in_shards(inputs.x):
        from .loss_grad_sharded import over_shards

        over_shards(inputs, error, step, lines, running, output)
        return
    if lines.jsonl:
        check_values(inputs, read_too)
        refuse_plots_of_lines(output)
        answer_lines(inputs, lines, output, _line_work(error, step, inputs.header))
        return
    format = chosen_format(output.format, output.json, output.output)
    problem = problem_of(inputs, lines, read_too, in_file=True, error=error)
    given = error_of(problem, error)
    keys = keys_of(_wrt(problem, step), step)
    refuse_several(keys, format if output.plot is None else "--plot")
    say_spread(problem, given, set())
    with named_as_given(error):
        found = _found(problem, given, step)
    say_turned(problem, keys, format)
    show(loss_result(problem, given, found), format, output)


SAYING = ("table", "json", "npz", "heatmap")  # formats that say how a result is laid out


def say_turned(problem: "Problem", keys: list[str], format: str) -> None:
    """A note where a file that says nothing of its layout goes with W in another, and a square shape does not tell."""
    J, K = problem.W.shape
    if problem.stored == "in-out" or J != K or J < 2 or format in SAYING:
        return
    for key, option in (("dE_dW", "--layout"), ("W_new", "--weights-layout")):
        if key in keys:
            say_notes(
                [f"{key} is written inputs × outputs, and W was given outputs × inputs: read it with {option} in-out"]
            )


def in_shards(x: str | None) -> bool:
    """Whether -x names several files, which the light look at its text leaves open."""
    if x is None or not (set("*?[") & set(x) or os.path.isdir(x)):
        return False
    from ..running.shards import is_many

    return is_many(x)


READ = ("upstream", "target", "class_weights", "sample_weights")  # options that may name a file or -


def _found(problem: "Problem", given: dict[str, Any], step: Step) -> "dict[str, Array]":
    """The loss where there is one, the derivatives that are asked for, and W_new and b_new."""
    from ..core.loss_gradient import loss_gradient
    from ..writing.progress import progress

    wrt = _wrt(problem, step)
    layer = {"z": problem.z} if problem.z is not None else {"x": problem.x, "W": problem.W, "b": problem.b}
    rows = problem.x if problem.z is None else problem.z
    with progress(rows.nbytes, "loss-grad") as advance:
        gradient = loss_gradient(
            **layer, **given, temperature=problem.temperature, mask=problem.mask, wrt=wrt,
            on_rows=lambda n: advance(n * rows.shape[-1] * 8),
        )  # fmt: skip
    found = {key: value for key, value in gradient._asdict().items() if value is not None}
    return found | moved_by(problem, found, step)


def _wrt(problem: "Problem", step: Step) -> "list[Wrt]":
    """The derivatives that are asked for."""
    if step.wrt is None:
        return ["W", "b"] if problem.z is None else ["z"]
    wanted = [part.strip() for part in step.wrt.split(",")]
    for name in wanted:
        if name not in ("z", "W", "b", "x"):
            fail(f"--wrt {shown(step.wrt, 40)}: {quoted(name)} is none of z, W, b and x", "write it as W,b,x")
        if problem.z is not None and name != "z":
            fail(f"--wrt {name} needs x and W, and only the logits z are given")
    return wanted  # type: ignore[return-value]


def keys_of(wrt: "list[Wrt]", step: Step) -> list[str]:
    """The keys of what is computed, those of the moved W and b alone where there are some."""
    if step.learning_rate is None:
        return [f"dE_d{name}" for name in wrt]
    if not isfinite(step.learning_rate):
        fail(f"--learning-rate is {step.learning_rate}, where a finite number is expected")
    moved = [f"{name}_new" for name in ("W", "b") if name in wrt]
    if not moved:
        fail(
            f"--learning-rate moves W and b, and {'--wrt names neither' if step.wrt else 'only the logits z are given'}"
        )
    return moved


def moved_by(problem: "Problem", found: "dict[str, Array]", step: Step) -> "dict[str, Array]":
    """W_new = W − r·dE/dW and b_new = b − r·dE/db, of the derivatives that are there."""
    import numpy as np

    from ..core.gradient_step import moved

    if step.learning_rate is None:
        return {}
    new = {}
    for key, old in {"W": problem.W, "b": np.zeros(problem.W.shape[1]) if problem.b is None else problem.b}.items():
        if f"dE_d{key}" in found:
            value = moved(np.where(np.isneginf(old), 0.0, old), step.learning_rate, found[f"dE_d{key}"])
            if not np.isfinite(value).all():
                fail(f"{key}_new is too large for double precision (beyond ±1.8e308)")
            new[f"{key}_new"] = np.where(np.isneginf(old), old, value)
    return new


def _line_work(error: ErrorSide, step: Step, header: bool | None) -> "Work":
    """The loss and the derivatives of each of many lines; what a line says of the error comes before the options."""
    from dataclasses import replace

    import numpy as np

    from .error_options import NO_SIDE, SIDES, for_lines, named_as_given, say_spread
    from .json_lines import Work

    options = for_lines(error, header)
    said: set[str] = set()

    def compute(problem: "Problem", documents: "list[Document]") -> "list[Document]":
        common = options(problem.names)
        alone = replace(problem, x=problem.x[0])
        given = [error_of_line(replace(alone, document=d), common) for d in documents]
        keys_of(_wrt(problem, step), step)  # what cannot be is refused before it is computed
        if any(not g.keys() & set(SIDES) for g in given):
            fail(*NO_SIDE)
        together = _together(given)
        if together is None:
            say_spread(problem, given[0], said)
            rows = [replace(problem, x=x, z=None if problem.z is None else problem.z[0]) for x in np.asarray(problem.x)]
            with named_as_given(error, ""):
                return [dict(_found(row, g, step)) for row, g in zip(rows, given, strict=True)]
        found = _found(problem, {**together, "reduction": "none"}, step)
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]

    return Work(compute, lambda p: max(1, p.W.size), of_error=True)


def error_of_line(problem: "Problem", common: dict[str, Any]) -> dict[str, Any]:
    """The error of one line: what the line says, and what the options say where it says nothing."""
    from .error_options import SIDES, error_of

    own = error_of(problem, ErrorSide(), needed=False, source="")
    rest = common if not own.keys() & set(SIDES) else {k: v for k, v in common.items() if k not in SIDES}
    return {key: value for key, value in {**rest, **own}.items() if key != "reduction"}


def _together(given: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The options of lines that differ in a class index or an upstream gradient alone, as those of a batch; None where
    they differ in more."""
    import numpy as np

    keys = {tuple(g) for g in given}
    if len(given) < 2 or len(keys) > 1:
        return None
    (key,) = keys
    if key == ("target",) and all(isinstance(g["target"], int) for g in given):
        return {"target": [g["target"] for g in given]}
    if key == ("upstream",) and len({np.shape(g["upstream"]) for g in given}) == 1:
        return {"upstream": [g["upstream"] for g in given]}
    return None
