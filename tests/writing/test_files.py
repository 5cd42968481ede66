import contextlib
import io
import os
import random
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
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


@pytest.fixture
def umask():
    old = os.umask(0o027)
    yield
    os.umask(old)


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def child(tmp_path):
    """Run Python source, after `from softmax_cli.writing.files import target`, in tmp_path."""

    def run(source, *flags, **options):
        head = (
            "import os, sys\nfrom softmax_cli.errors import InputError\nfrom softmax_cli.writing.files import target\n"
        )
        paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        options = {"capture_output": True, "cwd": tmp_path, "timeout": 60} | options
        environment = os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": ""}
        return subprocess.run([sys.executable, *flags, "-c", head + source], env=environment, **options)

    return run


# --- regular files -----------------------------------------------------------------------------


def test_the_old_file_is_whole_until_the_new_one_is(tmp_path):
    path = tmp_path / "out.npy"
    path.write_bytes(b"old")
    with target(str(path)) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out.npy"]


@pytest.mark.parametrize("error", [ValueError, InputError, KeyboardInterrupt, SystemExit, BrokenPipeError])
def test_a_failed_run_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "out.npy"
    path.write_bytes(b"old")
    with pytest.raises(error, match="halfway"), target(str(path)) as stream:  # noqa: PT012
        stream.write(b"x" * 100_000)
        raise error("halfway")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.npy"]


def test_a_failed_run_leaves_nothing_where_there_was_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), target(str(tmp_path / "out.npy")) as stream:  # noqa: PT012
        stream.write(b"x" * 100_000)
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_a_new_file_has_the_permissions_of_the_umask(tmp_path, umask):
    put(tmp_path / "out.npy")
    assert permissions(tmp_path / "out.npy") == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o666, 0o755])
def test_an_old_file_keeps_its_permissions_from_the_first_byte(tmp_path, umask, mode):
    path = tmp_path / "out.npy"
    path.touch()
    path.chmod(mode)
    with target(str(path)):
        (temporary,) = set(tmp_path.iterdir()) - {path}
        assert permissions(temporary) == mode
    assert permissions(path) == mode


def test_a_private_file_is_never_open_to_others_on_the_way(tmp_path, monkeypatch):
    path, created = tmp_path / "out.npy", []
    path.touch()
    path.chmod(0o600)
    monkeypatch.setattr(os, "chmod", lambda temporary, mode: created.append(permissions(Path(temporary))))
    put(path)
    assert created == [0o600]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    real, link = tmp_path / "folder" / "real.npy", tmp_path / "link.npy"
    real.write_bytes(b"old")
    link.symlink_to("folder/real.npy")
    put(link)
    assert os.readlink(link) == "folder/real.npy"
    assert real.read_bytes() == b"new"
    assert os.listdir(tmp_path / "folder") == ["real.npy"]


def test_a_link_to_nothing_makes_the_file_it_names(tmp_path):
    (tmp_path / "link.npy").symlink_to("real.npy")
    put(tmp_path / "link.npy")
    assert (tmp_path / "link.npy").is_symlink()
    assert (tmp_path / "real.npy").read_bytes() == b"new"


def test_the_file_being_read_can_be_written(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(1000.0))
    mapped = np.load(path, mmap_mode="r")
    with target(str(path)) as stream:
        np.save(stream, mapped + 1)
    assert np.load(path).tolist() == (np.arange(1000.0) + 1).tolist()


@pytest.mark.parametrize(
    "name", ["a b.npy", "two\nlines.npy", b"\xff\xfe.npy", "ü" * 125 + ".npy", "n" * 255, "-", "[b].npy", "."]
)
def test_any_name_that_the_file_system_takes_can_be_written(tmp_path, name):
    name = "./-" if name == "-" else "..." if name == "." else name
    path = os.path.join(str(tmp_path), os.fsdecode(name))
    put(path)
    with open(path, "rb") as stream:
        assert stream.read() == b"new"
    assert len(os.listdir(tmp_path)) == 1


def test_a_relative_name_is_written_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put("out.npy")
    assert os.listdir(tmp_path) == ["out.npy"]


def test_a_stream_can_go_back_to_its_head(tmp_path):
    with target(str(tmp_path / "out")) as stream:
        stream.write(b"....tail")
        stream.seek(0)
        stream.write(b"head")
    assert (tmp_path / "out").read_bytes() == b"headtail"


# --- what cannot be written --------------------------------------------------------------------


def test_a_folder_is_refused(tmp_path):
    assert refusal(tmp_path) == f"cannot write {tmp_path}: Is a directory"


def test_a_missing_folder_is_named(tmp_path):
    missing = tmp_path / "missing"
    assert refusal(missing / "out.npy") == f"cannot write {missing}/out.npy: there is no folder {missing}"
    assert refusal(f"{missing}/") == f"cannot write {missing}/: there is no folder {missing}"
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "out.npy") == f"cannot write {tmp_path}/file/out.npy: Not a directory"


def test_a_name_that_is_too_long_or_empty_is_refused(tmp_path):
    path = f"{tmp_path}/{'n' * 256}"
    assert refusal(path) == f"cannot write {path[:200]}…: File name too long"
    assert refusal("") == "cannot write '': No such file or directory"


