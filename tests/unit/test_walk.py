"""Where control goes in a kernel's objects: what is behind a call that does not come back is nobody's."""

from __future__ import annotations

import pytest

from harness.build.code import parse
from harness.build.walk import Rules, reached

NOTHING: Rules[None] = Rules(
    step=lambda _instruction, _state: [None],
    entered=lambda _: None,
    returned=lambda _before, _after: None,
    behind_dead_ends=None,
    follows_dead_ends=True,
)


def mnemonics(text: str, machine: str = "x86_64", entry: str = "k") -> list[str]:
    """What is reached from a symbol, in order of place."""
    code = parse(text)
    places = sorted({backend for backend, _ in reached(code, entry, machine, None, NOTHING)})
    return [code.instructions[backend].mnemonic for backend in places]


def unit(*lines: str, table: tuple[str, ...] = ()) -> str:
    """A listing with a symbol table; lines are instructions at four bytes each, "name:", or relocations."""
    out = ["k.o:     file format elf64", "", "SYMBOL TABLE:", *table, "", "Disassembly of section .text:", ""]
    at = 0
    for line in lines:
        if line.endswith(":"):
            out.append(f"{at:016x} <{line[:-1]}>:")
        elif line.startswith("R_"):
            out.append(f"\t\t\t{at - 3:x}: {line}")
        else:
            out.append(f"{at:4x}:\t{line}")
            at += 4
    return "\n".join(out)


def function(name: str, start: int, size: int) -> str:
    return f"{start:016x} g     F .text\t{size:016x} {name}"


NEXT = ("next:", "vaddps %zmm0,%zmm0,%zmm0", "ret")


@pytest.mark.parametrize(
    "name",
    [
        "abort",
        "exit",
        "__stack_chk_fail",
        "__assert_fail",
        "__fortify_fail",
        "__cxa_throw",
        "_ZSt9terminatev",
        "_ZSt20__throw_length_errorPKc",
        "_Unwind_Resume",
        "longjmp",
        "_ZN4core9panicking18panic_bounds_check17h0123456789abcdefE",
    ],
)
def test_a_function_that_never_returns_ends_the_path(name: str) -> None:
    assert mnemonics(unit("k:", "nop", "call 8", f"R_X86_64_PLT32\t{name}-0x4", *NEXT)) == ["nop", "call"]


@pytest.mark.parametrize("name", ["aborted", "on_exit", "exit_code", "helper", "check_fail"])
def test_one_that_only_sounds_like_it_does_not(name: str) -> None:
    found = mnemonics(unit("k:", "call 8", f"R_X86_64_PLT32\t{name}-0x4", "ret"))
    assert found == ["call", "ret"]


def test_a_function_of_the_kernels_own_that_never_returns_ends_the_path() -> None:
    loop = ("refuse:", "nop", "jmp 8 <refuse>")
    assert mnemonics(unit("k:", "call 8 <refuse>", "ud2", *loop, *NEXT)) == ["call", "nop", "jmp"]
    calls_abort = ("refuse:", "nop", "call 10", "R_X86_64_PLT32\tabort-0x4")
    assert mnemonics(unit("k:", "call 8 <refuse>", "lock", *calls_abort, *NEXT)) == ["call", "nop", "call"]


def test_one_that_returns_sometimes_does_not() -> None:
    helper = ("helper:", "je 10 <helper+0x8>", "ret", "call 14", "R_X86_64_PLT32\tabort-0x4")
    assert mnemonics(unit("k:", "call 8 <helper>", "ret", *helper, *NEXT)) == ["call", "ret", "je", "ret", "call"]


def test_recursion_ends() -> None:
    assert mnemonics(unit("k:", "call 0 <k>", "ret")) == ["call"]
    assert mnemonics(unit("k:", "je 8 <k+0x8>", "call 0 <k>", "ret")) == ["je", "call", "ret"]


