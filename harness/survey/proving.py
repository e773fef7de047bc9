"""What a probe saw, held against what a need asks for: why an executor is ruled out, and what would help."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.launch.emulators import emulator_of
from harness.model import Emulation, Executor, FeatureTable, Missing, Need, Observation, Promise, Target

_CONTROL = {"mxcsr": 0x1F80, "x87_control": 0x37F}
"""What x86 programs start with: psABI 3.4.1, table 3.4 and 3.5."""


def promised_features(
    table: FeatureTable, isa: Target, understood: Sequence[frozenset[str]], promise: Promise
) -> frozenset[str]:
    """Return the names of all features that code under a promise may rely on.

    Args:
        table: of the architecture.
        isa: the target of the kernel's ISA.
        understood: for each compiler that takes the flags, what it may use under them; with none of those, what the ISA
            is known for counts.
        promise: the kernel's own.
    """
    names = frozenset[str]().union(*understood) if understood else frozenset(isa.features)
    names |= table.named_in((*isa.flags, *promise.flags))  # not every compiler has a macro for each
    kept = table.without(table.with_required(names), table.taken_back(promise.flags))
    return kept | table.with_required(promise.features)


def objection(
    seen: Observation,
    need: Need,
    isa: Target,
    executor: Executor,
    name: str,
    has: Collection[str],
    way: Emulation,
    *,
    has_model: bool = True,
) -> Missing | None:
    """Return why what a probe saw rules an executor out for an ISA's code; None where it does not.

    Args:
        seen: what the guest attested.
        need: what it is to be used for.
        isa: the target of the kernel's ISA.
        executor: the one that was probed.
        name: the same in words.
        has: the features that the guest attests.
        way: how the executor came to be tried.
        has_model: whether the emulator knows the CPU model that it was asked for.
    """
    cpu = executor.cpu.partition(",")[0]
    another = emulator_of(executor.how).remedy_for_cpu(cpu)
    if not has_model:
        return Missing(f"{name} has no CPU {cpu!r}", "needs a newer QEMU (Debian 13 has 10.0)")
    if seen.harness_fault or not seen.attestation:
        return Missing(f"{name} does not run it: {seen.harness_fault or 'no attestation'}", another)
    changed = [f"{fact} {seen.attestation[fact]:#x}" for fact in _CONTROL if _is_changed(seen, fact)]
    if changed:
        return Missing(f"{name} starts programs with {' and '.join(changed)}: results would be rounded otherwise", "")
    attested = seen.attestation.get(isa.width_fact) if isa.width_fact else None
    if need.is_gate:
        still = [feature for feature in way.lacks if feature in has] or ([isa.name] if attested else [])
        return Missing(f"{name} with the CPU {executor.cpu!r} still has {', '.join(still)}", "") if still else None
    if isa.width_fact and attested is None:
        return Missing(f"{name} has no {isa.name}", another)
    surplus = [feature for feature in isa.lacks if feature in has]
    if surplus:
        return Missing(f"{name} has {', '.join(surplus)}: that a kernel for {isa.name} uses it would not show", "")
    if isa.width_fact and attested != need.vector_bits:
        return Missing(f"{name} runs {attested} bits, not {need.vector_bits}", "")
    return None


def lacking(
    table: FeatureTable,
    promised: frozenset[str],
    has: frozenset[str],
    promise: Promise,
    target: Target,
    executor: Executor,
    name: str,
) -> Missing | None:
    """Return why an executor lacks what is promised; None if it has it all.

    What a core model does not have, by its file or else by the emulator's word, it cannot run anywhere.
    """
    absent = [name for name in (*table.features, *sorted(promised - table.features.keys())) if name in promised - has]
    if not absent:
        return None
    what = ", ".join(absent)
    if target.is_core and not table.with_company(target.features) & set(absent):
        return Missing(f"{target.name} has no {what}, which {_who(promise)}", "", is_inherent=True)
    return Missing(f"{name} has no {what}", emulator_of(executor.how).remedy_for_features(table, absent))


def _who(promise: Promise) -> str:
    flags = f"flags = [{', '.join(map(_quoted, promise.flags))}]" if promise.flags else ""
    features = f"features = [{', '.join(map(_quoted, promise.features))}]" if promise.features else ""
    said = " and ".join(filter(None, (flags, features)))
    return f"{said} promise" if said else "the ISA promises"


def _quoted(text: str) -> str:
    return f'"{text}"'


def _is_changed(seen: Observation, fact: str) -> bool:
    return seen.attestation.get(fact, _CONTROL[fact]) != _CONTROL[fact]
