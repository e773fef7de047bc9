"""Where SVE instructions run outside streaming mode: told from a kernel's disassembly, since no emulator shows it.

A processor may have SME without SVE (Apple M4): there SVE instructions exist in streaming mode only. QEMU has no such
CPU. What is followed here is the mode from the kernel's entry on, over branches and calls within its own objects; a
place that is reached in both modes is taken as right, since which way it went may hang on the mode itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.build.code import Code, Instruction, Place

_SCALABLE_REGISTER = re.compile(r"\b[zp]\d+\b|\bpn\d+\b")
_CONDITIONAL = re.compile(r"b\.\w+|cbn?z|tbn?z")


def is_sve(instruction: Instruction) -> bool:
    """Whether it works on scalable registers, which exist in streaming mode only where there is no SVE.

    Reading the length does not count: compilers do it in front of SMSTART, to describe the frame to debuggers.
    """
    return bool(_SCALABLE_REGISTER.search(instruction.operands))


def outside_streaming_mode(code: Code, entry: str, *, enters_streaming: bool = False) -> list[Instruction]:
    """Return the instructions that need SVE and are only ever reached outside streaming mode, in order of place.

    `entry` is the kernel's symbol; `enters_streaming` says that its callers are in streaming mode already.
    """
    reached: set[tuple[Place, bool]] = set()
    todo = [(code.symbols[entry], enters_streaming)] if entry in code.symbols else []
    while todo:
        at = todo.pop()
        if at not in reached and at[0] in code.instructions:
            reached.add(at)
            todo += _next(code, *at)
    return [
        code.instructions[place]
        for place, streaming in sorted(reached)
        if not streaming and (place, True) not in reached and is_sve(code.instructions[place])
    ]


def _next(code: Code, place: Place, streaming: bool) -> Iterator[tuple[Place, bool]]:
    """Where control goes, and in which mode. Calls come back in the mode that they were made in (AAPCS64 6.7)."""
    instruction = code.instructions[place]
    following = (place[0], place[1] + 4)
    match instruction.mnemonic:
        case "ret" | "br" | "udf" | "brk":
            return
        case "smstart" | "smstop" if "za" not in instruction.operands:
            yield following, instruction.mnemonic == "smstart"
        case "b" | "bl":
            target = code.target(place)
            if target:
                yield target, streaming
            if instruction.mnemonic == "bl":
                yield following, streaming
        case mnemonic if _CONDITIONAL.fullmatch(mnemonic):
            target = code.target(place)
            if target:
                yield target, streaming
            yield following, streaming
        case "msr" if "svcr" in instruction.operands:
            yield following, True  # from a register: what is unknown is taken as right
            yield following, False
        case _:
            yield following, streaming
