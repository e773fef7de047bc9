"""What needs more than was promised, told from disassemblies as binutils and LLVM print them."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest

from harness.build.code import parse, source_lines
from harness.build.features import Need, features_of, needs_beyond, promising
from harness.resources import features_directory

AVX2 = frozenset({"__AVX2__", "__FMA__"})
AVX512 = AVX2 | {"__AVX512F__", "__AVX512BW__", "__AVX512DQ__", "__AVX512VL__"}
SVE = frozenset({"__ARM_FEATURE_SVE"})
RVV = frozenset({"__riscv_v"})


def listing(*instructions: str) -> str:
    """One function, as binutils prints it."""
    lines = [text if text.startswith("\t") else f"{4 * number:4x}:\t{text}" for number, text in enumerate(instructions)]
    head = ["k.o:     file format elf64", "", "Disassembly of section .text:", "", "0000000000000000 <k>:"]
    return "\n".join([*head, *lines])


def needs(text: str, machine: str, promised: Collection[str] | None) -> list[Need]:
    return needs_beyond(parse(text), "k", machine, lambda: promised)


def names(text: str, machine: str, promised: Collection[str] | None) -> list[str]:
    return [need.feature.name for need in needs(text, machine, promised)]


@pytest.mark.parametrize(
    ("instruction", "promised", "feature"),
    [
        ("vpermb %zmm0,%zmm2,%zmm0", AVX512, "AVX512_VBMI"),
        ("vpermb %zmm0,%zmm2,%zmm0", AVX512 | {"__AVX512VBMI__"}, None),
        ("vpdpbusd (%rdi),%zmm1,%zmm2", AVX512, "AVX512_VNNI"),
        ("{vex} vpdpbusd (%rdi),%ymm1,%ymm2", AVX2, "AVX_VNNI"),
        ("{vex} vpdpbusd (%rdi),%ymm1,%ymm2", AVX2 | {"__AVXVNNI__"}, None),
        ("vpopcntd %zmm1,%zmm1", AVX512, "AVX512_VPOPCNTDQ"),
        ("vpopcntb %zmm1,%zmm1", AVX512, "AVX512_BITALG"),
        ("vdpbf16ps %zmm1,%zmm2,%zmm3", AVX512, "AVX512_BF16"),
        ("vfmadd231ph %zmm1,%zmm2,%zmm3", AVX512, "AVX512_FP16"),
        ("vaddsh %xmm1,%xmm2,%xmm3", AVX512, "AVX512_FP16"),
        ("vcvtph2ps (%rdi),%zmm0", AVX512, None),
        ("vcvtps2ph $0x4,%ymm0,(%rdi)", AVX2, None),
        ("vgf2p8affineqb $0x0,%ymm0,%ymm1,%ymm1", AVX2, "GFNI"),
        ("vpclmullqlqdq %zmm0,%zmm1,%zmm1", AVX512, "VPCLMULQDQ"),
        ("vpclmullqlqdq %xmm0,%xmm1,%xmm1", AVX2, None),
        ("vaesenc %ymm0,%ymm1,%ymm1", AVX2, "VAES"),
        ("vaddps (%rdi),%zmm0,%zmm0", AVX2, "AVX512F"),
        ("vaddps %ymm0,%ymm16,%ymm0", AVX2, "AVX512F"),
        ("vaddps %ymm0,%ymm15,%ymm0", AVX2, None),
        ("vmovups %ymm0,(%rdi){%k1}", AVX2, "AVX512F"),
        ("vpternlogd $0xff,%ymm0,%ymm0,%ymm0", AVX2, "AVX512F"),
        ("vfmadd231ps %ymm1,%ymm2,%ymm3", AVX2, None),
        ("vpermd %ymm1,%ymm2,%ymm3", AVX2, None),
        ("vaddps (%rdi),%zmm0,%zmm31{%k1}{z}", AVX512, None),
        ("vmaskmovps (%rdi),%ymm1,%ymm2", AVX2, None),
        ("vandps %zmm1,%zmm0,%zmm0", AVX2 | {"__AVX512F__"}, "AVX512DQ"),
        ("vpaddb %zmm1,%zmm0,%zmm0", AVX2 | {"__AVX512F__"}, "AVX512BW"),
        ("vpaddd %zmm1,%zmm0,%zmm0", AVX2 | {"__AVX512F__"}, None),
        ("vpaddb %ymm1,%ymm0,%ymm0", AVX2 | {"__AVX512F__"}, None),
        ("vaddps %ymm1,%ymm0,%ymm0{%k1}", AVX2 | {"__AVX512F__"}, "AVX512VL"),
        ("vextractf64x4 $0x1,%zmm0,%ymm17", AVX2 | {"__AVX512F__"}, None),
        ("vaddss %xmm1,%xmm0,%xmm0{%k1}", AVX2 | {"__AVX512F__"}, None),
        ("lock xadd %eax,(%rdi)", AVX2, None),
        ("bnd jmp *%rax", AVX2, None),
    ],
)
def test_x86_instructions_belong_to_features(instruction: str, promised: frozenset[str], feature: str | None) -> None:
    assert names(listing(instruction), "x86_64", promised) == ([feature] if feature else [])


@pytest.mark.parametrize(
    ("instruction", "promised", "feature"),
    [
        ("histcnt\tz0.s, p0/z, z1.s, z2.s", SVE, "SVE2"),
        ("histcnt\tz0.s, p0/z, z1.s, z2.s", SVE | {"__ARM_FEATURE_SVE2"}, None),
        ("faddp\tz0.s, p0/m, z0.s, z2.s", SVE, "SVE2"),
        ("faddp\tv0.4s, v0.4s, v0.4s", SVE, None),
        ("fmla\tz0.s, p0/m, z1.s, z2.s", SVE, None),
        ("whilelo\tp0.s, x1, x2", SVE, None),
        ("whilege\tp0.s, x1, x2", SVE, "SVE2"),
        ("bdep\tz0.s, z1.s, z2.s", SVE | {"__ARM_FEATURE_SVE2"}, "SVE2 bit permutations"),
        ("bfdot\tz0.s, z1.h, z2.h", SVE, "BF16"),
        ("bfdot\tz0.s, z1.h, z2.h", SVE | {"__ARM_FEATURE_SME"}, None),
        ("sdot\tv0.4s, v1.16b, v2.16b", SVE, "DotProd"),
        ("sdot\tz0.s, z1.b, z2.b", SVE, None),
        ("smmla\tz0.s, z1.b, z2.b", SVE, "I8MM"),
        ("smstart\tsm", SVE | {"__ARM_FEATURE_SVE2"}, "SME"),
        ("ldadd\tw0, w0, [x1]", SVE, None),
    ],
)
def test_aarch64_instructions_belong_to_features(
    instruction: str, promised: frozenset[str], feature: str | None
) -> None:
    assert names(listing(instruction), "aarch64", promised) == ([feature] if feature else [])


@pytest.mark.parametrize(
    ("instructions", "promised", "feature"),
    [
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfadd.vv\tv8,v8,v8"), RVV, "Zvfh"),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfadd.vv\tv8,v8,v8"), RVV | {"__riscv_zvfh"}, None),
        (("vsetvli\ta3,a3,e32,m1,ta,ma", "vfadd.vv\tv8,v8,v8"), RVV, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vadd.vv\tv8,v8,v8"), RVV, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfwcvt.f.f.v\tv8,v4"), RVV, "Zvfhmin"),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfwcvt.f.f.v\tv8,v4"), RVV | {"__riscv_zvfhmin"}, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfwcvt.f.x.v\tv8,v4"), RVV, None),  # of 16-bit integers, to 32 bits
        (("vsetvli\ta3,a3,e8,m1,ta,ma", "vfwcvt.f.x.v\tv8,v4"), RVV, "Zvfh"),
        (("vsetivli\tzero,4,e16,m1,ta,ma", "jal\tra,8 <k+0x8>", "vfadd.vv\tv8,v8,v8", "ret"), RVV, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vsetvl\ta0,a1,a2", "vfadd.vv\tv8,v8,v8"), RVV, None),
        (("vfadd.vv\tv8,v8,v8", "ret"), RVV, None),
        (("vandn.vv\tv8,v8,v9",), RVV, "Zvkb"),
        (("vcpop.m\ta0,v0",), RVV, None),
        (("vcpop.v\tv1,v0",), RVV, "Zvbb"),
        (("sh2add\ta0,a1,a2",), RVV, "Zba"),
        (("bset\ta0,a1,a2",), RVV, "Zbs"),
        (("beqz\ta0,8 <k+0x8>", "ret", "vror.vi\tv8,v8,3"), RVV, "Zvkb"),
        # A branch that only the linker resolves, over a return: what follows belongs to the function all the same.
        (("beqz\ta0,0 <k>", "\t\t0: R_RISCV_BRANCH\t.L0 ", "ret", "vror.vi\tv8,v8,3"), RVV, "Zvkb"),
        ((".4byte\t0x522180d7", "ret"), RVV, None),
    ],
)
def test_riscv_instructions_belong_to_features(
    instructions: tuple[str, ...], promised: frozenset[str], feature: str | None
) -> None:
    assert names(listing(*instructions), "riscv64", promised) == ([feature] if feature else [])


OBJECTS = """
k.o:     file format elf64-x86-64


