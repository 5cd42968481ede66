"""Bytes → text: UTF-8 and nothing else."""

from __future__ import annotations

from ..errors import InputError

_MARKS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def decode(data: bytes, source: str) -> str:
    """UTF-8 text, with or without a byte-order mark. InputError if it is anything else, or empty."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            raise InputError(f"{source} is {encoding} text, where UTF-8 is expected", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{source} is not UTF-8 text: byte 0x{data[error.start]:02x} on line {line}",
            "text must be saved as UTF-8, and arrays as .npy or .npz",
        ) from None
    if not text or text.isspace():
        raise InputError(f"{source} is empty")
    return text
