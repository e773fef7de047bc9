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
from harness.build.preprocessed import preprocessed_digest
from harness.build.shims import hostile_flags
from harness.build.store import entry, key_of
from harness.build.toolchain import compile_command
from harness.errors import BuildError
from harness.model import Binary, Build, Compiler, Contract, Kernel
from harness.place import Command, Place

BINARY_NAME = "guest"
HOSTILE = "hostile"
"""The build variant in which undefined lanes hold poison."""
RUNNER_NAME = "guest_runner.o"
# The runner must not use what a kernel's ISA flags would allow, nor libc features that a kernel may damage.
GUEST_FLAGS = ("-O2", "-fno-stack-protector", "-fno-tree-vectorize", "-fno-strict-aliasing")
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
        """
        compiler = build.compiler
        if build.variant == HOSTILE:
            flags = (*flags, *hostile_flags(kernel.isa, compiler.triple))
        adapter = adapter_source(kernel, contract)
        key = key_of(
            [
                compiler.identity,
                " ".join((*compiler.command, build.opt, build.variant, *flags)),
                self._guest_digest(),
                adapter,
                kernel.symbol,
                *(self._preprocessed(compiler, build.opt, flags, source) for source in kernel.sources),
            ]
        )
        commands = self._commands(kernel, build, flags)
        names = (BINARY_NAME, *_object_names(kernel))
        with self._lock(key):
            made = entry(
                self.cache / "builds", key, lambda aside: self._fill(aside, compiler, adapter, commands, names)
            )
        return Binary(made / BINARY_NAME, key, commands, tuple(made / name for name in names[1:]))

    def _preprocessed(self, compiler: Compiler, opt: str, flags: tuple[str, ...], source: Path) -> str:
        command = compile_command(compiler, opt, flags, "-E", str(source))
        run = partial(_run, self.place, [command], source.parent)
        return preprocessed_digest(self.cache / "preprocessed", compiler.identity, command, source, run)

    def _fill(
        self, aside: Path, compiler: Compiler, adapter: str, commands: Sequence[Command], products: Sequence[str]
    ) -> None:
        runner = self._runner(compiler)
        (aside / "adapter.c").write_text(adapter)
        whole = [tuple(part.replace("{runner}", str(runner)) for part in command) for command in commands]
        _run(self.place, whole, aside, needs=[runner / RUNNER_NAME, aside / "adapter.c"], products=products)

    def _commands(self, kernel: Kernel, build: Build, flags: tuple[str, ...]) -> tuple[Command, ...]:
        """The command lines, to be run in the entry's directory; {runner} stands for the runner's objects."""
        compiler = build.compiler
        objects = _object_names(kernel)
        compiled = [
            compile_command(compiler, build.opt, flags, "-c", str(source), "-o", target)
            for source, target in zip(kernel.sources, objects, strict=True)
        ]
        adapter = (
            *compiler.command,
            *GUEST_FLAGS,
            "-w",
            f"-I{self.guest_sources}",
            "-c",
            "adapter.c",
            "-o",
            "adapter.o",
        )
        link = (
            *compiler.command,
            "-static",
            "-o",
            BINARY_NAME,
            "{runner}/" + RUNNER_NAME,
            "adapter.o",
            *objects,
            "-lm",
        )
        return (*compiled, adapter, link)

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

    def _guest_digest(self) -> str:
        return guest_digest(self.guest_sources)

    def _lock(self, key: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())


@cache
def guest_digest(sources: Path) -> str:
    """Digest of all files of the guest runner."""
    return key_of(part for path in sorted(sources.iterdir()) for part in (path.name, path.read_bytes()))


_MACHINES = ("aarch64", "x86_64", "riscv64")


def _is_for(path: Path, machine: str) -> bool:
    """Whether a guest source belongs into a runner for `machine`: its name ends in _<machine>, or in no machine."""
    return not any(path.stem.endswith(f"_{other}") for other in _MACHINES if other != machine)


def _object_names(kernel: Kernel) -> tuple[str, ...]:
    return tuple(f"kernel{number}.o" for number in range(len(kernel.sources)))


def header_complaint(place: Place, compiler: Compiler, flags: tuple[str, ...], header: str) -> str:
    """Return what a compiler says against a header under an ISA's flags; nothing if it compiles it."""
    command = compile_command(compiler, "O0", flags, "-fsyntax-only", "-include", header, "-x", "c", os.devnull)
    try:
        _run(place, [command], Path("/"))
    except BuildError as error:
        return str(error)
    return ""


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
    if last.status != 0:
        raise BuildError(first_complaint(last.stderr) or f"{Path(program).name} exited with {last.status}")
    return last.stdout


def first_complaint(stderr: str) -> str:
    """Return the first line of a compiler's output that is an error, or its first line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\berror\b|undefined reference|multiple definition", line)]
    return (errors or lines or [""])[0]
