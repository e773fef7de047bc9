"""Where control goes in a kernel's own objects from its symbol on, and in which state.

A state is what an analysis follows, such as the mode or the element width in force. A function is walked once for each
state that it is entered in; what it is left in is handed to its callers. So a call of a function that never returns, by
its name or by its code, ends a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, TypeVar

from harness.build.code import Address, Code, Instruction

State = TypeVar("State", bound=Hashable)

_CALL = re.compile(r"callq?|bl|blra[ab]z?|blr|jal|jalr")
_JUMP = re.compile(r"jmpq?|b|br|bra[ab]z?|j|jr")
_BRANCH = re.compile(r"j\w+|loop\w*|xbegin|bc?\.\w+|cbn?z|tbn?z|b(eq|ne|lt|ge|gt|le)[uz]?")
_RETURN = re.compile(r"ret[qwl]?|reta[ab]")
_STOP = re.compile(r"ud[012]|hlt|int3|udf|brk|ebreak|unimp")
_POPS_RETURN_ADDRESS = re.compile(r"popq?")
_NEVER_RETURNS = re.compile(
    r"abort|_?exit|_Exit|quick_exit|thrd_exit|pthread_exit|err[cx]?|verr[cx]?|"
    r"__assert\w*|__(stack|fortify|\w+)_(chk_)?fail(_local)?|__chk_fail|__libc_fatal|(__|_|sig)?longjmp(_chk)?|"
    r"__cxa_(throw\w*|rethrow|bad_\w+|pure_virtual|call_unexpected|call_terminate)|__clang_call_terminate|"
    r"_Unwind_Resume|_ZSt9terminatev|_ZSt\d+__throw_\w+|__ubsan_handle_\w+_abort|"
    r"_ZN4core(9panicking|6result13unwrap_failed|6option13|5slice\w*fail)\w*|_ZN3std9panicking\w*|rust_panic\w*"
)
"""Names of functions that do not come back: of C, of the compilers' run-time libraries, of Rust."""
_DATA_IS_MARKED = frozenset({"aarch64", "riscv64"})
"""Machines whose assemblers mark data among code, so that disassemblers do not take it for instructions: by mapping
symbols (ELF for the Arm 64-bit Architecture, 5.5.4; RISC-V ELF psABI)."""


class _Kind(Enum):
    CALL = auto()
    JUMP = auto()
    BRANCH = auto()
    RETURN = auto()
    STOP = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Rules(Generic[State]):
    """How an analysis' state changes."""

    step: Callable[[Instruction, State], Iterable[State]]
    """The states in which an instruction that is no transfer of control may leave."""
    entered: Callable[[State], State]
    """The state in which a function is entered that is called in one."""
    returned: Callable[[State, State], State]
    """The state behind a call, by those in front of it and at the function's return."""
    behind_dead_ends: State
    """That of code behind a return or jump, in the same function, which a jump through a register may reach."""
    follows_dead_ends: bool
    """Whether such code counts as reached, on machines where data cannot be mistaken for it."""


@dataclass(frozen=True, slots=True)
class _At(Generic[State]):
    address: Address
    state: State
    is_certain: bool
    """Whether a path led here, and not a dead end in front of it."""


@dataclass(slots=True)
class _Function(Generic[State]):
    """A function entered in one state."""

    reached: set[_At[State]] = field(default_factory=set)
    left_in: set[State] = field(default_factory=set)
    callers: set[tuple[tuple[Address, State], _At[State]]] = field(default_factory=set)
    """Which function's walk goes on behind a call when this one returns: at the call."""


