"""Where bytes go: a file that is replaced whole or not at all, a device, a pipe, standard output."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from errno import EACCES, EISDIR, ENOENT, ENOTDIR
from typing import Any, BinaryIO

from ..errors import InputError
from ..wording import shown
from . import cleanup


@contextmanager
def target(path: str | None) -> Iterator[BinaryIO]:
    """A binary stream to `path`; None, "-" and /dev/stdout are standard output.

    A regular file is written beside itself and renamed when the block ends, so that an exception in
    it leaves the old file as it was, and nothing where there was none. A link stays a link, an old
    file keeps its owner, group, permissions and attributes, a new one gets the permissions of the umask.
    Everything else is opened and written as it is. InputError if it cannot be written; BrokenPipeError if
    the reader is gone.
    """
    standard = path in (None, "-", "/dev/stdout")
    try:
        with _standard_output() if standard else _opened(str(path)) as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        if standard:
            raise InputError(f"cannot write to standard output: {error.strerror}") from None
        raise InputError(f"cannot write {shown(str(path))}: {reason(str(path), error)}") from None


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    if sys.stdout is None:
        raise InputError("standard output is closed")
    sys.stdout.flush()
    stream: Any = getattr(sys.stdout, "buffer", None)
    if stream is None:  # a stand-in that takes text alone
        held = io.BytesIO()
        yield held
        sys.stdout.write(held.getvalue().decode("utf-8", "replace"))
    elif isinstance(stream, io.RawIOBase):  # python -u: a single write may stop short
        with open(stream.fileno(), "wb", closefd=False) as buffered:
            yield buffered
    else:
        yield stream
        stream.flush()


def _opened(path: str) -> AbstractContextManager[BinaryIO]:
    try:
        old = os.stat(path)
    except FileNotFoundError:
        return _replaced(path, None)
    descriptor = _descriptor(path)
    if descriptor is not None:
        return open(os.dup(descriptor), "wb")
    if stat.S_ISDIR(old.st_mode):  # of which Windows would say that permission is denied
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    if not stat.S_ISREG(old.st_mode):
        return open(path, "wb")
    if not os.access(path, os.W_OK):  # renaming over it would not ask
        raise PermissionError(EACCES, os.strerror(EACCES))
    return _replaced(path, old)


@contextmanager
def _replaced(path: str, old: os.stat_result | None) -> Iterator[BinaryIO]:
    if os.path.islink(path):
        path = os.path.realpath(path)
    folder, name = os.path.split(path)
    short = os.fsdecode(os.fsencode(name)[:200])  # a name may have 255 bytes
    temporary = os.path.join(folder, f".{short}.{os.urandom(6).hex()}.tmp")
    created = 0o666 if old is None else 0o600  # nobody's but ours until it is as the old one
    with cleanup.needed():
        try:
            with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, created)) as stream:
                if old is not None:
                    _make_like(path, old, temporary)
                yield stream
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise


def _make_like(path: str, old: os.stat_result, new: str) -> None:
    """Give a new file all that says who may do what with the old one, as far as we may."""
    mode = stat.S_IMODE(old.st_mode) & 0o777
    if hasattr(os, "chown"):
        for owner, group in ((old.st_uid, -1), (-1, old.st_gid)):
            with suppress(OSError):
                os.chown(new, owner, group)
        if os.stat(new).st_gid != old.st_gid:
            mode &= ~0o070 | (mode & 0o007) << 3  # another group gets no more than everybody has
    if hasattr(os, "listxattr"):  # access control lists are such
        with suppress(OSError):
            for attribute in os.listxattr(path):
                os.setxattr(new, attribute, os.getxattr(path, attribute))
    os.chmod(new, mode)


def _descriptor(path: str) -> int | None:
    """The open descriptor that a path names. Opening it anew would lose its position and its >>."""
    folder, name = os.path.split(path)
    if path == "/dev/stderr":
        return 2
    return int(name) if folder in ("/dev/fd", "/proc/self/fd") and name.isdecimal() else None


def reason(path: str, error: OSError) -> str:
    """Why a file cannot be written."""
    folder = os.path.dirname(path)
    if error.errno == ENOENT and folder and not os.path.isdir(folder):
        return os.strerror(ENOTDIR) if os.path.exists(folder) else f"there is no folder {shown(folder)}"
    return error.strerror or str(error)
