"""layer-grad -o FILE.zarr --workers: a Jacobian that workers write."""

from typing import TYPE_CHECKING, Any

from .inputs import fail
from .matrix_options import DrawnOutput
from .options import Inputs, Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..reading.problem import Problem
    from ..writing.jacobian_result import Asked
    from ..writing.write_result import Fill


def refuse_workers(workers: str, inputs: Inputs, lines: Lines, output: DrawnOutput, method: str | None) -> None:
    """InputError unless there are chunks that workers can write."""
    from ..running.worker_pools import count_of
    from ..writing.write_result import chosen_format

    if lines.jsonl or chosen_format(output.format, output.json, output.output) != "zarr":
        fail("--workers goes with -o FILE.zarr, whose chunks the workers make and write")
    if method == "chain":
        fail("--workers does not go with --method chain, which forms dL/dW whole")
    if inputs.input is not None:
        from ..reading.zarrchunks import is_store

        if is_store(inputs.input):
            fail("--workers does not go with a store, which holds the result itself")
    count_of(workers)


def filled_by(workers: str, problem: "Problem", asked: "Asked") -> "Fill":
    """What has the array in a new store written by workers."""
    from ..running.jacobian_chunks import fill_by
    from ..running.worker_pools import count_of, engine
    from ..writing.messages import noted

    def fill(array: Any, advance: "Callable[[int], None]") -> None:
        with engine(workers, noted) as each:
            for done in fill_by(each, array, problem, asked, count):
                advance(done)

    count = count_of(workers)
    return fill
