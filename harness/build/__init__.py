"""From a kernel and a build to one static executable: kernel, generated adapter and guest runner."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from harness.build.adapter import adapter_source
from harness.build.commands import (
    BINARY_NAME,
    GUEST_FLAGS,
    RUNNER_NAME,
    caller_flags,
    recipe,
    source_command,
    user_adapter_command,
)
from harness.build.preprocessed import preprocessed_digest
from harness.build.shims import hostile_flags
from harness.build.store import entry, key_of
from harness.build.toolchain import compile_command
from harness.errors import BuildError, UnavailableError
from harness.model import ASSEMBLY_SUFFIXES, PREBUILT_SUFFIXES, Binary, Build, Compiler, Contract, Kernel
from harness.place import Command, Place
from harness.place.sources import included

HOSTILE = "hostile"
"""The build variant in which undefined lanes hold poison."""
# Relaxed code reads through gp, which a kernel may damage: the signal handler would fault.
_MACHINE_FLAGS = {"riscv64": ("-mno-relax",)}
_COMPILER_TIMEOUT_S = 300


@dataclass(slots=True)
class Builder:
    """Builds binaries through the cache; what several threads ask for at once is built by one of them."""

    place: Place
    cache: Path
    guest_sources: Path
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def build(self, kernel: Kernel, contract: Contract, build: Build, flags: tuple[str, ...]) -> Binary:
        """Return the executable of one kernel. `flags` are those of its ISA; the hostile variant adds its shims.

        Raises:
            BuildError: the compiler or linker refused it; the message is what it said first.
            UnavailableError: the compiler lacks a part for the kernel's language.
        """
        compiler = build.compiler
        own_flags = caller_flags(kernel, flags)
        flags = _all_flags(kernel, build, flags)
        adapter = adapter_source(kernel, contract)
        how = recipe(kernel, contract, build, flags, own_flags, self.guest_sources)
        said = kernel.compilation
        chosen = () if kernel.is_prebuilt else (build.opt, build.variant, *flags, *said.defines, *said.flags)
        key = key_of(
            [
                compiler.identity,
                " ".join((*compiler.command, *chosen, *said.libraries)),
                self._guest_digest(),
                adapter,
                " ".join(own_flags),
                *self._user_adapter_digest(kernel, contract, build, own_flags),
                kernel.symbol,
                *(self._source_digest(kernel, build, flags, source) for source in kernel.sources),
            ]
        )
        names = (BINARY_NAME, *how.objects)
        with self._lock(key):
            made = entry(
                self.cache / "builds",
                key,
                lambda aside: self._fill(aside, compiler, adapter, how.commands, names),
            )
        return Binary(made / BINARY_NAME, key, how.commands, tuple(made / name for name in how.objects))

    def commands(self, kernel: Kernel, contract: Contract, build: Build, flags: tuple[str, ...]) -> tuple[Command, ...]:
        """Return the command lines that make it, whether or not they succeed."""
        own_flags, whole = caller_flags(kernel, flags), _all_flags(kernel, build, flags)
        return recipe(kernel, contract, build, whole, own_flags, self.guest_sources).commands

    def functions_with_vzeroupper(self, kernel: Kernel, build: Build, flags: tuple[str, ...]) -> frozenset[str] | None:
        """Return the functions of a kernel that gcc puts VZEROUPPER into where it is due; None if it does not tell.

        Its pass says of each function that it works on. Others it leaves alone, by level, pragma or attribute.
        """
        found: set[str] = set()
        flags = _all_flags(kernel, build, flags)
        for source in kernel.sources:
            telling = ("-fno-lto", "-S", str(source), "-o", os.devnull, "-fdump-rtl-vzeroupper=stdout")
            command = source_command(kernel, build, flags, source, *telling)
            try:
                said = _run(self.place, [command], source.parent)
            except (BuildError, UnavailableError):
                return None
            found |= {match[1] for match in _FUNCTION_OF_PASS.finditer(said)}
        return frozenset(found)

    def _user_adapter_digest(
        self, kernel: Kernel, contract: Contract, build: Build, own_flags: tuple[str, ...]
    ) -> list[str]:
        if kernel.adapter is None:
            return []
        given = (kernel, contract, build, own_flags, self.guest_sources)
        command = user_adapter_command(*given, "-E", str(kernel.adapter))
        return [self._preprocessed(build.compiler, command, kernel.adapter), " ".join(command)]

    def _preprocessed(self, compiler: Compiler, command: Command, source: Path) -> str:
        run = partial(_run, self.place, [command], source.parent)
        return preprocessed_digest(self.cache / "preprocessed", compiler.identity, command, source, run)

    def _source_digest(self, kernel: Kernel, build: Build, flags: tuple[str, ...], source: Path) -> str:
        """Digest all that a source comes to; what assemblers include themselves is not told by preprocessing."""
        if source.suffix in PREBUILT_SUFFIXES:
            return key_of([_bytes_of(source)])
        parts = []
        if source.suffix in ASSEMBLY_SUFFIXES:
            parts = [_bytes_of(path) for path in included([source], kernel.compilation.includes)]
        if source.suffix == ".s":
            return key_of(parts)
        command = source_command(kernel, build, flags, source, "-E", str(source))
        digest = self._preprocessed(build.compiler, command, source)
        return key_of([digest, *parts]) if parts else digest

    def _fill(
        self, aside: Path, compiler: Compiler, adapter: str, commands: Sequence[Command], products: Sequence[str]
    ) -> None:
        runner = self._runner(compiler)
        (aside / "adapter.c").write_text(adapter)
        whole = [tuple(part.replace("{runner}", str(runner)) for part in command) for command in commands]
        _run(self.place, whole, aside, needs=[runner / RUNNER_NAME, aside / "adapter.c"], products=products)

    def _runner(self, compiler: Compiler) -> Path:
        """Return the directory with the runner's relocatable object for one compiler."""
        machine = compiler.triple.split("-")[0]
        flags = (*GUEST_FLAGS, *_MACHINE_FLAGS.get(machine, ()))
        key = key_of(["runner", compiler.identity, " ".join(compiler.command), self._guest_digest(), *flags])

        def fill(aside: Path) -> None:
            sources = [path for path in sorted(self.guest_sources.glob("*.[cS]")) if _is_for(path, machine)]
            compiling = (*compiler.command, *flags, "-std=gnu11", "-c", *map(str, sources))
            objects = [f"{path.stem}.o" for path in sources]
            joining = (*compiler.command, "-nostdlib", "-r", "-o", RUNNER_NAME, *objects)
            _run(self.place, [compiling, joining], aside, products=[RUNNER_NAME])

        with self._lock(key):
            return entry(self.cache / "builds", key, fill)

    def make(
        self, commands: Sequence[Command], sources: Sequence[Path], products: Sequence[str], *identities: str
    ) -> Path:
        """Return the directory in which these commands left their products, run once over these sources.

        Args:
            commands: the command lines.
            sources: all files that they read.
            products: names of the files that they make and that are kept.
            identities: of the programs.

        Raises:
            BuildError: one of them failed.
        """
        contents = [part for path in sources for part in (path.name, path.read_bytes())]
        key = key_of([*identities, *(" ".join(command) for command in commands), *contents])

        def fill(aside: Path) -> None:
            _run(self.place, commands, aside, needs=sources, products=products)

        with self._lock(key):
            return entry(self.cache / "builds", key, fill)

    def _guest_digest(self) -> str:
        return guest_digest(self.guest_sources)

    def _lock(self, key: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())


