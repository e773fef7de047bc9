"""Emulators, the machine's own processor among them: one module each, which is all that a new one takes.

A module's name, with dashes, is the emulator's in target files and for --emulator (`qemu_user` is qemu-user). It
defines EMULATOR, an instance of a class derived from Emulator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from harness.backend import Backend, Command
from harness.model import Compiler, Emulation, Executor, FeatureTable, Missing
from harness.resources import EMULATORS, module_name


class Make(Protocol):
    """Makes files by commands, once: what was made from the same contents before is taken from the cache."""

    def __call__(
        self, commands: Sequence[Command], sources: Sequence[Path], products: Sequence[str], *identities: str
    ) -> Path:
        """Return the directory with the products.

        Raises:
            BuildError: a command failed.
        """


@dataclass(frozen=True, slots=True)
class Tools:
    """What an emulator may use while it is looked for."""

    backend: Backend
    compiler: Compiler
    """For what is to run in it."""
    native_compiler: Callable[[], Compiler | Missing]
    """For what has to run beside it."""
    make: Make
    remember: Callable[[Sequence[str], Callable[[], Any]], Any]
    """Returns what a function does, from memory where it was asked under the same words before; but no Missing."""
    sources: Path
    """The directory csrc/."""


class Emulator:
    """How programs for a processor are run: found, told apart by version, and described to a person."""

    remedy = ""
    """What to do where it is missing."""
    runs_by_hand = True
    """True if a person can use its command line with a guest as it stands."""

    def find(self, triple: str, cpu: str | None, tools: Tools) -> Executor | Missing:
        """Return the command that runs programs of a triple on a CPU model, unproven: a probe has the last word."""
        raise NotImplementedError

    def version_of(self, executor: Executor, backend: Backend) -> str:
        """Return an executor's version, asking its program where that has not been found out yet."""
        _ = backend
        return executor.version

    def described(self, executor: Executor) -> str:
        """Return an executor's name and version, as messages have it."""
        return f"{executor.how} {executor.version}"

    def with_properties(self, emulation: Emulation, names: Sequence[str]) -> Emulation:
        """Return an emulation whose CPU has what the names of a feature's properties switch on."""
        _ = names
        return emulation

    def has_cpu_model(self, executor: Executor, backend: Backend) -> bool:
        """True if it has the executor's CPU model, or does not say which it has."""
        _ = executor, backend
        return True

    def unknown_property(self, complaint: str) -> str | None:
        """Return the property of a CPU that it complains of not knowing; None where it complains of anything else."""
        _ = complaint
        return None

    def remedy_for_cpu(self, cpu: str) -> str:
        """Return what to do where it does not run a CPU model."""
        _ = cpu
        return ""

    def remedy_for_features(self, table: FeatureTable, absent: Sequence[str]) -> str:
        """Return what to do where it lacks features."""
        _ = table, absent
        return ""

    def flattering_instructions(self, triple: str) -> frozenset[str]:
        """Return the estimate instructions that it computes far more precisely than any processor."""
        _ = triple
        return frozenset()

    def debugger_options(self, port: int) -> tuple[str, ...] | None:
        """Return what makes it wait for a debugger at a port; None if it cannot."""
        _ = port
        return None


@cache
def emulator_of(how: str) -> Emulator:
    """Return an emulator by its name in target files, which validated it."""
    emulator = import_module(module_name(EMULATORS, how)).EMULATOR
    assert isinstance(emulator, Emulator)
    return emulator


def with_newest_model(emulation: Emulation, names: Sequence[str], order: Sequence[str]) -> Emulation:
    """Return an emulation on the newest of its model and others; what it takes away from its own stays away.

    In `order` each model has what the tables ask of those before it.
    """
    model, comma, without = (emulation.cpu or "").partition(",")
    newest = max([model, *names], key=lambda one: order.index(one) if one in order else -1)
    return replace(emulation, cpu=newest + comma + without)
