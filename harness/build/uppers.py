"""Which way through an x86-64 kernel leaves upper halves of AVX registers in use: found in its disassembly.

An instruction with an operand of 256 or 512 bits among the first sixteen registers brings them into use, and VZEROUPPER
and VZEROALL end that (Intel SDM volume 1, 14.1.2). Followed are branches and calls within the kernel's own objects, not
what goes through a register; a call that leaves them changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.build.code import Address, Code

_CLEANS = re.compile(r"vzero(upper|all)")
_WIDE = re.compile(r"%[yz]mm(\d|1[0-5])\b")
_CALL = re.compile(r"callq?")
_JUMP = re.compile(r"jmpq?")
_BRANCH = re.compile(r"j\w+|loop\w*|xbegin")
_RETURN = re.compile(r"retq?")
_NO_WAY_ON = re.compile(r"ud2|hlt")


@dataclass(frozen=True, slots=True)
class Way:
    """A return with upper halves in use, and the last instruction in front of it that uses them."""

    used_at: Address
    returns_at: Address


def dirty_ways(code: Code, entry: str) -> list[Way]:
    """Return the ways out of a kernel with upper halves in use, in order of their returns; `entry` is its symbol."""
    if entry not in code.symbols:
        return []
    search = _Search(code)
    search.follow(code.symbols[entry], None)
    return sorted(search.ways, key=lambda way: (way.returns_at, way.used_at))


def function_of(code: Code, address: Address) -> str:
    """Return the symbol that an address belongs to: the nearest in front of it; empty if there is none."""
    section, offset = address
    names = [(at[1], name) for name, at in code.symbols.items() if at[0] == section and at[1] <= offset]
    return max(names)[1] if names else ""


@dataclass(slots=True)
class _Search:
    """Follows functions, each once for every state in which it is entered."""

    code: Code
    ways: set[Way] = field(default_factory=set)
    """Out of the function that was entered first."""
    _exits: dict[tuple[Address, Address | None], set[Address | None]] = field(default_factory=dict)
    """By a function and the last use in front of it: the last uses behind it."""

    def follow(self, entry: Address, used_at: Address | None, *, is_called: bool = False) -> set[Address | None]:
        """Return the last uses that a function may leave; None stands for upper halves that are clean."""
        key = (entry, used_at)
        if key in self._exits:  # a recursion has what is known so far
            return set(self._exits[key])
        exits: set[Address | None] = set()
        self._exits[key] = exits
        reached: set[tuple[Address, Address | None]] = set()
        todo = [(entry, used_at)]
        while todo:
            at = todo.pop()
            if at in reached or at[0] not in self.code.instructions:
                continue
            reached.add(at)
            if self._leaves(at[0]):
                exits.add(at[1])
                if at[1] and not is_called:
                    self.ways.add(Way(at[1], at[0]))
            todo += self._next(*at)
        return exits

    def _leaves(self, address: Address) -> bool:
        mnemonic = self.code.instructions[address].mnemonic
        return bool(_RETURN.fullmatch(mnemonic) or (_JUMP.fullmatch(mnemonic) and self._target(address) is None))

    def _next(self, address: Address, used_at: Address | None) -> Iterator[tuple[Address, Address | None]]:
        instruction = self.code.instructions[address]
        mnemonic, following = instruction.mnemonic, self.code.following.get(address)
        if _CLEANS.fullmatch(mnemonic):
            used_at = None
        elif _WIDE.search(instruction.operands):
            used_at = address
        if _RETURN.fullmatch(mnemonic) or _NO_WAY_ON.fullmatch(mnemonic):
            return
        target = self._target(address)
        if _CALL.fullmatch(mnemonic):
            behind = self.follow(target, used_at, is_called=True) if target else {used_at}
            yield from ((following, one) for one in behind if following)
            return
        if target and _BRANCH.fullmatch(mnemonic):
            yield target, used_at
        if following and not _JUMP.fullmatch(mnemonic):
            yield following, used_at

    def _target(self, address: Address) -> Address | None:
        found = self.code.target(address) if _is_transfer(self.code.instructions[address].mnemonic) else None
        return found if found in self.code.instructions else None


def _is_transfer(mnemonic: str) -> bool:
    return bool(_CALL.fullmatch(mnemonic) or _BRANCH.fullmatch(mnemonic))