def test_a_function_ends_where_the_symbol_table_says_so() -> None:
    """A compiler that knows the callee for one that never returns puts nothing behind the call."""
    text = unit("k:", "call 8", "R_X86_64_PLT32\tdie-0x4", *NEXT, table=(function("k", 0, 4), function("next", 4, 8)))
    assert mnemonics(text) == ["call"]
    returns = unit("k:", "call 8", "R_X86_64_PLT32\tdie-0x4", "ret", *NEXT, table=(function("k", 0, 8),))
    assert mnemonics(returns) == ["call", "ret"]


def test_assembly_without_lengths_may_fall_into_the_next_symbol() -> None:
    assert mnemonics(unit("k:", "call 8", "R_X86_64_PLT32\thelper-0x4", *NEXT)) == ["call", "vaddps", "ret"]


def test_data_behind_a_call_that_jumps_over_it_is_no_code() -> None:
    over = unit("k:", "call 8 <k+0x8>", "vaddps %zmm0,%zmm0,%zmm0", "pop %rsi", "ret")
    assert mnemonics(over) == ["call", "pop", "ret"]


def test_data_that_was_taken_for_code_hides_what_it_is_jumped_over_to_and_accuses_nobody() -> None:
    """The place behind the data is in the midst of what the disassembler took for an instruction."""
    assert mnemonics(unit("k:", "call 9 <k+0x9>", "vaddps %zmm0,%zmm0,%zmm0", "ret")) == ["call"]
    in_function = ("helper:", "call 11 <helper+0x9>", "vaddps %zmm0,%zmm0,%zmm0", "ret")
    assert mnemonics(unit("k:", "call 8 <helper>", "ret", *in_function)) == ["call", "ret", "call"]


def test_a_jump_to_what_is_not_shown_may_come_back() -> None:
    assert mnemonics(unit("k:", "call 8 <helper>", "ret", "helper:", "jmp 41 <helper+0x39>")) == ["call", "ret", "jmp"]


def test_a_tail_call_returns_for_its_caller() -> None:
    text = unit("k:", "call 8 <first>", "ret", "first:", "jmp c <second>", "second:", "ret")
    assert mnemonics(text) == ["call", "ret", "jmp", "ret"]


ARM = ("k:", "bl c", "R_AARCH64_CALL26\tabort", "nop", "ret")


def test_code_behind_a_dead_end_counts_where_data_is_marked() -> None:
    """A switch jumps there through a register."""
    assert mnemonics(unit("k:", "br x0", "add x0, x0, x1", "ret"), "aarch64") == ["br", "add", "ret"]
    assert mnemonics(unit("k:", "jmp *%rax", "add %eax,%eax", "ret")) == ["jmp"]
    assert mnemonics(unit(*ARM), "aarch64") == ["bl", "nop", "ret"]


def test_but_only_within_its_function() -> None:
    table = (function("k", 0, 4), function("next", 8, 8))
    text = unit("k:", "bl 4", "R_AARCH64_CALL26\tabort", "nop", "next:", "fadd z0.s, z0.s, z0.s", "ret", table=table)
    assert mnemonics(text, "aarch64") == ["bl"]
    unsized = unit("k:", "bl 4", "R_AARCH64_CALL26\tabort", "nop", "next:", "fadd z0.s, z0.s, z0.s", "ret")
    assert mnemonics(unsized, "aarch64") == ["bl", "nop"]


def test_a_call_in_two_halves_is_one() -> None:
    call = ("auipc ra,0x0", "R_RISCV_CALL_PLT\tabort", "jalr ra")
    text = unit("k:", *call, "next:", "vadd.vv v0,v0,v0", table=(function("k", 0, 8),))
    assert mnemonics(text, "riscv64") == ["auipc", "jalr"], "behind it there is only its own second half"
    assert mnemonics(unit("k:", "auipc a0,0x0", "ret"), "riscv64") == ["auipc", "ret"]
