"""What works here: compilers, and executors proven by a probe. Remembered by the identity of every tool involved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.build import Builder, guest_digest
from harness.build.bochs import build_bochs_tools
from harness.build.probes import c_complaint, cpp_complaint, header_complaint
from harness.build.store import key_of
from harness.build.toolchain import candidates_here, find_compiler, identity_of
from harness.contract import op
from harness.errors import BuildError
from harness.launch import Load, observe
from harness.launch.bochs import BOCHS, BOCHS_CPU, BOCHS_REMEDY, find_bochs, run_self_test
from harness.launch.emulators import QEMU_USER, find_executor, has_cpu_model, version_of
from harness.machine import resolve_triple
from harness.memory import Memory
from harness.model import (
    ALL_EMULATORS,
    DEFAULT_COMPILERS,
    Build,
    Capabilities,
    Compiler,
    Conventions,
    Emulation,
    Executor,
    Kernel,
    Missing,
    Need,
    Observation,
    Project,
    Target,
    all_missing,
    has_feature,
)
from harness.packages import how_to_install
from harness.place import Place


@dataclass(slots=True)
class Surveyor:
    """Looks at the machine through a builder, and remembers in `memory` what it saw."""

    builder: Builder
    probe_sources: Path
    bochs_sources: Path
    memory: Memory

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
        executors = {need: self._executor(project, need, found, need.how or pinned) for need in needs}
        unfit = self._unfit([project.isa_target(isa) for isa in dict.fromkeys(need.isa for need in needs)], found)
        cpp_triples = {self._triple(project.isa_target(isa)) for isa in cpp_isas}
        without_cpp = self._without_cpp(found[at] for at in found if at[0] in cpp_triples)
        self.memory.write()
        return Capabilities(self.place.native_triple, found, executors, unfit, without_cpp)

    @property
    def place(self) -> Place:
        """Where all this is looked for."""
        return self.builder.place

    def _triple(self, isa: Target) -> str:
        return resolve_triple(isa.triple, self.place.native_triple)

    # -- compilers

    def _compiler(self, spec: str, triple: str) -> Compiler | Missing:
        here = [program.identity for program in candidates_here(spec, triple, self.place)]
        key = "compiler " + key_of([spec, triple, *here])
        known = self.memory.get(key)
        if known and known["identity"] == identity_of(known["command"][0], known["parts"], self.place):
            command, parts = tuple(known["command"]), tuple(known["parts"])
            return Compiler(spec, known["family"], known["version"], triple, command, known["identity"], parts)
        found = find_compiler(spec, triple, self.place)
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
        complaint = self._asked(key, lambda: header_complaint(self.place, compiler, isa.flags, header))
        reason = f"{compiler.spec} {compiler.version} cannot compile for {isa.name}: {complaint}"
        return Missing(reason, f"needs {isa.header_since}") if complaint else None

    def _without_cpp(self, compilers: Iterable[Compiler | Missing]) -> dict[Compiler, Missing]:
        """Find the compilers that cannot make a program of C++."""
        lacking = {one: self._lacks_cpp(one) for one in compilers if isinstance(one, Compiler)}
        return {compiler: missing for compiler, missing in lacking.items() if missing}

    def _lacks_cpp(self, compiler: Compiler) -> Missing | None:
        source = self.probe_sources / "cpp.cpp"
        key = "C++ " + key_of([compiler.identity, *compiler.command, source.read_bytes()])
        complaint = self._asked(key, lambda: cpp_complaint(self.place, compiler, source))
        reason = f"{compiler.spec} {compiler.version} cannot compile and link C++ for {compiler.triple}: {complaint}"
        return Missing(reason, self._remedy("g++", compiler)) if complaint else None

    def _asked(self, key: str, ask: Callable[[], str]) -> str:
        """Return a compiler's complaint, from memory where it was asked before."""
        known = self.memory.get(key) or {"complaint": ask()}
        self.memory.learn(key, known)
        return str(known["complaint"])

    # -- executors

    def _executor(
        self,
        project: Project,
        need: Need,
        compilers: Mapping[tuple[str, str], Compiler | Missing],
        emulator: str | None,
    ) -> Executor | Missing:
        target = project.targets[need.target]
        isa = project.isa_target(need.isa)
        triple = self._triple(isa)
        usable = [c for (its_triple, _), c in compilers.items() if its_triple == triple and isinstance(c, Compiler)]
        if not usable:
            return self._no_compiler(compilers[(triple, DEFAULT_COMPILERS[0])], triple, target)
        ways = [way for way in target.emulations if emulator in (None, way.how)]
        if need.is_gate:
            ways = [isa.gate] if isa.gate else []
        if not ways:
            return Missing(f"{target.name} has no emulator {emulator!r}", f"it runs by {_ways(target)}")
        tried: list[Missing] = []
        for way in ways:
            found = self._find(replace(target, triple=isa.triple), way, usable[0])
            proven = self._prove(found, usable[0], need, isa, way) if isinstance(found, Executor) else found
            if isinstance(proven, Executor):
                return proven if need.is_gate else self._with_hostility(proven, usable[0], need, isa)
            tried.append(proven)
        return _join(ways, tried)

    def _no_compiler(self, missing: Compiler | Missing, triple: str, target: Target) -> Missing:
        """Say which compiler is missing, and that QEMU is, too, if it is: both are installed by one command."""
        assert isinstance(missing, Missing)
        qemu = f"qemu-{triple.partition('-')[0]}"
        needs_qemu = triple != self.place.native_triple and any(way.how == QEMU_USER for way in target.emulations)
        if not needs_qemu or self.place.find(qemu) or self.place.find(f"{qemu}-static"):
            return missing
        on_host = self.place.facts["in"] == "host"
        remedy = how_to_install("gcc qemu-user", triple, self.place.native_triple, on_host=on_host)
        return Missing(f"{missing.reason}, and no {qemu}", remedy)

    def _find(self, target: Target, way: Emulation, compiler: Compiler) -> Executor | Missing:
        """Look for one way to run a target; the probe is still to come."""
        if way.how != "bochs":
            return find_executor(target, way, self.place)
        natives = [self._compiler(spec, self.place.native_triple) for spec in DEFAULT_COMPILERS]
        native = next((found for found in natives if isinstance(found, Compiler)), None)
        if native is None:
            return Missing("no compiler for Bochs's launcher", str(natives[0]))
        if self.place.find(BOCHS) is None:  # before anything is compiled for it
            return Missing("no Bochs", BOCHS_REMEDY)
        try:
            tools = build_bochs_tools(self.builder, self.bochs_sources, compiler, native)
        except BuildError as error:
            return Missing(f"csrc/bochs does not compile: {error}", "")
        found = find_bochs(self.place, tools.launcher, tools.rom, way.cpu or BOCHS_CPU)
        return found if isinstance(found, Missing) else self._with_self_test(found)

    def _with_self_test(self, executor: Executor) -> Executor | Missing:
        """Ask Bochs once for its version and what it has wrong."""
        key = "self-test " + key_of([executor.identity, *executor.command])
        known = self.memory.get(key)
        if known is None:
            found = run_self_test(executor, self.place, _ANY_DIRECTORY)
            if isinstance(found, Missing):
                return found
            known = {"version": found.version, "wrong": sorted(found.wrong_instructions)}
            self.memory.learn(key, known)
        return replace(executor, version=known["version"], wrong_instructions=frozenset(known["wrong"]))

    def _prove(
        self, executor: Executor, compiler: Compiler, need: Need, isa: Target, way: Emulation
    ) -> Executor | Missing:
        key = "probe " + key_of(
            [
                guest_digest(self.builder.guest_sources),
                executor.identity,
                *executor.argv(need.vector_bits),
                compiler.identity,
                *compiler.command,
                isa.width_fact or "",
                *isa.features,
                *(f"-{name}" for name in isa.lacks),
                str(need.vector_bits),
                str(need.is_gate),
            ]
        )
        known = self.memory.get(key)
        if known is None:
            known = self._probe(executor, compiler, need, isa)
            if known["is_final"]:
                self.memory.learn(key, known)
        if known["reason"]:
            return Missing(known["reason"], known["remedy"])
        return replace(executor, version=known["version"], cpu=known["cpu"])

    def _probe(self, executor: Executor, compiler: Compiler, need: Need, isa: Target) -> dict[str, Any]:
        """Build and run the empty kernel; return the executor's particulars, or why it cannot be used.

        What the guest attested is final, and so is an emulator that refuses. What may be gone tomorrow is not: a
        library that is missing, a machine that is busy.
        """
        try:
            seen = self._observe(executor, compiler, need)
        except BuildError as error:
            lacks_libc = bool(c_complaint(self.place, compiler, self.probe_sources / "c.c"))
            return {
                "reason": f"{compiler.spec} cannot build the guest: {error}",
                "remedy": self._remedy("libc", compiler) if lacks_libc else "",
                "is_final": False,
            }
        version = version_of(executor, self.place)
        program = Path(executor.command[0]).name if executor.how == QEMU_USER else executor.how
        name = f"{program} {version}" if executor.command else "this machine's CPU"
        cpu = executor.cpu.replace("{vector_bits}", str(need.vector_bits or 0))
        is_refused = executor.how == QEMU_USER and bool(seen.harness_fault) and not seen.fault_may_pass
        has_model = not is_refused or has_cpu_model(executor.command[0], cpu, self.place)
        reason, remedy = objection(seen, need, isa, name, cpu, has_model=has_model)
        is_final = not seen.fault_may_pass
        return {"reason": reason, "remedy": remedy, "version": version, "cpu": cpu, "is_final": is_final}

    def _remedy(self, tools: str, compiler: Compiler) -> str:
        on_host = self.place.facts["in"] == "host"
        return how_to_install(tools, compiler.triple, self.place.native_triple, on_host=on_host)

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
        binary = self.builder.build(kernel, _NO_CONTRACT, Build(compiler, "O2", "plain"), ())
        load = Load(_NO_CONTRACT, Conventions(), (), {}, (), (), (), need.vector_bits)
        return observe(self.place, binary, executor, load)

    def _with_hostility(self, executor: Executor, compiler: Compiler, need: Need, isa: Target) -> Executor:
        """Find what the executor can do with what the ISA leaves open; the guest has to see each of it happen."""
        has = []
        for name, fact in isa.hostility.items():
            hostile = replace(executor, hostility=(name,)).made_hostile()
            key = "hostility " + key_of(
                [
                    guest_digest(self.builder.guest_sources),
                    hostile.identity,
                    *hostile.argv(need.vector_bits),
                    compiler.identity,
                    fact,
                ]
            )
            known = self.memory.get(key)
            if known is None:
                seen = self._observe(hostile, compiler, need)
                known = {"is_shown": seen.attestation.get(fact) == 1}
                if not seen.fault_may_pass:
                    self.memory.learn(key, known)
            if known["is_shown"]:
                has.append(name)
        return replace(executor, hostility=tuple(has), lacks=tuple(name for name in isa.hostility if name not in has))


