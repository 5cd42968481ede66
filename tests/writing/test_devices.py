"""Output to devices, pipes, open descriptors and standard output."""

import contextlib
import io
import os
import stat
import subprocess
import sys
import threading

import pytest

from softmax_cli import InputError
from softmax_cli.writing.files import target


def put(path, data=b"new"):
    with target(os.fspath(path)) as stream:
        stream.write(data)


def refusal(path, data=b"new"):
    with pytest.raises(InputError) as caught:
        put(path, data)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _no_device_is_replaced(monkeypatch):
    """Run as root, a mistake in the code under test would put a regular file in a device's place."""
    replace = os.replace

    def guarded(source, destination):
        assert not os.path.realpath(destination).startswith("/dev/"), f"{destination} was about to be replaced"
        replace(source, destination)

    monkeypatch.setattr(os, "replace", guarded)


@pytest.mark.parametrize("size", [3, 5_000_000])
def test_a_full_device_is_refused(size):
    assert refusal("/dev/full", bytes(size)) == "cannot write /dev/full: No space left on device"


def test_the_null_device_stays_a_device():
    put("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_link_to_a_device_is_written_through(tmp_path):
    (tmp_path / "link").symlink_to("/dev/full")
    assert refusal(tmp_path / "link") == f"cannot write {tmp_path}/link: No space left on device"


def test_a_named_pipe_is_written_through(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    put(pipe, b"x" * 300_000)
    reader.join()
    assert read == [b"x" * 300_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_whose_reader_is_gone_is_told_from_a_bad_target(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: pipe.open("rb").close())
    reader.start()
    with pytest.raises(BrokenPipeError), target(str(pipe)) as stream:  # noqa: PT012
        reader.join()
        stream.write(bytes(300_000))


def test_a_descriptor_keeps_its_position(tmp_path):
    path = tmp_path / "log"
    with open(path, "ab") as log:
        log.write(b"before ")
        log.flush()
        put(f"/dev/fd/{log.fileno()}")
        log.write(b" after")
    assert path.read_bytes() == b"before new after"


def test_a_descriptor_that_is_not_open_is_refused():
    assert refusal("/dev/fd/987654") == "cannot write /dev/fd/987654: No such file or directory"


# --- standard output ---------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-B", "-u"])
@pytest.mark.parametrize("name", ["None", "'-'", "'/dev/stdout'"])
def test_standard_output_comes_in_order(child, name, flag):
    source = f'print("before")\nwith target({name}) as s:\n    s.write(b"x" * 300_000 + b"\\n")\nprint("after")'
    assert child(source, flag).stdout == b"before\n" + b"x" * 300_000 + b"\nafter\n"


def test_standard_output_sent_to_a_file_stays_that_file(tmp_path, child):
    with open(tmp_path / "log", "wb") as log:
        log.write(b"earlier\n")
        log.flush()
        child('with target("/dev/stdout") as s:\n    s.write(b"new\\n")', stdout=log, capture_output=False)
        log.seek(0, os.SEEK_END)
        log.write(b"later\n")
    assert (tmp_path / "log").read_bytes() == b"earlier\nnew\nlater\n"


def test_a_reader_that_is_gone_is_a_broken_pipe(child):
    source = """
import io
read_end, write_end = os.pipe()
os.close(read_end)
sys.stdout = open(write_end, "w")
try:
    with target(None) as stream:
        stream.write(bytes(SIZE))
except BrokenPipeError:
    os.dup2(os.open(os.devnull, os.O_WRONLY), write_end)
    print("broken pipe", file=sys.stderr)
"""
    for size in ("3", "300_000"):
        assert child(source.replace("SIZE", size)).stderr == b"broken pipe\n"


def test_standard_output_on_a_full_disk_is_refused(child):
    source = """
try:
    with target(None) as stream:
        stream.write(b"new")
except InputError as error:
    print(error, file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
"""
    with open("/dev/full", "wb") as full:
        run = child(source, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert run.stderr == b"cannot write to standard output: No space left on device\n"


def test_unbuffered_standard_output_never_stops_short_unnoticed(tmp_path, child):
    source = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with target(None) as stream:
        stream.write(bytes(5000))
except InputError as error:
    print(error, file=sys.stderr)
"""
    with open(tmp_path / "log", "wb") as log:
        run = child(source, "-u", capture_output=False, stdout=log, stderr=subprocess.PIPE)
    assert run.stderr == b"cannot write to standard output: File too large\n"


def test_standard_output_that_is_closed_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(InputError) as caught, target(None):
        pass
    assert str(caught.value) == "standard output is closed"


def test_standard_output_that_takes_text_alone_gets_text():
    with contextlib.redirect_stdout(io.StringIO()) as text, target(None) as stream:
        stream.write("é\n".encode())
    assert text.getvalue() == "é\n"
