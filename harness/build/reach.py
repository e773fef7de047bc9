"""The source lines that a kernel's code was made from, as far as control reaches it from the kernel's symbol."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from harness.backend import Backend
from harness.build.code import parse, source_frames
from harness.build.commands import source_command
from harness.build.locate import disassembly, disassembly_with_lines
from harness.build.shims import Advice, suspects
from harness.build.walk import addresses_reached
from harness.errors import HarnessError
from harness.model import ASSEMBLY_SUFFIXES, PREBUILT_SUFFIXES, Binary, Job
from harness.storage.source_files import included

_TIMEOUT_S = 60
_DEFINITION = re.compile(r"(?m)^#define (\w+)(.*)$")


def undefined_values(backend: Backend, job: Job, binary: Binary) -> list[tuple[Path, Advice]]:
    """Return the places in the code that a kernel reaches where lanes may be undefined.

    Those in headers only where its sources have none; none at all where no disassembler tells which code that is:
    nobody is blamed by guess.
    """
    lines = reached_lines(backend, binary, job.build.compiler.triple, job.kernel.symbol)
    if not lines:
        return []
    written = [path for path in job.kernel.sources if path.suffix not in (*PREBUILT_SUFFIXES, *ASSEMBLY_SUFFIXES)]
    files = included(written, job.kernel.compilation.includes)
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in files}
    by_path = {path: lines.get(os.path.realpath(path), set()) for path in texts}
    found = suspects(texts, by_path, _macros(backend, job, written))
    return [suspect for suspect in found if suspect[0] in written] or found


def reached_lines(backend: Backend, binary: Binary, triple: str, symbol: str) -> Mapping[str, set[int]]:
    """Return the lines, by path, of the code that a symbol reaches, and of what it was inlined from."""
    code = parse(disassembly(backend, binary.kernel_objects, triple))
    frames = source_frames(disassembly_with_lines(backend, binary.kernel_objects, triple))
    found: dict[str, set[int]] = {}
    for at in addresses_reached(code, symbol, triple.partition("-")[0]):
        for path, line in frames.get(at, ()):
            found.setdefault(os.path.realpath(path), set()).add(line)
    return found


def _macros(backend: Backend, job: Job, sources: list[Path]) -> Mapping[str, str] | None:
    """Return the macros that are defined at the end of a kernel's sources, under its own flags; None if unknown."""
    found: dict[str, str] = {}
    for source in sources:
        command = source_command(job.kernel, job.build, job.isa_flags, source, "-E", "-dM", str(source))
        try:
            (done,) = backend.run_tools([command], source.parent, _TIMEOUT_S)
        except (OSError, HarnessError):
            return None
        if done.status != 0:
            return None
        found.update(_DEFINITION.findall(done.stdout))
    return found
