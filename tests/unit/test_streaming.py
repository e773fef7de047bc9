"""Which mode an instruction runs in, told from disassemblies as binutils and LLVM print them."""

from __future__ import annotations

import pytest

from harness.build.code import parse
from harness.build.streaming import outside_streaming_mode

BINUTILS = """
/tmp/kernel0.o:     file format elf64-littleaarch64


Disassembly of section .text:

0000000000000000 <whole>:
   0:	smstart	sm
   4:	cbz	x0, c <whole+0xc>
   8:	ld1w	{z0.s}, p0/z, [x0]
   c:	smstop	sm
  10:	ret

0000000000000014 <early>:
  14:	ptrue	p0.s
  18:	smstart	sm
  1c:	bl	30 <helper>
  20:	bl	0 <elsewhere>
			20: R_AARCH64_CALL26	elsewhere
  24:	smstop	sm
  28:	cntd	x9
  2c:	ret

0000000000000030 <helper>:
  30:	fadd	z0.s, z0.s, z1.s
  34:	ret

0000000000000038 <either>:
  38:	tbz	w0, #0, 40 <either+0x8>
  3c:	smstart	sm
  40:	fadd	z0.s, z0.s, z1.s
  44:	ret

/tmp/kernel1.o:     file format elf64-littleaarch64


Disassembly of section .text:

0000000000000000 <elsewhere>:
   0:	fmla	z0.s, p0/m, z1.s, z2.s  // a comment
   4:	smstop	za
   8:	ret

000000000000000c <late>:
   c:	smstart
  10:	smstop	sm
  14:	b	elsewhere
			14: R_AARCH64_JUMP26	elsewhere
"""

LLVM = """
kernel0.o:	file format elf64-littleaarch64

Disassembly of section .text:

0000000000000000 <early>:
       0:      	ptrue	p0.s
       4:      	smstart	sm
       8:      	bl	0x8 <early+0x8>
		0000000000000008:  R_AARCH64_CALL26	helper
       c:      	ret
"""


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("whole", []),
        ("early", ["ptrue p0.s", "cntd x9"]),
        ("helper", ["fadd z0.s, z0.s, z1.s"]),
        ("either", []),
        ("late", ["fmla z0.s, p0/m, z1.s, z2.s"]),
        ("absent", []),
    ],
)
def test_what_is_only_reached_outside_streaming_mode_is_found(entry: str, found: list[str]) -> None:
    assert [str(instruction) for instruction in outside_streaming_mode(parse(BINUTILS), entry).kernels] == found


def test_a_kernel_with_a_streaming_interface_starts_in_streaming_mode() -> None:
    assert not outside_streaming_mode(parse(BINUTILS), "helper", enters_streaming=True).kernels


def test_what_llvm_prints_is_understood() -> None:
    assert [str(instruction) for instruction in outside_streaming_mode(parse(LLVM), "early").kernels] == ["ptrue p0.s"]


def listing(*instructions: str) -> str:
    head = [
        "k.o:     file format elf64-littleaarch64",
        "",
        "Disassembly of section .text:",
        "",
        "0000000000000000 <k>:",
    ]
    lines = [text if text.endswith(">:") else f"{4 * number:4x}:\t{text}" for number, text in _numbered(instructions)]
    return "\n".join([*head, *lines])


def _numbered(instructions: tuple[str, ...]) -> list[tuple[int, str]]:
    count, found = 0, []
    for text in instructions:
        found.append((count, f"{4 * count:016x} <{text[:-1]}>:" if text.endswith(":") else text))
        count += not text.endswith(":")
    return found


def test_a_subroutine_of_the_kernels_own_may_start_streaming_mode() -> None:
    code = ("bl\tc <start>", "ptrue\tp0.s", "ret", "start:", "smstart\tsm", "ret")
    assert not outside_streaming_mode(parse(listing(*code)), "k").kernels


def test_a_subroutine_that_starts_it_only_sometimes_is_taken_as_right() -> None:
    code = ("bl\tc <start>", "ptrue\tp0.s", "ret", "start:", "cbz\tx0, 14 <start+0x8>", "smstart\tsm", "ret")
    assert not outside_streaming_mode(parse(listing(*code)), "k").kernels


def test_a_subroutine_that_stops_it_is_followed_too() -> None:
    code = ("smstart\tsm", "bl\t10 <stop>", "ptrue\tp0.s", "ret", "stop:", "smstop\tsm", "ret")
    assert [str(found) for found in outside_streaming_mode(parse(listing(*code)), "k").kernels] == ["ptrue p0.s"]


@pytest.mark.parametrize(
    "instruction", ["cntw\tx8", "rdvl\tx8, #1", "addvl\tsp, sp, #-1", "incd\tx0", "setffr", "ctermeq\tx0, x1"]
)
def test_the_length_and_the_ffr_are_svs_own_outside_streaming_mode(instruction: str) -> None:
    found = outside_streaming_mode(parse(listing(instruction, "smstart\tsm", "ret")), "k")
    assert [found.mnemonic for found in found.kernels] == [instruction.split("\t", maxsplit=1)[0]]


@pytest.mark.parametrize("instruction", ["rdsvl\tx8, #1", "addsvl\tsp, sp, #-1", "cnt\tv0.8b, v1.8b", "cntd\tx9"])
def test_reading_it_in_streaming_mode_or_by_sme_is_right(instruction: str) -> None:
    found = outside_streaming_mode(parse(listing("smstart\tsm", instruction, "ret")), "k")
    assert not found.kernels
    is_sves = instruction == "cntd\tx9"
    assert is_sves or not outside_streaming_mode(parse(listing(instruction, "ret")), "k").kernels


FRAME = ("cntd\tx9", "stp\td15, d14, [sp, #16]", "str\tx9, [sp, #8]", "smstart\tsm", "ptrue\tp0.s", "ret")


def test_what_a_compiler_describes_a_frame_by_is_excused_and_told() -> None:
    found = outside_streaming_mode(parse(listing(*FRAME)), "k")
    assert not found.kernels
    assert [str(instruction) for instruction in found.compilers] == ["cntd x9"]


def test_an_assembler_excuses_nothing() -> None:
    found = outside_streaming_mode(parse(listing(*FRAME)), "k", assembled={1})
    assert [str(instruction) for instruction in found.kernels] == ["cntd x9"]


@pytest.mark.parametrize(
    "code",
    [
        ("cntw\tx9", "str\tx9, [sp, #8]"),
        ("cntd\tx9", "str\tx9, [x0]"),
        ("cntd\tx9", "lsl\tx9, x9, #1", "str\tx9, [sp, #8]"),
        ("cntd\tx9, all, mul #2", "str\tx9, [sp, #8]"),
    ],
)
def test_no_other_use_of_the_length_is_excused(code: tuple[str, ...]) -> None:
    found = outside_streaming_mode(parse(listing(*code, "smstart\tsm", "ret")), "k")
    assert found.kernels
    assert not found.compilers
