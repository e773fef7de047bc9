"""QEMU's user mode: `qemu-<machine>`, whose CPU properties switch features and widths on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.backend import Backend
from harness.backend.packages import how_to_install
from harness.launch.emulators import Emulator, Tools
from harness.model import Emulation, Executor, FeatureTable, Missing

_VERSION_TIMEOUT_S = 20
_PACKAGES = (
    ([7, 2], "Debian 12 has 7.2"),
    ([10, 0], "Debian 13 has 10.0"),
    ([11, 1], "Debian 13's backports have 11.1"),
)
_UNKNOWN_PROPERTY = re.compile(r"Property '[^'.]*\.([^']+)' not found")
_X86_ESTIMATES = frozenset({"rcpps", "rcpss", "rsqrtps", "rsqrtss", "vrcpps", "vrcpss", "vrsqrtps", "vrsqrtss"})


class QemuUser(Emulator):
    """Runs programs of another machine, or of this one on another CPU."""

    def find(self, triple: str, cpu: str | None, tools: Tools) -> Executor | Missing:
        """Return the command of the program for a triple's machine; without a CPU model, of the one that has it all."""
        name, backend = f"qemu-{triple.split('-', maxsplit=1)[0]}", tools.backend
        program = backend.find(name) or backend.find(f"{name}-static")
        if program is None:
            return Missing(f"no {name}", how_to_get_qemu(backend))
        cpu = cpu or "max"
        return Executor("qemu-user", "", cpu, (program.path, "-cpu", cpu), program.identity)

    def version_of(self, executor: Executor, backend: Backend) -> str:
        """Ask the program for its version."""
        try:
            said = backend.run_tools([(executor.command[0], "--version")], Path("/"), _VERSION_TIMEOUT_S)[0].stdout
        except OSError:
            return "unknown"
        found = re.search(r"version (\d+\.\d+(?:\.\d+)?)", said)
        return found[1] if found else "unknown"

    def described(self, executor: Executor) -> str:
        """Return the program's name and version."""
        return f"{Path(executor.command[0]).name} {executor.version}"

    def with_properties(self, emulation: Emulation, names: Sequence[str]) -> Emulation:
        """Return an emulation with properties switched on."""
        return replace(emulation, cpu=(emulation.cpu or "max") + "".join(map(",{}=true".format, names)))

    def has_cpu_model(self, executor: Executor, backend: Backend) -> bool:
        """True if the program lists the CPU's model, or lists none at all."""
        try:
            ended = backend.run_tools([(executor.command[0], "-cpu", "help")], Path("/"), _VERSION_TIMEOUT_S)[0]
        except OSError:
            return True
        models = set(re.findall(r"[\w.-]+", ended.stdout))  # QEMU 7.2 exits with 1 after its list
        return not models or executor.cpu.partition(",")[0] in models

    def unknown_property(self, complaint: str) -> str | None:
        """Return the property in "Property 'max-arm-cpu.sve4096' not found"."""
        found = _UNKNOWN_PROPERTY.search(complaint)
        return found[1] if found else None

    def remedy_for_cpu(self, cpu: str) -> str:
        """Return what to do where it does not run a CPU model."""
        return f"needs a QEMU that has the CPU {cpu!r}"

    def remedy_for_features(self, table: FeatureTable, absent: Sequence[str]) -> str:
        """Return the first release that has all of some features, and the distribution that has it."""
        releases = [table.features[name].since.get("qemu-user") if name in table.features else None for name in absent]
        never = [name for name, release in zip(absent, releases, strict=True) if release is None]
        if never:
            what = ", ".join(never) if len(never) < len(absent) else "it" if len(absent) == 1 else "any of it"
            return f"no release of QEMU is known to have {what}"
        newest = max((release for release in releases if release), key=_numbers)
        package = next((text for version, text in _PACKAGES if version >= _numbers(newest)), "")
        return f"needs QEMU {newest} or later" + (f" ({package})" if package else "")

    def flattering_instructions(self, triple: str) -> frozenset[str]:
        """Return those of x86.

        SDM volume 2B, RCPPS and RSQRTPS, promises a relative error of 1.5 * 2**-12 and processors have it; QEMU's is
        below 2**-23, so that a kernel without its Newton step passes there. Arm's FRECPE and FRSQRTE are defined to
        the last bit (Arm ARM, shared/functions/float/recipestimate), and QEMU follows.
        """
        return _X86_ESTIMATES if triple.startswith("x86_64") else frozenset()

    def debugger_options(self, port: int) -> tuple[str, ...]:
        """Return the option of the debugger's stub."""
        return ("-g", str(port))


def how_to_get_qemu(backend: Backend) -> str:
    """Return the command that installs it where tools run."""
    native = backend.native_triple
    return how_to_install("qemu-user", native, native, on_host=backend.facts["in"] == "host")


def _numbers(release: str) -> list[int]:
    return [int(part) for part in release.split(".")]


EMULATOR = QemuUser()
