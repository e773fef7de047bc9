"""Executors, proven by a probe: they run code of an ISA at a width, and have what a kernel's callers promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.backend import Backend
from harness.backend.packages import how_to_install
from harness.build import Builder, guest_digest
from harness.build.probes import c_complaint
from harness.contract import op
from harness.errors import BuildError, HarnessError, StorageError
from harness.features import memory_forms_of
from harness.launch import Load, observe
from harness.launch.emulators import Tools, emulator_of
from harness.model import (
    DEFAULT_COMPILERS,
    Build,
    Compiler,
    Conventions,
    Emulation,
    Executor,
    FeatureTable,
    Kernel,
    Missing,
    Need,
    Observation,
    Target,
    Variant,
    all_missing,
)
from harness.model.triple import resolve_triple
from harness.storage.answers import Memory
from harness.storage.cache import key_of
from harness.survey.proving import lacking, objection
from harness.survey.samples import Sample, SampleResult, run_samples

_NO_CONTRACT = op("void nothing(void)", reference=lambda: None, passes=[], suites={})


@dataclass(frozen=True, slots=True)
class Request:
    """A need, and what it comes to."""

    need: Need
    target: Target
    isa: Target
    table: FeatureTable
    promised: frozenset[str]
    """The features that the executor must have."""
    besides: frozenset[str]
    """Those of them that the ISA alone does not promise."""


@dataclass(slots=True)
class Executors:
    """Finds and proves executors through a builder."""

    builder: Builder
    probe_sources: Path
    memory: Memory
    compiler_of: Callable[[str, str], Compiler | Missing]
    """Finds a compiler by spec and triple."""

    @property
    def backend(self) -> Backend:
        """Where they are looked for."""
        return self.builder.backend

    def ladder(self, request: Request, compiler: Compiler, pinned: str | None) -> list[Executor] | Missing:
        """Return the executors that prove themselves, in the target's order.

        Behind one that gets nothing wrong no other is looked for.
        """
        target, need, isa = request.target, request.need, request.isa
        ways = [way for way in target.emulations if pinned in (None, way.how)]
        if need.is_gate:
            ways = [isa.gate] if isa.gate else []
        if not ways:
            offered = ", ".join(way.how for way in target.emulations)
            return Missing(f"{target.name} has no emulator {pinned!r}", f"it runs by {offered}")
        found: list[Executor] = []
        tried: list[Missing] = []
        for way in ways:
            proven = self._proven(request, way, compiler)
            if isinstance(proven, Executor) and not need.is_gate:
                proven = self._examined(proven, compiler, request)
            if isinstance(proven, Missing):
                tried.append(proven)
                continue
            found.append(proven)
            if not _has_faults(proven, compiler.triple):
                break
        return found or _join(ways, tried)

    def _proven(self, request: Request, way: Emulation, compiler: Compiler) -> Executor | Missing:
        """Try one way as it is, then with what is promised switched on; a gate's has to have all that it may have."""
        emulator, names = emulator_of(way.how), _properties(request, way)
        as_it_is = None if request.need.is_gate and names else self._tried(request, way, compiler)
        if isinstance(as_it_is, Executor) or (as_it_is and not names):
            return as_it_is
        while True:
            chosen = [alternatives[0] for alternatives in names]
            chosen_way = emulator.with_properties(way, chosen) if chosen else way
            proven = self._tried(request, chosen_way, compiler)
            unknown = emulator.unknown_property(proven.reason) if isinstance(proven, Missing) else None
            if unknown not in chosen:
                return proven
            names = [rest for one in names if (rest := one[1:] if one[0] == unknown else one)]

    def _tried(self, request: Request, way: Emulation, compiler: Compiler) -> Executor | Missing:
        found = self._find(replace(request.target, triple=compiler.triple), way, compiler)
        return self._prove(found, compiler, request, way) if isinstance(found, Executor) else found

    def _find(self, target: Target, way: Emulation, compiler: Compiler) -> Executor | Missing:
        """Look for one way to run a target; the probe is still to come."""
        triple = resolve_triple(target.triple, self.backend.native_triple)
        tools = Tools(
            self.backend,
            compiler,
            self._native_compiler,
            self.builder.make,
            self._remembered,
            self.probe_sources.parent,
        )
        return emulator_of(way.how).find(triple, way.cpu, tools)

    def _native_compiler(self) -> Compiler | Missing:
        found = [self.compiler_of(spec, self.backend.native_triple) for spec in DEFAULT_COMPILERS]
        return next((one for one in found if isinstance(one, Compiler)), found[0])

    def _remembered(self, words: Sequence[str], ask: Callable[[], Any]) -> Any:
        key = f"{words[0]} " + key_of(words[1:])
        known = self.memory.get(key)
        if known is None:
            known = ask()
            if not isinstance(known, Missing):
                self.memory.learn(key, known)
        return known

    # -- the probe

    def _prove(self, executor: Executor, compiler: Compiler, request: Request, way: Emulation) -> Executor | Missing:
        need, isa = request.need, request.isa
        key = self._key(
            "probe",
            executor,
            compiler,
            need,
            isa.width_fact or "",
            *(f"-{name}" for name in (*isa.lacks, *way.lacks)),
            str(need.vector_bits),
            str(need.is_gate),
            request.target.name,
            *sorted(request.promised),
            repr(need.promise),
            request.table.digest,
        )
        known = self.memory.get(key)
        if known is None:
            known = self._probe(executor, compiler, request, way)
            if known["is_final"]:
                self.memory.learn(key, known)
        if known["reason"]:
            return Missing(known["reason"], known["remedy"], known["is_inherent"])
        return replace(executor, version=known["version"], cpu=known["cpu"])

    def _key(self, what: str, executor: Executor, compiler: Compiler, need: Need, *more: str) -> str:
        guest = guest_digest(self.builder.guest_sources)
        argv = executor.argv(need.vector_bits)
        return f"{what} " + key_of([guest, executor.identity, *argv, compiler.identity, *compiler.command, *more])

    def _probe(self, executor: Executor, compiler: Compiler, request: Request, way: Emulation) -> dict[str, Any]:
        """Build and run the empty kernel; return the executor's particulars, or why it cannot be used.

        What the guest attested is final, and so is an emulator that refuses. What may be gone tomorrow is not: a
        library that is missing, a machine that is busy.
        """
        need = request.need
        try:
            seen = self._observe(executor, compiler, need)
            has = request.table.attested(seen.attestation)
            if seen.attestation and not need.is_gate:
                has |= self._sampled(executor, compiler, request)
        except BuildError as error:
            lacks_libc = bool(c_complaint(self.backend, compiler, self.probe_sources / "c.c"))
            remedy = self._libc_remedy(compiler) if lacks_libc else ""
            return _known(Missing(f"{compiler.spec} cannot build the guest: {error}", remedy), is_final=False)
        except StorageError:
            raise
        except HarnessError as error:
            return _known(Missing(f"what its processor has cannot be found out: {error}", ""), is_final=False)
        emulator = emulator_of(executor.how)
        executor = replace(
            executor,
            version=emulator.version_of(executor, self.backend),
            cpu=executor.cpu.replace("{vector_bits}", str(need.vector_bits or 0)),
        )
        name = emulator.described(executor)
        is_refused = bool(seen.harness_fault) and not seen.fault_may_pass
        has_model = not is_refused or emulator.has_cpu_model(executor, self.backend)
        missing = objection(seen, need, request.isa, executor, name, has, way, has_model=has_model)
        if missing is None and not need.is_gate:
            missing = lacking(request.table, request.promised, has, need.promise, request.target, executor, name)
        return _known(missing, executor, is_final=not seen.fault_may_pass)

    def _libc_remedy(self, compiler: Compiler) -> str:
        on_host = self.backend.facts["in"] == "host"
        return how_to_install("libc", compiler.triple, self.backend.native_triple, on_host=on_host)

    def _observe(self, executor: Executor, compiler: Compiler, need: Need) -> Observation:
        """Run the empty kernel."""
        kernel = Kernel(
            "nothing",
            "probe",
            need.isa,
            (self.probe_sources / "nothing.c",),
            "nothing",
            _NO_CONTRACT.prototype,
            (),
            _NO_CONTRACT.conventions,
        )
        binary = self.builder.build(kernel, _NO_CONTRACT, Build(compiler, "O2", Variant.PLAIN), ())
        load = Load(_NO_CONTRACT, Conventions(), (), {}, (), (), (), need.vector_bits)
        return observe(self.backend, binary, executor, load)

    def _sampled(self, executor: Executor, compiler: Compiler, request: Request) -> frozenset[str]:
        """Return those of the promised features that no fact attests and whose instructions run."""
        asked = [feature for feature in request.table.features.values() if feature.name in request.promised]
        asked = [feature for feature in asked if feature.sample]
        if not asked:
            return frozenset()
        results = self._run_samples(executor, compiler, request.need, [Sample(feature.sample) for feature in asked])
        ran = zip(asked, results, strict=True)
        return frozenset(feature.name for feature, result in ran if result is SampleResult.RAN)

    def _run_samples(
        self, executor: Executor, compiler: Compiler, need: Need, samples: list[Sample]
    ) -> list[SampleResult]:
        source = self.probe_sources / "samples.c"
        return run_samples(self.builder, source, executor, compiler, need.vector_bits, samples)

    # -- what it has wrong, and what it can do

    def _examined(self, executor: Executor, compiler: Compiler, request: Request) -> Executor | Missing:
        """Find what an executor has wrong, and what it can do with what the ISA leaves open."""
        try:
            executor = self._with_overreach(executor, compiler, request.need)
        except StorageError:
            raise
        except HarnessError as error:
            return Missing(f"{executor.how} {executor.version} cannot be tried with memory operands: {error}", "")
        return self._with_hostility(executor, compiler, request.need, request.isa)

    def _with_overreach(self, executor: Executor, compiler: Compiler, need: Need) -> Executor:
        """Try an emulator with memory operands at the end of a page; a processor gets them right."""
        forms = memory_forms_of(compiler.triple.partition("-")[0])
        if not forms or not executor.command:
            return executor
        key = self._key("memory operands", executor, compiler, need, repr(forms))
        known = self.memory.get(key)
        if known is None:
            samples = [Sample(form.code, form.operand_bytes) for form in forms]
            results = self._run_samples(executor, compiler, need, samples)
            wrong = [form.assembly for form, r in zip(forms, results, strict=True) if r is SampleResult.FAULT]
            known = {"overreaching": wrong}
            self.memory.learn(key, known)
        return replace(executor, overreaching=tuple(known["overreaching"]))

    def _with_hostility(self, executor: Executor, compiler: Compiler, need: Need, isa: Target) -> Executor:
        """Find what the executor can do with what the ISA leaves open; the guest has to see each of it happen."""
        has = []
        for name, fact in isa.hostility.items():
            hostile = replace(executor, hostility=(name,)).made_hostile()
            key = self._key("hostility", hostile, compiler, need, fact)
            known = self.memory.get(key)
            if known is None:
                seen = self._observe(hostile, compiler, need)
                known = {"is_shown": seen.attestation.get(fact) == 1}
                if not seen.fault_may_pass:
                    self.memory.learn(key, known)
            if known["is_shown"]:
                has.append(name)
        return replace(executor, hostility=tuple(has), lacks=tuple(name for name in isa.hostility if name not in has))


