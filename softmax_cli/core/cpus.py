"""How many processors this process may use."""

from __future__ import annotations

import functools
import math
import os
from pathlib import Path

_most = math.inf


def limit(most: int) -> None:
    """Use no more than so many from now on, for a process that is one of many."""
    global _most
    _most = most
    count.cache_clear()


@functools.cache
def count() -> int:
    """The processors that this process may run on (its affinity, or what Python was told), no more than the
    container's share of processor time keeps busy, and no more than its limit."""
    if hasattr(os, "process_cpu_count"):
        allowed = os.process_cpu_count()
    elif hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count()
    return max(1, math.ceil(min(allowed or 1, _share(Path("/")), _most)))


def _share(root: Path) -> float:
    """Processors' worth of time that the control groups of this process leave it, infinite without a limit."""
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return math.inf
    least = math.inf
    for line in groups:
        _, kinds, path = line.split(":", 2)
        base = root / "sys/fs/cgroup"
        if kinds:
            base = base / "cpu" if "cpu" in kinds.split(",") else base / "none"
        group = base / path.lstrip("/")
        for folder in (group, *group.parents):  # a limit of any group above counts as well
            least = min(least, _limit(folder))
            if folder == base:
                break
    return least


def _limit(group: Path) -> float:
    """The limit that one group sets, in version 2 (cpu.max) or 1 (cpu.cfs_quota_us)."""
    try:
        if (group / "cpu.max").exists():
            quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota = (group / "cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (group / "cpu.cfs_period_us").read_text(encoding="ascii")
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or "max"
        return math.inf
