"""JSON Lines: a document a line in, a document a line out, as it comes.

Lines that are there together and share W and b are computed together; a line of a slow producer is
answered before the next is read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import orjson

from ..core.arrays import Array
from ..errors import InputError
from ..reading.archives import JsonObject
from ..reading.document_keys import ERROR_KEYS, refuse_other_layout, said_layout
from ..reading.jsonfile import parse_document
from ..reading.layer import Weights, biases, weights
from ..reading.names import INPUTS, OUTPUTS, SCIKIT
from ..reading.option_arrays import read_entry
from ..reading.problem import Problem
from ..reading.read_problem import problem_from_document
from ..wording import shown
from ..writing.files import target as open_target
from ..writing.inputs import mask_of_problem
from ..writing.messages import say
from .inputs import say_notes
from .options import Inputs, Lines

CHUNK = 1 << 16
GROUP_ENTRIES = 1 << 20  # numbers in the results of lines that are computed together
ALONE = GROUP_ENTRIES  # the size of what is computed line by line

Document = dict[str, Any]


class Work(NamedTuple):
    """What is made of lines that share W and b: `compute` takes them as one problem with their inputs
    as rows, and their documents, and gives the results of each; `size` is how many numbers those of one are.
    `of_error` says that what a line says of the error counts."""

    compute: Callable[[Problem, list[Document]], list[Document]]
    size: Callable[[Problem], int]
    of_error: bool = False


# what a line is computed alone for
OWN = {"W", "b", "z", "temperature", "mask", OUTPUTS, INPUTS, *ERROR_KEYS} - {"target", "upstream"}


class Shared(NamedTuple):
    """The weights and b (K,) that every line without its own has, and what the user should hear of them."""

    layer: Weights | None
    b: Array | None
    notes: tuple[str, ...]


class Line(NamedTuple):
    number: int
    document: Document
    problem: Problem
    own: bool  # it brings its own W or b, or whatever else others do not share


def run_lines(inputs: Inputs, lines: Lines, output: str | None, work: Work) -> bool:
    """Answer every line. False if --keep-going passed over a bad one."""
    if inputs.input is None:
        raise InputError("--jsonl needs INPUT: a file of JSON Lines, or - for standard input")
    if inputs.z is not None:
        raise InputError("-z is given, where with --jsonl every line brings its own")
    if inputs.x is not None:
        raise InputError("-x is given, where with --jsonl every line brings its own x")
    if inputs.x_rows:
        raise InputError("--x-rows is for a batch, and with --jsonl a line holds one input")
    shared = _shared(inputs)
    source = "standard input" if inputs.input == "-" else shown(inputs.input)
    good = True
    say_notes(shared.notes)
    said = set(shared.notes)
    with _opened(inputs.input) as stream, open_target(output) as out:
        for chunk in _chunks(stream, source):
            ready: list[Line] = []
            try:
                for number, text in chunk:
                    try:
                        line = _line(number, text, f"{source} line {number}", shared, inputs, work.of_error)
                        say_notes(note for note in line.problem.notes if note not in said)
                        said.update(line.problem.notes)
                        ready.append(line)
                    except InputError as bad:
                        if not lines.keep_going:
                            raise
                        _report(bad)
                        good = False
            finally:
                good &= _answer(ready, work, out, source, lines.keep_going)
                out.flush()
    return good


def _line(number: int, text: bytes, source: str, shared: Shared, inputs: Inputs, of_error: bool) -> Line:
    document = _parsed(text, source)
    layer, b, _ = shared
    binary = inputs.binary if layer is None else layer.binary
    if "W" in document:
        said = said_layout(JsonObject(document, source))
        refuse_other_layout(said, inputs.weights_layout, source)
        document["weights_layout"] = said or inputs.weights_layout or "in-out"
        layer, binary = None, inputs.binary
    else:
        document.pop("weights_layout", None)  # of a W that is not there
    if "b" in document:
        b = None
    T, mask = (None if document.get(key) is not None else getattr(inputs, key) for key in ("temperature", "mask"))
    problem = problem_from_document(document, source, layer, b, binary, T, mask, of_error)
    if problem.temperature != 1.0:
        document["temperature"] = problem.temperature
    if (hidden := mask_of_problem(problem)) is not None:
        document["mask"] = np.flatnonzero(hidden).tolist()
    for key, names in ((OUTPUTS, problem.names), (INPUTS, problem.input_names)):
        if key in document or (names is not None and SCIKIT[key] in document):
            document[key] = names
    if "W" in document and (binary or document["weights_layout"] == "out-in"):  # carried on as it was taken
        document |= {"W": problem.W, "weights_layout": "in-out"}
    if "b" in document and binary:
        document["b"] = problem.b
    if problem.x.ndim != 1:
        raise InputError(f"{source}: x is a matrix, where a line holds one input", "write one line for each input")
    return Line(number, document, problem, not OWN.isdisjoint(document))


def _parsed(text: bytes, source: str) -> Document:
    """The object of a line, of which a message names the line once."""
    try:
        return parse_document(text, source)
    except InputError as bad:
        start, rest = source, str(bad).removeprefix(source)
        rest = rest.replace(" at line 1, column ", " at column ", 1).removesuffix(", on line 1")
        several = bad.advice.startswith("for a document a line")
        raise InputError(start + rest, "write one document a line" if several else bad.advice) from None


def _answer(ready: list[Line], work: Work, out: BinaryIO, source: str, keep_going: bool) -> bool:
    good = True
    for group in _groups(ready, work.size):
        try:
            out.write(_documents(group, work))
        except InputError as bad:
            if len(group) > 1:  # find the line that is to blame
                for line in group:
                    good &= _answer([line], work, out, source, keep_going)
                continue
            named = InputError(f"{source} line {group[0].number}: {bad}", bad.advice)
            if not keep_going:
                raise named from None
            _report(named)
            good = False
    return good


def _groups(ready: list[Line], size: Callable[[Problem], int]) -> Iterator[list[Line]]:
    """Runs of lines that share W and b, not too long."""
    group: list[Line] = []
    limit = 1
    for line in ready:
        if group and (line.own or group[0].own or len(group) >= limit):
            yield group
            group = []
        if not group:
            limit = max(1, GROUP_ENTRIES // size(line.problem))
        group.append(line)
    if group:
        yield group


CARRIED = ("id", "x", "W", "weights_layout", "b", "z", "temperature", "mask", OUTPUTS, INPUTS, *ERROR_KEYS)


def _documents(group: list[Line], work: Work) -> bytes:
    first = group[0].problem
    z = None if first.z is None else np.stack([first.z])
    problem = replace(first, x=np.stack([line.problem.x for line in group]), z=z)
    results = work.compute(problem, [line.document for line in group])
    return b"".join(
        orjson.dumps(
            {key: line.document[key] for key in CARRIED if key in line.document} | _plain(result),
            option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE,
        )
        for line, result in zip(group, results, strict=True)
    )


def _plain(result: Document) -> Document:
    """The same with arrays of no dimension as numbers, which orjson takes."""
    return {key: v.item() if isinstance(v, np.ndarray) and v.ndim == 0 else v for key, v in result.items()}


# --- where lines come from ---------------------------------------------------------------------


def _shared(inputs: Inputs) -> Shared:
    """W and b of the options, for every line."""
    layer, b = None, None
    notes: tuple[str, ...] = ()
    if inputs.w is not None:
        entry = read_entry(inputs.w, "-W", "W", header=inputs.header)
        layer = weights(entry, inputs.weights_layout, inputs.binary)
        notes = layer.notes
    if inputs.b is not None:
        entry = read_entry(inputs.b, "-b", "b", header=inputs.header)
        b, notes = biases(entry, inputs.binary if layer is None else layer.binary), notes + entry.notes
    return Shared(layer, b, notes)


def _opened(path: str) -> AbstractContextManager[BinaryIO]:
    if path == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed")
        return nullcontext(sys.stdin.buffer)
    try:
        return open(path, "rb")
    except OSError as error:
        raise InputError(f"cannot read {shown(path)}: {error.strerror}") from None
    except ValueError:  # a NUL, say
        raise InputError(f"INPUT is {shown(path)}, which cannot be a file") from None


def _chunks(stream: BinaryIO, source: str) -> Iterator[list[tuple[int, bytes]]]:
    """The lines that are there, as soon as one is, with their numbers from 1. Blank ones are passed over."""
    number = 0
    begun: list[bytes] = []  # of a line that has not ended
    while data := _read(stream):
        if b"\0" in data:  # said at once: a device such as /dev/zero has no end, and no line
            at = number + data.count(b"\n", 0, data.index(0)) + 1
            raise InputError(f"{source} is not JSON Lines: it holds a NUL byte on line {at}")
        *whole, rest = data.split(b"\n")
        if whole:
            whole[0] = b"".join([*begun, whole[0]])
            begun = []
            yield [(number + n, line) for n, line in enumerate(whole, 1) if line.strip()]
            number += len(whole)
        begun.append(rest)
    if (line := b"".join(begun)).strip():
        yield [(number + 1, line)]


def _read(stream: BinaryIO) -> bytes:
    try:
        data: bytes = stream.read1(CHUNK)  # type: ignore[attr-defined]
    except OSError as error:
        raise InputError(f"cannot read INPUT: {error.strerror}") from None
    return data


def _report(bad: InputError) -> None:
    say(f"softmax-jac: error: {bad}")
