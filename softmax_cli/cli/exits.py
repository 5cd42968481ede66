"""Every exit of the command line: what a failure looks like, and its status."""

import codecs
import os
import signal
import sys
from contextlib import suppress
from enum import IntEnum
from typing import NoReturn

import typer
from typer._click.exceptions import ClickException

from ..wording import escaped
from ..writing import cleanup
from ..writing.messages import say


class Status(IntEnum):
    DONE = 0
    DIFFERS = 1
    BAD_INPUT = 2
    INTERRUPTED = 130
    READER_GONE = 141


def _degrade(error: UnicodeError) -> tuple[str, int]:
    """What an output that cannot take a character gets in its place."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


PLAIN = {
    "∂": "d", "×": "x", "·": "*", "−": "-", "–": "-", "…": "...", "δ": "delta", "Σ": "sum", "⁻": "^-", "ᵀ": "^T",
    "≈": "~=", "≠": "!=", "─": "-", "━": "-", "═": "=", "→": "->", "ε": "eps", "η": "eta",
}  # fmt: skip


def _plain(character: str) -> str:
    """A character that stands for one which an output cannot take: a subscript 1 is a 1."""
    import unicodedata

    same = unicodedata.normalize("NFKD", character)
    return PLAIN.get(character) or (same if same.isascii() and same.isprintable() else "?")


def _prepare_streams() -> None:
    codecs.register_error("softmax-jac", _degrade)
    for stream in (sys.stdin, sys.stdout):
        with suppress(AttributeError, OSError, ValueError):  # none, closed, a stand-in, or a system without
            os.set_blocking(stream.fileno(), True)  # a stream that does not wait would seem to end
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="softmax-jac")  # type: ignore[union-attr]


def _complain(message: str, advice: str = "") -> Status:
    say(f"softmax-jac: error: {message}", *([advice] if advice else []))
    return Status.BAD_INPUT


ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)]


def _end(signum: int, frame: object) -> NoReturn:
    """Leave at once, or through every clean-up, which a second signal does not disturb. An exception
    in the middle of an import would not be silent."""
    if not cleanup.is_needed():
        os._exit(128 + signum)
    for number in (signal.SIGINT, *ENDING):
        signal.signal(number, signal.SIG_IGN)
    if signum == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + signum)


def _answer_signals() -> None:
    for number in (signal.SIGINT, *ENDING):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup and a shell's & ask for
            signal.signal(number, _end)


def _usage(error: ClickException) -> tuple[str, str]:
    message = escaped(" ".join(error.format_message().split()), 1000)
    context = getattr(error, "ctx", None)
    return message[:1].lower() + message[1:].rstrip("."), f"see {context.command_path} --help" if context else ""


def _run(app: typer.Typer, arguments: list[str]) -> int:
    try:
        result = app(arguments, prog_name="softmax-jac", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return int(result or Status.DONE)
    except typer.Exit as ended:
        return ended.exit_code
    except ClickException as error:
        return _complain(*_usage(error))
    except BrokenPipeError:
        return Status.READER_GONE
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # click's own answer to it is to exit with 1
            return Status.READER_GONE
        raise
    except (KeyboardInterrupt, typer.Abort):
        return Status.INTERRUPTED
    except OSError as error:
        return _complain(f"cannot write to standard output: {error.strerror}")
    except MemoryError:
        return _complain(
            "the result does not fit in memory", "write it with -o FILE.npy, or choose rows with --outputs"
        )
    except ValueError as error:
        from ..errors import InputError

        if not isinstance(error, InputError):
            raise
        return _complain(str(error), error.advice)


def run_and_exit(app: typer.Typer, arguments: list[str]) -> NoReturn:
    """Run the command line and exit."""
    _prepare_streams()
    _answer_signals()
    status = _run(app, arguments)
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            # What is left in the buffer has nowhere to go; do not let the interpreter try again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    raise SystemExit(status)