_CONTROL = {"mxcsr": 0x1F80, "x87_control": 0x37F}
"""What x86 programs start with: psABI 3.4.1, table 3.4 and 3.5."""
_ANY_DIRECTORY = Path("/tmp")  # where every place lets tools write
_NO_CONTRACT = op("void nothing(void)", reference=lambda: None, passes=[], suites={})


def objection(
    seen: Observation, need: Need, isa: Target, name: str, cpu: str, *, has_model: bool = True
) -> tuple[str, str]:
    """Return why what the probe found rules an executor out, and a remedy; empty where it does not.

    `name` is what people call the executor, `cpu` the CPU that it was asked for, and `has_model` tells whether it knows
    that one's model.
    """
    another = f"needs a QEMU that has the CPU {cpu.partition(',')[0]!r}" if name.startswith("qemu") else ""
    another = BOCHS_REMEDY if name.startswith(BOCHS) else another
    if not has_model:
        return f"{name} has no CPU {cpu.partition(',')[0]!r}", "needs a newer QEMU (Debian 13 has 10.0)"
    if seen.harness_fault or not seen.attestation:
        return f"{name} does not run it: {seen.harness_fault or 'no attestation'}", another
    changed = [f"{fact} {seen.attestation[fact]:#x}" for fact in _CONTROL if _is_changed(seen, fact)]
    if changed:
        return f"{name} starts programs with {' and '.join(changed)}: results would be rounded otherwise", ""
    attested = seen.attestation.get(isa.width_fact) if isa.width_fact else None
    if need.is_gate:
        return (f"{name} with the CPU {cpu!r} still has {isa.name}", "") if attested else ("", "")
    if isa.width_fact and attested is None:
        return f"{name} has no {isa.name}", another
    lacking = [feature for feature in isa.features if not has_feature(seen.attestation, feature)]
    if lacking:
        return f"{name} has no {', '.join(lacking)}", another
    surplus = [feature for feature in isa.lacks if has_feature(seen.attestation, feature)]
    if surplus:
        return f"{name} has {', '.join(surplus)}: that a kernel for {isa.name} uses it would not show", ""
    if isa.width_fact and attested != need.vector_bits:
        return f"{name} runs {attested} bits, not {need.vector_bits}", ""
    return "", ""


def _is_changed(seen: Observation, fact: str) -> bool:
    return seen.attestation.get(fact, _CONTROL[fact]) != _CONTROL[fact]


def _ways(target: Target) -> str:
    return ", ".join(way.how for way in target.emulations)


def _join(ways: list[Emulation], tried: list[Missing]) -> Missing:
    """One reason out of several failed ways: each named, the remedies once."""
    return all_missing(
        replace(missing, reason=f"{way.how}: {missing.reason}") for way, missing in zip(ways, tried, strict=True)
    )