Disassembly of section .text:

0000000000000000 <k>:
k():
/src/k.c:5
   0:\tvmovups (%rdi),%ymm0
/src/k.c:7
   4:\tja     a <k+0xa>
\t\t\t6: R_X86_64_PC32\t.text.unlikely+0x6
_mm512_permutexvar_epi8():
/usr/lib/gcc/x86_64-linux-gnu/12/include/avx512vbmiintrin.h:73
inlined by /src/k.c:8 (k)
   a:\tvpermb %zmm1,%zmm1,%zmm1
  10:\tcall   15 <k+0x15>
\t\t\t11: R_X86_64_PLT32\tother-0x4
  15:\tret
  16:\tvpopcntd %zmm1,%zmm1

0000000000000020 <helper>:
  20:\tvpopcntb %zmm1,%zmm1
  26:\tret

Disassembly of section .text.unlikely:

0000000000000000 <never>:
   0:\tvpmadd52luq %zmm1,%zmm1,%zmm1
   6:\tret

000000000000000a <k.cold>:
   a:\tvdpbf16ps %zmm1,%zmm1,%zmm1
  10:\tjmp    15 <k.cold+0xb>
\t\t\t11: R_X86_64_PC32\t.text+0x6

other.o:     file format elf64-x86-64


Disassembly of section .text:

