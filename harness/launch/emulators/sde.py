"""Intel's Software Development Emulator, which the user has to bring. See docs/bochs.md."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from harness.backend import Backend, Program
from harness.launch.emulators import Emulator, Tools, with_newest_model
from harness.model import Emulation, Executor, Missing

_PROGRAM = "sde64"
_VERSION_TIMEOUT_S = 60
# Under limits on ptrace Pin cannot attach to its parent; and what libc's dispatchers look at is not the kernel's doing.
_OPTIONS = ("-chip-check-exe-only", "-injection", "child", "--")

CHIPS = ("-nhm", "-snb", "-hsw", "-knl", "-skx", "-icl", "-tgl", "-spr", "-gnr", "-future")
"""Each with the features that the target files and the feature tables ask for of those before it."""


class Sde(Emulator):
    """Runs x86-64 programs on any chip of Intel's."""

    remedy = "unpack Intel SDE and set SDE_PATH to its directory, or SDE_TARBALL to its tarball for --in docker"
    runs_by_hand = False

    def find(self, triple: str, cpu: str | None, tools: Tools) -> Executor | Missing:
        """Return the command that runs a guest under SDE, for the chip that the target names."""
        _ = triple
        program = _program(tools.backend)
        if program is None:
            return Missing("no Intel SDE", self.remedy)
        chip = cpu or "-future"
        return Executor("sde", "", chip, (program.path, chip, *_OPTIONS), program.identity)

    def version_of(self, executor: Executor, backend: Backend) -> str:
        """Ask SDE for its version."""
        try:
            said = backend.run_tools([(executor.command[0], "-version")], Path("/"), _VERSION_TIMEOUT_S)[0]
        except OSError:
            return "unknown"
        found = re.search(r"\b(\d+\.\d+(?:\.\d+)?)", said.stdout + said.stderr)
        return found[1] if found else "unknown"

    def with_properties(self, emulation: Emulation, names: Sequence[str]) -> Emulation:
        """Return an emulation of a newer chip."""
        return with_newest_model(emulation, names, CHIPS)


def _program(backend: Backend) -> Program | None:
    configured = os.environ.get("SDE_PATH")
    named = [f"{configured}/{_PROGRAM}", configured] if configured else []
    return next((found for name in (*named, _PROGRAM) if (found := backend.find(name))), None)


EMULATOR = Sde()
