"""Where compilers and guests run: on this machine or in containers. Survey, build and launch know no difference."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: its status (negative for a signal, None when a deadline ended it) and what it said."""

    status: int | None
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program that was looked for and found."""

    path: str
    identity: str
    """Changes whenever the program does."""


@dataclass(frozen=True, slots=True)
class Processor:
    """What runs native code."""

    machine: str
    system: str
    identity: str
    """Digest of what the kernel says about it: a native probe holds for this one only."""


@dataclass(frozen=True, slots=True)
class GuestCall:
    """One process of a guest: the emulator's command line, the binary, and what it is to do."""

    emulator: Command
    binary: Path
    pack: bytes
    idle_timeout_s: float
    """Time without a further record after which the process is given up."""
    files: tuple[Path, ...] = ()
    """What the emulator's command line names and the backend may have to bring."""


@dataclass(frozen=True, slots=True)
class GuestEnd:
    """How a guest process ended, and the observation that it left."""

    exit: Exit
    observation: bytes


class Slot(Protocol):
    """Where the guest processes of one job run."""

    def memory_bytes(self) -> int:
        """Say how much memory a guest may take there now."""

    def run(self, call: GuestCall) -> GuestEnd:
        """Run a guest process to its end or its deadline; nothing of it stays behind.

        Raises:
            StorageError: there is no room for its files.
            HarnessError: it cannot be started, or the backend is lost.
        """


class Backend(Protocol):
    """Where tools and guests run. Paths mean the same files in every backend."""

    @property
    def native_triple(self) -> str:
        """The GNU triple of code that needs no emulator there."""

    @property
    def search_key(self) -> str:
        """All that the answers of `find` depend on, besides the programs themselves."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What a record of a run says about the backend."""

    def find(self, name: str) -> Program | None:
        """Look for a program by name or path."""

    def file_identity(self, path: str) -> str:
        """Return what changes whenever a file does; empty where there is none."""

    def processor(self) -> Processor:
        """Look at the processor."""

    def run_tools(
        self,
        commands: Sequence[Command],
        directory: Path,
        timeout_s: float,
        *,
        needs: Sequence[Path] = (),
        products: Sequence[str] = (),
    ) -> list[Exit]:
        """Run trusted programs one after the other in a directory, up to the first that fails.

        Args:
            commands: the command lines.
            directory: where they run; it exists.
            timeout_s: wall time for each.
            needs: files that they read besides the sources of the kernels and the guest.
            products: names of files in the directory that are there afterwards if all went well.

        Raises:
            OSError: a program cannot be started.
            StorageError: one failed, and there is no room where it writes.
            HarnessError: the backend is lost.
        """

    def open_slot(self, cancelled: threading.Event) -> AbstractContextManager[Slot]:
        """Return where the guest processes of one job run, one at a time, until `cancelled`.

        Raises:
            StorageError: there is no room for their files.
            HarnessError: the backend is lost.
        """

    def close(self) -> None:
        """Give back what the backend holds."""