0000000000000000 <other>:
   0:\tcall   20 <helper>
   5:\tret

0000000000000020 <helper>:
/src/other.c:3 (discriminator 1)
  20:\tvpdpbusd %zmm1,%zmm1,%zmm1
  26:\tjmp    *%rax
  28:\tvpexpandb %zmm1,%zmm1
"""


def test_what_the_symbol_does_not_reach_does_not_count() -> None:
    """Neither code behind a return, nor functions that nothing calls, nor another file's of the same name."""
    assert names(OBJECTS, "x86_64", AVX512) == ["AVX512_VBMI", "AVX512_BF16", "AVX512_VNNI"]
    assert not needs_beyond(parse(OBJECTS), "absent", "x86_64", lambda: AVX512)


def test_a_need_has_its_source_line() -> None:
    found = needs(OBJECTS, "x86_64", AVX512)
    lines = source_lines(OBJECTS)
    assert [lines[need.place] for need in found] == ["k.c:8", "", "other.c:3"]


def test_a_compiler_that_cannot_be_asked_accuses_nobody() -> None:
    assert names(listing("vpermb %zmm0,%zmm2,%zmm0"), "x86_64", None) == []


def test_a_compiler_is_asked_only_where_it_matters() -> None:
    def ask() -> frozenset[str]:
        pytest.fail("nothing here needs more than AVX2")

    assert not needs_beyond(parse(listing("vaddps %ymm0,%ymm1,%ymm2")), "k", "x86_64", ask)


def test_what_a_kernel_needs_is_counted_by_feature() -> None:
    found = needs(listing("vpermb %zmm0,%zmm2,%zmm0", "vpermi2b %zmm0,%zmm2,%zmm0", "ret"), "x86_64", AVX512)
    assert [(need.feature.name, need.count, str(need.instruction)) for need in found] == [
        ("AVX512_VBMI", 2, "vpermb %zmm0,%zmm2,%zmm0")
    ]


def test_llvm_prints_spaces_between_operands() -> None:
    text = "k.o:\tfile format elf64-x86-64\n\nDisassembly of section .text:\n\n0000000000000000 <k>:\n"
    text += "       0:      \tvaddps\t(%rdi), %ymm17, %ymm0     # comment\n       6:      \tretq\n"
    assert names(text, "x86_64", AVX2) == ["AVX512F"]


def test_flags_that_promise_are_those_about_the_machine() -> None:
    assert promising(["-std=c++20", "-mavx512vbmi", "-ffast-math", "-march=rv64gcv_zvfh"]) == (
        "-mavx512vbmi",
        "-march=rv64gcv_zvfh",
    )


@pytest.mark.parametrize("machine", sorted(path.stem for path in features_directory().glob("*.toml")))
def test_every_feature_can_be_promised(machine: str) -> None:
    features = features_of(machine)
    assert len(features) >= 10
    for feature in features:
        assert feature.macros
        assert re.fullmatch(r"-m\S+", feature.flag)
        assert feature.instruction.pattern != ".*" or feature.operands.pattern
