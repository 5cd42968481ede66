"""How much memory the machine has free, and a refusal before it is overrun."""

from __future__ import annotations

import os

from ..errors import InputError


def free_bytes() -> int | None:
    """Memory that can be had without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def require_memory(needed: int, what: str, instead: str) -> None:
    """InputError if `needed` bytes are more than is free."""
    free = free_bytes()
    if free is not None and needed > free:
        raise InputError(f"{what}: that takes {needed / 1e9:.3g} GB and {free / 1e9:.3g} GB are free", f"use {instead}")
