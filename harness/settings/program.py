"""How the user can call this program again."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path


def program_name(command: Sequence[str]) -> str:
    """Return how the user can call this program again: by name where that finds it, else by path."""
    started = Path(command[0])
    if started.name == "harness" and started.resolve() == _installed_program():
        return "harness"
    if started.name in ("__main__.py", "-m"):
        return f"{shlex.quote(sys.executable)} -m harness"
    try:
        return shlex.quote(str(started.absolute().relative_to(Path.cwd())))
    except ValueError:
        return shlex.quote(str(started))


@cache
def _installed_program() -> Path | None:
    found = shutil.which("harness")
    return Path(found).resolve() if found else None
