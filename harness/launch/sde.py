"""How: Intel's Software Development Emulator, which the user has to bring. See docs/bochs.md."""

from __future__ import annotations

import os
import re
from pathlib import Path

from harness.backend import Place, Program
from harness.model import Emulation, Executor, Missing

SDE = "sde"
SDE_REMEDY = "unpack Intel SDE and set SDE_PATH to its directory, or SDE_TARBALL to its tarball for --in docker"
_PROGRAM = "sde64"
_VERSION_TIMEOUT_S = 60
# Under limits on ptrace Pin cannot attach to its parent; and what libc's dispatchers look at is not the kernel's doing.
_OPTIONS = ("-chip-check-exe-only", "-injection", "child", "--")


SDE_CHIPS = ("-nhm", "-snb", "-hsw", "-knl", "-skx", "-icl", "-tgl", "-spr", "-gnr", "-future")
"""Each with the features that the target files and the feature tables ask for of those before it."""


def find_sde(emulation: Emulation, place: Place) -> Executor | Missing:
    """Return the command that runs a guest under SDE, for the chip that the target names."""
    program = _program(place)
    if program is None:
        return Missing("no Intel SDE", SDE_REMEDY)
    chip = emulation.cpu or "-future"
    return Executor(SDE, "", chip, (program.path, chip, *_OPTIONS), program.identity)


def _program(place: Place) -> Program | None:
    given = os.environ.get("SDE_PATH")
    named = [f"{given}/{_PROGRAM}", given] if given else []
    return next((found for name in (*named, _PROGRAM) if (found := place.find(name))), None)


def sde_version(program: str, place: Place) -> str:
    """Ask SDE for its version."""
    try:
        said = place.run_tools([(program, "-version")], Path("/"), _VERSION_TIMEOUT_S)[0]
    except OSError:
        return "unknown"
    found = re.search(r"\b(\d+\.\d+(?:\.\d+)?)", said.stdout + said.stderr)
    return found[1] if found else "unknown"
