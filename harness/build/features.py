"""Which instructions of a kernel need a feature that nothing promises, found in its disassembly.

A machine that has more than was promised runs them, and so does QEMU: there every other verdict passes. Which
instruction needs what is data (harness/features); of an architecture without a table there is no complaint.

Only what the kernel's symbol reaches counts, over branches and calls within the kernel's own objects: constants between
functions look like code, and a static library may hold paths for other processors. What goes through a register is not
followed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from harness.build.code import Address, Code, Instruction
from harness.build.walk import Rules, reached
from harness.model import FeatureTable, Job

_SETS_ELEMENT_BITS = re.compile(r"vseti?vli")
_ELEMENT_BITS = re.compile(r"\be(8|16|32|64)\b")


@dataclass(frozen=True, slots=True)
class Need:
    """Features of which one is needed and none was promised, and the first instruction that needs it."""

    features: tuple[str, ...]
    address: Address
    instruction: Instruction
    count: int
    """Of instructions that need it, this one included."""


def relied_on(job: Job, table: FeatureTable) -> frozenset[str]:
    """Return the names of the features that a job's kernel may use: those promised, and what always comes with them."""
    promised = job.promised or frozenset()
    denied = table.taken_back(job.kernel.compilation.machine_flags) - set(job.kernel.features)
    return table.without(table.with_company(promised), denied) | table.with_required(job.kernel.features)


def needs_beyond(code: Code, entry: str, table: FeatureTable, promised: Collection[str]) -> list[Need]:
    """Return the features that a kernel needs and nothing promises, in order of their first instruction.

    Args:
        code: the kernel's objects.
        entry: its symbol.
        table: of the architecture.
        promised: the names of the features that it may rely on.
    """
    needed: dict[Address, tuple[str, ...]] = {}
    walked = reached(code, entry, table.machine, None, _ELEMENT_WIDTH)
    for address, element_bits in sorted(walked, key=lambda at: at[0]):
        instruction = code.instructions[address]
        needs = table.unmet(instruction.mnemonic, instruction.operands, element_bits, promised)
        if needs:
            needed.setdefault(address, needs)
    return list(_counted(code, needed))


def needed_by(instruction: str, table: FeatureTable, promised: Collection[str]) -> tuple[str, ...]:
    """Return the features, each of them enough, that one instruction needs and nothing promises.

    `instruction` is as disassemblers print it. The element width in force is not known, which accuses nobody.
    """
    mnemonic, _, operands = instruction.partition(" ")
    return table.unmet(mnemonic, operands.strip(), None, promised)


def _counted(code: Code, needed: Mapping[Address, tuple[str, ...]]) -> Iterator[Need]:
    by_features: dict[tuple[str, ...], list[Address]] = {}
    for address, features in needed.items():
        by_features.setdefault(features, []).append(address)
    for features, addresses in by_features.items():
        yield Need(features, addresses[0], code.instructions[addresses[0]], len(addresses))


def _element_bits(instruction: Instruction, before: int | None) -> tuple[int | None, ...]:
    """Return the element width in bits behind an instruction, None where it is not known."""
    if not instruction.mnemonic.startswith("vset"):
        return (before,)
    chosen = _ELEMENT_BITS.search(instruction.operands)
    return (int(chosen[1]) if chosen and _SETS_ELEMENT_BITS.fullmatch(instruction.mnemonic) else None,)


_ELEMENT_WIDTH: Rules[int | None] = Rules(
    step=_element_bits,
    entered=lambda _: None,
    returned=lambda _before, _after: None,
    behind_dead_ends=None,
    follows_dead_ends=True,
)
"""The element width of RVV: neither handed to a function nor kept by one, as far as anyone promises."""
