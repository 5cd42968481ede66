"""A file that is replaced: whole or not at all, and for nobody's eyes but those of the old one."""

import errno
import os
import stat
import struct
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


@pytest.fixture
def umask():
    old = os.umask(0o027)
    yield
    os.umask(old)


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


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


def test_an_old_file_keeps_its_owner_and_group(tmp_path, monkeypatch):
    """Whoever runs this may set them or not: asked for is what it takes."""
    path, asked = tmp_path / "out.npy", []
    path.touch()
    monkeypatch.setattr(os, "chown", lambda new, owner, group: asked.append((owner, group)))
    put(path)
    assert asked == [(path.stat().st_uid, -1), (-1, path.stat().st_gid)]


def test_an_old_file_keeps_a_group_that_its_writer_may_set(tmp_path):
    path = tmp_path / "out.npy"
    path.touch()
    owner = 4321 if os.getuid() == 0 else os.getuid()
    group = 4322 if os.getuid() == 0 else max([*os.getgroups(), os.getgid()])
    os.chown(path, owner, group)
    path.chmod(0o640)
    put(path)
    assert (path.stat().st_uid, path.stat().st_gid, permissions(path)) == (owner, group, 0o640)


@pytest.mark.parametrize(
    ("old", "new"), [(0o640, 0o600), (0o664, 0o644), (0o660, 0o600), (0o646, 0o646), (0o604, 0o604)]
)
def test_a_group_that_cannot_be_kept_hands_its_rights_to_no_other(tmp_path, monkeypatch, old, new):
    path = tmp_path / "out.npy"
    path.touch()
    path.chmod(old)
    found = os.stat(path)
    foreign = os.stat_result([*found[:5], found.st_gid + 1, *found[6:]])
    monkeypatch.setattr(os, "chown", refuse)
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda at, **how: foreign if os.fspath(at) == str(path) else real(at, **how))
    put(path)
    monkeypatch.undo()
    assert permissions(path) == new


def refuse(*_):
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_an_old_file_keeps_its_access_control_list(tmp_path):
    """Linux's binary form of user::rw- user:65534:r-- group::--- mask::r-- other::---: without the list, its group
    would read what it may not."""
    path = tmp_path / "out.npy"
    path.touch()
    entries = [(0x01, 6, -1), (0x02, 4, 65534), (0x04, 0, -1), (0x10, 4, -1), (0x20, 0, -1)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    os.setxattr(path, "system.posix_acl_access", acl)
    put(path)
    assert os.getxattr(path, "system.posix_acl_access") == acl


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


@pytest.mark.posix  # Windows keeps a file that is mapped
def test_the_file_being_read_can_be_written(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(1000.0))
    mapped = np.load(path, mmap_mode="r")
    with target(str(path)) as stream:
        np.save(stream, mapped + 1)
    assert np.load(path).tolist() == (np.arange(1000.0) + 1).tolist()


@pytest.mark.parametrize(
    "name",
    [
        "a b.npy",
        "ü" * 125 + ".npy",
        "n" * 255,
        "-",
        "[b].npy",
        *(pytest.param(name, marks=pytest.mark.posix) for name in ("two\nlines.npy", b"\xff\xfe.npy", ".")),
    ],
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
    assert refusal(missing / "out.npy") == f"cannot write {missing / 'out.npy'}: there is no folder {missing}"
    assert refusal(f"{missing}/") == f"cannot write {missing}/: there is no folder {missing}"
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "out.npy") == f"cannot write {tmp_path / 'file' / 'out.npy'}: Not a directory"


@pytest.mark.posix
def test_a_name_that_is_too_long_or_empty_is_refused(tmp_path):
    path = f"{tmp_path}/{'n' * 256}"
    assert refusal(path) == f"cannot write {path[:200]}…: File name too long"
    assert refusal("") == "cannot write '': No such file or directory"


def test_a_link_that_names_itself_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(tmp_path / "loop") == f"cannot write {tmp_path}/loop: Too many levels of symbolic links"


@pytest.mark.posix
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
