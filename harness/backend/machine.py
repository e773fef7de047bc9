"""Facts about the machine we run on and the programs on it: ground for build, launch and survey."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path


def file_identity(program: str) -> str:
    """Digest of a program's path, size and modification time: changes when the program is replaced."""
    path = Path(program).resolve()
    status = path.stat()
    text = f"{program}\0{path}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cpu_text() -> str:
    """Return what the kernel says about this machine's processors."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return f"model name: {platform.processor()}"


def cpu_identity(cpuinfo: str) -> str:
    """Digest of what tells processors apart in the first entry of /proc/cpuinfo."""
    text = ""
    for line in cpuinfo.splitlines():
        if line.partition(":")[0].strip() in ("model name", "flags", "Features", "CPU part", "isa"):
            text += line
        if not line.strip():
            break
    return hashlib.sha256(text.encode()).hexdigest()[:16]
