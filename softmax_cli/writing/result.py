"""What a command found, in the form that every way of showing it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import Array
from .labels import Axes

if TYPE_CHECKING:
    from ..core.batch import Batch
    from .table_source import Sheets


OPEN = ("b", "z", "b_new", "log_h")  # keys of arrays in which −∞ stands for an output that is masked


class Stream(NamedTuple):
    """An array too large to hold: consecutive float64 blocks, C-contiguous, that make up `shape` in C order.

    Each block may be overwritten by the next.
    """

    shape: tuple[int, ...]
    blocks: Iterable[Array]


Value = Stream | NDArray[Any] | float | int | str | None | list[Any]


class Result(NamedTuple):
    """`document` is the JSON output, in order. npy holds the array under the key `main`, and csv the same
    with the names in `header` above it and, where it has three dimensions, a column for each of the first two, of the
    labels in `row_labels`, by its name. `sheets` makes the tables.
    `batch` and `axes` are there where a picture can be drawn. `names` are those of the outputs,
    `input_names` those of the inputs."""

    document: dict[str, Value]
    main: str
    sheets: Callable[[], Sheets]
    header: Sequence[str] | None = None
    row_labels: Mapping[str, Sequence[str]] | None = None
    batch: Batch | None = None
    axes: Axes | None = None
    names: Sequence[str] | None = None
    input_names: Sequence[str] | None = None


def as_stream(value: Value) -> Stream:
    """A value as an array that comes in blocks: one, if it is there as a whole."""
    if isinstance(value, Stream):
        return value
    array = np.asarray(value)
    return Stream(array.shape, (array,))
