"""Runs compilers and linkers. Their exit status alone decides; what they print is for the user."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness.backend import Backend, Command
from harness.errors import BuildError, HarnessError

COMPILER_TIMEOUT_S = 300


def run_tools(
    backend: Backend,
    commands: Sequence[Command],
    directory: Path,
    *,
    needs: Sequence[Path] = (),
    products: Sequence[str] = (),
) -> str:
    """Run compilers one after the other; return what the last one printed.

    Raises:
        BuildError: one of them failed, or did not end; the message is its first error.
        StorageError: one of them failed, and there is no room where it writes.
        HarnessError: one of them cannot be started, or was ended by somebody.
    """
    try:
        exits = backend.run_tools(commands, directory, COMPILER_TIMEOUT_S, needs=needs, products=products)
    except OSError as error:
        raise HarnessError(f"cannot run {error.filename or commands[0][0]}: {error.strerror}") from None
    last, program = exits[-1], Path(commands[len(exits) - 1][0]).name
    if last.status is None:
        raise BuildError(f"{program} did not finish within {COMPILER_TIMEOUT_S} s")
    if last.status != 0:
        raise BuildError(first_error(last.stderr) or f"{program} exited with {last.status} and said nothing")
    return last.stdout


_ERROR = re.compile(r"(?:^|: )(?:fatal |internal compiler )?[Ee]rror: ")
_LINKER_ERROR = re.compile(
    r"undefined reference|undefined symbol|multiple definition|duplicate symbol|cannot find|incompatible"
    r"|file not recognized|wrong format|relocation truncated"
)
_REMARK = re.compile(r"(?:^|: )(?:warning|note|remark): |^In file included from |^\d* *\||:$")
"""Warnings, notes, where something was included from, an echo of the source, and what announces the next line."""
_SUMMARY = re.compile(r"collect2: |linker command failed|assembler command failed|all warnings being treated as errors")
"""What drivers say at the end, when the error itself has been printed."""


def first_error(stderr: str) -> str:
    """Return the first error in what compilers and linkers printed, or else the line that comes closest to one."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if not _REMARK.search(line)]
    candidates = [line for line in telling if not _SUMMARY.search(line)]
    errors = [line for line in candidates if _ERROR.search(line)]
    of_linker = [line for line in candidates if _LINKER_ERROR.search(line)]
    return (errors or of_linker or candidates or telling or lines or [""])[0]
