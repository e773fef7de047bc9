"""Which ways out of a kernel leave upper halves in use, told from disassemblies as binutils print them."""

from __future__ import annotations

import pytest

from harness.build.code import Code, parse
from harness.build.uppers import dirty_ways, function_of

HEAD = ["k.o:     file format elf64-x86-64", "", "Disassembly of section .text:", ""]


def code_of(*functions: tuple[str, tuple[str, ...]]) -> Code:
    """Functions one behind the other, every instruction of four bytes."""
    lines, at = list(HEAD), 0
    for name, instructions in functions:
        lines += ["", f"{at:016x} <{name}>:"]
        for text in instructions:
            lines.append(text if text.startswith("\t") else f"{at:4x}:\t{text}")
            at += 0 if text.startswith("\t") else 4
    return parse("\n".join(lines))


def ways(*instructions: str) -> list[tuple[int, int]]:
    return of(code_of(("k", instructions)))


def of(code: Code) -> list[tuple[int, int]]:
    return [(way.used_at[1], way.returns_at[1]) for way in dirty_ways(code, "k")]


WIDE = "vaddps (%rdi),%ymm0,%ymm0"


@pytest.mark.parametrize(
    ("instructions", "found"),
    [
        ((WIDE, "ret"), [(0, 4)]),
        ((WIDE, "repz ret"), [(0, 4)]),
        ((WIDE, "vzeroupper", "ret"), []),
        ((WIDE, "vzeroall", "ret"), []),
        (("vaddps (%rdi),%xmm0,%xmm0", "ret"), []),
        (("vaddps %zmm17,%zmm18,%zmm31", "ret"), []),
        (("vaddps %zmm17,%zmm18,%zmm15", "ret"), [(0, 4)]),
        (("vextractf128 $0x1,%ymm0,%xmm1", "ret"), [(0, 4)]),
        ((WIDE, "vzeroupper", WIDE, "ret"), [(8, 12)]),
        (("test %rsi,%rsi", "je 18 <k+0x18>", WIDE, "vzeroupper", "ret", "nop", "ret"), []),
        (("test %rsi,%rsi", WIDE, "je 18 <k+0x18>", "vzeroupper", "ret", "nop", "ret"), [(4, 24)]),
        ((WIDE, "dec %rsi", "jne 0 <k>", "ret"), [(0, 12)]),
        ((WIDE, "jmp *%rax"), [(0, 4)]),
        ((WIDE, "jmp 8 <k+0x8>", "\t\t\t4: R_X86_64_PLT32\texpf-0x4"), [(0, 4)]),
        ((WIDE, "call 8 <k+0x8>", "\t\t\t4: R_X86_64_PLT32\texpf-0x4", "ret"), [(0, 8)]),
        ((WIDE, "ud2"), []),
    ],
)
def test_a_way_out_without_vzeroupper_is_found(instructions: tuple[str, ...], found: list[tuple[int, int]]) -> None:
    assert ways(*instructions) == found


def test_functions_are_followed_and_come_back_as_they_leave() -> None:
    cleaner = ("cleaner", ("vzeroupper", "ret"))
    user = ("user", (WIDE, "ret"))
    k = ("k", ("call 100 <k+0x100>", "\t\t\t0: R_X86_64_PLT32\tuser-0x4", "ret"))
    code = code_of(k, user, cleaner)
    assert of(code) == [(8, 4)]
    assert function_of(code, dirty_ways(code, "k")[0].used_at) == "user"
    cleaned = ("k", (WIDE, "call 100 <k+0x100>", "\t\t\t4: R_X86_64_PLT32\tcleaner-0x4", "ret"))
    assert of(code_of(cleaned, user, cleaner)) == []


def test_a_recursion_ends() -> None:
    k = ("k", (WIDE, "test %rsi,%rsi", "je 10 <k+0x10>", "call 0 <k>", "vzeroupper", "ret"))
    assert of(code_of(k)) == []


def test_of_an_unknown_symbol_nothing_is_said() -> None:
    assert dirty_ways(code_of(("other", (WIDE, "ret"))), "k") == []
