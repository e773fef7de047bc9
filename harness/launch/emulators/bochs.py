"""Bochs, an interpreter of the whole x86 instruction set that boots in a tenth of a second. See docs/bochs.md.

It runs a machine, not a program: a ROM holds the monitor that stands in for Linux, and a launcher starts the machine
and carries files in and out. Both are compiled here, from csrc/bochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.backend import Backend, Exit
from harness.errors import BuildError
from harness.launch.emulators import Emulator, Tools, with_newest_model
from harness.model import Compiler, Emulation, Executor, FeatureTable, Missing

MACHINE_FAILED = 124
"""Exit status of the launcher when Bochs, the monitor or the disks failed, and not the guest; csrc/bochs/launcher."""
INSTRUCTIONS_PER_SECOND = 100_000_000
"""Of emulated time; csrc/bochs/monitor/clock.h."""
DEFAULT_CPU = "corei7_skylake_x"
"""The oldest of Bochs's models that has AVX-512 F, BW, DQ, VL and CD, and no later extension."""
MODELS = (
    "corei7_haswell_4770",
    "corei7_skylake_x",
    "corei7_icelake_u",
    "tigerlake",
    "sapphire_rapids",
    "arrow_lake",
)
"""Models in the order of their features, but for the last: that has newer ones and no AVX-512."""
_SELF_TEST_TIMEOUT_S = 60
_ANY_DIRECTORY = Path("/tmp")  # where every backend lets tools write
_ROM = "monitor.rom"
_LAUNCHER = "launcher"
_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra")
# The monitor has no libc, runs in the top 2 GiB, and must not touch a vector register: those are the program's.
_MONITOR_FLAGS = (
    "-ffreestanding",
    "-fno-stack-protector",
    "-fno-strict-aliasing",
    "-fno-asynchronous-unwind-tables",
    "-fno-pic",
    "-mcmodel=kernel",
    "-mno-red-zone",
    "-mgeneral-regs-only",
)


class Bochs(Emulator):
    """Runs static x86-64 programs, AVX-512 among them, on any machine."""

    remedy = (
        "needs Bochs 3.0 or later (Debian 13: apt-get install bochs bochs-term vgabios), or --in docker, which has it"
    )
    runs_by_hand = False

    def find(self, triple: str, cpu: str | None, tools: Tools) -> Executor | Missing:
        """Return the command of the launcher, once its self-test has passed."""
        _ = triple
        program = tools.backend.find("bochs")
        if program is None:  # before anything is compiled for it
            return Missing("no Bochs", self.remedy)
        native = tools.native_compiler()
        if isinstance(native, Missing):
            return Missing("no compiler for Bochs's launcher", str(native))
        try:
            made = compile_machine(tools, native)
        except BuildError as error:
            return Missing(f"csrc/bochs does not compile: {error}", "")
        executor = executor_of(program.path, program.identity, made, cpu or DEFAULT_CPU)
        found = tools.remember(
            ["self-test", executor.identity, *executor.command], lambda: self_test(executor, tools.backend)
        )
        if isinstance(found, Missing):
            return found
        return replace(executor, version=found["version"], wrong_instructions=frozenset(found["wrong"]))

    def with_properties(self, emulation: Emulation, names: Sequence[str]) -> Emulation:
        """Return an emulation of a newer model."""
        return with_newest_model(emulation, names, MODELS)

    def remedy_for_cpu(self, cpu: str) -> str:
        """Return how to get a release that has all of its models."""
        _ = cpu
        return self.remedy

    def remedy_for_features(self, table: FeatureTable, absent: Sequence[str]) -> str:
        """Return how to get a release that has all of its models."""
        _ = table, absent
        return self.remedy


def executor_of(program: str, identity: str, made: Path, cpu: str) -> Executor:
    """Return the executor of one CPU model; `made` is the directory of the launcher and the ROM."""
    launcher, rom = made / _LAUNCHER, made / _ROM
    return Executor(
        "bochs",
        "",
        cpu,
        (str(launcher), program, str(rom), cpu),
        f"{identity} {made.name}",
        files=(launcher, rom),
        failure_status=MACHINE_FAILED,
        instructions_per_second=INSTRUCTIONS_PER_SECOND,
    )


def compile_machine(tools: Tools, native: Compiler) -> Path:
    """Compile the monitor for x86-64 and the launcher for where Bochs runs; return the directory with both.

    Raises:
        BuildError: a compiler refused it.
    """
    sources = tools.sources / "bochs"
    monitor = sorted((sources / "monitor").glob("*.[cS]"))
    script = sources / "monitor" / "monitor.ld"
    launcher = sorted((sources / "launcher").glob("*.c"))
    objects = [f"{path.stem}.o" for path in monitor]
    link = ("-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,--oformat=binary", f"-Wl,-T,{script}")
    commands = [
        (*tools.compiler.command, *_FLAGS, *_MONITOR_FLAGS, "-c", *map(str, monitor)),
        (*tools.compiler.command, *link, "-o", _ROM, *objects),
        (*native.command, *_FLAGS, "-o", _LAUNCHER, *map(str, launcher)),
    ]
    needs = [script, *sorted(path for path in sources.rglob("*.[chS]"))]
    return tools.make(commands, needs, [_ROM, _LAUNCHER], tools.compiler.identity, native.identity)


def self_test(executor: Executor, backend: Backend) -> dict[str, Any] | Missing:
    """Boot once without a guest; return the version of Bochs, and under "wrong" the instructions that it has wrong."""
    try:
        ended = backend.run_tools([executor.command], _ANY_DIRECTORY, _SELF_TEST_TIMEOUT_S, needs=executor.files)[0]
    except OSError as error:
        return Missing(f"cannot run {error.filename or executor.command[0]}: {error.strerror}", EMULATOR.remedy)
    return _parsed(ended)


def _parsed(ended: Exit) -> dict[str, Any] | Missing:
    """Read what the launcher printed."""
    said = dict(line.partition(" ")[::2] for line in ended.stdout.splitlines())
    if ended.status != 0 or not {"version", "wrong"} <= said.keys():
        last = (ended.stderr.strip().splitlines() or ["its self-test did not end"])[-1]
        return Missing(last.removeprefix("bochs: "), EMULATOR.remedy)
    return {"version": said["version"], "wrong": sorted(said["wrong"].split())}


EMULATOR = Bochs()
