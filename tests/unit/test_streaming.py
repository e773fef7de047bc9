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
        ("early", ["ptrue p0.s"]),
        ("helper", ["fadd z0.s, z0.s, z1.s"]),
        ("either", []),
        ("late", ["fmla z0.s, p0/m, z1.s, z2.s"]),
        ("absent", []),
    ],
)
def test_what_is_only_reached_outside_streaming_mode_is_found(entry: str, found: list[str]) -> None:
    assert [str(instruction) for instruction in outside_streaming_mode(parse(BINUTILS), entry)] == found


def test_a_kernel_with_a_streaming_interface_starts_in_streaming_mode() -> None:
    assert not outside_streaming_mode(parse(BINUTILS), "helper", enters_streaming=True)


def test_what_llvm_prints_is_understood() -> None:
    assert [str(instruction) for instruction in outside_streaming_mode(parse(LLVM), "early")] == ["ptrue p0.s"]
