"""Every exit of the command line: what a failure looks like, and its status."""

import os
import signal
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NoReturn

import typer

from ..errors import InputError
from ..wording import escaped, shown
from ..writing import cleanup
from ..writing.messages import say
from .streams import give_up_output, prepare_streams


class Status(IntEnum):
    DONE = 0
    DIFFERS = 1
    BAD_INPUT = 2
    INTERRUPTED = 130
    READER_GONE = 141


def _complain(message: str, advice: str = "") -> Status:
    say(f"softmax-jac: error: {message}", *([advice] if advice else []))
    return Status.BAD_INPUT


def _ending() -> list[signal.Signals]:
    """Every signal that ends a program unless it is answered, but those of a fault in the program, after which
    it cannot go on. Those that somebody answers already, or has ignored, as nohup and a shell's & do, are left."""
    others = {"SIGKILL", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT", "SIGCHLD", "SIGURG", "SIGWINCH"}
    faults = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"}
    left = [getattr(signal, name) for name in others | faults if hasattr(signal, name)]
    return [number for number in signal.valid_signals() if number not in left and _is_default(number)]


def _is_default(number: int) -> bool:
    return signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


def _end(signum: int, frame: object) -> NoReturn:
    """Leave at once, or through every clean-up, which a second signal does not disturb. An exception
    in the middle of an import would not be silent."""
    if not cleanup.is_needed():
        os._exit(128 + signum)
    for number in signal.valid_signals():
        if signal.getsignal(number) is _end:
            signal.signal(number, signal.SIG_IGN)
    if signum == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + signum)


def _answer_signals() -> None:
    for number in _ending():
        signal.signal(number, _end)


def _usage(error: Any) -> tuple[str, str]:
    """What Typer has against a command line, as we say it."""
    message = escaped(" ".join(error.format_message().split()), 1000)
    context = getattr(error, "ctx", None)
    option = getattr(error, "option_name", "")
    if context is not None and message.startswith("No such option"):
        from .option_suggestions import meant

        known = {name for parameter in context.command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        found = f"no such option: {escaped(option, 200)}"
        if neighbour := meant(option, known):
            return found, f"do you mean {neighbour}?"
        return found, f"see {context.command_path} --help"
    if message.startswith("Got unexpected extra argument"):
        from ..reading.sources import QUOTES, are_numbers

        if are_numbers(message.partition("(s)")[2].strip(" ()")):
            return message[:1].lower() + message[1:].rstrip("."), QUOTES
    return message[:1].lower() + message[1:].rstrip("."), f"see {context.command_path} --help" if context else ""


def _status(run: Callable[[], object]) -> int:
    try:
        result = run()
        sys.stdout.flush()
        return result if isinstance(result, int) else Status.DONE
    except InputError as error:
        return _complain(str(error), error.advice)
    except typer.Exit as ended:
        return ended.exit_code
    except BrokenPipeError:
        return Status.READER_GONE
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # Typer's own answer to it is to exit with 1
            return Status.READER_GONE
        raise
    except (KeyboardInterrupt, typer.Abort):
        return Status.INTERRUPTED
    except OSError as error:
        name = "" if error.filename is None else f"{shown(os.fsdecode(error.filename))}: "
        return _complain(f"{name}{error.strerror or error}")
    except MemoryError:
        return _complain(
            "the result does not fit in memory", "write it with -o FILE.npy, or choose rows with --outputs"
        )
    except Exception as error:
        if not hasattr(error, "format_message"):  # of a wrong command line: Typer has no public name for them all
            raise
        return _complain(*_usage(error))


def run_and_exit(run: Callable[[], object]) -> NoReturn:
    """Run the command line, and exit with the status that it gives, or with that of what it raises."""
    streams = prepare_streams()
    _answer_signals()
    try:
        raise SystemExit(_status(run))
    finally:
        sys.stdout, sys.stderr = streams  # Typer puts others in their place where a reader is gone
        give_up_output(sys.stdout)
