"""JSON Lines: a document a line in, a document a line out, as it comes.

Lines that are there together and share W and b are computed together; a line of a slow producer is
answered before the next is read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import orjson

from .batch import batch_of
from .core import Array, InputError, evaluate
from .files import target as open_target
from .gradients import gradient_and_loss
from .jacobian import Layout, Method, chain_product
from .learning import found_by, shared_weighting
from .options import Chain, ErrorSide, Inputs, JacobianOutput, Lines, Output, Step
from .problem import Problem, parse_document, problem_from_document, read_array
from .results import KEYS, in_layout
from .textfile import shown

CHUNK = 1 << 16
GROUP_ENTRIES = 1 << 20  # numbers in the results of lines that are computed together

Compute = Callable[[Problem, list[dict[str, Any]]], dict[str, Any]]


class Line(NamedTuple):
    number: int
    document: dict[str, Any]
    problem: Problem
    own: bool  # it brings its own W or b


def run_lines(
    name: str,
    inputs: Inputs,
    lines: Lines,
    output: Output | JacobianOutput,
    chain: Chain | None = None,
    error: ErrorSide | None = None,
    step: Step | None = None,
) -> bool:
    """Answer every line. False if --keep-going passed over a bad one."""
    if inputs.input is None:
        raise InputError("--jsonl needs INPUT: a file of JSON Lines, or - for standard input")
    if inputs.x is not None:
        raise InputError("-x is given, where with --jsonl every line brings its own x")
    if output.format not in (None, "json"):
        raise InputError(
            f"--format {output.format} cannot be written line by line", "leave it out: --jsonl writes JSON"
        )
    if [inputs.input, inputs.w, inputs.b].count("-") > 1:
        raise InputError("- is given more than once, where standard input can be read once")
    W, b = _shared(inputs)
    compute, size = _computation(name, output, chain, error, step)
    source = "standard input" if inputs.input == "-" else shown(inputs.input)
    good = True
    with _opened(inputs.input) as stream, open_target(output.output) as out:
        for chunk in _chunks(stream):
            ready: list[Line] = []
            try:
                for number, text in chunk:
                    try:
                        ready.append(_line(number, text, f"{source} line {number}", W, b, inputs))
                    except InputError as bad:
                        if not lines.keep_going:
                            raise
                        _report(bad)
                        good = False
            finally:
                good &= _answer(ready, compute, size, out, source, lines.keep_going)
                out.flush()
    return good


def _line(number: int, text: bytes, source: str, W: Array | None, b: Array | None, inputs: Inputs) -> Line:
    document = parse_document(text, source)
    if "W" in document:
        W = None
    if "b" in document:
        b = None
    problem = problem_from_document(document, source, W=W, b=b, out_in=inputs.weights_layout == "out-in")
    if problem.x.ndim != 1:
        raise InputError(f"{source}: x is a matrix, where a line holds one input", "write one line for each input")
    return Line(number, document, problem, "W" in document or "b" in document)


def _answer(
    ready: list[Line], compute: Compute, size: Callable[[Problem], int], out: BinaryIO, source: str, keep_going: bool
) -> bool:
    good = True
    for group in _groups(ready, size):
        try:
            out.write(_documents(group, compute))
        except InputError as bad:
            if len(group) > 1:  # find the line that is to blame
                for line in group:
                    good &= _answer([line], compute, size, out, source, keep_going)
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


def _documents(group: list[Line], compute: Compute) -> bytes:
    x = np.stack([line.problem.x for line in group])
    first = group[0].problem
    about = compute(Problem(x, first.W, first.b, None, {}), [line.document for line in group])
    arrays = {key: value for key, value in about.items() if isinstance(value, np.ndarray)}
    words = {key: value for key, value in about.items() if key not in arrays}
    carried = ("id", "x", "W", "b", "target", "upstream")
    return b"".join(
        orjson.dumps(
            {k: line.document[k] for k in carried if k in line.document}
            | words
            | {key: value[n] for key, value in arrays.items()},
            option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE,
        )
        for n, line in enumerate(group)
    )


# --- what is computed of a group ---------------------------------------------------------------


def _computation(
    name: str, output: Output | JacobianOutput, chain: Chain | None, error: ErrorSide | None, step: Step | None
) -> tuple[Compute, Callable[[Problem], int]]:
    """What to compute of a group of lines, and how many numbers that makes of one."""
    if name == "forward":
        return _forward, lambda p: 2 * p.W.shape[1]
    if name == "weight-grad":
        assert error is not None
        assert step is not None
        return _weight_grad(error, step), lambda p: p.W.size
    assert isinstance(output, JacobianOutput)
    return _jacobian(name, output.layout, chain.method if chain else None), lambda p: p.W.size * p.W.shape[1]


def _forward(problem: Problem, documents: list[dict[str, Any]]) -> dict[str, Any]:
    layer, _ = evaluate(problem.x, problem.W, problem.b)
    return {"z": layer.z, "h": layer.h}


def _jacobian(name: Any, layout: Layout, method: Method | None) -> Compute:
    def compute(problem: Problem, documents: list[dict[str, Any]]) -> dict[str, Any]:
        if method == "chain":
            layer, single = evaluate(problem.x, problem.W, problem.b)
            value = in_layout(chain_product(layer, single), problem.W, layout)
        else:
            value = batch_of(name, problem, None).make(slice(None)).dense(layout)
        return {"layout": layout, **({"method": method} if method else {}), KEYS[name]: value}

    return compute


def _weight_grad(error: ErrorSide, step: Step) -> Compute:
    common = shared_weighting(error)

    def compute(problem: Problem, documents: list[dict[str, Any]]) -> dict[str, Any]:
        given = {key: [d.get(key, common.get(key)) for d in documents] for key in ("upstream", "target")}
        used: dict[str, Any] = {key: values for key, values in given.items() if any(v is not None for v in values)}
        if len(used) != 1 or any(v is None for values in used.values() for v in values):
            raise InputError("one of target and upstream is expected, in the line or as --target or --upstream")
        gradient, loss = gradient_and_loss(problem.x, problem.W, problem.b, reduction="none", **used)
        return dict(found_by(problem, gradient, loss, step))

    return compute


# --- where lines come from ---------------------------------------------------------------------


def _shared(inputs: Inputs) -> tuple[Array | None, Array | None]:
    W = None if inputs.w is None else read_array(inputs.w, "-W", 2)[0]
    b = None if inputs.b is None else read_array(inputs.b, "-b", 1)[0]
    return (W.T.copy() if W is not None and inputs.weights_layout == "out-in" else W), b


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


def _chunks(stream: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """The lines that are there, as soon as one is, with their numbers from 1. Blank ones are passed over."""
    number, rest = 0, b""
    while data := _read(stream):
        *whole, rest = (rest + data).split(b"\n")
        yield [(number + n, line) for n, line in enumerate(whole, 1) if line.strip()]
        number += len(whole)
    if rest.strip():
        yield [(number + 1, rest)]


def _read(stream: BinaryIO) -> bytes:
    try:
        data: bytes = stream.read1(CHUNK)  # type: ignore[attr-defined]
    except OSError as error:
        raise InputError(f"cannot read INPUT: {error.strerror}") from None
    return data


def _report(bad: InputError) -> None:
    if sys.stderr is not None:
        print(f"softmax-jac: error: {bad}", file=sys.stderr)
