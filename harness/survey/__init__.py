"""What works here: compilers, and executors proven by a probe. Remembered by the identity of every tool involved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.backend import Backend
from harness.backend.packages import how_to_install
from harness.build import Builder
from harness.build.probes import cpp_complaint, header_complaint, predefined_macros
from harness.build.toolchain import candidates_here, find_compiler, identity_of
from harness.features import table_of
from harness.model import (
    ALL_EMULATORS,
    DEFAULT_COMPILERS,
    Capabilities,
    Compiler,
    Executor,
    FeatureTable,
    Kernel,
    Missing,
    Need,
    Project,
    Promise,
    Target,
    all_missing,
)
from harness.model.triple import resolve_triple
from harness.resources import EMULATORS, bundled_root, module_name, modules_of
from harness.storage.answers import Memory
from harness.storage.cache import cache_directory, key_of
from harness.storage.code_digest import code_digest
from harness.survey.executors import Executors, Request
from harness.survey.proving import promised_features


@dataclass(slots=True)
class Surveyor:
    """Looks at the machine through a builder, and remembers in `memory` what it saw."""

    builder: Builder
    probe_sources: Path
    memory: Memory
    _executors: Executors = field(init=False)

    def __post_init__(self) -> None:
        """Start without knowing anything."""
        self._executors = Executors(self.builder, self.probe_sources, self.memory, self._compiler)

    def survey(
        self,
        project: Project,
        needs: Iterable[Need],
        compilers: tuple[str, ...],
        emulator: str | None,
        cpp_isas: Collection[str] = (),
    ) -> Capabilities:
        """Find the compilers for the needed ISAs and the first executor that proves itself for each need.

        `emulator` pins one way to run; `cpp_isas` are the ISAs that there are kernels in C++ for. The probe of an
        executor is the guest runner with an empty kernel: it must be compiled, start and attest the width that was
        asked for.

        Raises:
            StorageError: there is no room for what the probes write.
        """
        self.memory.read()
        needs = tuple(dict.fromkeys(needs))
        triples = sorted({self._triple(project.isa_target(need.isa)) for need in needs})
        found = {
            (triple, spec): self._compiler(spec, triple)
            for triple in triples
            for spec in dict.fromkeys((*compilers, *DEFAULT_COMPILERS))
        }
        pinned = None if emulator == ALL_EMULATORS else emulator
        ladders = {need: self._ladder(project, need, found, need.how or pinned) for need in needs}
        unfit = self._unfit([project.isa_target(isa) for isa in dict.fromkeys(need.isa for need in needs)], found)
        cpp_triples = {self._triple(project.isa_target(isa)) for isa in cpp_isas}
        without_cpp = self._without_cpp(found[at] for at in found if at[0] in cpp_triples)
        self.memory.write()
        return Capabilities(
            self.backend.native_triple,
            found,
            {need: ladder.first for need, ladder in ladders.items()},
            unfit,
            {need: ladder.promised for need, ladder in ladders.items() if ladder.promised is not None},
            {need: ladder.further for need, ladder in ladders.items() if ladder.further},
            without_cpp,
        )

    @property
    def backend(self) -> Backend:
        """Where all this is looked for."""
        return self.builder.backend

    def _triple(self, isa: Target) -> str:
        return resolve_triple(isa.triple, self.backend.native_triple)

    # -- compilers

    def _compiler(self, spec: str, triple: str) -> Compiler | Missing:
        here = [program.identity for program in candidates_here(spec, triple, self.backend)]
        key = "compiler " + key_of([spec, triple, *here])
        known = self.memory.get(key)
        if known and known["identity"] == identity_of(known["command"][0], known["parts"], self.backend):
            command, parts = tuple(known["command"]), tuple(known["parts"])
            return Compiler(spec, known["family"], known["version"], triple, command, known["identity"], parts)
        found = find_compiler(spec, triple, self.backend)
        if isinstance(found, Compiler):
            self.memory.learn(
                key,
                {
                    "family": found.family,
                    "version": found.version,
                    "command": list(found.command),
                    "identity": found.identity,
                    "parts": list(found.parts),
                },
            )
        return found

    def compiler_for(self, kernel: Kernel, isa: Target) -> Compiler | Missing:
        """Return the first compiler that is fit for a kernel; if none is, what each of them lacks."""
        self.memory.read()
        tried: list[Missing] = []
        for spec in DEFAULT_COMPILERS:
            found = self._compiler(spec, self._triple(isa))
            if isinstance(found, Compiler) and not kernel.is_prebuilt:  # that is linked only
                lacks_cpp = self._lacks_cpp(found) if kernel.has_cpp else None
                found = self._lacks_isa(isa, found) or lacks_cpp or found
            if isinstance(found, Compiler):
                self.memory.write()
                return found
            tried.append(found)
        self.memory.write()
        return all_missing(tried)

    def _unfit(
        self, isas: Iterable[Target], compilers: Mapping[tuple[str, str], Compiler | Missing]
    ) -> dict[tuple[str, Compiler], Missing]:
        """Find the compilers that do not know an ISA: they refuse its flags, or lack its header."""
        unfit: dict[tuple[str, Compiler], Missing] = {}
        for isa in isas:
            for (triple, _), compiler in compilers.items():
                if triple == self._triple(isa) and isinstance(compiler, Compiler):
                    missing = self._lacks_isa(isa, compiler)
                    unfit |= {(isa.name, compiler): missing} if missing else {}
        return unfit

    def _lacks_isa(self, isa: Target, compiler: Compiler) -> Missing | None:
        if isa.header is None:
            return None
        header = isa.header
        key = "header " + key_of([compiler.identity, *compiler.command, *isa.flags, header])
        complaint = self._asked(key, lambda: header_complaint(self.backend, compiler, isa.flags, header))
        reason = f"{compiler.spec} {compiler.version} cannot compile for {isa.name}: {complaint}"
        return Missing(reason, f"needs {isa.header_since}") if complaint else None

    def _without_cpp(self, compilers: Iterable[Compiler | Missing]) -> dict[Compiler, Missing]:
        """Find the compilers that cannot make a program of C++."""
        lacking = {one: self._lacks_cpp(one) for one in compilers if isinstance(one, Compiler)}
        return {compiler: missing for compiler, missing in lacking.items() if missing}

    def _lacks_cpp(self, compiler: Compiler) -> Missing | None:
        source = self.probe_sources / "cpp.cpp"
        key = "C++ " + key_of([compiler.identity, *compiler.command, source.read_bytes()])
        complaint = self._asked(key, lambda: cpp_complaint(self.backend, compiler, source))
        reason = f"{compiler.spec} {compiler.version} cannot compile and link C++ for {compiler.triple}: {complaint}"
        return Missing(reason, self._remedy("g++", compiler)) if complaint else None

    def _asked(self, key: str, ask: Callable[[], str]) -> str:
        """Return a compiler's complaint, from memory where it was asked before."""
        known = self.memory.get(key) or {"complaint": ask()}
        self.memory.learn(key, known)
        return str(known["complaint"])

    def _remedy(self, tools: str, compiler: Compiler) -> str:
        on_host = self.backend.facts["in"] == "host"
        return how_to_install(tools, compiler.triple, self.backend.native_triple, on_host=on_host)

    # -- what is promised

    def _promised(
        self, isa: Target, promise: Promise, compilers: Iterable[Compiler]
    ) -> tuple[frozenset[str], frozenset[str] | None]:
        """Return the features that code may rely on; twice, the second time None if no compiler takes its flags."""
        table = self._table(isa)
        flags = (*isa.flags, *promise.flags)
        asked = [self._understood(table, compiler, flags) for compiler in compilers]
        understood = [features for features in asked if features is not None]
        promised = promised_features(table, isa, understood, promise)
        return promised, promised if understood else None

    def _understood(self, table: FeatureTable, compiler: Compiler, flags: tuple[str, ...]) -> frozenset[str] | None:
        """Return what a compiler may use under flags; None if it refuses them."""
        key = "promise " + key_of([compiler.identity, *compiler.command, *flags, table.digest])
        known = self.memory.get(key)
        if known is None:
            macros = predefined_macros(self.backend, compiler, flags)
            known = {"features": None if macros is None else sorted(table.of_macros(macros))}
            self.memory.learn(key, known)
        return None if known["features"] is None else frozenset(known["features"])

    def _table(self, isa: Target) -> FeatureTable:
        return table_of(self._triple(isa).partition("-")[0])

    # -- executors

    def _ladder(
        self,
        project: Project,
        need: Need,
        compilers: Mapping[tuple[str, str], Compiler | Missing],
        pinned: str | None,
    ) -> _Ladder:
        target = project.targets[need.target]
        isa = project.isa_target(need.isa)
        triple = self._triple(isa)
        usable = [c for (its_triple, _), c in compilers.items() if its_triple == triple and isinstance(c, Compiler)]
        if not usable:
            return _Ladder(self._no_compiler(compilers[(triple, DEFAULT_COMPILERS[0])], triple, target))
        wanted, promised = self._promised(isa, need.promise, usable)
        besides = wanted - self._promised(isa, Promise(), usable)[0]
        found = self._executors.ladder(Request(need, target, isa, self._table(isa), wanted, besides), usable[0], pinned)
        return _Ladder(found, promised) if isinstance(found, Missing) else _Ladder(found[0], promised, tuple(found[1:]))

    def _no_compiler(self, missing: Compiler | Missing, triple: str, target: Target) -> Missing:
        """Say which compiler is missing, and that QEMU is, too, if it is: both are installed by one command."""
        assert isinstance(missing, Missing)
        qemu = f"qemu-{triple.partition('-')[0]}"
        needs_qemu = triple != self.backend.native_triple and any(way.how == "qemu-user" for way in target.emulations)
        if not needs_qemu or self.backend.find(qemu) or self.backend.find(f"{qemu}-static"):
            return missing
        on_host = self.backend.facts["in"] == "host"
        remedy = how_to_install("gcc qemu-user", triple, self.backend.native_triple, on_host=on_host)
        return Missing(f"{missing.reason}, and no {qemu}", remedy)


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The executors that proved themselves for a need; those behind the first only where that has faults."""

    first: Executor | Missing
    promised: frozenset[str] | None = None
    further: tuple[Executor, ...] = ()


def make_surveyor(backend: Backend) -> Surveyor:
    """Return a surveyor of a backend, over the user's cache and the bundled guest."""
    root, cache = bundled_root(), cache_directory()
    builder = Builder(backend, cache, root / "csrc" / "guest")
    memory = Memory(cache / "survey.json", code_digest(*_PROBING))
    return Surveyor(builder, root / "csrc" / "probe", memory)


_EMULATORS = tuple(module_name(EMULATORS, name) for name in modules_of(EMULATORS))
_PROBING = ("harness.survey", "harness.backend.host", "harness.backend.container", *_EMULATORS)
"""The modules that ask what works here: with other ones, other answers."""
