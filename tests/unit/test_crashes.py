"""What a call that ended in a signal tells of its cause."""

from __future__ import annotations

import signal

import pytest

from harness.guest.error_stream import split_by_case
from harness.judge.crashes import crash_text, line_of, protection_text, reason_of
from harness.model import Fault, FaultKind


def fault(number: int, kind: FaultKind = FaultKind.ACCESS, address: int = 0) -> Fault:
    return Fault(number, address, 0, None, 0, None, kind=kind)


@pytest.mark.parametrize(
    ("ended", "said", "text"),
    [
        (fault(signal.SIGSEGV, address=8), "out is odd\n", "SIGSEGV at address 0x8"),
        (fault(signal.SIGABRT), "", "SIGABRT"),
        (fault(signal.SIGABRT), "out is odd\n", "SIGABRT: out is odd"),
        (fault(signal.SIGILL, address=4096), "", "SIGILL"),
        (
            fault(signal.SIGSEGV, FaultKind.JUMP),
            "",
            "SIGSEGV: jumped to 0x0, where no code is: a null pointer was called",
        ),
        (fault(signal.SIGSEGV, FaultKind.RETURN), "", "SIGSEGV: returned to 0x0, where no code is: the return address"),
        (fault(signal.SIGSEGV, FaultKind.PROTECTION), "", "SIGSEGV: general protection, as of a misaligned or non-can"),
    ],
)
def test_a_signal_is_told_by_what_raised_it(ended: Fault, said: str, text: str) -> None:
    assert crash_text(ended, said).startswith(text)


ASSERTED = "guest: /home/user/kernels/sum.c:12: sum_f32: Assertion `(uintptr_t)x % 16 == 0' failed.\n"
THROWN = "terminate called after throwing an instance of 'std::out_of_range'\n  what():  vector::_M_range_check: 8\n"
PANICKED = """debugging
thread '<unnamed>' panicked at src/lib.rs:17:9:
index out of bounds: the len is 3 but the index is 3
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
thread '<unnamed>' panicked at core/src/panicking.rs:221:5:
panic in a function that cannot unwind
thread caused non-unwinding panic. aborting.
"""


@pytest.mark.parametrize(
    ("said", "reason", "line"),
    [
        (ASSERTED, "assertion '(uintptr_t)x % 16 == 0' failed in sum_f32, sum.c:12", "sum.c:12"),
        (f"x\n{ASSERTED}", "assertion '(uintptr_t)x % 16 == 0' failed in sum_f32, sum.c:12", "sum.c:12"),
        (
            "guest: a.cc:3: void f(std::span<float>) [with T = float; int n = 3]: Assertion `false' failed.\n",
            "assertion 'false' failed in void f(std::span<float>) [with T = float; int n = 3], a.cc:3",
            "a.cc:3",
        ),
        (THROWN, f"{THROWN.splitlines()[0]} what():  vector::_M_range_check: 8", ""),
        (
            PANICKED,
            "thread '<unnamed>' panicked at src/lib.rs:17:9: index out of bounds: the len is 3 but the index is 3",
            "lib.rs:17",
        ),
        (
            "thread '<unnamed>' (18284) panicked at k.rs:5:30:\noverflow\n",
            "thread '<unnamed>' panicked at k.rs:5:30: overflow",
            "k.rs:5",
        ),
        ("*** stack smashing detected ***: terminated\n", "*** stack smashing detected ***: terminated", ""),
        ("free(): invalid pointer\n", "free(): invalid pointer", ""),
        ("guest: kernel.c:9: bad shape\n", "kernel.c:9: bad shape", "kernel.c:9"),
        ("one\n\n  two  \n\n", "two", ""),
        ("", "", ""),
    ],
)
def test_the_reason_is_what_the_runtime_says_or_the_last_line(said: str, reason: str, line: str) -> None:
    assert reason_of(said) == reason
    assert line_of(said) == line


def test_a_long_reason_is_cut() -> None:
    assert len(reason_of("n" * 5000)) < 400


def test_the_error_stream_is_divided_where_the_guest_has_marked_it() -> None:
    mark = "\nguest: end of case {:010}\n"
    text = f"a\nb\n{mark.format(3)}c{mark.format(12)}{mark.format(13)}rest\n"
    assert split_by_case(text) == ({3: "a\nb\n", 12: "c", 13: ""}, "rest\n")
    assert split_by_case("only rest") == ({}, "only rest")


REGISTERS = [0x7F0000000000 + 4 * number for number in range(16)]
"""rax is aligned to any vector, rcx to 4 bytes, r8 to 32, ..."""
SMALL = [16, 1, *REGISTERS[2:]]
WILD = [0x3F8000003F800000, *REGISTERS[1:]]


@pytest.mark.parametrize(
    ("instruction", "registers", "text"),
    [
        ("vmovaps (%rcx),%ymm0", REGISTERS, "(%rcx) is 0x7f0000000004, which is no multiple of 32"),
        ("vmovaps 0x20(%rax),%ymm0", REGISTERS, ""),
        ("vmovaps 0x10(%rax),%ymm0", REGISTERS, "0x10(%rax) is 0x7f0000000010, which is no multiple of 32"),
        ("vmovaps %zmm1,-0x20(%r8)", REGISTERS, ""),
        ("vmovaps %zmm1,-0x10(%r8)", REGISTERS, "-0x10(%r8) is 0x7f0000000010, which is no multiple of 64"),
        (
            "movaps 0x8(%rax,%rcx,4),%xmm0",
            [*[16, 1], *REGISTERS[2:]],
            "0x8(%rax,%rcx,4) is 0x1c, which is no multiple of 16",
        ),
        ("movaps (,%rcx,8),%xmm0", [0, 3, *REGISTERS[2:]], "(,%rcx,8) is 0x18, which is no multiple of 16"),
        ("mov (%rax),%ecx", WILD, "(%rax) is 0x3f8000003f800000, which is no canonical address"),
        ("vmovups (%rax),%ymm0", WILD, "(%rax) is 0x3f8000003f800000, which is no canonical address"),
        ("call *0x8(%rax)", WILD, "0x8(%rax) is 0x3f8000003f800008, which is no canonical address"),
        ("ret", REGISTERS, "the return address on the stack is no address of code"),
        ("repz ret", REGISTERS, "the return address on the stack is no address of code"),
        ("movaps 0x2ef4(%rip),%xmm0 # 4a3f04 <table>", REGISTERS, ""),
        ("cli", REGISTERS, ""),
        ("movaps (%rcx),%xmm0", [], ""),
    ],
)
def test_the_operand_that_raised_general_protection_is_worked_out(
    instruction: str, registers: list[int], text: str
) -> None:
    found = protection_text(instruction, registers)
    assert found.startswith(text)
    assert bool(found) == bool(text)
