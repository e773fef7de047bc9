"""RVV instructions that leave lanes open, and the policy that says so: found in a kernel's disassembly.

Under `ta` an instruction may fill the lanes of its destination behind vl with ones, and under `ma` those that its mask
leaves out (RISC-V "V" Vector Extension, 3.4.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.build.code import Address, Code, Instruction

_CONFIGURES = re.compile(r"vseti?vli")
_ACCUMULATES = re.compile(r"v(f?n?mac{1,2}|f?n?msac|f?n?madd|f?n?msub|w?macc|fw?n?macc|wmacc|qmacc|dot)\w*\..*")
_STORES = re.compile(r"vs(e|se|uxei|oxei|seg|r|m)\w*\.v|vsm\.v|vs\dr\.v")
_VECTOR = re.compile(r"\bv\d+\b")
_MASKED = re.compile(r"\bv0\.t\b")


@dataclass(frozen=True, slots=True)
class Agnostic:
    """An instruction with agnostic lanes, and the one that sets its policy."""

    address: Address
    instruction: str
    policy: str


def agnostic_instructions(code: Code, kind: str) -> list[Agnostic]:
    """Return the instructions whose lanes of one kind, "tail" or "mask", are agnostic, the likeliest culprits first.

    Those are the ones that add to their own destination: what it held in these lanes is meant to stay. The policy is
    that of the last vsetvli in front, in the order of addresses.
    """
    found: list[tuple[bool, Agnostic]] = []
    policy: Instruction | None = None
    section = ""
    for address in sorted(code.instructions):
        if address[0] != section:
            section, policy = address[0], None
        instruction = code.instructions[address]
        if _CONFIGURES.fullmatch(instruction.mnemonic):
            policy = instruction
        elif policy and _is_open(instruction, policy, kind):
            found.append((not _keeps(instruction), Agnostic(address, _text(instruction), _text(policy))))
    return [agnostic for _, agnostic in sorted(found, key=lambda one: one[0])]


def _is_open(instruction: Instruction, policy: Instruction, kind: str) -> bool:
    words = re.split(r"[,\s]+", policy.operands)
    if not instruction.mnemonic.startswith("v") or _STORES.fullmatch(instruction.mnemonic):
        return False
    if not _VECTOR.match(instruction.operands):
        return False
    is_masked = bool(_MASKED.search(instruction.operands))
    return ("ma" in words and is_masked) if kind == "mask" else "ta" in words


def _keeps(instruction: Instruction) -> bool:
    """Whether the destination is an operand, too."""
    destination, *sources = _VECTOR.findall(instruction.operands)
    return bool(_ACCUMULATES.fullmatch(instruction.mnemonic)) or destination in sources


def _text(instruction: Instruction) -> str:
    return " ".join(str(instruction).split())
