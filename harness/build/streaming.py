"""Where SVE instructions run outside streaming mode: found in a kernel's disassembly, since few emulators show it.

A processor may have SME without SVE (Apple M4): there SVE instructions exist in streaming mode only. What is followed
here is the mode from the kernel's entry on, over branches and calls within its own objects; a function of those may
leave another mode behind than it found. An address that is reached in both modes is taken as right, since which way it
went may hang on the mode itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from harness.build.code import Address, Code, Instruction
from harness.build.walk import Rules, reached

_SCALABLE_REGISTER = re.compile(r"\b[zp]\d+\b|\bpn\d+\b")
_OF_LENGTH_OR_FFR = re.compile(
    r"(cnt|inc|dec|[su]q(inc|dec))[bhwd]|rdvl|add[vp]l|(rd|set|wr)ffrs?|cterm(eq|ne)|prf[bhwd]"
)
"""Mnemonics of SVE whose operands may be general registers alone; RDSVL, ADDSVL and ADDSPL are SME's."""
_VECTOR_OPERANDS = re.compile(r"\bv\d+\b")
_STORED_IN_FRAME = re.compile(r"\[(sp|x29)\b")
_WITHIN_INSTRUCTIONS = 6
"""How far behind it a compiler's prologue stores the length that it describes the frame by."""


@dataclass(frozen=True, slots=True)
class OutsideStreaming:
    """SVE instructions that only ever run outside streaming mode, in order of address."""

    kernels: tuple[Instruction, ...]
    """The kernel's own doing."""
    compilers: tuple[Instruction, ...]
    """Put there by a compiler, to describe a frame to debuggers."""


def is_sve(instruction: Instruction) -> bool:
    """True if an instruction exists in streaming mode only where there is no SVE: it works on scalable registers, or
    asks for their length."""
    if _SCALABLE_REGISTER.search(instruction.operands):
        return True
    is_named = bool(_OF_LENGTH_OR_FFR.fullmatch(instruction.mnemonic))
    return is_named and not _VECTOR_OPERANDS.search(instruction.operands)


def outside_streaming_mode(
    code: Code, entry: str, *, enters_streaming: bool = False, assembled: Collection[int] = ()
) -> OutsideStreaming:
    """Return the instructions that need SVE and are only ever reached outside streaming mode.

    Args:
        code: the kernel's objects.
        entry: its symbol.
        enters_streaming: whether its callers are in streaming mode already.
        assembled: the numbers of the files that no compiler wrote, from 1.
    """
    walked = reached(code, entry, "aarch64", enters_streaming, _MODE)
    outside = [
        address
        for address, streaming in sorted(walked)
        if not streaming and (address, True) not in walked and is_sve(code.instructions[address])
    ]
    excused = {p for p in outside if code.files[p[0]] not in assembled and _describes_frame(code, p)}
    return OutsideStreaming(
        tuple(code.instructions[address] for address in outside if address not in excused),
        tuple(code.instructions[address] for address in sorted(excused)),
    )


def _describes_frame(code: Code, address: Address) -> bool:
    """True if what is read is the register VG of DWARF, as compilers save it in front of a change of mode.

    That is the number of doublewords in a vector, which goes to the frame and nowhere else (DWARF for the Arm 64-bit
    Architecture, 4.1).
    """
    read = code.instructions[address]
    if read.mnemonic != "cntd" or not re.fullmatch(r"x\d+", read.operands):
        return False
    at = code.following.get(address)
    for _ in range(_WITHIN_INSTRUCTIONS):
        if at is None:
            return False
        instruction = code.instructions[at]
        if re.search(rf"\b[xw]{read.operands[1:]}\b", instruction.operands):
            is_store = instruction.mnemonic in ("str", "stur", "stp")
            return is_store and bool(_STORED_IN_FRAME.search(instruction.operands))
        at = code.following.get(at)
    return False


def _modes(instruction: Instruction, streaming: bool) -> tuple[bool, ...]:
    if instruction.mnemonic in ("smstart", "smstop") and "za" not in instruction.operands:
        return (instruction.mnemonic == "smstart",)
    if instruction.mnemonic == "msr" and "svcr" in instruction.operands:
        return (True, False)  # from a register: what is unknown is taken as right
    return (streaming,)


_MODE: Rules[bool] = Rules(
    step=_modes,
    entered=lambda mode: mode,
    returned=lambda _before, after: after,
    behind_dead_ends=False,
    follows_dead_ends=False,
)
"""A function is entered in its caller's mode and left in the one that it returns in. AAPCS64 6.7 has them equal for
functions that anyone may call; a kernel's own subroutines may agree otherwise."""
