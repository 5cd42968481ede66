"""Python as it is on a system that is not POSIX, as far as that can be had here: first on PYTHONPATH, this is imported
before anything else, and takes away what Windows has not."""

import builtins
import errno
import functools
import io
import mmap
import os
import signal
import sys

MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}
OF_OS = [
    "chown", "fchmod", "fchown", "fork", "forkpty", "geteuid", "getgid", "getegid", "getgroups", "getpgid",
    "getppid", "getxattr", "killpg", "lchown", "listxattr", "mkfifo", "mknod", "nice",
    "posix_fadvise", "posix_fallocate", "process_cpu_count", "pthread_getcpuclockid", "removexattr",
    "sched_getaffinity", "sched_setaffinity", "sched_yield", "sendfile", "set_blocking", "get_blocking",
    "setpgid", "setsid", "setxattr", "statvfs", "sysconf", "wait", "wait3", "wait4", "O_NONBLOCK", "O_CLOEXEC",
    "O_NOFOLLOW", "O_DIRECTORY",
]  # fmt: skip
SIGNALS = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"}
STAY = {"SIGKILL"}  # by which multiprocessing ends a process here, and on Windows in another way
OF_SIGNAL = ["alarm", "setitimer", "pause", "pthread_kill", "pthread_sigmask", "sigwait", "siginterrupt"]
MAPS = "/proc/self/maps"  # where threadpoolctl looks for a BLAS on Linux
PLACES = ("/proc", "/sys", "/dev/fd", "/dev/std")


class Absent:
    """Finds modules that are not there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _elsewhere(call):
    @functools.wraps(call)
    def opened(path, *arguments, **options):
        name = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        if name.startswith(PLACES) and name != MAPS:
            raise FileNotFoundError(2, "No such file or directory", name)
        return call(path, *arguments, **options)

    return opened


def _no_folder(call):
    @functools.wraps(call)
    def opened(path, *arguments, **options):
        try:
            return call(path, *arguments, **options)
        except IsADirectoryError as error:  # which Windows calls
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), error.filename) from None

    return opened


kept = {getattr(signal, name) for name in SIGNALS}
for name in MODULES:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent)
for module, names in (
    (os, OF_OS),
    (signal, OF_SIGNAL + [name for name in dir(signal) if name.startswith("SIG") and name[3] != "_"]),
    (mmap, [name for name in dir(mmap) if name.startswith("MADV_")]),
):
    for name in names:
        if name not in SIGNALS | STAY and hasattr(module, name):
            delattr(module, name)
signal.valid_signals = lambda: kept
builtins.open = io.open = _elsewhere(_no_folder(open))
os.open = _elsewhere(os.open)
