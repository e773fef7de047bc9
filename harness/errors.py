"""One tree of errors; each knows the exit code it leads to and reads as one line."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns; README.md explains each to the user."""

    PASSED = 0
    KERNEL_FAILED = 1
    USAGE = 2
    NOTHING_SELECTED = 3
    UNAVAILABLE = 4
    HARNESS = 5
    INTERRUPTED = 130


class HarnessError(Exception):
    """Base of everything the command line reports in one line instead of a traceback."""

    exit_code = ExitCode.HARNESS


class UsageError(HarnessError):
    """A command line that cannot be carried out: an unknown name, a bad value."""

    exit_code = ExitCode.USAGE


class ConfigurationError(HarnessError):
    """A manifest or target file that says something impossible."""

    exit_code = ExitCode.USAGE


class NothingFoundError(HarnessError):
    """There is nothing that the command line could be about."""

    exit_code = ExitCode.NOTHING_SELECTED


class ContractError(HarnessError):
    """A contract that cannot be loaded, or whose functions misbehave."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, line: object = "") -> None:
        """Begin the text with the line of the contract, as "file:number", where it is known."""
        super().__init__(f"{line}: {message}" if line else message)
        self.message = message
        self.line = str(line)


class UnavailableError(HarnessError):
    """Something that was named literally does not exist on this machine."""

    exit_code = ExitCode.UNAVAILABLE


class BuildError(HarnessError):
    """A compiler or linker refused a kernel. Becomes the verdict BUILD_ERROR."""

    exit_code = ExitCode.KERNEL_FAILED


class StorageError(HarnessError):
    """A file that the harness or one of its tools has to write cannot be written: no space, a quota, a limit."""


class WireError(HarnessError):
    """A pack or an observation that breaks the wire format."""


class InstallationError(HarnessError):
    """A file that ships with the harness is missing or unusable."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number of things in words: "1 kernel", "2 kernels"; `plural` is of nouns that take no s alone."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or f'{noun}s'}"


def perhaps(wrong: str, known: Iterable[str]) -> str:
    """Return " (perhaps you meant 'x')" for the known name closest to `wrong`, or nothing."""
    import difflib

    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f" (perhaps you meant {close[0]!r})" if close else ""