@dataclass(slots=True)
class _Walk(Generic[State]):
    code: Code
    rules: Rules[State]
    follows_dead_ends: bool
    heads: frozenset[Address]
    functions: dict[tuple[Address, State], _Function[State]] = field(default_factory=dict)
    todo: list[tuple[tuple[Address, State], _At[State]]] = field(default_factory=list)
    calls: set[tuple[tuple[Address, State], _At[State]]] = field(default_factory=set)
    """Calls of functions of the kernel's own, or of such that never return."""

    def run(self, entry: Address, state: State) -> set[tuple[Address, State]]:
        self._enter((entry, state))
        self._drain()
        while self.follows_dead_ends and self._behind_calls_without_return():
            self._drain()
        return {(at.address, at.state) for function in self.functions.values() for at in function.reached}

    def _enter(self, key: tuple[Address, State]) -> _Function[State]:
        if key not in self.functions:
            self.functions[key] = _Function()
            self.todo.append((key, _At(key[0], key[1], is_certain=True)))
        return self.functions[key]

    def _drain(self) -> None:
        while self.todo:
            key, at = self.todo.pop()
            function = self.functions[key]
            if at not in function.reached and at.address in self.code.instructions:
                function.reached.add(at)
                self._visit(key, at)

    def _visit(self, key: tuple[Address, State], at: _At[State]) -> None:
        instruction = self.code.instructions[at.address]
        kind = _kind_of(instruction)
        target = self._target(at.address) if kind in (_Kind.CALL, _Kind.JUMP, _Kind.BRANCH) else None
        if kind is _Kind.CALL:
            self._call(key, at, instruction, target)
            return
        if target:
            self.todo.append((key, _At(target, at.state, at.is_certain)))
        elif kind in (_Kind.JUMP, _Kind.BRANCH, _Kind.RETURN) and not _never_returns(instruction):
            self._leave(key, at)  # in a return; or to where it cannot be seen, from which it may return
        if kind in (_Kind.JUMP, _Kind.RETURN, _Kind.STOP):
            self._behind_dead_end(key, at)
            return
        states = [at.state] if kind is _Kind.BRANCH else self.rules.step(instruction, at.state)
        for state in states:
            self._fall_through(key, at, state, is_call=False)

    def _target(self, address: Address) -> Address | None:
        """Return where a transfer goes; None for what no instruction is shown of, from which control may come back."""
        target = self.code.target(address)
        return target if target in self.code.instructions else None

    def _call(
        self, key: tuple[Address, State], at: _At[State], instruction: Instruction, target: Address | None
    ) -> None:
        if target is None:
            if self.code.target(at.address):  # over data that the disassembler took for code: what is behind it is, too
                self._leave(key, at)
            elif _never_returns(instruction):
                self.calls.add((key, at))
            else:
                self._fall_through(key, at, self.rules.returned(at.state, at.state), is_call=True)
            return
        if self._takes_return_address(target):  # a call that jumps over data, to have its address
            self.todo.append((key, _At(target, at.state, at.is_certain)))
            return
        self.calls.add((key, at))
        callee = self._enter((target, self.rules.entered(at.state)))
        callee.callers.add((key, at))
        for state in tuple(callee.left_in):
            self._fall_through(key, at, self.rules.returned(at.state, state), is_call=True)

    def _takes_return_address(self, target: Address) -> bool:
        instruction = self.code.instructions.get(target)
        return bool(instruction and _POPS_RETURN_ADDRESS.fullmatch(instruction.mnemonic))

    def _leave(self, key: tuple[Address, State], at: _At[State]) -> None:
        function = self.functions[key]
        if not at.is_certain or at.state in function.left_in:
            return
        function.left_in.add(at.state)
        for caller, call in tuple(function.callers):
            self._fall_through(caller, call, self.rules.returned(call.state, at.state), is_call=True)

    def _fall_through(self, key: tuple[Address, State], at: _At[State], state: State, *, is_call: bool) -> None:
        """Go on with the next instruction; behind a call and in a dead end, within the same function only."""
        following = self.code.following.get(at.address)
        if following is None:
            return
        if (is_call and self._ends_between(at.address, following)) or (not at.is_certain and following in self.heads):
            return
        self.todo.append((key, _At(following, state, at.is_certain)))

    def _ends_between(self, address: Address, following: Address) -> bool:
        end = self.code.end_of(address)
        return end is not None and following[1] >= end

    def _behind_dead_end(self, key: tuple[Address, State], at: _At[State]) -> bool:
        """Go on behind it with code that only a jump through a register reaches; False if there is none, or no more."""
        following = self.code.following.get(at.address)
        if not self.follows_dead_ends or following is None:
            return False
        if following in self.heads or self._ends_between(at.address, following):
            return False
        behind = _At(following, self.rules.behind_dead_ends, is_certain=False)
        if behind in self.functions[key].reached:
            return False
        self.todo.append((key, behind))
        return True

    def _behind_calls_without_return(self) -> bool:
        found = [call for call in self.calls if not self._comes_back(call[1])]
        return any(self._behind_dead_end(key, at) for key, at in found)

    def _comes_back(self, at: _At[State]) -> bool:
        target = self._target(at.address)
        callee = self.functions.get((target, self.rules.entered(at.state))) if target else None
        return bool(callee and callee.left_in)


def reached(code: Code, entry: str, machine: str, state: State, rules: Rules[State]) -> set[tuple[Address, State]]:
    """Return the places that control reaches from a symbol, each with the states that it is reached in.

    Args:
        code: the kernel's objects.
        entry: its symbol.
        machine: the architecture.
        state: that at the symbol.
        rules: how it changes.
    """
    if entry not in code.symbols:
        return set()
    heads = frozenset(address for name, address in code.symbols.items() if not name.startswith((".L", "$")))
    follows = rules.follows_dead_ends and machine in _DATA_IS_MARKED
    return _Walk(code, rules, follows, heads).run(code.symbols[entry], state)


def addresses_reached(code: Code, entry: str, machine: str) -> set[Address]:
    """Return the places that control reaches from a symbol, in whatever state."""
    return {address for address, _ in reached(code, entry, machine, None, _STATELESS)}


_STATELESS: Rules[None] = Rules(
    step=lambda _instruction, state: (state,),
    entered=lambda state: state,
    returned=lambda before, _after: before,
    behind_dead_ends=None,
    follows_dead_ends=True,
)


def _kind_of(instruction: Instruction) -> _Kind:
    mnemonic = instruction.mnemonic
    if mnemonic == "auipc":  # the first half of a call where the linker knows of one
        return _Kind.CALL if instruction.called else _Kind.OTHER
    for pattern, kind in _KINDS:
        if pattern.fullmatch(mnemonic):
            return kind
    return _Kind.OTHER


_KINDS = (
    (_CALL, _Kind.CALL),
    (_JUMP, _Kind.JUMP),
    (_BRANCH, _Kind.BRANCH),
    (_RETURN, _Kind.RETURN),
    (_STOP, _Kind.STOP),
)


def _never_returns(instruction: Instruction) -> bool:
    return bool(instruction.called and _NEVER_RETURNS.fullmatch(instruction.called))
