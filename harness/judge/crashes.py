"""What a call that ended in a signal says of its cause."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from harness.model import Fault, FaultKind

_LONGEST = 300
_ASSERTION = re.compile(
    r"(?m)^(?:[^\s:]+: )?(?P<file>[^:\n]+):(?P<line>\d+): (?:(?P<function>.+): )?Assertion [`'](?P<what>.*)' failed\.$"
)
"""As glibc says it (assert/assert.c)."""
_IN_WORDS = re.compile(
    r"panicked at|terminate called|Assert|assert|stack smashing|buffer overflow|free\(\)|realloc\(\)|malloc|corrupt",
)
"""In lines that say why a program gives up, as runtimes of C, C++ and Rust have them."""
_LOCATION = re.compile(r"(?P<file>[\w./+-]+\.\w+):(?P<line>\d+)\b")
_GUEST = "guest: "
_THREAD_NUMBER = re.compile(r" \(\d+\)(?= panicked at)")
"""Which newer Rust says, and which is another in every run."""


def signal_name(number: int) -> str:
    """Return a signal's name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def crash_text(fault: Fault, said: str) -> str:
    """Say what ended a call; `said` is what the process printed before it gave up."""
    name = signal_name(fault.signal)
    if fault.kind is FaultKind.PROTECTION:
        return f"{name}: general protection, as of a misaligned or non-canonical address"
    if fault.kind is FaultKind.RETURN:
        return f"{name}: returned to {fault.address:#x}, where no code is: the return address was overwritten"
    if fault.kind is FaultKind.JUMP:
        what = "a null pointer was called" if fault.address == 0 else "what was called is no function"
        return f"{name}: jumped to {fault.address:#x}, where no code is: {what}, or its pointer was overwritten"
    if fault.signal in (signal.SIGSEGV, signal.SIGBUS):
        return f"{name} at address {fault.address:#x}"
    reason = reason_of(said)
    return f"{name}: {reason}" if reason else name


def reason_of(said: str) -> str:
    """Return the reason that a process printed when it gave up: an assertion's text, a panic's; else its last line."""
    found = list(_ASSERTION.finditer(said))
    if found:
        last = found[-1]
        where = f" in {last['function']}" if last["function"] else ""
        return f"assertion '{last['what']}' failed{where}, {_base(last['file'])}:{last['line']}"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [number for number, line in enumerate(lines) if _IN_WORDS.search(line)]
    # The sentence of a panic, and what an exception says, stand in the line behind.
    chosen = lines[telling[0] : telling[0] + 2] if telling else lines[-1:]
    text = _THREAD_NUMBER.sub("", " ".join(line.removeprefix(_GUEST) for line in chosen))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def line_of(said: str) -> str:
    """Return the source line that a process gave up at, as "kernel.c:41", if it printed one with its reason."""
    found = _LOCATION.search(reason_of(said))
    return f"{_base(found['file'])}:{found['line']}" if found else ""


def _base(path: str) -> str:
    return path.rpartition("/")[2]


# ---- general protection ---------------------------------------------------------------------------------------------

_REGISTERS = ("ax", "cx", "dx", "bx", "sp", "bp", "si", "di", *(str(number) for number in range(8, 16)))
_OPERAND = re.compile(
    r"(?P<displacement>-?0x[0-9a-f]+)?\((?:%r(?P<base>\w+))?(?:,%r(?P<index>\w+)(?:,(?P<scale>[1248]))?)?\)"
)
_STREAMS = re.compile(r"\b(?:rep\w* )?(?:movs|stos|lods|cmps|scas)[bwlq]?\b")
_VECTOR_BYTES = {"x": 16, "y": 32, "z": 64}
_CANONICAL_BITS = 47
_WORD = 1 << 64


def protection_text(instruction: str, registers: Sequence[int]) -> str:
    """Say which operand of an instruction of x86-64 raised general protection, and why; empty if nothing tells.

    Args:
        instruction: as a disassembler prints it, in AT&T syntax.
        registers: the general registers, as instructions number them.
    """
    if re.match(r"(?:repz |bnd )?retq?\b", instruction):
        return "the return address on the stack is no address of code: it was overwritten"
    operand = None if _STREAMS.match(instruction) else _OPERAND.search(instruction)
    if operand is None or not registers:
        return ""
    address = _address(operand, registers)
    if address is None:
        return ""
    if re.match(r"(?:jmp|call)q?\b", instruction) and not _is_canonical(address):
        return f"{operand[0]} is {address:#x}, which is no canonical address"
    if not _is_canonical(address):
        return f"{operand[0]} is {address:#x}, which is no canonical address: the pointer or the index is wrong"
    wide = re.search(r"%([xyz])mm\d", instruction)
    alignment = _VECTOR_BYTES[wide[1]] if wide else 16
    if address % alignment:
        return f"{operand[0]} is {address:#x}, which is no multiple of {alignment}: the instruction wants it aligned"
    return ""


def _address(operand: re.Match[str], registers: Sequence[int]) -> int | None:
    address = int(operand["displacement"] or "0", 16)
    for name, scale in ((operand["base"], 1), (operand["index"], int(operand["scale"] or 1))):
        if name in _REGISTERS:
            address += registers[_REGISTERS.index(name)] * scale
        elif name:  # rip, of which a disassembler says the address itself
            return None
    return address % _WORD


def _is_canonical(address: int) -> bool:
    return address >> _CANONICAL_BITS in (0, (_WORD - 1) >> _CANONICAL_BITS)
