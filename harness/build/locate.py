"""What a disassembler tells: the instruction and source line at an address, the mnemonics of a kernel."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 20
_INSTRUCTION_BYTES = 16
"""Longer than any instruction of the ISAs here."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where an instruction is; parts that no tool could tell are empty."""

    instruction: str
    source_line: str

    def __str__(self) -> str:
        """Read as in "ld1w {z0.s}, p0/z, [x0] at rms_norm.c:41"."""
        return " at ".join(filter(None, (self.instruction, self.source_line)))


def locate(binary: Path, triple: str, address: int) -> Location:
    """Disassemble one address with what binutils or LLVM there is; both parts are empty without any."""
    disassembler = _tool(triple, "objdump")
    symboliser = _tool(triple, "addr2line")
    return Location(
        _instruction(disassembler, binary, address) if disassembler else "",
        _source_line(symboliser, binary, address) if symboliser else "",
    )


def mnemonics(kernel_objects: Iterable[Path], triple: str) -> frozenset[str] | None:
    """Return the mnemonics in a kernel's own code, or None if there is no disassembler."""
    disassembler = _tool(triple, "objdump")
    if disassembler is None:
        return None
    said = _ask(disassembler, "-d", "--no-show-raw-insn", *map(str, kernel_objects))
    return frozenset(re.findall(r"(?m)^\s*[0-9a-f]+:\s+([a-z][\w.]*)", said))


def _tool(triple: str, name: str) -> str | None:
    return shutil.which(f"{triple}-{name}") or shutil.which(f"llvm-{name}")


def _instruction(tool: str, binary: Path, address: int) -> str:
    stop = address + _INSTRUCTION_BYTES
    said = _ask(tool, "-d", f"--start-address={address:#x}", f"--stop-address={stop:#x}", str(binary))
    found = re.search(rf"(?m)^\s*0*{address:x}:\t(?:[0-9a-f]+ ?)+\s*\t?(.+)$", said)
    return " ".join(found[1].split("//")[0].split()) if found else ""


def _source_line(tool: str, binary: Path, address: int) -> str:
    place = _ask(tool, "-e", str(binary), f"{address:#x}").strip().splitlines()
    if not place or place[0].startswith("??"):
        return ""
    path, _, line = place[0].split(" (")[0].rpartition(":")
    return f"{Path(path).name}:{line}" if line.isdigit() and line != "0" else ""


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
