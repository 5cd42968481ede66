"""How many processors count, by control groups made of files."""

import math
import os
import subprocess
import sys

import pytest

from softmax_cli.core import cpus

CASES = {
    "version 2": ("0::/box\n", {"box/cpu.max": "150000 100000\n"}, 1.5),
    "version 2, no limit": ("0::/box\n", {"box/cpu.max": "max 100000\n"}, math.inf),
    "version 2, a group above": (
        "0::/pod/box\n",
        {"pod/cpu.max": "50000 100000", "pod/box/cpu.max": "max 100000"},
        0.5,
    ),
    "version 2, the root of a container": ("0::/\n", {"cpu.max": "200000 100000"}, 2.0),
    "version 1": (
        "5:memory:/m\n4:cpu,cpuacct:/box\n",
        {"cpu/box/cpu.cfs_quota_us": "300000\n", "cpu/box/cpu.cfs_period_us": "100000\n"},
        3.0,
    ),
    "version 1, no limit": (
        "4:cpu,cpuacct:/box\n",
        {"cpu/box/cpu.cfs_quota_us": "-1\n", "cpu/box/cpu.cfs_period_us": "100000\n"},
        math.inf,
    ),
    "a group of memory alone": ("5:memory:/box\n", {"cpu/box/cpu.max": "100 100000"}, math.inf),
    "nothing to be read": ("0::/box\n", {}, math.inf),
    "something else": ("0::/box\n", {"box/cpu.max": "what is this"}, math.inf),
}


@pytest.mark.parametrize(("groups", "files", "share"), CASES.values(), ids=CASES.keys())
def test_a_control_group_limits_the_share(tmp_path, groups, files, share):
    made = {"proc/self/cgroup": groups} | {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in made.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cpus._share(tmp_path) == share


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert cpus._share(tmp_path) == math.inf


ALLOWED = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system binds no process to a processor")
def test_a_process_bound_to_one_processor_counts_one():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from softmax_cli.core import cpus; print(cpus.count())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "1\n"


@pytest.mark.parametrize(("share", "expected"), [(0.5, 1), (1.5, 2), (math.inf, ALLOWED)])
def test_a_part_of_a_processor_counts_as_one(monkeypatch, share, expected):
    monkeypatch.setattr(cpus, "_share", lambda root: share)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3} if share < 4 else set(range(expected)))
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    cpus.count.cache_clear()
    try:
        assert cpus.count() == expected
    finally:
        cpus.count.cache_clear()
