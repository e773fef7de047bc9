"""What works here: compilers, and executors proven by a probe. Remembered by the identity of every tool involved."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.build import Builder, guest_digest, header_complaint
from harness.build.bochs import build_bochs_tools
from harness.build.store import key_of
from harness.build.toolchain import find_compiler
from harness.contract import op
from harness.errors import BuildError
from harness.launch import Load, observe
from harness.launch.bochs import BOCHS, BOCHS_CPU, BOCHS_REMEDY, find_bochs, run_self_test
from harness.launch.emulators import find_executor, version_of
from harness.machine import resolve_triple
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
    has_feature,
)
from harness.packages import how_to_install
from harness.place import Place

_MEMORY_VERSION = 3


@dataclass(slots=True)
class Surveyor:
    """Looks at the machine through a builder, and remembers in `memory` what it saw."""

    builder: Builder
    probe_source: Path
    bochs_sources: Path
    memory: Path
    _known: dict[str, Any] = field(default_factory=dict)
    _changed: bool = False

    def survey(
        self, project: Project, needs: Iterable[Need], compilers: tuple[str, ...], emulator: str | None
    ) -> Capabilities:
        """Find the compilers for the needed ISAs and the first executor that proves itself for each need.

        `emulator` pins one way to run. The probe is the guest runner with an empty kernel: it must be compiled, start
        and attest the width that was asked for.
        """
        self._recall()
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
        self._remember()
        return Capabilities(self.place.native_triple, found, executors, unfit)

    @property
    def place(self) -> Place:
        """Where all this is looked for."""
        return self.builder.place

    def _triple(self, isa: Target) -> str:
        return resolve_triple(isa.triple, self.place.native_triple)

    # -- compilers

    def _compiler(self, spec: str, triple: str) -> Compiler | Missing:
        key = f"compiler {spec} {triple} {self.place.search_key}"
        known = self._known.get(key)
        if known and self._is_still_there(known):
            return Compiler(spec, known["family"], known["version"], triple, tuple(known["command"]), known["identity"])
        found = find_compiler(spec, triple, self.place)
        if isinstance(found, Compiler):
            self._learn(
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
        known = self._known.get(key)
        if known is None:
            known = {"complaint": header_complaint(self.place, compiler, isa.flags, header)}
            self._learn(key, known)
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
        needs_qemu = triple != self.place.native_triple and any(way.how == "qemu-user" for way in target.emulations)
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
        if key not in self._known:
            found = run_self_test(executor, self.place, _ANY_DIRECTORY)
            if isinstance(found, Missing):
                return found
            self._learn(key, {"version": found.version, "wrong": sorted(found.wrong_instructions)})
        known = self._known[key]
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
        known = self._known.get(key)
        if known is None:
            known = self._probe(executor, compiler, need, isa)
            if known["is_final"]:
                self._learn(key, known)
        if known["reason"]:
            return Missing(known["reason"], known["remedy"])
        return replace(executor, version=known["version"], cpu=known["cpu"])

    def _probe(self, executor: Executor, compiler: Compiler, need: Need, isa: Target) -> dict[str, Any]:
        """Build and run the empty kernel; return the executor's particulars, or why it cannot be used.

        What the emulator said is final; a compiler that lacks a library today may have it tomorrow.
        """
        try:
            seen = self._observe(executor, compiler, need)
        except BuildError as error:
            lacks_libc = any(sign in str(error) for sign in _SIGNS_OF_NO_C_LIBRARY)
            return {
                "reason": f"{compiler.spec} cannot build the guest: {error}",
                "remedy": self._libc_remedy(compiler) if lacks_libc else "",
                "is_final": False,
            }
        version = version_of(executor, self.place)
        program = Path(executor.command[0]).name if executor.how == "qemu-user" else executor.how
        name = f"{program} {version}" if executor.command else "this machine's CPU"
        cpu = executor.cpu.replace("{vector_bits}", str(need.vector_bits or 0))
        reason, remedy = objection(seen, need, isa, name, cpu)
        return {"reason": reason, "remedy": remedy, "version": version, "cpu": cpu, "is_final": True}

    def _libc_remedy(self, compiler: Compiler) -> str:
        on_host = self.place.facts["in"] == "host"
        return how_to_install("libc", compiler.triple, self.place.native_triple, on_host=on_host)

    def _observe(self, executor: Executor, compiler: Compiler, need: Need) -> Observation:
        """Run the empty kernel."""
        kernel = Kernel(
            "nothing",
            "probe",
            need.isa,
            (self.probe_source,),
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
            if key not in self._known:
                seen = self._observe(hostile, compiler, need)
                self._learn(key, {"is_shown": seen.attestation.get(fact) == 1})
            if self._known[key]["is_shown"]:
                has.append(name)
        return replace(executor, hostility=tuple(has), lacks=tuple(name for name in isa.hostility if name not in has))

    # -- memory

    def _recall(self) -> None:
        try:
            memory = json.loads(self.memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if isinstance(memory, dict) and memory.get("version") == _MEMORY_VERSION:
            self._known = memory.get("known", {})

    def _learn(self, key: str, value: dict[str, Any]) -> None:
        self._known[key] = value
        self._changed = True

    def _remember(self) -> None:
        """Write what was learned; without a writable cache the next run probes again."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            self.memory.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.memory.parent, delete=False, encoding="utf-8") as aside:
                json.dump({"version": _MEMORY_VERSION, "known": self._known}, aside)
            Path(aside.name).replace(self.memory)
        self._changed = False


_CONTROL = {"mxcsr": 0x1F80, "x87_control": 0x37F}
"""What x86 programs start with: psABI 3.4.1, table 3.4 and 3.5."""
_ANY_DIRECTORY = Path("/tmp")  # where every place lets tools write
_NO_CONTRACT = op("void nothing(void)", reference=lambda: None, passes=[], suites={})
_SIGNS_OF_NO_C_LIBRARY = ("cannot find", "No such file", "file not found")


def objection(seen: Observation, need: Need, isa: Target, name: str, cpu: str) -> tuple[str, str]:
    """Return why what the probe told rules an executor out, and a remedy; empty where it does not."""
    another = f"needs a QEMU that has the CPU {cpu.partition(',')[0]!r}" if name.startswith("qemu") else ""
    another = BOCHS_REMEDY if name.startswith(BOCHS) else another
    if seen.harness_fault and "unable to find CPU model" in seen.harness_fault:
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
    reasons = "; ".join(f"{way.how}: {missing.reason}" for way, missing in zip(ways, tried, strict=True))
    return Missing(reasons, "; ".join(dict.fromkeys(m.remedy for m in tried if m.remedy)))