def _known(missing: Missing | None, executor: Executor | None = None, *, is_final: bool = True) -> dict[str, Any]:
    why = missing or Missing("", "")
    return {
        "reason": why.reason,
        "remedy": why.remedy,
        "is_inherent": why.is_inherent,
        "version": executor.version if executor else "",
        "cpu": executor.cpu if executor else "",
        "is_final": is_final,
    }


def _properties(request: Request, way: Emulation) -> list[tuple[str, ...]]:
    """Return, for each promised feature that can be switched on, the names of what does it.

    A core model stays as it is. Of a gate's processor only what it is to lack is missing: that must be what faults.
    """
    if request.target.is_core:
        return []
    table = request.table
    wanted = table.with_required(request.besides)
    if request.need.is_gate:
        wanted = table.without(wanted, way.lacks)
    found = (table.features[name].properties.get(way.how, ()) for name in table.features if name in wanted)
    return list(dict.fromkeys(names for names in found if names))


def _has_faults(executor: Executor, triple: str) -> bool:
    flattering = emulator_of(executor.how).flattering_instructions(triple)
    return bool(executor.overreaching or executor.wrong_instructions or flattering)


def _join(ways: list[Emulation], tried: list[Missing]) -> Missing:
    """One reason out of several failed ways: each named, the remedies once."""
    inherent = next((missing for missing in tried if missing.is_inherent), None)
    if inherent:
        return inherent
    return all_missing(
        replace(missing, reason=f"{way.how}: {missing.reason}") for way, missing in zip(ways, tried, strict=True)
    )
