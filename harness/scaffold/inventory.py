"""What a directory holds that could be validated: kernels, what they are built from, and ops of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.discovery.candidates import Candidate, with_declaration
from harness.discovery.files import candidates_in, read_text, with_definition, with_disassembly
from harness.discovery.ops import fitted, ops_in_name
from harness.discovery.rust import exported, isas_of_rust, library_name, makes_static_library
from harness.discovery.source import functions, without_comments
from harness.errors import ConfigurationError, UsageError
from harness.model import PREBUILT_SUFFIXES, SCALAR_ISA, SOURCE_SUFFIXES, Contract
from harness.model.prototype import Prototype, parse_prototype
from harness.project.adhoc import Contracts
from harness.scaffold.contract import is_describable
from harness.scaffold.manifest import Found

_FILES_AT_MOST = 4000
_PLAIN_AT_MOST = 8
_SOURCE_BYTES = 1 << 20
_LIBRARY_BYTES = 1 << 26
_MADE_BY_TOOLS = ("CACHEDIR.TAG", "CMakeCache.txt", "pyvenv.cfg")
"""Files that mark a directory whose sources are none of the project's own."""
_BUILD_FILES = ("Makefile", "makefile", "GNUmakefile", "CMakeLists.txt", "meson.build", "compile_commands.json")
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_RUST_TRIPLES = {"aarch64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}
_WORDS_OF_ISAS = "sve sve2 sme neon asimd avx avx2 avx512 avx512f rvv simd kernel impl scalar"


@dataclass(slots=True)
class Inventory:
    """What was found below a directory."""

    kernels: list[Found] = field(default_factory=list)
    """Of ops that have a contract first."""
    own_ops: dict[str, Prototype] = field(default_factory=dict)
    """Ops without a contract, with the prototype of their kernel."""
    left_out: list[str] = field(default_factory=list)
    """Functions with vectors that cannot be taken, and why."""
    build_first: list[str] = field(default_factory=list)
    """Commands that make what the kernels consist of."""
    files: int = 0


def take_inventory(root: Path, contracts: Contracts) -> Inventory:
    """Look through a directory.

    Raises:
        UsageError: it cannot be read.
    """
    if not root.is_dir():
        raise UsageError(f"{root}: no such directory")
    paths = list(_walk(root))
    further = _include_directories(root)
    inventory = Inventory(files=len(paths))
    sources = {path: candidates_in(path, further) for path in paths if path.suffix in SOURCE_SUFFIXES}
    written = {path: found for path, found in sources.items() if path.suffix not in PREBUILT_SUFFIXES}
    taker = _Taker(root, contracts, inventory, {path: found[0] for path, found in written.items()})
    for path, (candidates, _, needed) in written.items():
        taker.take(path, candidates, needed)
    for path in paths:
        if path.suffix == ".rs":
            taker.take_rust(path)
    names = {candidate.name for candidates, _, _ in written.values() for candidate in candidates}
    for path in sources.keys() - written.keys():
        taker.take_prebuilt(path, [c for c in sources[path][0] if c.name not in names])
    if not inventory.kernels:
        taker.take_plain()
    inventory.kernels = _with_names(inventory.kernels)
    return inventory


def _walk(root: Path) -> Iterator[Path]:
    """Yield sources, objects and static libraries, without those that tools made of others."""
    count = 0
    for directory, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        is_made = any(name in _MADE_BY_TOOLS for name in names)
        if "pyvenv.cfg" in names:
            folders[:] = []
            continue
        for path in (Path(directory, name) for name in sorted(names)):
            is_prebuilt = path.suffix in PREBUILT_SUFFIXES
            if path.suffix not in (*SOURCE_SUFFIXES, ".rs") or not path.is_file() or (is_made and not is_prebuilt):
                continue
            if path.stat().st_size <= (_LIBRARY_BYTES if is_prebuilt else _SOURCE_BYTES):
                yield path
                count += 1
            if count == _FILES_AT_MOST:
                return


def _include_directories(root: Path) -> list[Path]:
    """Return the directories that build files name for headers, then the usual ones."""
    named: list[str] = []
    for name in _BUILD_FILES:
        if (root / name).is_file():
            text = read_text(root / name)
            named += re.findall(r"-I\s*\"?([\w./-]+)", text)
            for inside in re.findall(r"include_directories\s*\(([^()]*)\)", text):
                named += re.findall(r"[\w./-]+", inside.replace("${CMAKE_CURRENT_SOURCE_DIR}", "."))
    places = [root / name for name in (*named, "include", "inc", "src", ".")]
    return [backend for backend in dict.fromkeys(places) if backend.is_dir()]


@dataclass(slots=True)
class _Taker:
    """Takes functions into an inventory."""

    root: Path
    contracts: Contracts
    inventory: Inventory
    candidates: dict[Path, list[Candidate]]
    plain: list[tuple[Candidate, Path, Sequence[Path]]] = field(default_factory=list)
    """Functions that a contract could describe, and that have neither vectors nor the name of an op."""

    def take(self, path: Path, candidates: Sequence[Candidate], needed: Sequence[Path]) -> None:
        """Take the kernels of one source."""
        for candidate in map(self._declared, candidates):
            if candidate.isa_complaint:
                self.inventory.left_out.append(f"{self._where(candidate)}: {candidate.isa_complaint}")
                continue
            op = self._op(candidate, len(candidates))
            is_vectorised = candidate.isa is not None and candidate.isa.isa != SCALAR_ISA
            if op is None and not is_vectorised:
                if candidate.prototype and is_describable(candidate.prototype):
                    self.plain.append((candidate, path, needed))
                continue
            if op is None and candidate.prototype is None:
                why = candidate.complaint or "nothing declares its parameters"
                self.inventory.left_out.append(f"{self._where(candidate)}: {why}")
                continue
            if op is None and candidate.prototype and not is_describable(candidate.prototype):
                why = f"{candidate.prototype}: no buffer with a size argument, or nothing that comes out"
                self.inventory.left_out.append(f"{self._where(candidate)}: {why}")
                continue
            self._add(candidate, op, self._with_callees(path), needed)

    def take_plain(self) -> None:
        """Take functions without vectors and without the name of an op, where they are few: they are what is meant."""
        for candidate, path, needed in self.plain if len(self.plain) <= _PLAIN_AT_MOST else ():
            self._add(candidate, None, self._with_callees(path), needed)

    def take_prebuilt(self, path: Path, candidates: Sequence[Candidate]) -> None:
        """Take from an object or a library what has the name of an op, and no source."""
        for candidate in map(self._declared, candidates):
            op = self._op(candidate, 0) if not candidate.name.startswith("_") else None
            if op is None:
                continue
            resolved = with_disassembly(candidate)
            if resolved.isa is None:
                self.inventory.left_out.append(f"{self._where(candidate)}: {resolved.isa_complaint}")
            else:
                self._add(resolved, op, [path], [])

    def take_rust(self, path: Path) -> None:
        """Take what a Rust source exports, as the static libraries that cargo makes of its crate."""
        text = read_text(path)
        crate = next((backend for backend in path.parents if (backend / "Cargo.toml").is_file()), None)
        for function in exported(text):
            where = f"{function.name} ({path.relative_to(self.root)}:{function.line})"
            if crate is None or not crate.is_relative_to(self.root):
                self.inventory.left_out.append(f"{where}: no Cargo.toml; build a static library, which is found then")
                continue
            cargo = read_text(crate / "Cargo.toml")
            if not makes_static_library(cargo):
                why = 'its crate is no static library; write crate-type = ["staticlib"] under [lib]'
                self.inventory.left_out.append(f"{where}: {why}")
                continue
            for machine, isa in isas_of_rust(text).items():
                library = Path("target", _RUST_TRIPLES[machine], "release", f"lib{library_name(cargo)}.a")
                try:
                    prototype = parse_prototype(function.declaration)
                except ConfigurationError as error:
                    self.inventory.left_out.append(f"{where}: {error}")
                    continue
                candidate = Candidate(path, function.name, function.name, prototype, isa=isa, line=function.line)
                op = self._op(candidate, 0)
                if op is None and not is_describable(prototype):
                    continue
                self._add(candidate, op, [crate / library], [])
                command = f"cargo build --release --target {_RUST_TRIPLES[machine]}"
                if crate != self.root:
                    command += f" --manifest-path {crate.relative_to(self.root)}/Cargo.toml"
                if command not in self.inventory.build_first:
                    self.inventory.build_first.append(command)

    def _op(self, candidate: Candidate, functions_in_file: int) -> str | None:
        """Return the op that a function's name says and its prototype allows; of a file's only one, the file's name."""
        names = [candidate.name, candidate.source.stem] if functions_in_file == 1 else [candidate.name]
        ops = self.contracts.as_ops
        found = (op for name in names for op in ops_in_name(name, ops.names) if ops.may_be(candidate, op))
        return next(found, None)

    def _declared(self, candidate: Candidate) -> Candidate:
        """Look for a declaration of a function of an object or of assembly in all of the project's C."""
        if candidate.prototype or candidate.complaint or self._op(candidate, 0) is None:
            return candidate
        return with_definition(with_declaration(candidate, map(read_text, self.candidates)))

    def _add(self, candidate: Candidate, op: str | None, sources: Sequence[Path], needed: Sequence[Path]) -> None:
        assert candidate.isa
        if not candidate.symbol:
            self.inventory.left_out.append(f"{self._where(candidate)}: its C++ name cannot be found out; see nm")
            return
        why = "by its name and form" if candidate.prototype else "by its name"
        text = ""
        if op is None:
            assert candidate.prototype
            op, why = self._own_op(candidate, candidate.prototype)
            text = str(replace(candidate.prototype, name=candidate.name))
        elif candidate.prototype:
            text = _prototype_text(candidate.prototype, candidate.name, self.contracts.get(op))
        else:
            why += '; nothing declares its parameters: say prototype = "...", and take the # away'
        self.inventory.kernels.append(
            Found(
                op=op,
                name=candidate.isa.isa,
                isa=candidate.isa.isa,
                sources=tuple(self._relative(path) for path in sources),
                symbol=candidate.symbol,
                prototype=text,
                includes=tuple(dict.fromkeys(self._relative(backend) for backend in needed)),
                function=candidate.name,
                where=f"{self._relative(candidate.source)}{f':{candidate.line}' if candidate.line else ''}",
                why_op=why,
                why_isa=candidate.isa.because,
                is_declared=candidate.prototype is not None,
            )
        )

    def _own_op(self, candidate: Candidate, prototype: Prototype) -> tuple[str, str]:
        """Name an op that no contract is there for, and say which have this form."""
        words = [word for word in candidate.name.split("_") if word and word not in _WORDS_OF_ISAS.split()]
        op = "_".join(words) or candidate.name
        op = op if op.isidentifier() else candidate.name
        known = self.inventory.own_ops.get(op)
        if known and replace(known, name="") != replace(prototype, name=""):
            op = candidate.name
        self.inventory.own_ops.setdefault(op, prototype)
        alike = [name for name in self.contracts.ops if self.contracts.fits(name, prototype)]
        return op, f"of its form among the bundled: {', '.join(alike)}" if alike else ""

    def _with_callees(self, path: Path) -> list[Path]:
        """Return a source and those others that define what it calls, as far as only one does."""
        found: dict[Path, None] = {}
        waiting = [path]
        while waiting:
            current = waiting.pop(0)
            if current in found:
                continue
            found[current] = None
            text = read_text(current)
            own = {function.name for function in functions(text) if function.body}
            for name in sorted(set(_CALLED.findall(without_comments(text))) - own - {"main"}):
                definers = [other for other, those in self.candidates.items() if any(c.name == name for c in those)]
                waiting += definers if len(definers) == 1 else []
        return list(found)

    def _relative(self, path: Path) -> str:
        return os.path.relpath(path, self.root)

    def _where(self, candidate: Candidate) -> str:
        line = f":{candidate.line}" if candidate.line else ""
        return f"{candidate.name} ({self._relative(candidate.source)}{line})"


def _prototype_text(prototype: Prototype, name: str, contract: Contract) -> str:
    """Write a kernel's prototype where its names, types or convention are not the contract's."""
    mine = fitted(prototype, contract)
    its = contract.prototype
    return "" if replace(mine, name=its.name) == its else str(replace(mine, name=name))


def _with_names(kernels: Iterable[Found]) -> list[Found]:
    """Name kernels of one op and ISA after their functions; those of known ops come first, scalar ones last."""
    found = list(kernels)
    count: dict[tuple[str, str], int] = {}
    for kernel in found:
        count[kernel.op, kernel.name] = count.get((kernel.op, kernel.name), 0) + 1
    named = []
    taken: set[tuple[str, str]] = set()
    for kernel in found:
        name = kernel.name if count[kernel.op, kernel.name] == 1 else kernel.function
        if (kernel.op, name) in taken:
            name = f"{name}.{Path(kernel.sources[0]).stem}"
        taken.add((kernel.op, name))
        named.append(replace(kernel, name=name))
    return named