def test_a_link_that_names_itself_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(tmp_path / "loop") == f"cannot write {tmp_path}/loop: Too many levels of symbolic links"


def test_an_error_is_one_line_whatever_the_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refusal("a\nb/out") == "cannot write 'a\\nb/out': there is no folder 'a\\nb'"
    assert refusal(os.fsdecode(b"\xff/out")) == "cannot write '\\udcff/out': there is no folder '\\udcff'"


ATTEMPT = """
if os.getuid() == 0:  # whom no permission binds
    os.setuid(65534)
assert "closed" in os.listdir()
os.stat("closed/.")
try:
    with target("closed/out.npy") as stream:
        stream.write(b"new")
except InputError as error:
    print(error)
"""


def test_a_folder_that_may_not_be_written_is_refused(tmp_path, child):
    folder = tmp_path / "closed"
    tmp_path.chmod(0o755)
    folder.mkdir()
    folder.chmod(0o555)
    assert child(ATTEMPT).stdout == b"cannot write closed/out.npy: Permission denied\n"
    assert os.listdir(folder) == []


def test_a_file_that_may_not_be_written_is_refused_though_its_folder_may(tmp_path, child):
    folder = tmp_path / "closed"
    tmp_path.chmod(0o755)
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "out.npy").write_bytes(b"old")
    (folder / "out.npy").chmod(0o444)
    assert child(ATTEMPT).stdout == b"cannot write closed/out.npy: Permission denied\n"
    assert (folder / "out.npy").read_bytes() == b"old"
    assert os.listdir(folder) == ["out.npy"]


@pytest.mark.parametrize("size", [5_000, 5_000_000])
def test_a_file_that_cannot_grow_is_refused_and_the_old_one_kept(tmp_path, child, size):
    (tmp_path / "out.npy").write_bytes(b"old")
    source = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with target("out.npy") as stream:
        stream.write(bytes({size}))
except InputError as error:
    print(error)
"""
    assert child(source).stdout == b"cannot write out.npy: File too large\n"
    assert (tmp_path / "out.npy").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.npy"]


# --- devices and pipes -------------------------------------------------------------------------


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


# --- killed at any moment ----------------------------------------------------------------------

WRITER = """
import itertools, os, signal, sys
import numpy as np
from softmax_cli.writing.files import target
from softmax_cli.writing.formats.npy import write_array
from softmax_cli.writing.result import Stream

def terminate(signum, frame):
    raise SystemExit(143)

signal.signal(signal.SIGTERM, terminate)
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
for n in itertools.count():
    block = np.full((20, 500), float(n))
    with target("out.npy") as stream:
        write_array(stream.write, Stream((200, 500), [block] * 10))
"""


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def answer_signals():
    """As in a shell's foreground: the tests themselves may run where these are ignored."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_run_of_the_command_leaves_nothing_and_says_nothing(tmp_path, number):
    np.save(tmp_path / "x.npy", np.ones(400))
    np.save(tmp_path / "W.npy", np.ones((400, 400)))
    with subprocess.Popen(
        [sys.executable, "-m", "softmax_cli", "layer-grad", "-x", "x.npy", "-W", "W.npy", "-o", "out.csv"],
        cwd=tmp_path, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=answer_signals,
    ) as process:  # fmt: skip
        while len(os.listdir(tmp_path)) < 3:  # until it writes
            time.sleep(0.01)
        process.send_signal(number)
        said = process.stderr.read()
        assert (process.wait(30), said) == (128 + number, b"")
    assert sorted(os.listdir(tmp_path)) == ["W.npy", "x.npy"]


@pytest.mark.slow
def test_an_interrupt_at_any_moment_prints_no_traceback(tmp_path):
    chance = random.Random(1)
    for _ in range(40):
        with subprocess.Popen(
            [sys.executable, "-m", "softmax_cli", "forward", "-x", "1", "-W", "1,2"],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=answer_signals,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        ) as process:  # fmt: skip
            time.sleep(chance.uniform(0.04, 0.16))  # the interpreter's own start is not ours to answer for
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
            assert process.wait(30) in (0, 130, -signal.SIGINT)
            assert b"softmax_cli" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "litter"),
    [(signal.SIGTERM, 143, False), (signal.SIGINT, -signal.SIGINT, False), (signal.SIGKILL, -signal.SIGKILL, True)],
)
def test_a_killed_run_leaves_one_whole_file(tmp_path, number, status, litter):
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    chance = random.Random(number)
    for n in range(20):
        folder = tmp_path / str(n)
        folder.mkdir()
        np.save(folder / "out.npy", np.full((200, 500), -1.0))
        with subprocess.Popen(
            [sys.executable, "-c", WRITER], cwd=folder, env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.05))
            process.send_signal(number)
            assert process.wait(30) == status
        array = np.load(folder / "out.npy")
        assert array.shape == (200, 500)
        assert (array == array[0, 0]).all()
        others = [name for name in os.listdir(folder) if name != "out.npy"]
        assert len(others) <= litter
        assert all(re.fullmatch(r"\.out\.npy\.[0-9a-f]{12}\.tmp", name) for name in others)
