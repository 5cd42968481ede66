"""Input with something wrong in it, made to order, and what is said of it."""

import functools
import io
import json
import struct
import warnings
import zipfile

import numpy as np
import pytest

from softmax_cli.errors import InputError

GOOD = np.array([[1.5, -2.0, 3.0], [4.0, 5e-324, 6.0]])
REAL = "where real numbers are expected"
DATA = struct.pack("<6d", 1, 2, 3, 4, 5, 6)
SAVE_AS_TEXT = "text must be saved as UTF-8, and arrays as .npy or .npz"


def refusal(work):
    """The message and the advice of the InputError that `work` raises."""
    with pytest.raises(InputError) as caught:
        work()
    return str(caught.value), caught.value.advice


def outcome(work):
    """What `work` gives, or the InputError that it raises."""
    try:
        return work()
    except InputError as error:
        return error


def cases(name, *rows):
    """Rows of (what, data, message, advice) as parameters of a test on a file of that name."""
    return [pytest.param(name, *row[1:], id=f"{name}: {row[0]}") for row in rows]


def npy(array, **how):
    file = io.BytesIO()
    np.save(file, array, **how)
    return file.getvalue()


def npy_of(header, data=b"", version=1):
    """A .npy file with a header of one's own."""
    text = header if isinstance(header, bytes) else header.encode("latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def header(descr="'<f8'", fortran="False", shape="(2, 3)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


def npz(compressed=False, **members):
    """An archive of raw members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def twice():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("W.npy", npy(GOOD))
        archive.writestr("W.npy", npy(GOOD))
    return file.getvalue()


def other_compression():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("W.npy", npy(GOOD))
    return file.getvalue()


def encrypted():
    """Bit 0 of the flags, in the local and in the central header, is what says that a member is encrypted."""
    data = bytearray(npz(W=npy(GOOD)))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def lying(size):
    """An archive whose directory promises another size of the member."""
    data = bytearray(npz(W=npy(GOOD)))
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, size)
    return bytes(data)


def corrupt():
    data = npz(W=npy(GOOD))
    at = data.index(GOOD.tobytes())
    return data[:at] + b"\xff" + data[at + 1 :]


@functools.cache
def bomb():
    """A gigabyte of zeros in a megabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("W.npy", "w") as member:
        member.write(npy_of(header(shape=f"({1 << 14}, {1 << 13})")))
        for _ in range(1 << 10):
            member.write(bytes(1 << 20))
    return file.getvalue()


class Trap:
    def __reduce__(self):
        return open, ("sprung", "w")


def tensors(header, data=DATA, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(shape=(2, 3), offsets=(0, 48), dtype="F64", **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}
