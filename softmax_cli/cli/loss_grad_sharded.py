"""loss-grad over a data set in shards, on whatever is to do the work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..core.loss_arguments import Wrt
from ..core.mergeable import Sums
from ..reading.problem import Problem
from ..running.combine import again_by, gathered
from ..running.partialfile import packed
from ..running.shards import Shard, read_shards, tasks_of
from ..running.tasks import Goal, try_options
from ..running.worker_pools import count_of, engine
from ..wording import counted, shown
from ..writing import cleanup
from ..writing.files import target
from ..writing.formats.registry import SUFFIXES
from ..writing.loss_result import loss_result, refuse_several
from ..writing.messages import noted, say
from ..writing.write_result import chosen_format
from .error_options import NO_SIDE, error_of, named_as_given
from .inputs import fail, problem_of
from .jacobians import show
from .loss_grad import keys_of, moved_by
from .loss_options import ErrorSide, Running, Step
from .matrix_options import DrawnOutput
from .options import Inputs, Lines

BESIDE = ("target", "upstream", "sample_weights")  # what has one entry for each input, and comes in shards as well


def over_shards(
    inputs: Inputs, error: ErrorSide, step: Step, lines: Lines, running: Running, output: DrawnOutput
) -> None:
    """Find the loss and the gradient of all shards together, or write their sums."""
    wanted = _checked(inputs, error, step, lines, running)
    if running.partial:
        _refuse_other_file(output)
    else:
        format = chosen_format(output.format, output.json, output.output)
        refuse_several(keys_of(wanted, step), format if output.plot is None else "--plot")
    count = count_of(running.workers)
    beside = {key: str(getattr(error, key)) for key in BESIDE if getattr(error, key) is not None}
    shards = read_shards(str(inputs.x), beside)
    problem = _layer(inputs, lines, shards[0], error)
    given = error_of(problem, error._replace(target=None, upstream=None, sample_weights=None), needed=False)
    given = {key: value for key, value in given.items() if key not in BESIDE}
    l2, reduction = given.get("l2", 0.0), given["reduction"]
    _refuse(running, given)
    options = {key: value for key, value in given.items() if key not in ("l2", "reduction")}
    options |= {"temperature": problem.temperature, "mask": problem.mask}
    goal = Goal(problem.W, problem.b, options, running.partial)
    with named_as_given(error):
        try_options(goal, error.upstream is not None)
    tasks = tasks_of(shards, count)
    with _working(shards) as advance, engine(running.workers, noted) as each:
        partial = gathered(each, goal, tasks, lambda rows: advance(8 * rows * shards[0].columns))
        if not running.partial:
            again = again_by(each, goal, tasks)
            found = partial.sums.exact_gradient(problem.W if l2 else None, l2, reduction, again)._asdict()
    if running.partial:
        with target(output.output) as stream:
            stream.write(packed(partial))
        return
    kept = {"loss", *(f"dE_d{name}" for name in wanted)}
    found = {key: value for key, value in found.items() if key in kept and value is not None}
    found |= moved_by(problem, found, step)
    result = loss_result(problem, given, found, partial.sums.rows)
    show(result, format, output)


def _refuse_other_file(output: DrawnOutput) -> None:
    """InputError for sums that would go nowhere, or into a file that is called something else."""
    if output.output is None:
        fail("--partial needs -o FILE.npz")
    named = {
        "--json": output.json,
        "--plot": output.plot,
        f"--format {output.format}": output.format not in (None, "npz"),
    }
    for option, given in named.items():
        if given:
            fail(f"{option} does not go with --partial, which writes .npz")
    suffix = os.path.splitext(output.output)[1].lower()
    if SUFFIXES.get(suffix, "npz") != "npz":
        fail(f"-o {shown(output.output)}: --partial writes .npz", "name it FILE.npz")


@contextmanager
def _working(shards: list[Shard]) -> Iterator[Any]:
    """While this is open, a signal ends the workers as well; there is a bar."""
    from ..writing.progress import progress

    total = sum(8 * shard.rows * shard.columns for shard in shards)
    with cleanup.needed(), progress(total, counted(len(shards), "shard")) as advance:
        yield advance


def _checked(inputs: Inputs, error: ErrorSide, step: Step, lines: Lines, running: Running) -> list[Wrt]:
    """The derivatives that are wanted. InputError for what does not go with shards."""
    how = "--partial" if running.partial else "--workers" if running.workers is not None else "a data set in shards"
    for option, value in (("--jsonl", lines.jsonl), ("-z", inputs.z is not None)):
        if value:
            fail(f"{option} does not go with {how}, which takes x from .npy files")
    if inputs.x is None:
        fail(f"{how} needs -x with .npy files", "as in -x 'part-*.npy' --target 'labels-*.npy'")
    if error.target is not None and error.upstream is not None:
        fail("--upstream and --target are both given, where one of them is expected")
    if error.target is None and error.upstream is None:
        fail(*NO_SIDE)
    wanted: list[Wrt] = [part.strip() for part in (step.wrt or "W,b").split(",")]  # type: ignore[misc]
    for name in wanted:
        if name not in ("W", "b"):
            fail(f"--wrt {step.wrt} does not go with {how}: W and b are what is added up over all inputs")
    if running.partial and (step.learning_rate is not None or step.wrt is not None):
        fail(f"{'--wrt' if step.learning_rate is None else '--learning-rate'} does not go with --partial")
    return wanted


def _refuse(running: Running, given: dict[str, Any]) -> None:
    if given["reduction"] == "none":
        fail("reduction none does not go with a data set in shards, which is added up")
    if running.partial and given.get("l2"):
        fail("--l2 does not go with --partial: it comes in once, at the end", "give it to softmax-jac merge, with -W")


def _layer(inputs: Inputs, lines: Lines, shard: Shard, error: ErrorSide) -> Problem:
    """W, b and what belongs to the layer; one row of zeros stands for x."""
    zeros = ",".join("0" * shard.columns)
    problem = problem_of(inputs._replace(x=zeros, x_rows=True), lines, error=error)
    if problem.mask is not None and problem.mask.ndim == 2:
        fail("a mask for each input does not go with a data set in shards: name the outputs, as in --mask 0,3")
    return problem


def said_of_doubt(sums: Sums) -> None:
    """Say which entries the sums alone do not prove."""
    for name, doubt in sums.doubt().items():
        entries = counted(doubt.entries, "entry", "entries")
        say(
            f"softmax-jac: {name.replace('_', '/')}: {entries} may be off the correctly rounded sum by {doubt.off:.1e} "
            "and a rounding, which sums alone do not tell; loss-grad on all shards at once does"
        )


def partial_files(named: list[str]) -> list[str]:
    """The files of partials: as they are given, or by a pattern."""
    import glob

    found: list[str] = []
    for name in named:
        found += sorted(glob.glob(name)) if glob.has_magic(name) and not os.path.exists(name) else [name]
    if not found:
        fail(f"no file is named like {shown(named[0])}" if named else "merge needs the files of loss-grad --partial")
    return found
