"""The standard streams, made so that a run ends the same way whatever they are connected to.

Standard output: what cannot be written is an InputError, which no other file's trouble is taken for.
Standard error: what cannot be written is dropped, for what is said there changes nothing.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from errno import EBADF, EINVAL, EPIPE
from typing import TYPE_CHECKING, TextIO

from ..errors import InputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PLAIN = {
    "∂": "d", "×": "x", "·": "*", "−": "-", "–": "-", "…": "...", "δ": "delta", "Σ": "sum", "⁻": "^-", "ᵀ": "^T",
    "≈": "~=", "≠": "!=", "─": "-", "━": "-", "═": "=", "→": "->", "ε": "eps", "η": "eta",
    "λ": "lambda", "ỹ": "y~", "½": "1/2", "±": "+-", "‖": "|", "∘": "*", "⊗": "(x)", "∞": "inf", "≤": "<=", "≥": ">=",
    "∑": "sum", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip


class Descriptor(io.RawIOBase):
    """What is written to a standard stream. What it cannot take is an error, or dropped once it is `given_up`."""

    def __init__(self, number: int, was_closed: bool, given_up: bool) -> None:
        self.number, self.was_closed, self.given_up = number, was_closed, given_up

    def fileno(self) -> int:
        if self.was_closed:
            raise OSError(EBADF, os.strerror(EBADF))
        return self.number

    def isatty(self) -> bool:
        return not self.was_closed and os.isatty(self.number)

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        try:
            return os.write(self.fileno(), data)
        except OSError as error:
            if self.given_up:
                return memoryview(data).nbytes
            if isinstance(error, BrokenPipeError):
                raise
            if sys.platform == "win32" and error.errno == EINVAL and not self.was_closed:
                raise BrokenPipeError(EPIPE, os.strerror(EPIPE)) from None  # what Windows says of a reader that left
            if self.was_closed:
                raise InputError("standard output is closed") from None
            raise InputError(f"cannot write to standard output: {error.strerror}") from None


def prepare_streams() -> tuple[TextIO, TextIO]:
    """Put ours in the place of Python's, which differ with PYTHONUNBUFFERED and are None where closed."""
    codecs.register_error("softmax-jac", _degrade)
    _keep_closed_descriptors_closed()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # none, closed, a stand-in, or a system without
            os.set_blocking(stream.fileno(), True)  # a stream that does not wait would seem to end
    sys.stdout, sys.stderr = _prepared(sys.stdout, 1), _prepared(sys.stderr, 2)
    return sys.stdout, sys.stderr


def give_up_output(stream: TextIO) -> None:
    """Before the interpreter ends: what is left in the buffer and has nowhere to go is not tried again."""
    try:
        stream.flush()
    except (InputError, OSError):
        raw = getattr(getattr(stream, "buffer", None), "raw", None)
        if isinstance(raw, Descriptor):
            raw.given_up = True


def _keep_closed_descriptors_closed() -> None:
    """The next file that is opened would get the number of a stream, and what a library says be written into it.
    Opened the wrong way round they are as good as closed; to standard error a child writes, too, and loses nothing."""
    for descriptor, way in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, way), True)


def _prepared(stream: TextIO | None, number: int) -> TextIO:
    buffer = getattr(stream, "buffer", None)
    file = getattr(buffer, "raw", buffer)
    if stream is not None and not (isinstance(file, io.FileIO) and file.fileno() == number):
        return stream  # a console of Windows, or a stand-in
    raw = Descriptor(number, was_closed=stream is None, given_up=number == 2)
    encoding, errors = ("utf-8", "strict") if stream is None else (stream.encoding, stream.errors)
    if encoding.lower().replace("-", "") != "utf8":
        errors = "softmax-jac"
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=errors, line_buffering=number == 2 or raw.isatty()
    )


def _degrade(error: UnicodeError) -> tuple[str, int]:
    """What an output that cannot take a character gets in its place."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    """A character that stands for one which an output cannot take: a subscript 1 is a 1."""
    import unicodedata

    same = unicodedata.normalize("NFKD", character)
    return PLAIN.get(character) or (same if same.isascii() and same.isprintable() else "?")
