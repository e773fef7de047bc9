"""What runs a static program in Bochs: a ROM, with the monitor that stands in for Linux, and a launcher.

See docs/bochs.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.build import Builder
from harness.model import Compiler

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


@dataclass(frozen=True, slots=True)
class BochsTools:
    """The two files that belong in front of a program's command line."""

    launcher: Path
    rom: Path


def build_bochs_tools(builder: Builder, sources: Path, x86: Compiler, native: Compiler) -> BochsTools:
    """Compile csrc/bochs: the monitor for x86-64, the launcher for the machine on which Bochs runs.

    Raises:
        BuildError: a compiler refused it.
    """
    monitor = sorted((sources / "monitor").glob("*.[cS]"))
    script = sources / "monitor" / "monitor.ld"
    launcher = sorted((sources / "launcher").glob("*.c"))
    objects = [f"{path.stem}.o" for path in monitor]
    link = ("-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,--oformat=binary", f"-Wl,-T,{script}")
    commands = [
        (*x86.command, *_FLAGS, *_MONITOR_FLAGS, "-c", *map(str, monitor)),
        (*x86.command, *link, "-o", _ROM, *objects),
        (*native.command, *_FLAGS, "-o", _LAUNCHER, *map(str, launcher)),
    ]
    needs = [script, *sorted(path for path in sources.rglob("*.[chS]"))]
    made = builder.make(commands, needs, [_ROM, _LAUNCHER], x86.identity, native.identity)
    return BochsTools(made / _LAUNCHER, made / _ROM)