_FUNCTION_OF_PASS = re.compile(r"(?m)^;; Function .* \(([^\s,]+), funcdef_no=")
"""Heads what a pass of gcc dumps of a function: its name, and in brackets its symbol."""


def _all_flags(kernel: Kernel, build: Build, flags: tuple[str, ...]) -> tuple[str, ...]:
    if build.variant != HOSTILE:
        return flags
    return (*flags, *hostile_flags(kernel.isa, build.compiler.triple))


@cache
def guest_digest(sources: Path) -> str:
    """Digest of all files of the guest runner."""
    return key_of(part for path in sorted(sources.iterdir()) for part in (path.name, path.read_bytes()))


_MACHINES = ("aarch64", "x86_64", "riscv64")


def _is_for(path: Path, machine: str) -> bool:
    """Whether a guest source belongs into a runner for `machine`: its name ends in _<machine>, or in no machine."""
    return not any(path.stem.endswith(f"_{other}") for other in _MACHINES if other != machine)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BuildError(f"{path}: cannot read it: {error.strerror}") from None


def header_complaint(place: Place, compiler: Compiler, flags: tuple[str, ...], header: str) -> str:
    """Return what a compiler says against a header under an ISA's flags; nothing if it compiles it."""
    command = compile_command(compiler, "O0", flags, "-fsyntax-only", "-include", header, "-x", "c", os.devnull)
    try:
        _run(place, [command], Path("/"))
    except BuildError as error:
        return str(error)
    return ""


def predefined_macros(place: Place, compiler: Compiler, flags: Sequence[str]) -> frozenset[str] | None:
    """Return the macros that a compiler defines by itself under flags for its machine; None if it refuses them."""
    command = compile_command(compiler, "O0", tuple(flags), "-dM", "-E", "-x", "c", os.devnull)
    try:
        said = _run(place, [command], Path("/"))
    except BuildError:
        return None
    return frozenset(re.findall(r"(?m)^#define (\w+)", said))


def _run(
    place: Place,
    commands: Sequence[Command],
    directory: Path,
    *,
    needs: Sequence[Path] = (),
    products: Sequence[str] = (),
) -> str:
    """Run compilers; return what the last one printed."""
    try:
        exits = place.run_tools(commands, directory, _COMPILER_TIMEOUT_S, needs=needs, products=products)
    except OSError as error:
        raise BuildError(f"cannot run {error.filename or commands[0][0]}: {error.strerror}") from None
    last, program = exits[-1], commands[len(exits) - 1][0]
    if last.status is None:
        raise BuildError(f"{program} did not finish within {_COMPILER_TIMEOUT_S} s")
    if "cc1plus" in last.stderr:
        raise UnavailableError(f"{program} cannot compile C++: it lacks cc1plus; install the g++ that belongs to it")
    if last.status != 0:
        raise BuildError(first_complaint(last.stderr) or f"{Path(program).name} exited with {last.status}")
    return last.stdout


def first_complaint(stderr: str) -> str:
    """Return the first line of a compiler's output that is an error, or its first line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if _COMPLAINT.search(line)]
    return (errors or lines or [""])[0]


_COMPLAINT = re.compile(
    r"\berror\b|undefined reference|multiple definition|cannot find|incompatible|file not recognized|wrong format"
)
