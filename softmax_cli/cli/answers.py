"""What somebody's files hold, against what is right: one file with its report, many with a line each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import ArrayLike

from ..checking import table
from ..checking.compare import compare
from ..checking.functions.return_kinds import fitting, fitting_one_output, kind_named
from ..checking.other_shapes import is_binary
from ..checking.quantities import Of, quantity_named
from ..checking.report import Report
from ..core.arrays import Array, Stored
from ..errors import InputError
from ..reading.document_keys import LAYER_KEYS, PASSED_ON, WeightsLayout, said_layout
from ..reading.entries import Entry, fitted
from ..reading.manyfiles import files_named, names_many
from ..reading.option_arrays import held, opened
from ..reading.problem import Problem
from ..reading.sources import STDIN
from ..reading.zarrchunks import is_store
from ..reading.zarrstore import open_store
from ..wording import counted, escaped, joined, shown
from .error_options import error_of
from .exits import Status
from .inputs import say_notes
from .loss_options import ErrorSide
from .own_options import Against

HEADS = ("file", "result", "verdict", "diagnosis")
DEFAULT: Of = "layer-grad"
KEYS = (*LAYER_KEYS, *PASSED_ON, "weights_layout")  # what a document holds beside its results


class Setting(NamedTuple):
    """The layer, its error, and how a result is compared with it."""

    problem: Problem
    error: ErrorSide
    against: Against

    @property
    def has_error(self) -> bool:
        """Whether a target or an upstream gradient is given."""
        given = (self.error.target, self.error.upstream) != (None, None)
        return given or bool({"target", "upstream"} & self.problem.document.keys())


class Answer(NamedTuple):
    """A file and what was found of each result in it, or why it could not be read."""

    file: str
    reports: Sequence[Report]
    error: InputError | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it: the one report, or all of them by their results."""
        if self.error is not None:
            return {"file": self.file, "error": str(self.error), "advice": self.error.advice or None}
        if len(self.reports) == 1:
            return {"file": self.file, **self.reports[0].to_dict()}
        results = {report.of: report.to_dict() for report in self.reports}
        return {"file": self.file, "agrees": all(self.reports), "results": results}

    def rows(self) -> Iterator[tuple[str, ...]]:
        """A line of the table for each result."""
        file = escaped(self.file)
        if self.error is not None:
            said = "; ".join(filter(None, (str(self.error), self.error.advice)))
            yield file, "", "not read", escaped(said, 400)
        for report in self.reports:
            named = [name for name in (report.diagnosis, *(other.diagnosis for other in report.others)) if name]
            yield (
                file,
                report.of,
                report.verdict,
                ", or ".join(named) or report.where or "none" if report.differing else "",
            )


def check_files(problem: Problem, error: ErrorSide, against: Against) -> Status:
    """Print what is found of the files that --against names: the report of one, or a line for each of many."""
    assert against.against is not None
    setting = Setting(problem, error, against)
    if len(against.against) > 1 or names_many(against.against[0]):
        return _check_many(setting)
    (file,) = against.against
    answer = Answer(STDIN if file == "-" else file, _reports(file, setting))
    if against.json:
        print_json(answer.to_dict())
    else:
        print("\n\n".join(f"{shown(answer.file)}: {report}" for report in answer.reports))
    return Status.DONE if all(answer.reports) else Status.DIFFERS


def _check_many(setting: Setting) -> Status:
    files, passed_over = files_named(setting.against.against or [], "--against")
    if passed_over:
        left_out = joined([*map(shown, passed_over[:3]), *([f"{len(passed_over) - 3} more"] * (len(passed_over) > 3))])
        say_notes([f"not checked, being no file of numbers by its name: {left_out}"])
    answers = []
    for file in files:
        try:
            answers.append(Answer(file, _reports(file, setting)))
        except InputError as refused:
            answers.append(Answer(file, (), refused))
        if setting.against.json:
            print_json(answers[-1].to_dict())
    first = answers[0].error
    if not setting.against.json and first is not None and all(str(answer.error) == str(first) for answer in answers):
        raise first  # it says nothing of the files
    if not setting.against.json:
        print(table.plain(HEADS, [row for answer in answers for row in answer.rows()]))
        print(f"\n{_summary(answers)}")
    if any(answer.error is not None for answer in answers):
        return Status.BAD_INPUT
    return Status.DONE if all(all(answer.reports) for answer in answers) else Status.DIFFERS


def _summary(answers: Sequence[Answer]) -> str:
    unread = sum(answer.error is not None for answer in answers)
    agreeing = sum(answer.error is None and all(answer.reports) for answer in answers)
    said = [
        f"{agreeing} agree{'s' * (agreeing == 1)}",
        f"{(n := len(answers) - unread - agreeing)} differ{'s' * (n == 1)}",
        *([f"{unread} could not be read"] if unread else []),
    ]
    return f"{counted(len(answers), 'file')}: {', '.join(said)}"


def _reports(file: str, setting: Setting) -> list[Report]:
    """A report for each result in a file. InputError calls what does not fit by the name of the file."""
    try:
        return [
            compared(theirs, setting.problem, setting.error, setting.against, stored, of)
            for of, theirs, stored in _results(file, setting)
        ]
    except InputError as refused:
        named = STDIN if file == "-" else shown(file)
        raise InputError(str(refused).replace("the matrix to check", named, 1), refused.advice) from None


