"""What an option names, and the bytes of it: inline text, a file, a pipe or standard input."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Mapping
from typing import IO, NamedTuple

from ..errors import InputError
from ..wording import escaped, shown
from .cell_values import MINUS
from .npyfile import MAGIC
from .refused_files import refuse_foreign

SUFFIXES = {".json": "json", ".csv": "csv", ".tsv": "tsv", ".npy": "npy", ".npz": "npz", ".safetensors": "safetensors"}
STDIN = "standard input"
DIGITS = frozenset("0123456789")
NUMERIC = DIGITS | frozenset("-+.eE,; " + MINUS)
_QUOTIENTS = re.compile(f"(?:[{re.escape(''.join(NUMERIC))}]|(?<=[0-9])/(?=[0-9]))+")
OPENING = re.compile(r"\s*(?:[A-Za-z_]\w*\s*=\s*)?(?:[A-Za-z_][\w.]*\s*\(\s*)?\[")  # of a print of numbers
QUOTES = "numbers go with an option, in quotes where there is a space: -x '1 2'"
SHARDS = "a pattern or a folder names shards, which loss-grad takes, by -x and --target alike"
SHARDED = ("-x", "--target", "--upstream", "--sample-weights")
FIRST_LOOK = 1 << 16  # bytes of a pipe or a device that must look like data before the rest is read


def refuse_stdin_twice(named: dict[str, str | None]) -> None:
    """InputError if more than one of the named values is -."""
    readers = [name for name, value in named.items() if value == "-"]
    if len(readers) > 1:
        both = f"{', '.join(readers[:-1])} and {readers[-1]}"
        raise InputError(
            f"{both} {'both' if len(readers) == 2 else 'all'} name standard input, which can be read only once"
        )


def are_numbers(text: str) -> bool:
    """Whether text can only be meant as numbers."""
    return NUMERIC.issuperset(text) and not DIGITS.isdisjoint(text)


class Named(NamedTuple):
    """What a value names. `kind` is "numbers" or "text" for what stands in `value` itself, or else the format that
    the suffix of the file `value` tells, if any; standard input is a file without a name. `key` is what FILE:KEY
    says after the colon."""

    kind: str
    value: str
    key: str = ""


def named(value: str) -> Named:
    """What the value of an option names. A shell hands -x=1,2 on as =1,2."""
    if value == "-":
        return Named("", "")
    if value.startswith("=") and not os.path.exists(value):
        value = value[1:]
    if value[:1] in ("'", '"') and value[1:].endswith(value[:1]) and not os.path.exists(value):
        value = value[1:-1]  # as cmd.exe leaves them
    if (value.lstrip()[:1] == "{" or OPENING.match(value)) and not os.path.exists(value):
        return Named("text", value)
    if NUMERIC.issuperset(value) and not DIGITS.isdisjoint(value):  # a file of that name is ./3
        return Named("numbers", value)
    if "/" in value and _QUOTIENTS.fullmatch(value) and not os.path.exists(value):
        return Named("numbers", value)
    path, key = _parted(value)
    kind = SUFFIXES.get(os.path.splitext(path)[1].lower(), "")
    if kind or os.sep in path or "/" in path or (path and os.path.exists(path)):
        return Named(kind, path, key)
    return Named("numbers", value)


def _parted(value: str) -> tuple[str, str]:
    """FILE:KEY, parted at the last colon that leaves a file, or else what its suffix tells to be meant as one; not
    parted where the whole is a file, nor at the colon of a drive."""
    if ":" not in value or os.path.exists(value):
        return value, ""
    drive = len(os.path.splitdrive(value)[0])
    colons = [at for at, letter in enumerate(value) if letter == ":" and at >= max(drive, 1)][-9:]
    files = [at for at in colons if os.path.exists(value[:at])]
    named = [at for at in colons if os.path.splitext(value[:at])[1].lower() in SUFFIXES]
    at = max(files or named, default=len(value))
    return value[:at], value[at + 1 :]


def taken_of(value: str, beside: Mapping[str, str | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of the table that a value names which other options take, and notes that say so."""
    _, path, part = named(value)
    taken: dict[str, str] = {}
    for option, other in beside.items():
        kind, file, key = named(other) if other else ("", "", "")
        if key and not part and kind in ("", "csv", "tsv") and os.path.exists(file) and _is_same(file, path):
            taken.setdefault(key, option)
    notes = (
        f"{escaped(key, 40)} of {shown(path)} is what {option} takes, and left out of x"
        for key, option in taken.items()
    )
    return tuple(taken), tuple(notes)


def _is_same(file: str, other: str) -> bool:
    try:
        return os.path.samefile(file, other)
    except (OSError, ValueError):
        return False


def sniffed(data: bytes) -> str:
    """The format that the first bytes tell."""
    if data.startswith(MAGIC):
        return "npy"
    if data.startswith(b"PK"):
        return "npz"
    if _holds_tensors(data):
        return "safetensors"
    start = data[:FIRST_LOOK].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"[", b"{"):
        return "json"
    return "pasted" if OPENING.match(start[:200].decode("latin-1")) else "text table"


def read_bytes(path: str, option: str) -> bytes:
    """All the bytes of a file, or of standard input for an empty path. InputError if it cannot be read, is empty,
    or turns out early to be neither text nor arrays."""
    source = shown(path) if path else STDIN
    try:
        if path:
            with open(path, "rb") as file:
                data = _contents(file, path, source)
        else:
            stream = getattr(sys.stdin, "buffer", None)
            if stream is None or stream.closed:
                raise InputError(f"{option}: standard input is closed")
            data = _contents(stream, path, source)
    except (OSError, MemoryError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(error, source, option) from None
    if not data:
        raise InputError(f"{source} is empty")
    return data


def _contents(file: IO[bytes], path: str, source: str) -> bytes:
    start = file.read(FIRST_LOOK)
    refuse_foreign(path, source, start)
    known = start.startswith((MAGIC, b"PK", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or _holds_tensors(start)
    if b"\0" in start and not known:
        # said before the rest is read: a device such as /dev/zero has no end
        raise InputError(f"{source} is neither text nor a .npy, .npz or .safetensors file: it holds a NUL byte")
    if path and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.seek(0)  # to read it as a whole takes half the memory, and is several times as fast
        return file.read()
    return start + file.read()


def _holds_tensors(start: bytes) -> bool:
    """Whether a length and a header of JSON open a file, as they do in .safetensors."""
    from .safetensorsfile import LONGEST_HEADER

    return start[8:9] == b"{" and 2 <= int.from_bytes(start[:8], "little") <= LONGEST_HEADER


def _is_folder_of_windows(error: Exception) -> bool:
    """Whether a folder was opened, which Windows calls a lack of permission."""
    return isinstance(error, PermissionError) and os.path.isdir(error.filename or "")


def _unreadable(error: Exception, source: str, option: str) -> InputError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        how = QUOTES if option == "INPUT" and are_numbers(source) else ""
        how = SHARDS if option in SHARDED and not {"*", "?"}.isdisjoint(source) else how
        return InputError(f"{option}: no such file: {source}", how)
    if isinstance(error, IsADirectoryError) or _is_folder_of_windows(error):
        return InputError(
            f"{option}: {source} is a folder, where a file is expected", SHARDS if option in SHARDED else ""
        )
    if isinstance(error, MemoryError):
        return InputError(f"{option}: {source} does not fit into memory")
    why = (error.strerror or str(error)) if isinstance(error, OSError) else "not a file name"
    return InputError(f"{option}: cannot read {source}: {why[:1].lower()}{why[1:]}")
