"""What a disassembler tells: the instruction and source line at an address, the code of a kernel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.backend import Backend, Command
from harness.build.code import is_of_kernel
from harness.build.toolchain import find_binutil
from harness.errors import HarnessError

_TIMEOUT_S = 20
_INSTRUCTION_BYTES = 16
"""Longer than any instruction of the ISAs here."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where an instruction is; parts that no tool could find are empty."""

    instruction: str
    source_line: str

    def __str__(self) -> str:
        """Read as in "ld1w {z0.s}, p0/z, [x0] at rms_norm.c:41"."""
        return " at ".join(filter(None, (self.instruction, self.source_line)))


def locate(backend: Backend, binary: Path, triple: str, address: int) -> Location:
    """Disassemble one address with what binutils or LLVM there is; both parts are empty without any."""
    disassembler = _tool(backend, triple, "objdump")
    symboliser = _tool(backend, triple, "addr2line")
    try:
        return Location(
            _instruction(backend, disassembler, binary, address) if disassembler else "",
            _source_line(backend, symboliser, binary, address) if symboliser else "",
        )
    except HarnessError:  # it helps, but the result is complete without it
        return Location("", "")


def disassembly(backend: Backend, kernel_objects: Sequence[Path], triple: str) -> str:
    """Disassemble a kernel's own code, with what the linker still has to resolve and the symbol table.

    Returns nothing without a disassembler.
    """
    disassembler = _tool(backend, triple, "objdump")
    if disassembler is None:
        return ""
    command = (disassembler, "-drt", "--no-show-raw-insn", *map(str, kernel_objects))
    return _ask(backend, command, kernel_objects)


def disassembly_with_lines(backend: Backend, kernel_objects: Sequence[Path], triple: str) -> str:
    """Disassemble a kernel's own code with its source lines; empty without a disassembler that follows inlining."""
    disassembler = _tool(backend, triple, "objdump")
    if disassembler is None:
        return ""
    command = (disassembler, "-dl", "--inlines", "--no-show-raw-insn", *map(str, kernel_objects))
    return _ask(backend, command, kernel_objects)


def _tool(backend: Backend, triple: str, name: str) -> str | None:
    found = find_binutil(name, triple, backend)
    return found.path if found else None


def _instruction(backend: Backend, tool: str, binary: Path, address: int) -> str:
    stop = address + _INSTRUCTION_BYTES
    command = (tool, "-d", f"--start-address={address:#x}", f"--stop-address={stop:#x}", str(binary))
    said = _ask(backend, command, [binary])
    found = re.search(rf"(?m)^\s*0*{address:x}:\t(?:[0-9a-f]+ ?)+\s*\t?(.+)$", said)
    return " ".join(found[1].split("//")[0].split()) if found else ""


def _source_line(backend: Backend, tool: str, binary: Path, address: int) -> str:
    return innermost_of_kernel(_ask(backend, (tool, "-i", "-e", str(binary), f"{address:#x}"), [binary]))


def innermost_of_kernel(frames: str) -> str:
    """Return the innermost of inlined frames that is the kernel's own, as "kernel.c:41"; empty where none is.

    `frames` is what `addr2line -i` prints: a line each, the innermost first.
    """
    for frame in frames.splitlines():
        path, _, line = frame.split(" (")[0].rpartition(":")
        if line.isdigit() and line != "0" and is_of_kernel(path):
            return f"{Path(path).name}:{line}"
    return ""


def _ask(backend: Backend, command: Command, needs: Sequence[Path]) -> str:
    try:
        ended = backend.run_tools([command], Path("/"), _TIMEOUT_S, needs=needs)[0]
    except OSError:
        return ""
    return ended.stdout if ended.status == 0 else ""  # what is incomplete may lack just what matters
