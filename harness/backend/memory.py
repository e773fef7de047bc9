"""How much memory this machine has left, within the limits of this process's control group."""

from __future__ import annotations

import contextlib
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP_LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)
_RESERVE_BYTES = 1 << 29
"""For everything else: the emulator's page tables and translated code, this program, the system."""


def available_bytes() -> int:
    """Return what a guest process may take; 0 where the system does not say."""
    found = []
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = dict(line.split(":", 1) for line in _MEMINFO.read_text(encoding="ascii").splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    for limit, usage in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no limit
            found.append(int(limit.read_text(encoding="ascii")) - int(usage.read_text(encoding="ascii")))
    return max(0, min(found, default=0) - _RESERVE_BYTES)