def _results(file: str, setting: Setting) -> Iterator[tuple[Of, Array | Stored, WeightsLayout]]:
    """The results in a file: the one that --of names, or else dL/dW where it is there, or else those whose names or
    shape tell what they are. What goes with W is laid out as a document says that W is, or as the user's W."""
    problem, of = setting.problem, setting.against.of
    if is_store(file):
        store = open_store(file)
        yield of or _by_shape(store, setting), store, problem.stored
        return
    key = quantity_named(of or DEFAULT).key
    found = opened(file, "--against", key, finite=False, header=problem.header)
    archive, chosen = (None, "") if isinstance(found, Entry) else found
    stored = (None if archive is None else said_layout(archive)) or problem.stored
    if archive is not None and of is None and not chosen and key not in archive.keys:
        named = {name: kind for name in archive.keys if (kind := kind_named(name, setting.has_error)) is not None}
        if named:
            unknown = [shown(name) for name in archive.keys if name not in (*named, *KEYS)]
            say_notes([f"{archive.source}: {joined(unknown)}: no result known here"] if unknown else [])
            for name, kind in named.items():
                yield kind.of, _array(held(archive, name, kind.of, finite=False), kind.of, problem), stored
            return
    if archive is not None and of is not None and not chosen and key not in archive.keys:
        called = [name for name in archive.keys if _is_called(name, of)]
        chosen = called[0] if len(called) == 1 else ""
    entry = found if isinstance(found, Entry) else held(found.archive, chosen, key, finite=False)
    say_notes(entry.notes)
    known = kind_named(chosen, setting.has_error) if of is None else None
    of = of or (known.of if known is not None else _by_shape(entry.array, setting))
    yield of, _array(entry, of, problem), stored


def _is_called(name: str, of: Of) -> bool:
    """Whether people give a result this name."""
    quantity = quantity_named(of)
    kind = kind_named(name, quantity.of_error)
    return kind is not None and quantity_named(kind.of) is quantity


def _by_shape(array: Array | Stored, setting: Setting) -> Of:
    """What an array may be: dL/dW where its shape fits, or else the first other result that agrees, or that fits."""
    problem = setting.problem
    J, K = problem.W.shape
    inputs = None if problem.single else len(problem.x)
    shape = tuple(array.shape)
    default = quantity_named(DEFAULT)
    shapes_of_default = [*default.shapes(inputs, J, K).values(), default.columns_apart(inputs, J, K)]
    if setting.against.layout is not None or shape in shapes_of_default:
        return DEFAULT
    shapes = [shape] if 1 not in shape or len(shape) != 2 else [shape, (shape[0] * shape[1],)]
    summed = (setting.error.reduction or problem.document.get("reduction")) != "none"
    kinds = [kind for each in shapes for kind in fitting(each, setting.has_error, inputs, J, K, summed)]
    if problem.z is None and is_binary(problem.W, problem.b):
        kinds = [*fitting_one_output(shape, setting.has_error, inputs, J, summed), *kinds]
    if problem.z is not None:
        kinds = [kind for kind in kinds if quantity_named(kind.of).by not in ("W", "x", "WW")]
    if len(kinds) < 2:
        return kinds[0].of if kinds else DEFAULT
    rest = problem, setting.error, setting.against, problem.stored
    return next((kind.of for kind in kinds if compared(array, *rest, kind.of)), kinds[0].of)


def _array(entry: Entry, of: Of, problem: Problem) -> Array:
    """The numbers of a result. A table of one row or one column stays a matrix, but for a result that is a vector,
    which may also be the column of its name."""
    if not entry.loose:
        return fitted(entry, 0, 1, 2, 3, 4)
    quantity = quantity_named(of)
    summed = problem.single or not quantity.apart(problem.document.get("reduction") != "none")
    if summed and not {"vector", "number"}.isdisjoint(quantity.shapes(None, *problem.W.shape)):
        if entry.names and quantity.key in entry.names:
            return entry.array[:, entry.names.index(quantity.key)]
        if entry.array.size == 1 and quantity.key == "loss":
            return entry.array.reshape(())
        return entry.array.ravel() if 1 in entry.array.shape else entry.array
    return entry.array


def compared(
    theirs: ArrayLike | Stored, problem: Problem, error: ErrorSide, against: Against, stored: WeightsLayout, of: Of
) -> Report:
    """`theirs` against what is right. dE/dW whose shape does not tell, square or a vector, is stored as W is."""
    quantity = quantity_named(of)
    given: dict[str, Any] = {}
    if quantity.of_error:
        given = error_of(problem, error, needed=not quantity.is_hessian)
    elif against.of is not None or of == DEFAULT:
        idle = [option for option, value in error_options(error).items() if value is not None]
        if idle:
            raise InputError(f"{idle[0]} goes with --of loss-grad, or another result of the error")
    layout = against.layout or (stored if quantity.key == "dE_dW" and not _tells(theirs, problem.W.shape) else None)
    given |= {"layout": layout, "rtol": against.rtol, "strict": against.strict, "atol": against.atol}
    given |= {"temperature": problem.temperature, "mask": problem.mask}
    if problem.z is not None:
        return compare(theirs, z=problem.z, of=of, **given)
    return compare(theirs, problem.x, problem.W, problem.b, of=of, **given)


def _tells(theirs: ArrayLike | Stored, W: tuple[int, ...]) -> bool:
    """Whether the shape of a dE/dW says how it is stored."""
    try:
        shape = np.shape(theirs)
    except ValueError:
        return True  # ragged, which is refused
    square = shape[-2:] == W == W[::-1]
    return not square and max(shape, default=0) != W[0] * W[1]


def error_options(error: ErrorSide) -> dict[str, Any]:
    """The options of the error by the names that they have on the command line."""
    return {f"--{key.replace('_', '-')}": value for key, value in error._asdict().items()}


def print_json(document: dict[str, Any]) -> None:
    """A document on a line of its own."""
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY).decode() + "\n")
    sys.stdout.flush()
