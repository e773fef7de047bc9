"""What works here: compilers, what they may use, and executors. Remembered by the identity of every tool involved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.build import Builder, header_complaint, predefined_macros
from harness.build.store import key_of
from harness.build.toolchain import find_compiler
from harness.executors import Executors, Request
from harness.features import table_of
from harness.machine import resolve_triple
from harness.model import (
    ALL_EMULATORS,
    DEFAULT_COMPILERS,
    Capabilities,
    Compiler,
    Executor,
    FeatureTable,
    Missing,
    Need,
    Project,
    Promise,
    Target,
)
from harness.packages import how_to_install
from harness.place import Place
from harness.proving import promised_features
from harness.remembered import Remembered


@dataclass(slots=True)
class Surveyor:
    """Looks at the machine through a builder, and remembers in `memory` what it saw."""

    builder: Builder
    probe_source: Path
    bochs_sources: Path
    memory: Path
    _remembered: Remembered = field(init=False)
    _executors: Executors = field(init=False)

    def __post_init__(self) -> None:
        """Start without knowing anything."""
        self._remembered = Remembered(self.memory)
        self._executors = Executors(
            self.builder, self.probe_source, self.bochs_sources, self._remembered, self._compiler
        )

    def survey(
        self, project: Project, needs: Iterable[Need], compilers: tuple[str, ...], emulator: str | None
    ) -> Capabilities:
        """Find the compilers for the needed ISAs and the first executor that proves itself for each need.

        `emulator` pins one way to run. The probe is the guest runner with an empty kernel: it must be compiled, start
        and attest the width that was asked for.
        """
        self._remembered.read()
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
        self._remembered.write()
        return Capabilities(
            self.place.native_triple,
            found,
            {need: ladder.first for need, ladder in ladders.items()},
            unfit,
            {need: ladder.promised for need, ladder in ladders.items() if ladder.promised is not None},
            {need: ladder.further for need, ladder in ladders.items() if ladder.further},
        )

    @property
    def place(self) -> Place:
        """Where all this is looked for."""
        return self.builder.place

    def _triple(self, isa: Target) -> str:
        return resolve_triple(isa.triple, self.place.native_triple)

    # -- compilers

    def _compiler(self, spec: str, triple: str) -> Compiler | Missing:
        key = f"compiler {spec} {triple} {self.place.search_key}"
        known = self._remembered.get(key)
        if known and self._is_still_there(known):
            return Compiler(spec, known["family"], known["version"], triple, tuple(known["command"]), known["identity"])
        found = find_compiler(spec, triple, self.place)
        if isinstance(found, Compiler):
            self._remembered.learn(
                key,
                {
                    "family": found.family,
                    "version": found.version,
                    "command": list(found.command),
                    "identity": found.identity,
                },
            )
        return found

    def _is_still_there(self, known: Mapping[str, Any]) -> bool:
        program = self.place.find(known["command"][0])
        return program is not None and program.identity == known["identity"]

    def _unfit(
        self, isas: Iterable[Target], compilers: Mapping[tuple[str, str], Compiler | Missing]
    ) -> dict[tuple[str, Compiler], Missing]:
        """Find the compilers that do not know an ISA: they refuse its flags, or lack its header."""
        unfit = {}
        for isa in isas:
            for (triple, spec), compiler in compilers.items():
                if isa.header and triple == self._triple(isa) and isinstance(compiler, Compiler):
                    complaint = self._complaint(isa, isa.header, compiler)
                    if complaint:
                        reason = f"{spec} {compiler.version} cannot compile for {isa.name}: {complaint}"
                        unfit[isa.name, compiler] = Missing(reason, f"needs {isa.header_since}")
        return unfit

    def _complaint(self, isa: Target, header: str, compiler: Compiler) -> str:
        key = "header " + key_of([compiler.identity, *compiler.command, *isa.flags, header])
        known = self._remembered.get(key)
        if known is None:
            known = {"complaint": header_complaint(self.place, compiler, isa.flags, header)}
            self._remembered.learn(key, known)
        return str(known["complaint"])

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
        known = self._remembered.get(key)
        if known is None:
            macros = predefined_macros(self.place, compiler, flags)
            known = {"features": None if macros is None else sorted(table.of_macros(macros))}
            self._remembered.learn(key, known)
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
        needs_qemu = triple != self.place.native_triple and any(way.how == "qemu-user" for way in target.emulations)
        if not needs_qemu or self.place.find(qemu) or self.place.find(f"{qemu}-static"):
            return missing
        on_host = self.place.facts["in"] == "host"
        remedy = how_to_install("gcc qemu-user", triple, self.place.native_triple, on_host=on_host)
        return Missing(f"{missing.reason}, and no {qemu}", remedy)


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The executors that proved themselves for a need; those behind the first only where that has faults."""

    first: Executor | Missing
    promised: frozenset[str] | None = None
    further: tuple[Executor, ...] = ()
