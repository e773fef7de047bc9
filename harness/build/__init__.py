"""From a kernel and a build to one static executable: kernel, generated adapter and guest runner."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from harness.backend import Backend, Command
from harness.build.adapter import adapter_source, user_declaration
from harness.build.commands import (
    BINARY_NAME,
    GUEST_FLAGS,
    RUNNER_FOLDER,
    RUNNER_NAME,
    RUNNER_SYMBOLS,
    SUPPORT_NAME,
    SUPPORT_SOURCE,
    Callers,
    Recipe,
    caller_flags,
    needs_support,
    recipe,
    source_command,
    user_adapter_command,
)
from harness.build.preprocessed import preprocessed_digest
from harness.build.shims import hostile_flags
from harness.build.symbols import prebuilt_complaint, symbol_complaint
from harness.build.toolchain import find_binutil
from harness.build.tools import run_tools
from harness.errors import BuildError, StorageError
from harness.model import ASSEMBLY_SUFFIXES, PREBUILT_SUFFIXES, Binary, Build, Compiler, Contract, Kernel, Variant
from harness.storage.cache import entry, key_of
from harness.storage.source_files import included

# Relaxed code reads through gp, which a kernel may damage: the signal handler would fault.
_MACHINE_FLAGS = {"riscv64": ("-mno-relax",)}
_COMMON_NAME = "guest_common.o"


@dataclass(slots=True)
class Builder:
    """Builds binaries through the cache; what several threads ask for at once is built by one of them."""

    backend: Backend
    cache: Path
    guest_sources: Path
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _libraries: dict[tuple[Compiler, str], str] = field(default_factory=dict)
    """Where a compiler finds libraries of the system."""
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def build(self, kernel: Kernel, contract: Contract, build: Build, flags: tuple[str, ...]) -> Binary:
        """Return the executable of one kernel. `flags` are those of its ISA; the hostile variant adds its shims.

        Raises:
            BuildError: the compiler or linker refused it; the message is what it said first.
            StorageError: there is no room for what is built.
        """
        adapter = adapter_source(kernel, contract)
        how, callers = self._how(kernel, contract, build, flags)
        flags = _all_flags(kernel, build, flags)
        key = key_of(
            [
                build.compiler.identity,
                *(self._library_identity(build.compiler, name) for name in kernel.compilation.libraries),
                self._runner_recipe(build.compiler)[0],
                "\n".join(" ".join(command) for command in how.commands),
                adapter,
                *self._user_adapter_digest(kernel, build, callers),
                *(self._source_digest(kernel, build, flags, source) for source in kernel.sources),
            ]
        )
        with self._lock(key):
            made = entry(
                self.cache / "builds", key, lambda aside: self._fill(aside, kernel, build.compiler, adapter, how)
            )
        return Binary(made / BINARY_NAME, key, how.commands, tuple(made / name for name in how.objects))

    def commands(self, kernel: Kernel, contract: Contract, build: Build, flags: tuple[str, ...]) -> tuple[Command, ...]:
        """Return the command lines that make it, whether or not they succeed."""
        return self._how(kernel, contract, build, flags)[0].commands

    def _how(self, kernel: Kernel, contract: Contract, build: Build, flags: tuple[str, ...]) -> tuple[Recipe, Callers]:
        text = _bytes_of(kernel.adapter).decode("utf-8", "replace") if kernel.adapter else ""
        declaration = user_declaration(contract, text) if kernel.adapter else ""
        callers = Callers(caller_flags(kernel, flags), self.guest_sources, declaration)
        return recipe(kernel, build, _all_flags(kernel, build, flags), callers), callers

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
                said = run_tools(self.backend, [command], source.parent)
            except BuildError:
                return None
            found |= {match[1] for match in _FUNCTION_OF_PASS.finditer(said)}
        return frozenset(found)

    def _library_identity(self, compiler: Compiler, name: str) -> str:
        """Return what changes whenever a library of the system does; empty where the compiler finds none."""
        question = f"-print-file-name=lib{name}.a"
        if (compiler, name) not in self._libraries:
            self._libraries[compiler, name] = run_tools(
                self.backend, [(*compiler.command, question)], Path("/")
            ).strip()
        return self.backend.file_identity(self._libraries[compiler, name])

    def _user_adapter_digest(self, kernel: Kernel, build: Build, callers: Callers) -> list[str]:
        if kernel.adapter is None:
            return []
        command = user_adapter_command(kernel, build, callers, "-E", str(kernel.adapter))
        return [self._preprocessed(build.compiler, command, kernel.adapter)]

    def _preprocessed(self, compiler: Compiler, command: Command, source: Path) -> str:
        run = partial(run_tools, self.backend, [command], source.parent)
        return preprocessed_digest(self.cache / "preprocessed", compiler.identity, command, source, run)

    def _source_digest(self, kernel: Kernel, build: Build, flags: tuple[str, ...], source: Path) -> str:
        """Digest all that a source comes to; what assemblers include themselves does not show in preprocessing."""
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

    def _fill(self, aside: Path, kernel: Kernel, compiler: Compiler, adapter: str, how: Recipe) -> None:
        runner = self._runner(compiler)
        _write(aside / "adapter.c", adapter)
        whole = [tuple(part.replace("{runner}", str(runner)) for part in command) for command in how.commands]
        support = [runner / SUPPORT_NAME] if needs_support(compiler) else []
        needs = [runner / RUNNER_NAME, *support, aside / "adapter.c"]
        try:
            run_tools(self.backend, whole, aside, needs=needs, products=(BINARY_NAME, *how.objects))
        except BuildError as error:
            raise BuildError(self._plainly(aside, kernel, how) or str(error)) from None
        # What has the symbol's name in a library of the system is not the kernel, and would be linked without a word.
        complaint = symbol_complaint(kernel, _objects(aside, how))
        if complaint and not kernel.adapter and not kernel.compilation.libraries:
            raise BuildError(complaint)

    def _plainly(self, aside: Path, kernel: Kernel, how: Recipe) -> str:
        """Say why a build failed, where what was to be linked shows it; empty where it does not."""
        prebuilt = {path: _bytes_of(path) for path in kernel.sources if path.suffix in PREBUILT_SUFFIXES}
        if complaint := prebuilt_complaint(prebuilt):
            return complaint
        try:
            run_tools(self.backend, how.making, aside, products=how.objects)
        except BuildError:
            return ""  # it did not come to linking
        return symbol_complaint(kernel, _objects(aside, how))

    def _runner(self, compiler: Compiler) -> Path:
        """Return the directory with the runner's relocatable object for one compiler, and the support for its machine.

        Raises:
            BuildError: it cannot be made.
        """
        key, commands = self._runner_recipe(compiler)
        products = [RUNNER_NAME, *([SUPPORT_NAME] if needs_support(compiler) else [])]

        def fill(aside: Path) -> None:
            run_tools(self.backend, commands, aside, products=products)

        with self._lock(key):
            return entry(self.cache / "builds", key, fill)

    def _runner_recipe(self, compiler: Compiler) -> tuple[str, list[Command]]:
        """Return the key of the runner, and the commands that make it.

        Without an objcopy, which belongs to every linker, its names stay visible: a kernel that has one of them then is
        refused by the linker.
        """
        machine = compiler.triple.split("-")[0]
        flags = (*GUEST_FLAGS, *_MACHINE_FLAGS.get(machine, ()))
        joining = (*compiler.command, "-nostdlib", "-r", "-o")
        commands: list[Command] = []
        joined: list[str] = []
        # The folders have names in common, so that what one comes to is joined before the next is compiled.
        for folder, product in ((RUNNER_FOLDER, _COMMON_NAME), (machine, RUNNER_NAME)):
            sources = _runner_sources(self.guest_sources / folder)
            commands.append((*compiler.command, *flags, "-std=gnu11", "-c", *map(str, sources)))
            commands.append((*joining, product, *joined, *(f"{path.stem}.o" for path in sources)))
            joined = [product]
        objcopy = find_binutil("objcopy", compiler.triple, self.backend)
        if objcopy:
            keeping = (f"--keep-global-symbol={name}" for name in RUNNER_SYMBOLS)
            commands.append((objcopy.path, *keeping, RUNNER_NAME))
        if needs_support(compiler):
            support = self.guest_sources / machine / SUPPORT_SOURCE
            commands.append((*compiler.command, *flags, "-c", str(support), "-o", SUPPORT_NAME))
        text = "\n".join(" ".join(command) for command in commands)
        identity = objcopy.identity if objcopy else ""
        return key_of(["runner", compiler.identity, identity, text, self._guest_digest()]), commands

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
            run_tools(self.backend, commands, aside, needs=sources, products=products)

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
    if build.variant is not Variant.HOSTILE:
        return flags
    return (*flags, *hostile_flags(kernel.isa, build.compiler.triple))


@cache
def guest_digest(sources: Path) -> str:
    """Digest of all files of the guest runner."""
    files = [path for path in sorted(sources.rglob("*")) if path.is_file()]
    return key_of(part for path in files for part in (str(path.relative_to(sources)), path.read_bytes()))


def _runner_sources(folder: Path) -> list[Path]:
    """Return the files of one folder that are linked into every guest; support is only linked where it is missing."""
    return [path for path in sorted(folder.glob("*.[cS]")) if path.name != SUPPORT_SOURCE]


def _objects(aside: Path, how: Recipe) -> list[bytes]:
    return [(aside / name).read_bytes() for name in how.objects]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path}: cannot write it: {error.strerror}") from None


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BuildError(f"{path}: cannot read it: {error.strerror}") from None
